"""Lists as Word writes them into HTML: paragraphs with a bullet typed before their text."""

import re
from collections.abc import Iterable, Iterator

from dakiya.mail.html_pieces import Comment, End, Start, Text

Piece = Start | End | Text | Comment

_LEVEL = re.compile(r"mso-list:[^;]*level([1-9])", re.IGNORECASE)
_IGNORED = re.compile(r"mso-list:\s*ignore", re.IGNORECASE)
_NUMBERED = re.compile(r"\(?(?:[0-9]{1,4}|[A-Za-z]{1,4})[.)]")
_MAX_PIECES = 5_000


def read_word_lists(pieces: Iterable[Piece]) -> Iterator[Piece]:
    """Put real lists where Word has paragraphs that look like some; the rest passes as it is."""
    open_lists: list[str] = []
    paragraph: list[Piece] | None = None
    level = 1
    for piece in pieces:
        if paragraph is not None:
            paragraph.append(piece)
            if (isinstance(piece, End) and piece.name == "p") or len(paragraph) > _MAX_PIECES:
                yield from _item(paragraph, level, open_lists)
                paragraph = None
            continue
        if isinstance(piece, Start) and piece.name == "p":
            found = _LEVEL.search(piece.attributes.get("style", ""))
            if found is not None:
                paragraph, level = [], int(found[1])
                continue
        # Blanks between two items do not part them.
        if not (isinstance(piece, Text) and not piece.data.strip()):
            yield from _closed(open_lists, 0)
        yield piece
    if paragraph is not None:
        yield from _item(paragraph, level, open_lists)
    yield from _closed(open_lists, 0)


def _item(paragraph: list[Piece], level: int, open_lists: list[str]) -> Iterator[Piece]:
    bullet, rest = _without_bullet(paragraph)
    name = "ol" if _NUMBERED.fullmatch(bullet.strip()) else "ul"
    yield from _closed(open_lists, level)
    if open_lists and len(open_lists) == level and open_lists[-1] != name:
        yield from _closed(open_lists, level - 1)
    while len(open_lists) < level:
        open_lists.append(name)
        yield Start(name, {})
    yield Start("li", {})
    yield from (piece for piece in rest if not (isinstance(piece, End) and piece.name == "p"))
    yield End("li")


def _closed(open_lists: list[str], level: int) -> Iterator[Piece]:
    while len(open_lists) > level:
        yield End(open_lists.pop())


def _without_bullet(paragraph: list[Piece]) -> tuple[str, list[Piece]]:
    """Part what Word typed for the bullet from the text behind it."""
    bullet: list[str] = []
    rest: list[Piece] = []
    depth = 0
    for piece in paragraph:
        if depth:
            depth += isinstance(piece, Start) and piece.name == "span"
            depth -= isinstance(piece, End) and piece.name == "span"
            if isinstance(piece, Text):
                bullet.append(piece.data)
        elif isinstance(piece, Start) and _IGNORED.search(piece.attributes.get("style", "")):
            depth = 1
        else:
            rest.append(piece)
    return "".join(bullet).replace("\xa0", " "), rest
