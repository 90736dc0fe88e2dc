"""Rich documents for tests, as the editor's JSON."""

from typing import Any


def text(written: str, *marks: dict[str, Any]) -> dict[str, Any]:
    return {"type": "text", "text": written, **({"marks": list(marks)} if marks else {})}


def paragraph(*inside: Any, **attrs: Any) -> dict[str, Any]:
    """A paragraph of strings and inline nodes."""
    content = [text(one) if isinstance(one, str) else one for one in inside]
    return {"type": "paragraph", "attrs": attrs, "content": content}


def node(type_name: str, *inside: dict[str, Any], **attrs: Any) -> dict[str, Any]:
    return {"type": type_name, "attrs": attrs, "content": list(inside)}


def doc(*inside: Any, **attrs: Any) -> dict[str, Any]:
    """A document of blocks; a string is a paragraph."""
    content = [paragraph(one) if isinstance(one, str) else one for one in inside]
    return {"type": "doc", "attrs": attrs, "content": content}


def field(name: str, **attrs: Any) -> dict[str, Any]:
    return {"type": "mergeField", "attrs": {"field": name, **attrs}}


def mark(name: str, **attrs: Any) -> dict[str, Any]:
    return {"type": name, "attrs": attrs}


BUTTON = node("button", label="Look", href="https://shop.example/")
IMAGE = node("image", src="https://shop.example/lamp.png", alt="A lamp")


def cell(written: str, kind: str = "tableCell", **attrs: Any) -> dict[str, Any]:
    return node(kind, paragraph(written), **attrs)


LINK = 'https://shop.example/?n={{ name | default("a") }}&b=1'

# One of everything.
FULL = doc(
    node("heading", text("Happy Diwali, "), field("First Name", fallback="friend", format="title"),
         level=1, textAlign="center"),
    paragraph("Hello ", text("bold & <b>", mark("bold"), mark("italic")), {"type": "hardBreak"},
              text("here", mark("link", href=LINK)),
              text("loud", mark("textStyle", color="#000000", fontSize="30px"), mark("underline"),
                   mark("strike")),
              text("lit", mark("textStyle", backgroundColor="#ffe08a"), mark("code"))),
    node("button", label="Buy {{ name }}", href="https://shop.example/{{ slug }}", align="center"),
    node("columns", node("column", paragraph("left"), IMAGE), node("column", paragraph("right"))),
    node("table",
         node("tableRow", cell("Item", "tableHeader"), cell("Price", "tableHeader")),
         node("tableRow", cell("Lamp"), cell("₹ 100", textAlign="right")),
         node("tableRow", cell("Together: ₹ 100", colspan=2))),
    node("condition", paragraph("Not yet a member?"), field="vip", negate=True),
    node("bulletList", node("listItem", paragraph("one")),
         node("listItem", paragraph("two"),
              node("bulletList", node("listItem", paragraph("deep"))))),
    node("orderedList", node("listItem", paragraph("first")), start=3),
    paragraph("مرحبا بالعالم"),
    node("blockquote", paragraph("said")),
    {"type": "horizontalRule"},
    node("image", src="https://shop.example/a.png", alt="A", width=200, align="center",
         href="https://shop.example/a", title="t"),
    accent="#b3261e",
)  # fmt: skip
