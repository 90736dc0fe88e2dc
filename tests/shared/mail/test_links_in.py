"""A recipient's value inside a link leads where the link's author wrote, whatever it is."""

from html import escape
from urllib.parse import parse_qs, unquote, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dakiya.mail.html_pieces import Start, html_pieces
from dakiya.mail.links_in import keep_links_whole
from dakiya.mail.merge import Escape, parse

ANY = st.text(st.characters(codec="utf-8"), max_size=40)


def html(source: str, **values: str) -> str:
    return keep_links_whole(parse(source), Escape.HTML).render(values, Escape.HTML)


def href(source: str, **values: str) -> str:
    [tag] = [
        p for p in html_pieces(html(source, **values)) if isinstance(p, Start) and p.attributes
    ]
    return tag.attributes["href"]


@pytest.mark.parametrize(
    ("source", "values", "shown"),
    [
        (
            '<a href="https://x.in/?n={{ n }}">',
            {"n": "Asha & Söhne"},
            "https://x.in/?n=Asha%20%26%20S%C3%B6hne",
        ),
        (
            "<a href='https://x.in/{{ n }}/b?c={{ n }}'>",
            {"n": "a/b c?"},
            "https://x.in/a/b%20c%3F/b?c=a%2Fb%20c%3F",
        ),
        ("<a href=https://x.in/{{ n }}>", {"n": "a onclick=b>"}, "https://x.in/a%20onclick=b%3E"),
        ('<a HREF = "{{ u }}">', {"u": "https://x.in/a?b=c&d=e#f"}, "https://x.in/a?b=c&d=e#f"),
        (
            '<a href="{{ u }}">',
            {"u": "https://x.in/मेला x"},
            "https://x.in/%E0%A4%AE%E0%A5%87%E0%A4%B2%E0%A4%BE%20x",
        ),
        ('<a href="{{ u }}">', {"u": "  https://x.in/100%25 "}, "https://x.in/100%25"),
        ('<a href="{{ u }}">', {"u": "javascript:alert(1)"}, "#"),
        ('<a href="{{ u }}">', {"u": " \x01java\tscript:alert(1)"}, "java%20script:alert(1)"),
        ('<a href="{{ u }}">', {"u": "JaVaScRiPt:alert(1)"}, "#"),
        ('<a href="{{ u }}">', {"u": "data:text/html,<script>"}, "#"),
        ('<a href="{{ u }}">', {"u": "vbscript:x"}, "#"),
        ('<a href="{{ u | default("javascript:x") }}">', {}, "#"),
        ('<a href="{{ u | lower }}">', {"u": "JAVASCRIPT:x"}, "#"),
        (
            '<a href="{{ a }}{{ b }}">',
            {"a": "javascript", "b": ":alert(1)"},
            "javascript%3Aalert(1)",
        ),
        ('<a href="{% if a %}{{ a }}{% endif %}{{ b }}">', {"b": "javascript:x"}, "javascript%3Ax"),
        (
            '<a href="{% if a %}{{ a }}{% else %}{{ b }}{% endif %}">',
            {"b": "https://x.in/?a=b"},
            "https://x.in/?a=b",
        ),
        ('<a href="https://{{ h }}">', {"h": "x.in/a?b=c"}, "https://x.in/a?b=c"),
        (
            '<a href="mailto:{{ e }}?subject={{ s }}">',
            {"e": "asha+1@x.in", "s": "a & b"},
            "mailto:asha+1@x.in?subject=a%20%26%20b",
        ),
        ('<a title="{{ n }}" href="{{ u }}">', {"u": "https://x.in", "n": "a>b"}, "https://x.in"),
        ('<a href="https://x.in/?a=b&amp;n={{ n }}">', {"n": "c&d"}, "https://x.in/?a=b&n=c%26d"),
        ('<a href="{{ unsubscribe_url }}">', {"unsubscribe_url": "#"}, "#"),
    ],
)
def test_value_stays_inside_its_link(source: str, values: dict[str, str], shown: str) -> None:
    assert href(source, **values) == shown


@pytest.mark.parametrize(
    "source",
    [
        "<p>{{ n }}</p>",
        '<p title="{{ n }}">x</p>',
        "a < b href={{ n }}",
        '<a href="https://x.in">{{ n }}</a>',
        '<img src="https://x.in/a.png" alt="{{ n }}">',
        "<p data-href='{{ n }}'>x</p>",
    ],
)
def test_value_elsewhere_is_as_it_was(source: str) -> None:
    value = "Asha & Söhne?"
    assert html(source, n=value) == source.replace("{{ n }}", escape(value))


def test_outlooks_own_links_are_links_too() -> None:
    source = '<!--[if mso]><v:rect href="{{ u }}"><![endif]-->'
    assert 'href="#"' in html(source, u="javascript:x")


@given(value=ANY)
def test_value_in_a_query_comes_out_the_same(value: str) -> None:
    link = href('<a href="https://x.in/a?n={{ n }}&m=1">', n=value)
    assert urlsplit(link).netloc == "x.in"
    assert parse_qs(urlsplit(link).query, keep_blank_values=True, errors="strict") == {
        "n": [value],
        "m": ["1"],
    }


@given(value=ANY)
def test_value_in_a_path_comes_out_the_same(value: str) -> None:
    link = href('<a href="https://x.in/a/{{ n }}.html">', n=value)
    parts = urlsplit(link)
    assert (parts.netloc, parts.query, parts.fragment) == ("x.in", "", "")
    assert unquote(parts.path, errors="strict") == f"/a/{value}.html"


@given(value=ANY, other=ANY)
def test_no_value_makes_a_link_that_runs(value: str, other: str) -> None:
    for source in ('<a href="{{ a }}{{ b }}">', '<a href="{{ a | lower }}">', "<a href=x/{{ a }}>"):
        scheme = urlsplit(href(source, a=value, b=other)).scheme
        assert scheme in ("", "http", "https", "mailto", "tel", "sms")


def test_value_in_a_link_of_a_text_is_encoded() -> None:
    source = "Go to https://x.in/?n={{ n }}, {{ n }}. Or (https://x.in/{{ n }}/a)"
    template = keep_links_whole(parse(source), Escape.TEXT)
    assert template.render({"n": "a b"}, Escape.TEXT) == (
        "Go to https://x.in/?n=a%20b, a b. Or (https://x.in/a%20b/a)"
    )
