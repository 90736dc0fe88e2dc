"""A rich document out of its JSON: every node, mark and attribute is known, or it is refused."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from dakiya.errors import InvalidInput
from dakiya.mail.rich import attributes as may_be

MAX_NODES: Final = 10_000
MAX_DEPTH: Final = 24
MAX_TEXT_CHARS: Final = 400_000

Check = Callable[[object], Any]


class RichError(InvalidInput):
    """A document that cannot be a mail; the text says why, in plain words."""

    def __init__(self, message: str) -> None:
        super().__init__(message, "source")


@dataclass(frozen=True, slots=True)
class Mark:
    """How a piece of text looks: bold, a link, a colour; attributes are checked."""

    type: str
    attrs: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Node:
    """A checked part of a document. Every attribute that its type has is there."""

    type: str
    attrs: Mapping[str, Any] = field(default_factory=dict)
    content: tuple["Node", ...] = ()
    marks: tuple[Mark, ...] = ()
    text: str = ""


@dataclass(frozen=True, slots=True)
class _Kind:
    """What a type of node may have: attributes, the types inside it, and how many of them."""

    name: str
    attrs: Mapping[str, Check] = field(default_factory=dict)
    inside: Collection[str] = ()
    at_least: int = 0
    at_most: int = MAX_NODES


_INLINE: Final = frozenset({"text", "hardBreak", "mergeField"})
_FLOW: Final = frozenset(
    {"paragraph", "heading", "bulletList", "orderedList", "blockquote", "horizontalRule"}
    | {"image", "button", "table", "condition"}
)
# Half the width of a mail has no room for columns of its own, nor have a list or a cell.
_BLOCKS: Final = _FLOW | {"columns"}

_WAY: Final[Mapping[str, Check]] = {
    "textAlign": may_be.word("left", "center", "right", "justify"),
    "dir": may_be.word("ltr", "rtl"),
}
_CELL: Final[Mapping[str, Check]] = {
    "colspan": may_be.whole(1, 20, otherwise=1),
    "rowspan": may_be.whole(1, 200, otherwise=1),
    "colwidth": may_be.widths,
    "textAlign": _WAY["textAlign"],
}

KINDS: Final[Mapping[str, _Kind]] = {
    "doc": _Kind(
        "a mail",
        {
            "accent": may_be.colour,
            "background": may_be.colour,
            "font": may_be.word("sans", "serif", "mono"),
        },
        _BLOCKS,
        1,
    ),
    "paragraph": _Kind("a paragraph", _WAY, _INLINE),
    "heading": _Kind("a heading", {"level": may_be.whole(1, 3, otherwise=1), **_WAY}, _INLINE),
    "bulletList": _Kind("a list", {}, {"listItem"}, 1),
    "orderedList": _Kind(
        "a list", {"start": may_be.whole(0, 1_000_000, otherwise=1)}, {"listItem"}, 1
    ),
    "listItem": _Kind("a list item", {}, _FLOW, 1),
    "blockquote": _Kind("a quotation", {}, _FLOW, 1),
    "horizontalRule": _Kind("a divider"),
    "image": _Kind(
        "an image",
        {
            "src": may_be.picture,
            "alt": may_be.text(500),
            # Nothing to tell to whoever does not see it.
            "decorative": may_be.flag,
            "title": may_be.text(500),
            "width": may_be.whole(1, 600),
            "align": may_be.word("left", "center", "right"),
            "href": may_be.link,
        },
    ),
    "button": _Kind(
        "a button",
        {
            "label": may_be.required(may_be.text(200), "Write what stands on the button."),
            "href": may_be.required(may_be.link, "Say where the button leads."),
            "align": may_be.word("left", "center", "right"),
            "color": may_be.colour,
            "textColor": may_be.colour,
        },
    ),
    "columns": _Kind("columns", {}, {"column"}, 2, 2),
    "column": _Kind("a column", {}, _FLOW, 1),
    "table": _Kind("a table", {}, {"tableRow"}, 1, 500),
    "tableRow": _Kind("a table row", {}, {"tableCell", "tableHeader"}, 1, 20),
    "tableCell": _Kind("a table cell", _CELL, _FLOW - {"table"}, 1),
    "tableHeader": _Kind("a table cell", _CELL, _FLOW - {"table"}, 1),
    "condition": _Kind(
        "a condition",
        {
            "field": may_be.required(may_be.field, "Say which field the condition asks for."),
            "negate": may_be.flag,
        },
        _BLOCKS,
        1,
    ),
    "text": _Kind("text"),
    "hardBreak": _Kind("a line break"),
    "mergeField": _Kind(
        "a field",
        {
            "field": may_be.required(may_be.field, "A field has no name."),
            "fallback": may_be.fallback,
            "format": may_be.format_of_field,
        },
    ),
}

MARKS: Final[Mapping[str, Mapping[str, Check]]] = {
    "bold": {},
    "italic": {},
    "underline": {},
    "strike": {},
    "code": {},
    "link": {"href": may_be.required(may_be.link, "Say where the link leads.")},
    "textStyle": {
        "color": may_be.colour,
        "backgroundColor": may_be.colour,
        "fontSize": may_be.font_size,
    },
}


def read_document(source: object) -> Node:
    """Check a document as JSON gives it. Raises RichError."""
    reader = _Reader()
    if not isinstance(source, dict) or source.get("type") != "doc":
        raise RichError("This is no document of the editor: its type is “doc”.")
    return reader.node(source, 1)


class _Reader:
    """Reads a document once, counting what it holds."""

    def __init__(self) -> None:
        self.nodes = 0
        self.chars = 0
        # Inside a column or a condition inside one.
        self.columns = 0

    def node(self, written: Mapping[str, Any], depth: int) -> Node:
        self.nodes += 1
        if self.nodes > MAX_NODES or depth > MAX_DEPTH:
            raise RichError("This mail has too many parts, or parts too deep inside one another.")
        type_name = written.get("type")
        kind = KINDS.get(type_name) if isinstance(type_name, str) else None
        if kind is None or not isinstance(type_name, str):
            raise RichError(f"The editor's documents have no part “{_shown(type_name)}”.")
        _refuse_others(written, {"type", "attrs", "content", "marks", "text"}, kind.name)
        attrs = self._attributes(written.get("attrs"), kind.attrs, kind.name)
        marks = self._marks(written.get("marks"), type_name)
        text = self._text(written.get("text"), type_name)
        self.columns += type_name == "columns"
        if self.columns > 1:
            raise RichError("Columns cannot stand inside columns.")
        content = self._content(written.get("content"), kind, depth)
        self.columns -= type_name == "columns"
        return Node(type_name, attrs, content, marks, text)

    def _content(self, written: object, kind: _Kind, depth: int) -> tuple[Node, ...]:
        if written is None:
            written = []
        if not isinstance(written, list) or not all(isinstance(one, dict) for one in written):
            raise RichError(f"What is inside {kind.name} is not a list of parts.")
        for one in written:
            inner = one.get("type")
            if isinstance(inner, str) and inner in KINDS and inner not in kind.inside:
                raise RichError(f"{_capital(KINDS[inner].name)} cannot stand inside {kind.name}.")
        if not kind.at_least <= len(written) <= kind.at_most:
            raise RichError(
                f"{_capital(kind.name)} is empty."
                if not written
                else f"{_capital(kind.name)} has {len(written)} parts; "
                f"{kind.at_least if len(written) < kind.at_least else kind.at_most} are right."
            )
        return tuple(self.node(one, depth + 1) for one in written)

    def _marks(self, written: object, type_name: str) -> tuple[Mark, ...]:
        if written is None or written == []:
            return ()
        if type_name not in _INLINE or not isinstance(written, list):
            raise RichError(f"{_capital(KINDS[type_name].name)} cannot be bold or the like.")
        found: dict[str, Mark] = {}
        for one in written:
            name = one.get("type") if isinstance(one, dict) else None
            if not isinstance(name, str) or name not in MARKS:
                raise RichError(f"The editor's documents have no mark “{_shown(name)}”.")
            _refuse_others(one, {"type", "attrs"}, f"the mark “{name}”")
            attrs = self._attributes(one.get("attrs"), MARKS[name], f"the mark “{name}”")
            if name in found:
                raise RichError(f"The mark “{name}” stands twice on one text.")
            found[name] = Mark(name, attrs)
        return tuple(found.values())

    def _attributes(
        self, written: object, known: Mapping[str, Check], owner: str
    ) -> Mapping[str, Any]:
        if written is None:
            written = {}
        if not isinstance(written, dict):
            raise RichError(f"The attributes of {owner} are not an object.")
        # An attribute of an editor's extension that says nothing is harmless.
        _refuse_others({k: v for k, v in written.items() if v is not None}, known, owner)
        try:
            found = {name: check(written.get(name)) for name, check in known.items()}
        except may_be.Wrong as wrong:
            raise RichError(str(wrong)) from None
        self.chars += sum(len(value) for value in found.values() if isinstance(value, str))
        return found

    def _text(self, written: object, type_name: str) -> str:
        if type_name != "text":
            if written is not None:
                raise RichError(f"{_capital(KINDS[type_name].name)} has no text of its own.")
            return ""
        if not isinstance(written, str) or not written:
            raise RichError("A piece of text is empty.")
        try:
            text = may_be.plain_text(written)
        except may_be.Wrong as wrong:
            raise RichError(str(wrong)) from None
        self.chars += len(text)
        if self.chars > MAX_TEXT_CHARS:
            raise RichError(f"This mail is longer than {MAX_TEXT_CHARS:,} characters.")
        return text


def _refuse_others(written: Mapping[str, object], known: Collection[str], owner: str) -> None:
    for name in written:
        if name not in known:
            raise RichError(f"{_capital(owner)} has no “{_shown(name)}”.")


def _shown(name: object) -> str:
    return may_be.shown(name if isinstance(name, str) else "?")


def _capital(name: str) -> str:
    return name[:1].upper() + name[1:]
