"""Text inside a block as HTML: marks, merge fields, line breaks."""

import re
from html import escape
from typing import Final

from dakiya.mail.rich.colours import DARK_CARD, READABLE, WHITE, contrast
from dakiya.mail.rich.document import Mark, Node

_TAGS: Final = {"bold": "strong", "italic": "em", "underline": "u", "strike": "s", "code": "code"}
# From the outside in: a link holds the other marks of its text.
_ORDER: Final = ("link", "textStyle", "bold", "italic", "underline", "strike", "code")

# 600 bytes in Devanagari; a line may have 998 (RFC 5322 2.1.1), or the mail has to be encoded.
_LINE_CHARS: Final = 200
_BLANK_OR_TAG = re.compile(r"\{\{[^{}]*\}\}|\{%[^{}%]*%\}|(?<=\S) (?=\S)")


def inline(nodes: tuple[Node, ...]) -> str:
    """Write what stands in a line; merge tags stay as they are."""
    pieces, column = [], 0
    for node in nodes:
        piece = _piece(node, column)
        pieces.append(piece)
        column = len(piece) - piece.rfind("\n") - 1 + (0 if "\n" in piece else column)
    return "".join(pieces)


def _piece(node: Node, column: int) -> str:
    """Write one piece; ``column`` characters of its line are written already."""
    if node.type == "hardBreak":
        return "<br>"
    written = tag_of(node) if node.type == "mergeField" else _in_lines(node.text, column)
    written = escape(written, quote=False)
    for mark in sorted(node.marks, key=lambda mark: _ORDER.index(mark.type), reverse=True):
        written = _marked(mark, written)
    return written


def _in_lines(text: str, column: int) -> str:
    """End lines at blanks outside merge tags: HTML shows a line end as the same blank."""
    lines, begin = [], 0
    for found in _BLANK_OR_TAG.finditer(text):
        if found.group() == " " and column + found.start() - begin >= _LINE_CHARS:
            lines.append(text[begin : found.start()])
            begin, column = found.end(), 0
    return "\n".join((*lines, text[begin:]))


def _marked(mark: Mark, written: str) -> str:
    if mark.type == "link":
        return f'<a href="{escape(mark.attrs["href"])}">{written}</a>'
    if mark.type != "textStyle":
        return f"<{_TAGS[mark.type]}>{written}</{_TAGS[mark.type]}>"
    attrs = mark.attrs
    colour, background, size = attrs["color"], attrs["backgroundColor"], attrs["fontSize"]
    style = "".join(
        f"{name}:{value};"
        for name, value in (
            ("color", colour),
            ("background-color", background),
            ("font-size", size),
            # The line of the paragraph is made for smaller letters.
            ("line-height", "1.3" if size and int(size[:-2]) > 24 else None),
        )
        if value
    )
    if not style:
        return written
    return f'<span{_in_the_dark(colour, background)} style="{style.rstrip(";")}">{written}</span>'


def _in_the_dark(colour: str | None, background: str | None) -> str:
    """Mark a text that a dark card would swallow, so that it gets the dark card's own colour."""
    if background:
        return ' class="lit"' if colour is None and contrast(background, WHITE) < READABLE else ""
    if colour and contrast(colour, DARK_CARD) < READABLE:
        return ' class="dim"'
    return ""


def tag_of(node: Node) -> str:
    """Write a merge field's tag, with its format and its fallback."""
    pieces = [node.attrs["field"]]
    if node.attrs["format"]:
        pieces.append(node.attrs["format"])
    fallback = node.attrs["fallback"]
    if fallback is not None:
        mark = "'" if '"' in fallback and "'" not in fallback else '"'
        inside = fallback if mark == "'" else fallback.replace('"', "”")
        pieces.append(f"default({mark}{inside}{mark})")
    return f"{{{{ {' | '.join(pieces)} }}}}"
