"""Preheader, footer and the parts of a mail, in each way to write one."""

from html import escape, unescape

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dakiya.mail.addresses import clean_header
from dakiya.mail.merge import Escape, parse
from dakiya.mail.rich.render import html_of
from tests.shared.mail.mails import (
    LINK,
    LONG_PROSE,
    PROSE,
    URL,
    compiled,
    crlf,
    filled,
    mailbox,
    part,
    read,
)
from tests.shared.mail.rich.documents import doc, field, paragraph

ADDRESS = "Lamps & Co\n12 MG Road\nPune 411001"


def test_text_mail_has_one_part() -> None:
    message = read(filled(compiled(html=None, text=f"नमस्ते {{{{ name }}}} {LINK}"), name="रवि"))
    assert message.get_content_type() == "text/plain"
    assert not message.is_multipart()
    assert part(message, "plain") == f"नमस्ते रवि {URL}"
    ended = read(filled(compiled(html=None, text=f"Hello {LINK}\n")))
    assert part(ended, "plain") == f"Hello {URL}\r\n"
    assert message["List-Unsubscribe"]


@given(before=LONG_PROSE, value=PROSE, after=LONG_PROSE)
def test_text_mail_means_the_same_when_read_back(before: str, value: str, after: str) -> None:
    # Behind a blank no value stands in an address.
    source = f"x{before} {{{{ city }}}}{after} {LINK}"
    message = read(filled(compiled(html=None, text=source), values={"city": value}))
    assert part(message, "plain") in (
        crlf(f"x{before} {value}{after} {URL}") + end for end in ("\r\n", "")
    )


@given(subject=PROSE, value=PROSE)
def test_rich_mail_means_the_same_when_read_back(subject: str, value: str) -> None:
    html = html_of(doc(paragraph("Dear ", field("name", fallback="friend"), "!")))
    message = read(
        filled(compiled(subject=subject, html=html, text=None), name=value, values={"name": "z"})
    )
    expected = parse(html).render({"name": value or "z", "unsubscribe_url": URL}, Escape.HTML)
    assert part(message, "html") == crlf(expected)


def test_preheader_is_hidden_where_the_body_begins() -> None:
    made = compiled(
        html="<!doctype html><html><head></head><body class='a'><p>Hi</p></body></html>",
        preheader="50 % off & {{ name | upper }} <only>",
    )
    shown = part(read(filled(made, name="ravi")), "html")
    before, _, after = shown.partition("<body class='a'>")
    assert "off" not in before
    assert after.startswith('<div style="display:none;')
    assert "50 % off &amp; RAVI &lt;only&gt;" in after.partition("</div>")[0]
    assert "off" not in part(read(filled(made, name="ravi")), "plain")


@pytest.mark.parametrize(
    ("html", "before"),
    [
        ("<p>Hi</p>", ""),
        ("<!DOCTYPE html>\n<p>Hi</p>", "<!DOCTYPE html>"),
        ("<head><title>a</title></head><p>Hi</p>", "<head><title>a</title></head>"),
        ("{{ a | default('<body>') }}<p>Hi</p>", ""),
        ("<body bgcolor='#fff'>Hi", "<body bgcolor='#fff'>"),
        ("<!doctype html><!-- <body> --><p>Hi</p>", "<!doctype html>"),
    ],
)
def test_preheader_finds_its_place(html: str, before: str) -> None:
    shown = part(read(filled(compiled(html=html, preheader="Soon"))), "html")
    assert shown.startswith(crlf(before) + '<div style="display:none')


def test_postal_address_stands_below_each_mail() -> None:
    for html in ("<p>Hi</p>", html_of(doc("Hi")), None):
        message = read(filled(compiled(html=html, text="Hi", postal_address=ADDRESS)))
        assert part(message, "plain").endswith(crlf(f"{URL}\n{ADDRESS}\n"))
        if html is not None:
            shown = part(message, "html")
            assert shown.count("Lamps &amp; Co<br>12 MG Road<br>Pune 411001") == 1
            assert shown.count(URL) == 1


def test_own_address_and_link_are_not_added_again() -> None:
    html = (
        "<p>{% if postal_address %}{{ postal_address }}{% endif %}</p>"
        "<a href='{{ unsubscribe_url }}'>x</a>"
    )
    message = read(
        filled(
            compiled(
                html=html, text="{{ postal_address | upper }} " + LINK, postal_address="1 Road"
            )
        )
    )
    assert part(message, "html") == f"<p>1 Road</p><a href='{URL}'>x</a>"
    assert part(message, "plain") == f"1 ROAD {URL}"
    without = read(filled(compiled(html=html, text=LINK)))
    assert part(without, "html") == f"<p></p><a href='{URL}'>x</a>"


def test_address_shown_to_some_is_added_for_all() -> None:
    html = f"{{% if vip %}}{{{{ postal_address }}}}{{% endif %}}<a href='{LINK}'>x</a>"
    shown = part(read(filled(compiled(html=html, postal_address="1 Road"))), "html")
    assert shown.count("1 Road") == 1


def test_recipients_cannot_replace_the_address() -> None:
    message = compiled(html="{{ postal_address }}", postal_address="1 Road")
    shown = part(read(filled(message, values={"postal_address": "evil"})), "html")
    assert shown.startswith("1 Road")
    nothing = part(
        read(filled(compiled(html="{{ postal_address }}"), values={"postal_address": "evil"})),
        "html",
    )
    assert "evil" not in nothing


def test_text_part_of_a_rich_mail_reads_well() -> None:
    html = html_of(doc("Dear {{ name }}", paragraph("See you.")))
    message = read(filled(compiled(html=html, text=None, postal_address=ADDRESS), name="Ravi"))
    assert unescape(part(message, "plain")).startswith("Dear Ravi\r\n\r\nSee you.\r\n")


# Every script, emoji, right to left; no control characters, which a rich document refuses.
WORDS = st.text(
    st.characters(codec="utf-8", exclude_categories=("Cc", "Cs"), exclude_characters="{}"),
    min_size=1,
    max_size=200,
)


@pytest.mark.parametrize("kind", ["html", "rich", "text"])
@given(subject=WORDS, name=WORDS, body=WORDS, eight_bit=st.booleans())
def test_names_subjects_and_bodies_of_any_script_arrive(
    kind: str, subject: str, name: str, body: str, eight_bit: bool
) -> None:
    html = {"html": f"<p>{escape(body)} {{{{ name }}}}</p>", "text": None}
    made = compiled(
        subject=f"{subject} {{{{ name }}}}",
        html=html_of(doc(paragraph(body, field("name")))) if kind == "rich" else html[kind],
        text=f"{body} {{{{ name }}}}" if kind == "text" else None,
        from_name=name,
    )
    mail = filled(made, name=name, eight_bit=eight_bit)
    message = read(mail, eight_bit=eight_bit)
    assert message["Subject"] == clean_header(f"{subject} {clean_header(name)}")
    assert mailbox(mail, "To") == (clean_header(name), "ravi@example.com")
    assert mailbox(mail, "From") == (clean_header(name), "shop@example.com")
    if kind == "text":
        assert part(message, "plain").startswith(crlf(f"{body} {name}"))
    else:
        shown = unescape(part(message, "html"))
        assert body in shown
        assert name in shown
