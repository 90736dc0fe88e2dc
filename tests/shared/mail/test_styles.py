"""Styles go beside their elements; merge tags, comments and everything else stay."""

import time

import pytest

from dakiya.mail.merge import parse
from dakiya.mail.styles import inline_styles

STYLE = "<style>p { margin: 0 } @media print { p { margin: 1px } } a:hover { top: 0 }</style>"


def test_styles_stand_beside_their_elements_and_stay() -> None:
    made = inline_styles(f"<!DOCTYPE html><html><head>{STYLE}</head><body><p>x</p></body></html>")
    assert made is not None
    assert '<p style="margin: 0;">x</p>' in made
    assert STYLE in made


@pytest.mark.parametrize(
    "source", ["", "<p>x</p>", "<style></style><p>x</p>", "<!-- <style>p{}-->"]
)
def test_html_without_styles_is_left_alone(source: str) -> None:
    assert inline_styles(source) is None


def test_merge_tags_stay_where_they_stand() -> None:
    source = (
        f"{STYLE}<p title='{{{{ t | default(\"<x>\") }}}}'>a {{{{ n }}}} <b>b</b></p><table>"
        "{% if vip %}<tr><td>{{ a | default('</td>') }}</td></tr>{% else %}<tr><td>b</td></tr>"
        "{% endif %}</table><title>{{ t }}</title>"
    )
    made = inline_styles(source)
    assert made is not None
    assert "<tbody>" in made
    assert made.index("<table>") < made.index("{% if vip %}") < made.index("{% endif %}</t")
    assert "{{ a | default('</td>') }}</td>" in made
    assert parse(made).fields == parse(source).fields
    assert made.count("{{") + made.count("{%") == source.count("{{") + source.count("{%")


@pytest.mark.parametrize("tag", ["<p {{ attributes }}>", "<p {% if a %}class='b'{% endif %}>"])
def test_merge_tags_among_attributes_are_not_risked(tag: str) -> None:
    assert inline_styles(f"{STYLE}{tag}x</p>") is None


def test_words_like_ours_are_not_taken_for_tags() -> None:
    made = inline_styles(f"{STYLE}<p>dakiyatag0z dakiyatagx0z {{{{ n }}}}</p>")
    assert made is not None
    assert "dakiyatag0z dakiyatagx0z {{ n }}" in made


def test_doctype_and_outlooks_comments_stay() -> None:
    doctype = '<!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.0 Transitional//EN" "x">'
    hidden = "<!--[if mso]><table><tr><td><![endif]-->"
    made = inline_styles(f"{doctype}<html><head>{STYLE}</head><body>{hidden}<p>x</p></body></html>")
    assert made is not None
    assert made.startswith(doctype)
    assert hidden in made


def test_styles_that_would_take_minutes_are_left_to_the_reader() -> None:
    rules = "".join(f"*{{margin:{n}px}}" for n in range(20_000))
    begun = time.perf_counter()
    assert inline_styles(f"<style>{rules}</style>" + "<p>x</p>" * 20_000) is None
    assert time.perf_counter() - begun < 10
