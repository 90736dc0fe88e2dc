"""A filled mail means what the standard library reads in it, and nothing else can get in."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta, timezone
from email.header import decode_header, make_header
from email.headerregistry import DateHeader
from email.message import EmailMessage
from email.parser import BytesParser
from email.policy import compat32
from email.policy import default as modern
from email.utils import parseaddr
from html import escape
from typing import cast

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from dakiya.mail.addresses import clean_header
from dakiya.mail.compiled import (
    Addressee,
    CompiledMessage,
    Content,
    MessageError,
    Sender,
    compile_message,
)
from dakiya.mail.merge import Escape, TemplateError, parse

URL = "https://mail.example.com/u/12.34.abcdefghijklmnopqrstuvwxyz"
MAILTO = "unsubscribe+12.34@example.com"
MESSAGE_ID = "<12.34.tag@mail.example.com>"
SENT_AT = datetime(2026, 11, 24, 3, 30, tzinfo=UTC)
LINK = "{{ unsubscribe_url }}"

# Every script, emoji, right to left and control characters; no braces (they are the merge
# language's), no NUL and no half characters (both are refused).
PROSE = st.text(st.characters(codec="utf-8", exclude_characters="{}\0"), max_size=300)
SCRAPS = (
    "\n",
    "\r\n",
    "\r",
    " ",
    "\t",
    ".",
    "=",
    "word",
    "é",
    "x" * 76,
    "{{ city }}",
    "{{ gone }}",
)
LONG_PROSE = st.builds(lambda text, times: text * times, PROSE, st.integers(1, 20))


def compiled(
    *,
    subject: str = "Diwali",
    html: str = f"<p>Hello</p><a href='{LINK}'>stop</a>",
    text: str | None = f"Hello {LINK}",
    reply_to: str | None = None,
    from_name: str = "",
    list_id: str = "c12.w5.example.com",
) -> CompiledMessage:
    content = Content(
        subject=subject,
        html=html,
        text=text,
        list_id=list_id,
        campaign_id=12,
        workspace_id=5,
        reply_to=reply_to,
    )
    return compile_message(content, Sender("shop@example.com", from_name))


def filled(
    message: CompiledMessage,
    *,
    name: str | None = None,
    values: Mapping[str, str] | None = None,
    envelope: str = "ravi@example.com",
    message_id: str = MESSAGE_ID,
    date: datetime = SENT_AT,
    unsubscribe_url: str = URL,
    unsubscribe_mailto: str | None = MAILTO,
) -> bytes:
    return message.fill(
        Addressee(envelope, name, values or {}),
        message_id=message_id,
        date=date,
        unsubscribe_url=unsubscribe_url,
        unsubscribe_mailto=unsubscribe_mailto,
    )


def read(mail: bytes) -> EmailMessage:
    """Parse a mail, after checking what must hold for every one of them."""
    mail.decode("ascii")
    assert b"\0" not in mail
    assert not re.search(rb"\r(?!\n)|(?<!\r)\n", mail)
    assert mail.endswith(b"\r\n")
    # The unsubscribe link is one word: it cannot be folded.
    assert all(
        len(line) <= 78 or line.startswith(b"List-Unsubscribe: ") for line in mail.split(b"\r\n")
    )
    message = BytesParser(policy=modern).parsebytes(mail)
    assert message.defects == []
    assert [part.defects for part in message.iter_parts()] == [[], []]
    return message


def part(message: EmailMessage, subtype: str) -> str:
    body = message.get_body((subtype,))
    assert body is not None
    assert body.get_content_charset() == "utf-8"
    payload = body.get_payload(decode=True)
    assert isinstance(payload, bytes)
    return payload.decode("utf-8")


def crlf(text: str) -> str:
    return re.sub(r"\r\n|\r|\n", "\r\n", text)


def mailbox(mail: bytes, header: str) -> tuple[str, str]:
    """Read a display name and an address with the older parser.

    The newer one leaves blanks between the encoded words of a display name before CPython 3.11.10
    and 3.12.5.
    """
    raw = BytesParser(policy=compat32).parsebytes(mail)[header]
    name, address = parseaddr(raw.replace("\r\n", ""))
    return str(make_header(decode_header(name))), address


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


@given(before=LONG_PROSE, value=PROSE, after=LONG_PROSE)
def test_bodies_mean_the_same_when_read_back(before: str, value: str, after: str) -> None:
    source = f"{before}{{{{ city }}}}{after}{LINK}"
    message = read(filled(compiled(html=source, text=f"x{source}"), values={"city": value}))
    assert part(message, "plain") == crlf(f"x{before}{value}{after}{URL}")
    assert part(message, "html") == crlf(f"{before}{escape(value)}{after}{escape(URL)}")


@given(
    st.lists(st.sampled_from(SCRAPS)).map("".join),
    st.text(alphabet=st.sampled_from(" .=\r\nxé"), max_size=20),
)
def test_lines_encoded_beforehand_mean_the_same(source: str, value: str) -> None:
    source += "{% if city %}\n{{ city }}\n{% endif %}"
    values = {"city": value}
    message = read(filled(compiled(html=source + LINK, text=source + LINK), values=values))
    expected = {escape: parse(source).render(values, escape) for escape in Escape}
    assert part(message, "plain") == crlf(expected[Escape.TEXT] + URL)
    assert part(message, "html") == crlf(expected[Escape.HTML] + URL)


@example("=\r")
@given(st.text(alphabet=st.sampled_from(". =\t\r\n-_aé"), max_size=200))
def test_bodies_of_awkward_lines_mean_the_same(body: str) -> None:
    message = read(filled(compiled(html=body + LINK, text=f"x{body}{LINK}{body}")))
    assert part(message, "html") == crlf(body + URL)
    assert part(message, "plain") == crlf(f"x{body}{URL}{body}")


def test_encoding_is_chosen_for_the_script() -> None:
    message = read(filled(compiled(html=f"A small café. {LINK}", text=f"{'नमस्ते' * 50} {LINK}")))
    encodings = [piece["Content-Transfer-Encoding"] for piece in message.iter_parts()]
    assert encodings == ["base64", "quoted-printable"]
    message = read(filled(compiled(html="a\n" * 50 + LINK, text=f"{'नa ' * 50} {LINK}")))
    encodings = [piece["Content-Transfer-Encoding"] for piece in message.iter_parts()]
    assert encodings == ["base64", "quoted-printable"]


def test_text_is_written_from_the_html_when_not_given() -> None:
    html = f"<h1>Hi {{{{ name }}}}</h1><a href='{LINK}'>stop</a>"
    for text in (None, " \n"):
        message = read(filled(compiled(html=html, text=text), name="A & B"))
        assert part(message, "plain") == f"Hi A & B\r\n\r\nstop ({URL})\r\n"
        assert "<h1>Hi A &amp; B</h1>" in part(message, "html")


@pytest.mark.parametrize(
    "html",
    [
        "<html><body><p>Hi</p></body></html>",
        "<p>Hi</p>",
        "",
        "{% if vip %}<a href='{{ unsubscribe_url }}'>stop</a>{% endif %}",
        "<body>{% if vip %}</body>{% endif %}",
        "<p>{{ x | default('</body>') }}</p>",
        "<body></body><!-- </BODY > -->",
    ],
)
def test_unsubscribe_link_is_added_when_not_shown_to_everybody(html: str) -> None:
    message = read(filled(compiled(html=html, text=None)))
    assert f'<a href="{URL}"' in part(message, "html")
    assert URL in part(message, "plain")


def test_unsubscribe_link_is_added_inside_the_body() -> None:
    message = read(filled(compiled(html="<body>Hi</body>", text="Hi")))
    assert part(message, "html").endswith("Unsubscribe</a></p>\r\n</body>")
    assert part(message, "plain") == f"Hi\r\n-- \r\nUnsubscribe: {URL}\r\n"


def test_unsubscribe_link_is_not_added_twice() -> None:
    message = read(filled(compiled()))
    assert part(message, "html").count(URL) == 1
    assert part(message, "plain").count(URL) == 1


def test_built_in_fields_cannot_be_replaced_by_a_column() -> None:
    message = compiled(text="{{ email }} {{ name }} {{ unsubscribe_url }}")
    values = {"email": "x", "name": "column", "unsubscribe_url": "https://evil.example"}
    mine = read(filled(message, name="Ravi", values=values))
    assert part(mine, "plain") == f"ravi@example.com Ravi {URL}"
    nameless = read(filled(message, name=None, values=values))
    assert part(nameless, "plain") == f"ravi@example.com column {URL}"


def test_same_recipient_gives_the_same_bytes() -> None:
    assert filled(compiled(), name="Ravi") == filled(compiled(), name="Ravi")


def test_lines_are_not_dot_stuffed() -> None:
    message = filled(compiled(text=f".\r\n..two\r\n.{LINK}"))
    assert b"\r\n..two\r\n" in message
    assert part(read(message), "plain") == f".\r\n..two\r\n.{URL}"


@pytest.mark.parametrize("bad", ["nul \0", "half \ud800"])
def test_mail_is_refused_when_a_value_cannot_be_encoded(bad: str) -> None:
    with pytest.raises(MessageError):
        filled(compiled(text=f"{{{{ x }}}} {LINK}"), values={"x": bad})


@pytest.mark.parametrize("line_end", ["", "\n"])
def test_mail_is_refused_when_values_make_it_too_long(line_end: str) -> None:
    message = compiled(text=f"{f'{{{{ x }}}}{line_end}' * 300}{LINK}")
    assert len(filled(message, values={"x": "y" * 6_000})) > 1_800_000
    with pytest.raises(TemplateError):
        filled(message, values={"x": "y" * 7_000})


@pytest.mark.parametrize(
    "envelope",
    ["", "ravi", "ravi@exämple.com", "a@b.c\r\nBcc: x@y.z", "a b@c.d", "a@b.c>", "<a@b.c", "a@b@c"],
)
def test_mail_is_refused_when_the_envelope_is_not_an_address(envelope: str) -> None:
    with pytest.raises(MessageError):
        filled(compiled(), envelope=envelope)


@pytest.mark.parametrize(
    "message_id", ["", "1@b.c", "<1>", "<1@b.c>\r\nX: y", "<1 2@b.c>", "<1@b>>"]
)
def test_mail_is_refused_when_the_message_id_is_malformed(message_id: str) -> None:
    with pytest.raises(MessageError):
        filled(compiled(), message_id=message_id)


@pytest.mark.parametrize(
    "url", ["", "/u/1", "https://x.example/\r\nX: y", "https://a>,<b", "http:é"]
)
def test_mail_is_refused_when_the_unsubscribe_link_is_malformed(url: str) -> None:
    with pytest.raises(MessageError):
        filled(compiled(), unsubscribe_url=url)
    with pytest.raises(MessageError):
        filled(compiled(), unsubscribe_mailto=f"mailto:{url}\n")


def test_mail_is_refused_when_the_date_has_no_zone() -> None:
    with pytest.raises(ValueError, match="no zone"):
        filled(compiled(), date=SENT_AT.replace(tzinfo=None))


def test_content_is_refused_when_it_cannot_stand_in_a_mail() -> None:
    with pytest.raises(MessageError):
        compiled(list_id="no dots>\r\nX: y")
    with pytest.raises(MessageError):
        compiled(reply_to="a@b.c\r\nX: y")
    with pytest.raises(MessageError):
        compiled(html="half \ud800 a character")
    content = Content("s", "h", None, list_id="a.b", campaign_id=1, workspace_id=1)
    with pytest.raises(MessageError):
        compile_message(content, Sender("Shop <shop@example.com>"))


@pytest.mark.parametrize("place", ["subject", "html", "text"])
def test_content_is_refused_when_a_template_is_broken(place: str) -> None:
    sources = {"subject": "s", "html": "h", "text": "t"} | {place: "{{ name"}
    with pytest.raises(TemplateError):
        compiled(subject=sources["subject"], html=sources["html"], text=sources["text"])
