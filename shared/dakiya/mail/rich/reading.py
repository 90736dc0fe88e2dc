"""Reads a tree of foreign HTML into the blocks of a rich document."""

import re
from collections import Counter
from dataclasses import dataclass
from typing import Any, Final

from dakiya.mail.html_pieces import Start
from dakiya.mail.rich import attributes as may_be
from dakiya.mail.rich.html_tree import Element
from dakiya.mail.rich.lines import Line
from dakiya.mail.rich.style_marks import alignment_of, marks_of

Json = dict[str, Any]

# Half of what a document may hold (dakiya.mail.rich.document): tables add parts of their own.
MAX_BLOCKS: Final = 3_000
MAX_TEXT_CHARS: Final = 200_000
# Lists, quotations and tables inside one another.
MAX_LEVEL: Final = 6
INNER_PX: Final = 536

_TOO_MUCH: Final = f"all behind {MAX_BLOCKS:,} parts or {MAX_TEXT_CHARS:,} characters"

_HEADINGS: Final = {"h1": 1, "h2": 2, "h3": 3, "h4": 3, "h5": 3, "h6": 3}
_PARAGRAPHS: Final = frozenset(
    {"p", "div", "pre", "section", "article", "header", "footer", "main", "center", "address"}
    | {"dl", "dt", "dd", "figure", "figcaption", *_HEADINGS}
)
_LISTS: Final = {"ul": "bulletList", "ol": "orderedList"}
_ROW_GROUPS: Final = frozenset({"thead", "tbody", "tfoot"})


@dataclass
class Room:
    """What a document may still take in."""

    blocks: int = MAX_BLOCKS
    chars: int = MAX_TEXT_CHARS

    @property
    def is_left(self) -> bool:
        """Whether anything more may come."""
        return self.blocks > 0 and self.chars > 0


class Flow:
    """The blocks of one holder (the mail, a list item, a cell), in the order in which they come.

    `lost` counts what has no place in a document, `room` is for what is still to come; both
    are shared by all the flows of a mail.
    """

    def __init__(self, lost: Counter[str], room: Room, level: int = 0) -> None:
        self.blocks: list[Json] = []
        self.lost = lost
        self.room = room
        self.level = level
        self.line = Line()
        self.block: Json = {"type": "paragraph"}

    def read(self, element: Element, marks: tuple[Json, ...] = ()) -> list[Json]:
        """Take everything inside an element, and return all blocks so far."""
        self._walk(element, marks)
        self._end_line()
        return self.blocks

    def _walk(self, element: Element, marks: tuple[Json, ...]) -> None:
        for child in element.children:
            if not self.room.is_left:
                self.lost[_TOO_MUCH] = 1
                return
            if isinstance(child, str):
                self.line.write(child, marks)
            else:
                self._take(child, marks)

    def _take(self, child: Element, marks: tuple[Json, ...]) -> None:
        name = child.tag.name
        if name == "br":
            self.line.break_off()
        elif name == "hr":
            self._end_line()
            self._add({"type": "horizontalRule"})
        elif name == "img":
            self._image(child, marks)
        elif name in _PARAGRAPHS:
            self._paragraph(child, marks)
        elif name in (*_LISTS, "blockquote", "table") and self.level < MAX_LEVEL:
            self._end_line()
            self._holder(child, marks)
        elif name in ("li", "tr", "td", "th", *_LISTS, "blockquote", "table", *_ROW_GROUPS):
            self._end_line()
            self._walk(child, marks)
            self._end_line()
        else:
            self._walk(child, (*marks, *self._link(child), *marks_of(child.tag)))

    def _paragraph(self, child: Element, marks: tuple[Json, ...]) -> None:
        self._end_line()
        outer, self.block = self.block, _block_of(child, self.block)
        self.line.preformatted += child.tag.name == "pre"
        self._walk(child, (*marks, *(m for m in marks_of(child.tag) if child.tag.name != "center")))
        self._end_line()
        self.line.preformatted -= child.tag.name == "pre"
        self.block = outer

    def _holder(self, child: Element, marks: tuple[Json, ...]) -> None:
        name = child.tag.name
        if name in _LISTS:
            items = self._items(child, marks)
            if items:
                node: Json = {"type": _LISTS[name], "content": items}
                start = child.tag.attributes.get("start", "")
                if name == "ol" and re.fullmatch(r"[0-9]{1,6}", start, re.ASCII):
                    node["attrs"] = {"start": int(start)}
                self._add(node)
        elif name == "blockquote":
            inside = self._inner(child, marks)
            if inside:
                self._add({"type": "blockquote", "content": inside})
        else:
            for node in self._table(child, marks):
                self._add(node)

    def _inner(self, child: Element, marks: tuple[Json, ...]) -> list[Json]:
        return Flow(self.lost, self.room, self.level + 1).read(child, marks)

    def _of_text(self, text: str, marks: tuple[Json, ...]) -> list[Json]:
        return self._inner(Element(Start("p", {}), [text]), marks)

    def _items(self, child: Element, marks: tuple[Json, ...]) -> list[Json]:
        items: list[Json] = []
        for inner in child.children:
            if isinstance(inner, str):
                if inner.strip():
                    items.append({"type": "listItem", "content": self._of_text(inner, marks)})
                continue
            if inner.tag.name in _LISTS:
                # Google Docs puts a list right into a list: it belongs to the item before it.
                nested = self._inner(Element(child.tag, [inner]), marks)
                if items:
                    items[-1]["content"] += nested
                elif nested:
                    items.append({"type": "listItem", "content": nested})
                continue
            inside = self._inner(inner, (*marks, *self._link(inner), *marks_of(inner.tag)))
            if inside:
                items.append({"type": "listItem", "content": inside})
        return items

    def _table(self, child: Element, marks: tuple[Json, ...]) -> list[Json]:
        rows = [
            [(cell, self._inner(cell, marks)) for cell in row.children if isinstance(cell, Element)]
            for row in _rows(child)
        ]
        rows = [row for row in rows if row]
        if _is_data(child, rows):
            content = [
                {"type": "tableRow", "content": [_cell(*one) for one in row]} for row in rows
            ]
            return [{"type": "table", "content": content}]
        found: list[Json] = []
        for row in rows:
            filled = [inside for _, inside in row if inside]
            if len(filled) == 2 and self.level == 0 and not _holds(filled, {"columns"}):
                columns = [{"type": "column", "content": inside} for inside in filled]
                found.append({"type": "columns", "content": columns})
                continue
            self.lost["rows of columns beside each other"] += len(filled) > 1
            found += [node for inside in filled for node in inside]
        return found

    def _image(self, child: Element, marks: tuple[Json, ...]) -> None:
        given = child.tag.attributes
        source = given.get("src", "").strip()
        if source.lower().startswith("data:"):
            self.lost["pictures inside the HTML itself"] += 1
            return
        width = re.match(r"[0-9]{1,4}", given.get("width", ""), re.ASCII)
        width_px = int(width.group()) if width else 0
        if 0 < width_px <= 2:
            return  # a pixel that counts readers
        try:
            attrs: Json = {
                "src": may_be.picture(source),
                "alt": Line.clean(given.get("alt", ""))[:500],
            }
        except may_be.Wrong:
            self.lost["pictures without a usable address"] += 1
            return
        if given.get("alt") == "":
            attrs["decorative"] = True
        if 0 < width_px < INNER_PX:
            attrs["width"] = width_px
        for mark in marks:
            if mark["type"] == "link":
                attrs["href"] = mark["attrs"]["href"]
        align = (self.block.get("attrs") or {}).get("textAlign")
        if align in ("center", "right"):
            attrs["align"] = align
        self._end_line()
        self._add({"type": "image", "attrs": attrs})

    def _link(self, child: Element) -> tuple[Json, ...]:
        href = child.tag.attributes.get("href", "").strip() if child.tag.name == "a" else ""
        if not href:
            return ()
        try:
            return ({"type": "link", "attrs": {"href": may_be.link(href)}},)
        except may_be.Wrong:
            self.lost["links that lead nowhere"] += 1
            return ()

    def _end_line(self) -> None:
        content = self.line.take()
        self.room.chars -= sum(len(piece.get("text", "")) for piece in content)
        if self.room.chars < 0:
            self.lost[_TOO_MUCH] = 1
        elif content:
            self._add({**self.block, "content": content})

    def _add(self, node: Json) -> None:
        self.room.blocks -= 1
        self.blocks.append(node)


