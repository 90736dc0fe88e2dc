"""A language that no text of ours is written in: whoever reads Latin letters found a text that
nobody can translate.

Messages come back in wide letters, "ｌｉｋｅ"; what is put into them stays, so that English
inside a translated sentence is seen too.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from html.parser import HTMLParser

from babel.support import NullTranslations

SHOWN_ATTRIBUTES = frozenset({"aria-label", "placeholder", "title", "alt", "data-label", "label"})
# Written for programs, or by others.
_LEFT_OUT = frozenset({"script", "style", "code", "pre", "kbd", "q", "textarea", "datalist"})
_VOID = frozenset(
    {"area", "base", "br", "col", "hr", "img", "input", "link", "meta", "rect", "use"}
)
_LATIN = {code: code + 0xFEE0 for code in (*range(0x41, 0x5B), *range(0x61, 0x7B))}
_KEPT = re.compile(r"(%\([a-z_]+\)s|%%|</?[a-z][^>]*>|&[a-z]+;)")
_WORD = re.compile(r"[A-Za-z][A-Za-z'’]+")


class Pseudo(NullTranslations):
    """Stands in for the catalogue of every language."""

    def ugettext(self, message: str) -> str:
        """Widen the letters of a message, but not its placeholders and tags."""
        parts = _KEPT.split(message)
        return "".join(part if _KEPT.fullmatch(part) else part.translate(_LATIN) for part in parts)

    def ungettext(self, one: str, many: str, count: int) -> str:
        """Widen one of the two, as English chooses."""
        return self.ugettext(one if count == 1 else many)

    def upgettext(self, context: str, message: str) -> str:
        """Widen a text, and leave the pattern of a date."""
        return message if context == "pattern" else self.ugettext(message)


def latin_words(
    page: str,
    *,
    data: Sequence[re.Pattern[str]],
    further: Callable[[], Sequence[re.Pattern[str]]] = tuple,
) -> Iterator[str]:
    """Yield the texts of a page, seen or read out, with Latin words left that are no ``data``.

    ``further`` patterns are made only for what the first ones leave.
    """
    reader = _Reader()
    reader.feed(page)
    for text in reader.texts:
        if _has_words(text, data) and _has_words(text, [*further(), *data]):
            yield " ".join(text.split())


def _has_words(text: str, data: Sequence[re.Pattern[str]]) -> bool:
    for pattern in data:
        text = pattern.sub(" ", text)
    return bool(_WORD.search(text))


class _Reader(HTMLParser):
    """Gathers what a page shows and what a screen reader says of it."""

    def __init__(self) -> None:
        super().__init__()
        self.texts: list[str] = []
        self._open: list[tuple[str, bool]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        is_button = tag == "input" and given.get("type") in ("submit", "button", "reset")
        self.texts += [
            value
            for name, value in attrs
            if value
            and (
                name in SHOWN_ATTRIBUTES
                or name.startswith("data-say-")
                or (is_button and name == "value")
            )
        ]
        if tag not in _VOID:
            # Words in a language of their own are named as such.
            self._open.append((tag, tag in _LEFT_OUT or (tag != "html" and "lang" in given)))

    def handle_endtag(self, tag: str) -> None:
        if any(tag == other for other, _ in self._open):
            while self._open.pop()[0] != tag:
                pass

    def handle_data(self, data: str) -> None:
        if data.strip() and not any(left_out for _, left_out in self._open):
            self.texts.append(data)
