"""The parts of a mail that checks look at: its links, its pictures, its words. Pure."""

import re
from dataclasses import dataclass, field, replace

from dakiya.mail.html_pieces import End, Start, Text, html_pieces

_HIDDEN = frozenset({"head", "style", "script", "title", "template"})
_SHOWN_NOWHERE = re.compile(r"display\s*:\s*none", re.IGNORECASE)
_IN_TEXT = re.compile(r"https?://[^\s<>\"'“”‘’()\[\]|]+")
_BLANKS = re.compile(r"\s+")


@dataclass(frozen=True)
class Link:
    """Where it leads, and what a reader sees of it."""

    url: str
    text: str


@dataclass(frozen=True)
class Picture:
    """An image; ``alt`` None where nothing is said, empty where it is only decoration.

    ``is_dot``: nobody shall see it. ``is_whole_link``: without its words the link has no name.
    """

    url: str
    alt: str | None
    is_dot: bool = False
    is_whole_link: bool = False


@dataclass
class Anatomy:
    """What a mail is made of."""

    links: list[Link] = field(default_factory=list)
    pictures: list[Picture] = field(default_factory=list)
    words: str = ""

    @property
    def letters(self) -> int:
        """How much there is to read."""
        return sum(letter.isalnum() for letter in self.words)


def anatomy_of_html(html: str) -> Anatomy:
    """Take HTML apart, as a mail program shows it."""
    walker = _Walker()
    for piece in html_pieces(html):
        if isinstance(piece, Text):
            walker.say(piece.data)
        elif isinstance(piece, Start):
            walker.open(piece)
        elif isinstance(piece, End):
            walker.close(piece.name)
    walker.found.words = _plain(walker.words)
    return walker.found


class _Walker:
    """Goes through HTML once."""

    def __init__(self) -> None:
        self.found = Anatomy()
        self.words: list[str] = []
        self._hidden = 0
        # Its address, and how many words and pictures there were before it.
        self._link: tuple[str, int, int] | None = None

    def say(self, words: str) -> None:
        if not self._hidden:
            self.words.append(words)

    def open(self, piece: Start) -> None:
        if piece.name in _HIDDEN:
            self._hidden += 1
        elif piece.name == "a" and "href" in piece.attributes:
            before = len(self.words), len(self.found.pictures)
            self._link = (piece.attributes["href"].strip(), *before)
        elif piece.name == "img":
            picture = _picture(piece)
            self.found.pictures.append(picture)
            if self._link:
                self.words.append(picture.alt or "")

    def close(self, name: str) -> None:
        if name in _HIDDEN:
            self._hidden = max(0, self._hidden - 1)
        elif name == "a" and self._link is not None:
            url, begin, first = self._link
            words = _plain(self.words[begin:])
            self.found.links.append(Link(url, words))
            if not words:
                pictures = self.found.pictures
                pictures[first:] = [replace(one, is_whole_link=True) for one in pictures[first:]]
            self._link = None


def anatomy_of_text(text: str) -> Anatomy:
    """Find the addresses in a mail of text alone."""
    urls = [url.rstrip(".,;:!?") for url in _IN_TEXT.findall(text)]
    return Anatomy(links=[Link(url, url) for url in urls], words=_plain([text]))


def _picture(piece: Start) -> Picture:
    attributes = piece.attributes
    size = {attributes.get("width", ""), attributes.get("height", "")}
    is_dot = bool(size & {"0", "1"}) or bool(_SHOWN_NOWHERE.search(attributes.get("style", "")))
    alt = attributes.get("alt")
    if alt:
        # Blanks alone are no wish for an empty one.
        alt = alt.strip() or None
    return Picture(attributes.get("src", "").strip(), alt, is_dot)


def _plain(words: list[str]) -> str:
    return _BLANKS.sub(" ", " ".join(words)).strip()
