"""What stands in HTML and is never shown: comments, styles, titles and the like.

An unsubscribe link in a comment is none, and a `</body>` in one ends nothing.
"""

import re
from collections.abc import Iterator
from typing import Final

from dakiya.mail.html_pieces import RAW_TEXT, Comment, Start, Text, html_pieces

_TAG = re.compile(r"\{\{[^{}]*\}\}|\{%[^{}%]*%\}")
_BLOCK_TAG = re.compile(r"(\{%[^{}%]*%\})")
# In the place of merge tags, which are no HTML whatever stands in them.
HIDDEN: Final = "\0"


def without_merge_tags(html: str) -> str:
    """Write every merge tag as HIDDEN, and what nobody sees as blanks; nothing is moved."""
    masked = _TAG.sub(lambda found: HIDDEN * len(found.group()), html)
    return _blanked(masked, masked)


def seen(html: str) -> str:
    """Write what nobody sees as blanks, without moving anything.

    Only {% if %} and its like stay there: they may begin in a comment and end behind it.
    """
    masked = _TAG.sub(lambda found: HIDDEN * len(found.group()), html)
    return _blanked(html, masked)


def _blanked(html: str, masked: str) -> str:
    shown: list[str] = []
    position = 0
    for begin, end in _places(masked):
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