def _block_of(child: Element, outer: Json) -> Json:
    """Return the paragraph or heading that an element begins, without its content."""
    tag = child.tag
    level = _HEADINGS.get(tag.name)
    attrs: Json = {
        key: value for key, value in (outer.get("attrs") or {}).items() if key != "level"
    }
    if level is not None:
        attrs["level"] = level
    align = "center" if tag.name == "center" else alignment_of(tag)
    if align:
        attrs["textAlign"] = align
    if tag.attributes.get("dir", "").lower() in ("rtl", "ltr"):
        attrs["dir"] = tag.attributes["dir"].lower()
    return {"type": "heading" if level else "paragraph", **({"attrs": attrs} if attrs else {})}


def _rows(table: Element) -> list[Element]:
    rows: list[Element] = []
    for child in table.children:
        if isinstance(child, Element):
            rows += _rows(child) if child.tag.name in _ROW_GROUPS else [child]
    return [row for row in rows if row.tag.name == "tr"]


def _is_data(table: Element, rows: list[list[tuple[Element, list[Json]]]]) -> bool:
    """Whether a table is one: its cells hold words. Most tables of mails only place things."""
    if table.tag.attributes.get("role") in ("presentation", "none") or not rows:
        return False
    if len(rows) > 500 or max(map(len, rows)) > 20:
        return False
    insides = [inside for row in rows for _, inside in row]
    if _holds(insides, {"table", "columns", "image", "heading", "horizontalRule"}):
        return False
    if any(cell.tag.name == "th" for row in rows for cell, _ in row):
        return True
    return len(rows) > 1 and max(map(len, rows)) > 1


def _holds(insides: list[list[Json]], kinds: set[str]) -> bool:
    return any(node["type"] in kinds for inside in insides for node in inside)


def _cell(cell: Element, inside: list[Json]) -> Json:
    attrs: Json = {}
    for name, most in (("colspan", 20), ("rowspan", 200)):
        written = cell.tag.attributes.get(name, "")
        if re.fullmatch(r"[0-9]{1,3}", written, re.ASCII) and 1 < int(written) <= most:
            attrs[name] = int(written)
    align = alignment_of(cell.tag)
    if align:
        attrs["textAlign"] = align
    return {
        "type": "tableHeader" if cell.tag.name == "th" else "tableCell",
        "attrs": attrs,
        "content": inside or [{"type": "paragraph"}],
    }
