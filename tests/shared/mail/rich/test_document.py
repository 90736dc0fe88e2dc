"""A document is known in every part, or refused in plain words."""

import copy
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dakiya.mail.rich.document import KINDS, MARKS, RichError, read_document
from tests.shared.mail.rich.documents import (
    BUTTON,
    FULL,
    IMAGE,
    cell,
    doc,
    field,
    mark,
    node,
    paragraph,
    text,
)


def linked(href: str, **attrs: Any) -> dict[str, Any]:
    return doc(paragraph(text("x", mark("link", href=href, **attrs))))


def in_columns(*inside: dict[str, Any]) -> dict[str, Any]:
    return doc(node("columns", *[node("column", *inside)] * 2))


def nested(depth: int) -> dict[str, Any]:
    inner = paragraph("deep")
    for _ in range(depth):
        inner = node("blockquote", inner)
    return doc(inner)


@pytest.mark.parametrize(
    ("document", "words"),
    [
        (None, "no document"),
        ([], "no document"),
        ({}, "no document"),
        ("<p>x</p>", "no document"),
        ({"type": "paragraph"}, "no document"),
        ({"type": "doc"}, "A mail is empty"),
        ({"type": "doc", "content": "x"}, "not a list"),
        ({"type": "doc", "content": ["x"]}, "not a list"),
        ({"type": "doc", "content": [{}]}, "no part “?”"),
        ({"type": "doc", "content": [{"type": ["p"]}]}, "no part “?”"),
        (doc(node("iframe", src="https://evil.example")), "no part “iframe”"),
        (doc(node("script")), "no part “script”"),
        (doc(text("bare")), "Text cannot stand inside a mail"),
        (doc(node("bulletList")), "A list is empty"),
        (doc(node("bulletList", paragraph("x"))), "A paragraph cannot stand inside a list"),
        (doc({**paragraph("x"), "html": "<b>"}), "A paragraph has no “html”"),
        (doc(paragraph("x", onclick="alert(1)")), "A paragraph has no “onclick”"),
        (doc(paragraph("x", style="color:red")), "no “style”"),
        (doc(paragraph("x", textAlign="middle")), "“middle” is none of"),
        (doc({"type": "paragraph", "attrs": "x"}), "not an object"),
        (doc({"type": "paragraph", "text": "x"}), "no text of its own"),
        (doc(paragraph({"type": "text", "text": ""})), "is empty"),
        (doc(paragraph({"type": "text", "text": 7})), "is empty"),
        (doc(paragraph("a\0b")), "control character"),
        (doc(paragraph("a\ud800b")), "control character"),
        (doc(paragraph(text("x", mark("blink")))), "no mark “blink”"),
        (doc(paragraph(text("x", mark("bold"), mark("bold")))), "twice"),
        (doc({**paragraph("x"), "marks": [mark("bold")]}), "cannot be bold"),
        (doc(paragraph(text("x", mark("link")))), "where the link leads"),
        (linked("javascript:alert(1)"), "cannot begin with “javascript:”"),
        (linked(" JavaScript:alert(1)"), "cannot begin with"),
        (linked("{% if a %}java{% endif %}script:x"), "cannot begin with"),
        (linked("shop.example"), "write https://shop.example"),
        (linked("asha@shop.example"), "write mailto:asha@shop"),
        (linked("https://x.in/\nb"), "line break"),
        (linked("https://x.in", target="_blank"), "has no “target”"),
        (doc(paragraph(text("x", mark("textStyle", color="red")))), "no colour"),
        (doc(paragraph(text("x", mark("textStyle", color="#fff;x:url(y)")))), "no colour"),
        (doc(paragraph(text("x", mark("textStyle", fontSize="2em")))), "no size of text"),
        (doc(paragraph(text("x", mark("textStyle", fontSize="11px")))), "no size of text"),
        (doc(node("heading", level=4)), "from 1 to 3"),
        (doc(node("heading", level=True)), "from 1 to 3"),
        (doc(node("image")), "An image has no address"),
        (doc(node("image", src="data:image/png;base64,AAAA")), "Upload it instead"),
        (doc(node("image", src="file:///etc/passwd")), "only https and http"),
        (doc(node("image", src="lamp.png")), "begins with https://"),
        (doc(node("image", src="https://x.in/a.png", width=601)), "from 1 to 600"),
        (doc(node("image", src="https://x.in/a.png", onerror="x")), "no “onerror”"),
        (doc(node("button", label="", href="https://x.in")), "what stands on the button"),
        (doc(node("button", label="x")), "where the button leads"),
        (doc(node("button", label="x", href="vbscript:x")), "cannot begin with"),
        (doc(node("columns", node("column", paragraph("x")))), "Columns has 1 parts; 2 are right"),
        (in_columns(node("columns")), "Columns cannot stand inside a column"),
        (in_columns(node("condition", node("columns"), field="a")), "inside columns"),
        (doc(node("table", node("tableRow", cell("x", colspan=0)))), "from 1 to 20"),
        (doc(node("condition", paragraph("x"))), "which field"),
        (doc(node("condition", paragraph("x"), field="a %}{{ b")), "no name of a field"),
        (doc(node("condition", paragraph("x"), field="a", negate="no")), "neither true nor false"),
        (doc(paragraph(field(""))), "no name of a field"),
        (doc(paragraph(field("🎉"))), "no name of a field"),
        (doc(paragraph(field("a }}{{ b"))), "no name of a field"),
        (doc(paragraph(field("a", fallback="{{ b }}"))), "no braces"),
        (doc(paragraph(field("a", format="shout"))), "only these can stand"),
        (doc(paragraph(field("a", format="upper }}{{ b"))), "no braces"),
        (doc("x", accent="red"), "no colour"),
        (doc("x", font="Comic Sans"), "is none of sans"),
        (nested(30), "too deep"),
        (doc(*["x"] * 6_000), "too many parts"),
        (doc(*["x" * 100_000] * 5), "longer than 400,000"),
    ],
)  # fmt: skip
def test_document_is_refused_in_plain_words(document: object, words: str) -> None:
    with pytest.raises(RichError) as refusal:
        read_document(document)
    assert words in str(refusal.value)
    assert refusal.value.field == "source"


