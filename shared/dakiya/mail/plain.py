"""Readable plain text out of a campaign's HTML, for those who did not write their own."""

import re
from typing import Final

from dakiya.mail.html_pieces import Comment, End, Start, Text, html_pieces

_MERGE_TAG = re.compile(r"\{\{[^{}]*\}\}|\{%[^{}%]*%\}")
# Noncharacters stand for merge tags while the HTML is read, so that quotes, brackets and
# entities inside a tag mean nothing there.
_HELD = re.compile("\ufdd0s?([0-9]+)\ufdd1")
_BLANKS = re.compile(r"[ \t\r\n\f]+")
# A line of nothing but if, else and endif: with it goes the room below it, or a part that is not
# shown would leave a hole.
_STEERING_LINE = re.compile("^((?:\ufdd0s[0-9]+\ufdd1 *)+)\n+", re.MULTILINE)

_DROPPED: Final = frozenset({"head", "script", "style", "title", "template", "svg", "object"})
_PARAGRAPHS: Final = frozenset(
    {"p", "h1", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "table", "blockquote", "pre", "dl"}
)
_LINES: Final = frozenset(
    {"div", "li", "tr", "br", "section", "article", "header", "footer", "main", "center", "address"}
    | {"dt", "dd", "figure", "figcaption", "thead", "tbody", "tfoot", "caption", "body", "form"}
)


def text_from_html(source: str) -> str:
    """Write HTML down as plain text; merge tags survive as they are.

    Links become "text (address)", list items get a dash or a number, table cells of one line are
    parted by " | ". Lines end in a bare newline and are not wrapped. Broken HTML never raises.
    """
    tags: list[str] = []

    def hold(found: re.Match[str]) -> str:
        tags.append(found.group())
        steers = "s" if found.group().startswith("{%") else ""
        return f"\ufdd0{steers}{len(tags) - 1}\ufdd1"

    walker = _Walker(tags)
    for piece in html_pieces(_MERGE_TAG.sub(hold, re.sub("[\ufdd0\ufdd1]", "", source))):
        walker.take(piece)
    text = "\n".join(line.rstrip(" ") for line in walker.lines)
    text = _STEERING_LINE.sub(r"\1", re.sub(r"\n{3,}", "\n\n", text))
    text = _HELD.sub(lambda found: tags[int(found[1])], text)
    return re.sub(r"\n{3,}", "\n\n", text).strip("\n") + "\n"


class _Walker:
    """Collects lines of text, piece by piece."""

    def __init__(self, tags: list[str]) -> None:
        self.tags = tags
        self.lines: list[str] = [""]
        self.marker = ""
        self.cell = False
        self.dropping = ""
        self.lists: list[int | None] = []
        self.quotes = 0
        self.preformatted = 0
        # Whether each open table holds data: in its cells a paragraph ends no line.
        self.tables: list[bool] = []
        self.links: list[tuple[str, int, int]] = []

    def take(self, piece: Start | End | Text | Comment) -> None:
        if isinstance(piece, Comment):
            self._keep_steering(piece.data)
        elif isinstance(piece, Text):
            if self.dropping:
                self._keep_steering(piece.data)
            else:
                self._write(piece.data)
        elif self.dropping:
            # A head that was never closed ends where the body begins.
            if piece.name == (self.dropping if isinstance(piece, End) else "body"):
                self.dropping = ""
        elif isinstance(piece, End):
            self._end(piece.name)
        elif piece.name in _DROPPED:
            self.dropping = piece.name
        else:
            self._begin(piece)

    def _begin(self, piece: Start) -> None:
        name = piece.name
        self._break(name)
        if name == "table":
            self.tables.append(_holds_data(piece))
        if name in ("ul", "ol"):
            self.lists.append(1 if name == "ol" else None)
        elif name == "li":
            self._begin_item()
        elif name in ("td", "th"):
            self.cell = bool(self.lines[-1].strip())
        elif name == "a":
            href = piece.attributes.get("href", "").strip()
            self.links.append((href, len(self.lines), len(self.lines[-1])))
        elif name == "img":
            self._write(piece.attributes.get("alt", ""))
        elif name == "hr":
            self.lines += ["", "-" * 20, "", ""]
        self.quotes += name == "blockquote"
        self.preformatted += name == "pre"

    def _end(self, name: str) -> None:
        if name in ("ul", "ol") and self.lists:
            self.lists.pop()
        elif name == "a" and self.links:
            self._end_link(*self.links.pop())
        self.quotes -= name == "blockquote" and self.quotes > 0
        self.preformatted -= name == "pre" and self.preformatted > 0
        if name == "li":
            self.marker = ""
        if name == "table" and self.tables:
            self.tables.pop()
        if name != "br":
            self._break(name)

    def _keep_steering(self, data: str) -> None:
        """Keep the if, else and endif of a part that is dropped: the others need them."""
        for found in _HELD.finditer(data):
            if self.tags[int(found[1])].startswith("{%"):
                self.lines[-1] += found.group()

    def _write(self, data: str) -> None:
        if self.preformatted:
            first, *others = data.split("\n")
            self._append(first)
            for line in others:
                self.lines.append("")
                self._append(line)
            return
        text = _BLANKS.sub(" ", data)
        if self.lines[-1] == "" or self.lines[-1].endswith(" ") or self.cell:
            text = text.removeprefix(" ")
        self._append(text)

    def _append(self, text: str) -> None:
        if not text:
            return
        if self.cell:
            self.lines[-1] = self.lines[-1].rstrip(" ")
        if self.lines[-1] == "":
            text = "> " * self.quotes + self.marker + text
            self.marker = ""
        elif self.cell:
            text = " | " + text
        self.cell = False
        self.lines[-1] += text

    def _break(self, name: str) -> None:
        """End the line, and leave a blank one around paragraphs; not after an item's marker."""
        if name not in _LINES and name not in _PARAGRAPHS:
            return
        if name in ("p", "div") and self.tables and self.tables[-1]:
            if self.lines[-1] and not self.cell and not self.lines[-1].endswith(" "):
                self.lines[-1] += " "
            return
        self.cell = False
        if name == "br" or self.lines[-1] != "":
            self.lines.append("")
        if name in _PARAGRAPHS and not self.lists:
            self.lines.append("")

    def _begin_item(self) -> None:
        number = self.lists[-1] if self.lists else None
        indent = "  " * (min(len(self.lists), 10) - 1)
        self.marker = f"{indent}- " if number is None else f"{indent}{number}. "
        if number is not None:
            self.lists[-1] = number + 1

    def _end_link(self, href: str, line: int, column: int) -> None:
        shown = "\n".join([self.lines[line - 1][column:], *self.lines[line:]]).strip()
        if not href or href.startswith("#") or href.removeprefix("mailto:") == shown:
            return
        needs_blank = shown and not self.lines[-1].endswith(" ") and self.lines[-1] != ""
        self._append(f" ({href})" if needs_blank else f"({href})" if shown else href)


def _holds_data(table: Start) -> bool:
    """Whether a table says that it is one: most tables of mails only place things."""
    given = table.attributes
    return "data" in given.get("class", "").split() or given.get("border", "0") not in ("", "0")
