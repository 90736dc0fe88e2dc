"""A template as a file: what is written is read, and what is none is refused in plain words."""

import json
from typing import Any

import pytest

from dakiya.campaigns.content import Content
from dakiya.errors import InvalidInput
from dakiya.models import ContentKind
from dakiya.templates.exchange import MAX_BYTES, read_template, write_template

DOCUMENT: dict[str, Any] = {
    "type": "doc",
    "content": [{"type": "paragraph", "content": [{"type": "text", "text": "नमस्ते 🙏"}]}],
}


def file(**changes: Any) -> bytes:
    said = {
        "format": "dakiya-template", "version": 1, "name": "Mine", "kind": "rich",
        "subject": "Hello {{ name }}", "preheader": "", "source": DOCUMENT, "text": None,
    }  # fmt: skip
    return json.dumps({**said, **changes}).encode()


def deep(levels: int) -> dict[str, Any]:
    inner: dict[str, Any] = {"type": "paragraph"}
    for _ in range(levels):
        inner = {"type": "blockquote", "content": [inner]}
    return {"type": "doc", "content": [inner]}


@pytest.mark.parametrize(
    "content",
    [
        Content('शुभ दीपावली {{ name | default("मित्र") }}', kind=ContentKind.RICH, source=DOCUMENT),
        Content("Hi", html="<p>Hello {{ name }}</p>", text="Hello", preheader="Look"),
        Content("Hi", kind=ContentKind.TEXT, text="Hello {{ name }}\n\nBye"),
    ],
)
def test_what_was_written_is_read(content: Content) -> None:
    data = write_template("Diwali ✨", content)
    read = read_template(data)
    assert read.name == "Diwali ✨"
    assert (read.content.subject, read.content.kind) == (content.subject, content.kind)
    assert (read.content.source, read.content.text) == (content.source, content.text)
    assert write_template(read.name, read.content) == data


def test_what_is_made_of_a_document_is_made_anew() -> None:
    read = read_template(file(html="<script>alert(1)</script>"))
    assert "script" not in read.content.html
    assert "नमस्ते" in read.content.html


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "empty"),
        (b" \n ", "empty"),
        (b"x" * (MAX_BYTES + 1), "at most 3 MB"),
        (b"no json", "no template"),
        (b"[]", "no template"),
        (b"{}", "no template"),
        (b"\xff\xfe\x00", "no template"),
        (b'{"format": NaN}', "no template"),
        (b"[" * 200_000, "no template"),
        (file(format="other"), "no template"),
        (file(version=2), "newer Dakiya"),
        (file(version="1"), "newer Dakiya"),
        (file(html_url="x"), "has no “html_url”"),
        (file(kind="blocks"), "no kind that is known"),
        (file(kind=None), "no kind that is known"),
        (file(name=["x"]), "“name” is no text"),
        (file(name="x" * 201), "has 201 characters, and 200 are the most"),
        (file(subject={"a": 1}), "“subject” is no text"),
        (file(subject="\ud800"), "half a character"),
        (file(text="a\x00b"), "NUL"),
        (file(subject="x" * 501), "“subject” is longer than 500"),
        (file(preheader="x" * 501), "“preheader” is longer than 500"),
        (file(source=None), "no document"),
        (file(source=[1, 2]), "no document"),
        (file(source={"type": "doc", "content": []}), "empty"),
        (file(source={"type": "doc", "content": [{"type": "script"}]}), "no part “script”"),
        (file(source=deep(200)), "too deep|too many"),
        (file(subject="{{ name"), "cannot be a mail"),
        (file(kind="text", text=""), "Write the mail"),
        (
            file(source={"type": "doc", "content": [
                {"type": "image", "attrs": {"src": "data:image/png;base64,AAAA"}}]}),
            "pasted into the mail",
        ),
        (
            file(source={"type": "doc", "content": [
                {"type": "button", "attrs": {"label": "x", "href": "javascript:alert(1)"}}]}),
            "cannot begin with",
        ),
    ],
)  # fmt: skip
def test_what_is_no_template_is_refused_with_words(data: bytes, words: str) -> None:
    with pytest.raises(InvalidInput, match=words):
        read_template(data)


def test_names_and_subjects_are_one_line() -> None:
    read = read_template(file(name=" a\r\nb\x07 ", subject="x\r\nBcc: y@example.com"))
    assert read.name == "a b"
    assert "\n" not in read.content.subject
    assert read_template(file(name="")).name == "Template"
    assert len(read_template(file(name="x" * 200)).name) == 200