def test_document_with_everything_is_read() -> None:
    found = read_document(FULL)
    assert {one.type for one in walk(found)} == set(KINDS)
    assert {one.type for piece in walk(found) for one in piece.marks} == set(MARKS)


def walk(found: Any) -> Iterator[Any]:
    yield found
    for inner in found.content:
        yield from walk(inner)


def test_what_an_extension_leaves_empty_is_read_over() -> None:
    read_document(doc({"type": "orderedList", "attrs": {"start": 1, "type": None},
                       "content": [node("listItem", paragraph("x"))]}))  # fmt: skip
    read_document(doc(paragraph(text("x", mark("link", href="https://x.in", target=None)))))
    read_document({"type": "doc", "content": [{"type": "paragraph"}, BUTTON, IMAGE]})


def test_link_may_come_from_a_field() -> None:
    for href in ("{{ url }}", "https://x.in/{{ a }}", "#top", "{% if a %}https://a.in{% endif %}",
                 "tel:+91 98", "mailto:{{ email }}"):  # fmt: skip
        read_document(doc(paragraph(text("x", mark("link", href=href)))))


PLACES = st.integers(0, 200)
RUBBISH = st.one_of(
    st.none(), st.booleans(), st.integers(), st.text(max_size=5), st.just([]), st.just({}),
    st.just([{}]), st.just({"type": "text"}), st.just(float("nan")),
)  # fmt: skip


@given(place=PLACES, rubbish=RUBBISH)
def test_rubbish_in_any_place_is_read_or_refused(place: int, rubbish: object) -> None:
    document = copy.deepcopy(FULL)
    slots: list[tuple[Any, Any]] = []

    def gather(one: Any) -> None:
        for key in list(one) if isinstance(one, dict) else range(len(one)):
            slots.append((one, key))
            if isinstance(one[key], dict | list):
                gather(one[key])

    gather(document)
    holder, key = slots[place % len(slots)]
    holder[key] = rubbish
    with suppress(RichError):
        assert read_document(document).type == "doc"
