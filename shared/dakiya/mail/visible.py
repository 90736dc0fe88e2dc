"""Which parts of HTML nobody sees: comments, hidden elements, links with nothing in them.

It knows what is written at the elements themselves (the styles of campaigns are inlined when they
are stored). Font size and visibility are inherited, and an element inside may set them anew, as
the cells of MJML do; whatever else hides an element hides all that it holds.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from dakiya.mail.html_pieces import RAW_TEXT, Comment, End, Start, Text, html_pieces

_EMPTY: Final = frozenset(
    {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "wbr"}
)
# What a start tag ends, where end tags are often left out (HTML 13.1.2.4).
_CELLS: Final = frozenset({"td", "th"})
_BLOCKS: Final = frozenset(
    {"p", "div", "table", "ul", "ol", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "center", "form"}
    | {"blockquote", "section", "article", "header", "footer", "address", "pre"}
)
_ENDED_BY: Final[Mapping[str, frozenset[str]]] = {
    **dict.fromkeys(("td", "th"), _CELLS),
    "tr": _CELLS | {"tr"},
    "li": frozenset({"li"}),
    **dict.fromkeys(("dt", "dd"), frozenset({"dt", "dd"})),
    **dict.fromkeys(_BLOCKS, frozenset({"p"})),
}
# What is still a letter once blanks of all kinds, and marks without width, are gone.
_INK = re.compile(
    r"[^\s\0\xad\u034f\u115f\u1160\u17b4\u17b5\u180e\u200b-\u200f\u2060-\u2064\ufeff]"
)
_QUOTED = re.compile(r"\"[^\"]*\"|'[^']*'")
_MARKED_HIDDEN = re.compile(r"[\s\0]hidden(?=[\s\0=/>])")
_MASK = re.compile(r"\0+")
_ZERO = re.compile(r"[+-]?(?:0+(?:\.0*)?|\.0+)(?:[a-z]+|%)?")
_RELATIVE = re.compile(r"[\d.]+(?:em|%)|inherit|unset|smaller|larger|")
# The size in "font: bold 13px/1.5 serif"; a number without a unit is the weight, or 0.
_FONT_SIZE = re.compile(
    r"(?<![\w.])((?:\d+(?:\.\d*)?|\.\d+)(?:[a-z]+|%)|0|(?:xx?-)?(?:small|large)|medium)(?=[\s/]|$)"
)


@dataclass(frozen=True, slots=True)
class _Sight:
    """How an element is shown. ``is_gone``: with all inside, whatever that says of itself."""

    name: str = ""
    is_gone: bool = False
    is_invisible: bool = False
    is_tiny: bool = False


def unseen_places(masked: str) -> list[tuple[int, int]]:
    """Return where nothing is shown, in the order of the source; every tag but links is there.

    Merge tags are to be masked with NULs. Places do not overlap. The time grows with the length
    alone.
    """
    walker = _Walker(masked)
    for piece in html_pieces(masked):
        walker.take(piece)
    walker.end()
    return sorted(walker.places)


class _Walker:
    """Goes through HTML once, with all elements that are open."""

    def __init__(self, source: str) -> None:
        self._source = source
        self.places: list[tuple[int, int]] = []
        self._all = _Sight()
        self._open: list[_Sight] = []
        self._counts: dict[str, int] = {}
        self._position = 0
        # The link that is open, and whether there is something to click on.
        self._link: Start | None = None
        self._has_ink = False

    def take(self, piece: Start | End | Text | Comment) -> None:
        if isinstance(piece, Text):
            self._has_ink |= self._shows_words and _INK.search(piece.data) is not None
            return
        self._pass_words(piece.begin)
        if isinstance(piece, Comment):
            self._position = piece.begin + len(piece.data)
            if piece.data.startswith("<!--"):
                self.places.append((piece.begin, self._position))
            return
        self._position = piece.end
        if isinstance(piece, Start):
            self._start(piece)
        else:
            self._end(piece.name)

    def end(self) -> None:
        self._pass_words(len(self._source))
        self._finish_link()

    @property
    def _now(self) -> _Sight:
        return self._open[-1] if self._open else self._all

    @property
    def _shows_words(self) -> bool:
        now = self._now
        return not (now.is_gone or now.is_invisible or now.is_tiny)

    def _pass_words(self, end: int) -> None:
        if end > self._position and not self._shows_words:
            self.places.append((self._position, end))

    def _start(self, piece: Start) -> None:
        ended = _ENDED_BY.get(piece.name, ())
        while self._open and self._open[-1].name in ended:
            self._pop()
        sight = _sight_of(piece, self._source[piece.begin : piece.end], self._now)
        if piece.name in ("html", "body"):
            # Their end tags end nothing: what follows is shown inside them.
            self._all = sight
        elif piece.name not in _EMPTY:
            self._open.append(sight)
            self._counts[piece.name] = self._counts.get(piece.name, 0) + 1
        is_shown = not (sight.is_gone or sight.is_invisible)
        if piece.name == "a":
            self._finish_link()
            self._link, self._has_ink = piece, False
        elif piece.name != "area" or not is_shown:
            self.places.append((piece.begin, piece.end))
        if piece.name == "img" and is_shown and not _is_dot(piece):
            self._has_ink = True

    def _end(self, name: str) -> None:
        if name == "a":
            self._finish_link()
        if self._counts.get(name):
            while self._pop() != name:
                pass

    def _pop(self) -> str:
        name = self._open.pop().name
        self._counts[name] -= 1
        return name

    def _finish_link(self) -> None:
        if self._link is not None and not self._has_ink:
            self.places.append((self._link.begin, self._link.end))
        self._link = None


def _is_dot(picture: Start) -> bool:
    return bool({picture.attributes.get(side, "") for side in ("width", "height")} & {"0", "1"})


def _sight_of(piece: Start, tag: str, around: _Sight) -> _Sight:
    said = dict(_declarations(piece.attributes.get("style", "")))
    is_gone = (
        around.is_gone
        or piece.name in RAW_TEXT
        or piece.name == "template"
        or said.get("display", "none" if _is_marked_hidden(tag) else "") == "none"
        or _is_zero(said.get("opacity", ""))
        or (
            any(_is_zero(said.get(side, "")) for side in ("height", "max-height"))
            and any(said.get(name) in ("hidden", "clip") for name in ("overflow", "overflow-y"))
        )
    )
    visibility = said.get("visibility", "inherit")
    is_invisible = (
        around.is_invisible if visibility == "inherit" else visibility in ("hidden", "collapse")
    )
    size = said.get("font-size", "")
    is_tiny = around.is_tiny if _RELATIVE.fullmatch(size) else False
    return _Sight(piece.name, is_gone, is_invisible, is_tiny or _is_zero(size))


def _declarations(style: str) -> Iterator[tuple[str, str]]:
    """Return what a style says, the last word on each last; a merge tag parts it like a ;."""
    for one in _MASK.sub(";", style).lower().split(";"):
        name, _, value = one.partition(":")
        name, value = name.strip(), value.replace("!important", "").strip()
        if name == "font":
            size = _FONT_SIZE.search(value)
            yield "font-size", size[1] if size else ""
        elif value:
            yield name, value


def _is_zero(value: str) -> bool:
    return _ZERO.fullmatch(value) is not None


def _is_marked_hidden(tag: str) -> bool:
    tag = tag.lower()
    return "hidden" in tag and _MARKED_HIDDEN.search(_QUOTED.sub("", tag)) is not None
