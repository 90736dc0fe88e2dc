"""What stands in HTML and is never shown: comments, styles, titles, what is hidden, and the like.

An unsubscribe link in a comment or a hidden element is none, and a `</body>` in a comment ends
nothing.
"""

import re
from collections.abc import Iterable, Iterator
from typing import Final

from dakiya.mail.html_pieces import RAW_TEXT, Comment, Start, Text, html_pieces
from dakiya.mail.visible import unseen_places

_TAG = re.compile(r"\{\{[^{}]*\}\}|\{%[^{}%]*%\}")
_BLOCK_TAG = re.compile(r"(\{%[^{}%]*%\})")
# In the place of merge tags, which are no HTML whatever stands in them.
HIDDEN: Final = "\0"


def without_merge_tags(html: str) -> str:
    """Write every merge tag as HIDDEN, comments and the like as blanks; nothing is moved."""
    masked = _masked(html)
    return _blanked(masked, _places(masked))


def seen(html: str) -> str:
    """Write all but words that are seen, and links that hold some, as blanks; nothing is moved.

    Only {% if %} and its like stay there: they may begin in a comment and end behind it.
    """
    return _blanked(html, unseen_places(_masked(html)))


def _masked(html: str) -> str:
    return _TAG.sub(lambda found: HIDDEN * len(found.group()), html)


def _blanked(html: str, places: Iterable[tuple[int, int]]) -> str:
    shown: list[str] = []
    position = 0
    for begin, end in places:
        shown += (html[position:begin], _blank(html[begin:end]))
        position = end
    return "".join((*shown, html[position:]))


def _places(masked: str) -> Iterator[tuple[int, int]]:
    """Where nothing is shown, in the order of the source."""
    raw: Start | None = None
    for piece in html_pieces(masked):
        if isinstance(piece, Text):
            continue
        if raw is not None:
            yield raw.end, piece.begin
            raw = None
        if isinstance(piece, Comment):
            if piece.data.startswith("<!--"):
                yield piece.begin, piece.begin + len(piece.data)
        elif isinstance(piece, Start) and piece.name in RAW_TEXT:
            raw = piece


def _blank(text: str) -> str:
    parts = _BLOCK_TAG.split(text)
    return "".join(part if at % 2 else " " * len(part) for at, part in enumerate(parts))
