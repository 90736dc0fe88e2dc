"""The bodies of a filled mail mean what was written, whatever their lines."""

from html import escape

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from dakiya.mail.merge import Escape, parse
from tests.shared.mail.mails import (
    LINK,
    LONG_PROSE,
    PROSE,
    URL,
    compiled,
    crlf,
    filled,
    part,
    read,
)

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


@given(before=LONG_PROSE, value=PROSE, after=LONG_PROSE, eight_bit=st.booleans())
def test_bodies_mean_the_same_when_read_back(
    before: str, value: str, after: str, eight_bit: bool
) -> None:
    source = f"{before}{{{{ city }}}}{after}{LINK}"
    mail = filled(
        compiled(html=source, text=f"x{source}"), values={"city": value}, eight_bit=eight_bit
    )
    message = read(mail, eight_bit=eight_bit)
    assert part(message, "plain") == crlf(f"x{before}{value}{after}{URL}")
    assert part(message, "html") == crlf(f"{before}{escape(value)}{after}{escape(URL)}")


@given(
    st.lists(st.sampled_from(SCRAPS)).map("".join),
    st.text(alphabet=st.sampled_from(" .=\r\nxé"), max_size=20),
    st.booleans(),
)
def test_lines_encoded_beforehand_mean_the_same(source: str, value: str, eight_bit: bool) -> None:
    source += "{% if city %}\n{{ city }}\n{% endif %}"
    values = {"city": value}
    mail = filled(
        compiled(html=source + LINK, text=source + LINK), values=values, eight_bit=eight_bit
    )
    message = read(mail, eight_bit=eight_bit)
    expected = {escape: parse(source).render(values, escape) for escape in Escape}
    assert part(message, "plain") == crlf(expected[Escape.TEXT] + URL)
    assert part(message, "html") == crlf(expected[Escape.HTML] + URL)


@example(body="=\r", eight_bit=False)
@given(
    body=st.text(alphabet=st.sampled_from(". =\t\r\n-_aé"), max_size=200), eight_bit=st.booleans()
)
def test_bodies_of_awkward_lines_mean_the_same(body: str, eight_bit: bool) -> None:
    mail = filled(compiled(html=body + LINK, text=f"x{body}{LINK}{body}"), eight_bit=eight_bit)
    message = read(mail, eight_bit=eight_bit)
    assert part(message, "html") == crlf(body + URL)
    assert part(message, "plain") == crlf(f"x{body}{URL}{body}")


def test_encoding_is_chosen_for_the_script() -> None:
    message = read(filled(compiled(html=f"A small café. {LINK}", text=f"{'नमस्ते' * 50} {LINK}")))
    encodings = [piece["Content-Transfer-Encoding"] for piece in message.iter_parts()]
    assert encodings == ["base64", "quoted-printable"]
    message = read(filled(compiled(html="a\n" * 50 + LINK, text=f"{'नa ' * 50} {LINK}")))
    encodings = [piece["Content-Transfer-Encoding"] for piece in message.iter_parts()]
    assert encodings == ["base64", "quoted-printable"]


def encodings(mail: bytes) -> list[str]:
    """Return how each part of a mail is encoded."""
    return [piece["Content-Transfer-Encoding"] for piece in read(mail, eight_bit=True).iter_parts()]


def test_bodies_go_out_as_they_are_where_the_server_takes_that() -> None:
    hindi = f"{'नमस्ते ' * 50}\n"
    message = compiled(html=f"A small café.\n{{{{ city }}}} {LINK}", text=f"{hindi}{LINK}")
    mail = filled(message, values={"city": "Łódź"}, eight_bit=True)
    assert encodings(mail) == ["8bit", "8bit"]
    assert hindi.replace("\n", "\r\n").encode() in mail
    assert "A small café.\r\nŁódź".encode() in mail


@pytest.mark.parametrize("letters", [998, 999])
def test_long_lines_are_encoded_wherever_they_come_from(letters: int) -> None:
    line = "é" * (letters // 2) + "x" * (letters % 2)
    shared = compiled(html=f"{line}\nsecond line {LINK}", text=f"short {LINK}")
    own = compiled(html=f"short\n{{{{ city }}}}\n{LINK}", text=f"short {LINK}")
    last = compiled(html=f"short {LINK}\n{{{{ city }}}}", text=f"short {LINK}")
    for message in (shared, own, last):
        mail = filled(message, values={"city": line}, eight_bit=True)
        text, html = encodings(mail)
        assert text == "8bit"
        assert (html == "8bit") == (letters == 998)
        assert line in part(read(mail, eight_bit=True), "html")


def test_a_value_cannot_end_a_part() -> None:
    message = compiled(html=f"Hello {{{{ city }}}} {LINK}", text=f"Hello {{{{ city }}}} {LINK}")
    value = f"\r\n--{message.boundary.decode()}--\r\n"
    mail = filled(message, values={"city": value}, eight_bit=True)
    assert encodings(mail) == ["quoted-printable", "quoted-printable"]
    assert part(read(mail), "plain") == f"Hello {value} {URL}"


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


@pytest.mark.parametrize(
    ("html", "before"),
    [
        ("<p>a</p><!-- </body> --><p>b</p>", "<p>b</p>"),
        ("<p>b</p><!-- <a href='{{ unsubscribe_url }}'>x</a> -->", "-->"),
        ("<!--[if mso]><a href='{{ unsubscribe_url }}'>x</a><![endif]--><p>b</p>", "<p>b</p>"),
        ("<title>{{ unsubscribe_url }}</title><body>b</body>", "b"),
        ("<style>/* {{ unsubscribe_url }} </body> */</style>b", "</style>b"),
        ("<!-- {% if x %} -->{{ unsubscribe_url }}<!-- {% endif %} --><p>b</p>", "<p>b</p>"),
    ],
)
def test_unsubscribe_link_stands_where_it_is_seen(html: str, before: str) -> None:
    shown = part(read(filled(compiled(html=html, text=None))), "html")
    at = shown.rindex('<p lang="en" dir="ltr" style="margin:2em')
    assert shown[:at].endswith(before)
    assert f'<a href="{URL}"' in shown[at:]
    assert shown.count("<!--", 0, at) == shown.count("-->", 0, at)


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
