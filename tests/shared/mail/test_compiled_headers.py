"""The headers of a filled mail mean what was written, and no other can get in."""

from datetime import timedelta, timezone
from email.headerregistry import DateHeader
from typing import cast

import pytest
from hypothesis import given

from dakiya.mail.addresses import clean_header
from tests.shared.mail.mails import (
    LONG_PROSE,
    MAILTO,
    MESSAGE_ID,
    PROSE,
    SENT_AT,
    URL,
    compiled,
    filled,
    mailbox,
    read,
)


def test_mail_carries_every_header_once() -> None:
    message = read(filled(compiled(reply_to="help@example.com", from_name="Shop"), name="Ravi"))
    assert message.items() == [
        ("From", "Shop <shop@example.com>"),
        ("Reply-To", "help@example.com"),
        ("To", "Ravi <ravi@example.com>"),
        ("Subject", "Diwali"),
        ("Date", "Tue, 24 Nov 2026 03:30:00 +0000"),
        ("Message-ID", MESSAGE_ID),
        ("X-Dakiya-Message-ID", MESSAGE_ID),
        ("List-Unsubscribe", f"<{URL}>, <mailto:{MAILTO}>"),
        ("List-Unsubscribe-Post", "List-Unsubscribe=One-Click"),
        ("List-ID", "<c12.w5.example.com>"),
        ("Feedback-ID", "12:5:campaign:dakiya"),
        ("MIME-Version", "1.0"),
        ("Content-Type", message["Content-Type"]),
    ]
    assert message.get_content_type() == "multipart/alternative"
    kinds = [piece.get_content_type() for piece in message.iter_parts()]
    assert kinds == ["text/plain", "text/html"]


def test_reply_to_and_mailto_are_absent_when_not_given() -> None:
    mail = filled(compiled(), unsubscribe_mailto=None)
    message = read(mail)
    assert "Reply-To" not in message
    assert message["List-Unsubscribe"] == f"<{URL}>"
    assert mailbox(mail, "To") == ("", "ravi@example.com")


def test_mailto_may_be_a_whole_uri() -> None:
    message = read(filled(compiled(), unsubscribe_mailto=f"mailto:{MAILTO}?subject=stop"))
    assert message["List-Unsubscribe"] == f"<{URL}>, <mailto:{MAILTO}?subject=stop>"


def test_date_keeps_its_instant_in_another_zone() -> None:
    kolkata = timezone(timedelta(hours=5, minutes=30))
    message = read(filled(compiled(), date=SENT_AT.astimezone(kolkata)))
    assert cast(DateHeader, message["Date"]).datetime == SENT_AT


@given(subject=LONG_PROSE, from_name=PROSE, name=PROSE)
def test_header_text_means_the_same_when_read_back(subject: str, from_name: str, name: str) -> None:
    mail = filled(compiled(subject=subject, from_name=from_name), name=name)
    message = read(mail)
    assert message["Subject"] == clean_header(subject)
    assert mailbox(mail, "From") == (clean_header(from_name), "shop@example.com")
    assert mailbox(mail, "To") == (clean_header(name), "ravi@example.com")


@pytest.mark.parametrize(
    "name",
    [
        "Kumar, Ravi",
        'Ravi "R" Kumar',
        "back\\slash",
        "R. Kumar (Pune)",
        "a@b.example",
        "=?utf-8?q?forged?=",
        "रवि कुमार",
        "שלום עולם",
        pytest.param("👩\u200d🚀" * 30, id="emoji"),
        pytest.param("x" * 500, id="one-long-word"),
        pytest.param("word " * 60, id="many-words"),
        pytest.param("r,s " * 60, id="many-quoted-words"),
        "Ravi\r\nBcc: evil@example.org",
        "Ravi\u2028Bcc: evil@example.org\x85",
    ],
)
def test_name_means_the_same_and_adds_no_header(name: str) -> None:
    mail = filled(compiled(subject="For {{ name }}", from_name=name), name=name)
    message = read(mail)
    assert mailbox(mail, "To") == (clean_header(name), "ravi@example.com")
    assert mailbox(mail, "From") == (clean_header(name), "shop@example.com")
    assert message["Subject"] == f"For {clean_header(name)}"
    assert "Bcc" not in message
    assert len(message.keys()) == 12
