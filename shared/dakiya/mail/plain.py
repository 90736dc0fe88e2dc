"""Readable plain text out of a campaign's HTML, for those who did not write their own."""

import re
from html.parser import HTMLParser
from typing import Final

_TAG = re.compile(r"\{\{[^{}]*\}\}|\{%[^{}%]*%\}")
# Noncharacters stand for merge tags while the HTML is read, so that quotes, brackets and
# entities inside a tag mean nothing to the parser.
_HELD = re.compile("\ufdd0([0-9]+)\ufdd1")
_BLANKS = re.compile(r"[ \t\r\n\f]+")

_DROPPED: Final = frozenset({"head", "script", "style", "title", "template", "svg", "object"})
_PARAGRAPHS: Final = frozenset(
    {"p", "h1", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "table", "blockquote", "pre", "dl"}
)
_LINES: Final = frozenset(
    {"div", "li", "tr", "br", "section", "article", "header", "footer", "main", "center", "address"}
    | {"dt", "dd", "figure", "figcaption", "thead", "tbody", "tfoot", "caption", "body", "form"}
)


def text_from_html(html: str) -> str:
    """Write HTML down as plain text; merge tags survive as they are.

    Links become "text (address)", list items get a dash or a number, table cells of one line are
    parted by " | ". Lines end in a bare newline and are not wrapped. Broken HTML never raises.
    """
    tags: list[str] = []

    def hold(found: re.Match[str]) -> str:
        tags.append(found.group())
        return f"\ufdd0{len(tags) - 1}\ufdd1"

    walker = _Walker(tags)
    walker.feed(_TAG.sub(hold, html.replace("\ufdd0", "").replace("\ufdd1", "")))
    walker.close()
    text = _HELD.sub(lambda found: tags[int(found[1])], walker.text())
    return re.sub(r"\n{3,}", "\n\n", text).strip("\n") + "\n"


class _Walker(HTMLParser):
    """Collects lines of text, element by element."""

    def __init__(self, tags: list[str]) -> None:
        super().__init__(convert_charrefs=True)
        self.tags = tags
        self.lines: list[str] = [""]
        self.before_text = ""
        self.dropping = ""
        self.lists: list[int | None] = []
        self.quotes = 0
        self.preformatted = 0
        self.links: list[tuple[str, int, int]] = []

    def text(self) -> str:
        return "\n".join(line.rstrip(" ") for line in self.lines)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if self.dropping and tag != "body":
            return
        self.dropping = tag if tag in _DROPPED else ""
        self._break(tag)
        values = dict(attrs)
        if tag in ("ul", "ol"):
            self.lists.append(1 if tag == "ol" else None)
        elif tag == "li":
            self._begin_item()
        elif tag in ("td", "th") and self.lines[-1].strip():
            self.before_text = " | "
        elif tag == "a":
            self.links.append((values.get("href") or "", len(self.lines), len(self.lines[-1])))
        elif tag == "img":
            self.handle_data(values.get("alt") or "")
        elif tag == "hr":
            self.lines += ["", "-" * 20, ""]
        self.quotes += tag == "blockquote"
        self.preformatted += tag == "pre"

    def handle_endtag(self, tag: str) -> None:
        if self.dropping:
            if tag == self.dropping:
                self.dropping = ""
            return
        if tag in ("ul", "ol") and self.lists:
            self.lists.pop()
        elif tag == "a" and self.links:
            self._end_link(*self.links.pop())
        self.quotes -= tag == "blockquote" and self.quotes > 0
        self.preformatted -= tag == "pre" and self.preformatted > 0
        if tag != "br":
            self._break(tag)

    def handle_data(self, data: str) -> None:
        if self.dropping:
            self.handle_comment(data)
        elif self.preformatted:
            first, *others = data.split("\n")
            self._write(first)
            for line in others:
                self.lines.append("")
                self._write(line)
        else:
            self._write(_BLANKS.sub(" ", data))

    def handle_comment(self, data: str) -> None:
        """Keep what steers the template, so that every if still finds its endif."""
        for found in _HELD.finditer(data):
            if self.tags[int(found[1])].startswith("{%"):
                self.lines[-1] += found.group()

    def _write(self, text: str) -> None:
        if not self.preformatted:
            if self.lines[-1] == "" or self.lines[-1].endswith(" ") or self.before_text:
                text = text.lstrip(" ")
            if not text:
                return
        if self.quotes and self.lines[-1] == "":
            self.lines[-1] = "> " * self.quotes
        self.lines[-1] += self.before_text + text
        self.before_text = ""

    def _break(self, tag: str) -> None:
        if tag in _LINES or tag in _PARAGRAPHS:
            self.before_text = ""
            if tag == "br" or self.lines[-1] != "":
                self.lines.append("")
            if tag in _PARAGRAPHS and not (tag in ("ul", "ol") and self.lists):
                self.lines.append("")

    def _begin_item(self) -> None:
        number = self.lists[-1] if self.lists else None
        indent = "  " * max(0, len(self.lists) - 1)
        self.before_text = f"{indent}- " if number is None else f"{indent}{number}. "
        if self.lists and number is not None:
            self.lists[-1] = number + 1

    def _end_link(self, href: str, line: int, column: int) -> None:
        shown = "\n".join([self.lines[line - 1][column:], *self.lines[line:]]).strip()
        href = href.strip()
        if not href or href.startswith("#") or href.removeprefix("mailto:") == shown:
            return
        self.before_text = self.before_text if not shown else ""
        self._write(f" ({href})" if shown and not self.lines[-1].endswith(" ") else f"({href})")
