"""Cutting HTML into tags and text in time that grows with its length alone.

The standard library's HTMLParser needs minutes for 500 KB of "<!--" (119 s measured), and what it
makes of broken HTML differs between Python releases. Whoever writes a campaign chooses the HTML,
and one sender works for many people.
"""

import html
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

# "<" may stand in an attribute only inside quotes: a tag that never ends fails at the next one.
_TAG = re.compile(r"""<(/?)([A-Za-z][^\s/<>]*+)((?:[^<>"']++|"[^"]*+"|'[^']*+')*+)>""")
_ATTRIBUTE = re.compile(
    r"""(?<![^\s"'/])([^\s=/"']++)\s*+=\s*+(?:"([^"]*+)"|'([^']*+)'|([^\s"']++))"""
)
# Elements whose end tags are often left out, or that have none (HTML 13.1.2.4): they do not nest.
_UNNESTED: Final = frozenset(
    {"p", "li", "td", "th", "tr", "tbody", "thead", "tfoot", "dt", "dd", "option", "br", "hr"}
    | {"img", "meta", "link", "input", "col", "wbr", "area", "base", "source", "html", "body"}
)
# Nothing inside them is a tag (HTML 13.1.2, raw text and escapable raw text).
RAW_TEXT: Final = {
    name: re.compile(rf"</{name}\b", re.IGNORECASE)
    for name in ("script", "style", "title", "textarea", "xmp", "noembed", "noframes", "iframe")
}


@dataclass(frozen=True, slots=True)
class Start:
    """A start tag from `begin` to `end`; names are in lower case, values unescaped."""

    name: str
    attributes: Mapping[str, str]
    begin: int = field(default=0, compare=False)
    end: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class End:
    """An end tag from `begin` to `end`."""

    name: str
    begin: int = field(default=0, compare=False)
    end: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Text:
    """Text between tags, unescaped."""

    data: str


@dataclass(frozen=True, slots=True)
class Comment:
    """A comment or a declaration, from `begin` on."""

    data: str
    begin: int = field(default=0, compare=False)


def html_pieces(source: str) -> Iterator[Start | End | Text | Comment]:
    """Walk through HTML; whatever cannot be a tag is text, so nothing raises."""
    sent = position = 0
    while (at := source.find("<", position)) >= 0:
        tag = None
        if source.startswith("<!--", at):
            position = _past(source, "-->", at + 4)
        elif source.startswith(("<!", "<?"), at):
            position = _past(source, ">", at + 2)
        elif tag := _TAG.match(source, at):
            position = tag.end()
        else:
            position = at + 1
            continue
        if at > sent:
            yield Text(html.unescape(source[sent:at]))
        sent = position
        if tag is None:
            yield Comment(source[at:position], at)
            continue
        name = tag[2].lower()
        if tag[1]:
            yield End(name, at, position)
        else:
            yield Start(name, _attributes(tag[3]), at, position)
        if not tag[1] and name in RAW_TEXT:
            end = RAW_TEXT[name].search(source, position)
            sent = position = end.start() if end else len(source)
            yield Text(source[tag.end() : position])
    if sent < len(source):
        yield Text(html.unescape(source[sent:]))


def _past(source: str, mark: str, position: int) -> int:
    """Where the text goes on after the next mark; at the end when there is none."""
    at = source.find(mark, position)
    return at + len(mark) if at >= 0 else len(source)


def nesting_of(source: str) -> int:
    """Count how many elements are open at once.

    A tree builder that follows the HTML standard takes time by the square of it: 20 s for 500 KB
    of "<div>".
    """
    deepest = depth = 0
    opened: dict[str, int] = {}
    for piece in html_pieces(source):
        if isinstance(piece, Start) and piece.name not in _UNNESTED:
            opened[piece.name] = opened.get(piece.name, 0) + 1
            depth += 1
            deepest = max(deepest, depth)
        elif isinstance(piece, End) and opened.get(piece.name):
            opened[piece.name] -= 1
            depth -= 1
    return deepest


def attribute_places(tag: str) -> Iterator[tuple[str, str, int, int]]:
    """Return the attributes of a start tag as it is written: name, value, begin and end."""
    for found in _ATTRIBUTE.finditer(tag):
        value = html.unescape(found[2] or found[3] or found[4] or "")
        yield found[1].lower(), value, found.start(), found.end()


def _attributes(written: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for name, double, single, bare in _ATTRIBUTE.findall(written):
        found.setdefault(name.lower(), html.unescape(double or single or bare))
    return found
