"""The preview says what the mail will say."""

from datetime import UTC, datetime
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default

import pytest

from dakiya.mail.compiled import Addressee, Content, Sender, compile_message
from dakiya.mail.preview import in_the_dark, render_preview
from dakiya.mail.rich.render import html_of
from tests.shared.mail.rich.documents import doc

URL = "https://mail.example.com/u/abc"
CASES = [
    ("Hello {{ name }}", "<p>{{ city | default('your town') }} <b>{{ name }}</b></p>", None),
    ("नमस्ते {{ city }}", "<body><p>{% if city %}{{ city }}{% endif %}</p></body>", "Hi {{ name }}"),
    ("{{ name }}", '<a href="{{ unsubscribe_url }}">leave</a>', "  "),
]


@pytest.mark.parametrize(("subject", "html", "text"), CASES)
@pytest.mark.parametrize("city", ["Pune", "<script>alert(1)</script>", ""])
def test_preview_equals_the_mail(subject: str, html: str, text: str | None, city: str) -> None:
    preview = render_preview(
        subject,
        html,
        text,
        envelope="ravi@example.org",
        name="Ravi",
        values={"city": city},
        unsubscribe_url=URL,
    )
    content = Content(subject, html, text, "list.example.com", 1, 1)
    raw = compile_message(content, Sender("asha@example.com")).fill(
        Addressee("ravi@example.org", "Ravi", {"city": city}),
        message_id="<1@example.com>",
        date=datetime.now(UTC),
        unsubscribe_url=URL,
        unsubscribe_mailto=None,
    )
    mail = message_from_bytes(raw, policy=default)
    assert isinstance(mail, EmailMessage)
    assert preview.html is not None
    assert preview.subject.strip() == mail["Subject"].strip()
    for kind, shown in (("html", preview.html), ("plain", preview.text)):
        part = mail.get_body((kind,))
        assert part is not None
        assert part.get_content().split() == shown.split()


def test_mail_with_dark_colours_of_its_own_shows_them() -> None:
    html = html_of(doc("Hello"))
    shown = in_the_dark(html)
    assert "prefers-color-scheme" not in shown
    assert "@media (min-width:0) {" in shown
    assert '<meta name="color-scheme" content="dark">' in shown
    assert "@media (min-width:0)" not in html


def test_mail_without_them_is_turned() -> None:
    assert in_the_dark("<p>Hello</p>").startswith("<p>Hello</p><style>html{")


def test_light_rules_do_not_hold_in_the_dark() -> None:
    css = "@media (prefers-color-scheme: light){a{}}@media (PREFERS-color-scheme:dark){b{}}"
    assert in_the_dark(css) == "@media (max-width:0){a{}}@media (min-width:0){b{}}"
