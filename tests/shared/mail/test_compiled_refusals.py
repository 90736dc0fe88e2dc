"""What cannot stand in a mail is refused, before or when it is filled."""

import pytest

from dakiya.mail.compiled import (
    Content,
    MessageError,
    Sender,
    compile_message,
)
from dakiya.mail.merge import TemplateError
from tests.shared.mail.mails import (
    LINK,
    SENT_AT,
    compiled,
    filled,
)


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
