"""Finds what a template says without asking for its translation, in every branch of it."""

import re
from collections.abc import Iterator
from html.parser import HTMLParser

from jinja2 import Environment, nodes

SHOWN_ATTRIBUTES = ("aria-label", "placeholder", "title", "alt", "data-label", "label")
_ASKED = re.compile(r"\{%-? *trans\b.*?endtrans *-?%\}", re.DOTALL)
_STRING = r"\"(?:\\.|[^\"\\])*\"|'(?:\\.|[^'\\])*'"
_JINJA = re.compile(
    r"\{#.*?#\}|\{%-? *raw.*?endraw *-?%\}"
    rf"|\{{%(?:{_STRING}|[^\"'])*?%\}}|\{{\{{(?:{_STRING}|[^\"'])*?\}}\}}",
    re.DOTALL,
)
_LETTERS = re.compile(r"[A-Za-z]")
# A capital or two words: what people read, not a name or a class.
_PROSE = re.compile(r"\b[A-Z][a-z]|[A-Za-z][ ,:;]|^ .*[a-z]|\([a-z]+\)")
_CLASSES = re.compile(r"[a-z]+-[a-z-]+( [a-z-]+)*")
# Keys to press: "Ctrl+Shift+S".
_KEYS = re.compile(r"(?:(?:Ctrl|Alt|Shift)\+)*(?:Tab|[A-Z0-9])")
_LOOKS_UP = ("_", "gettext", "ngettext", "pgettext")
_CODE = ("style", "script", "code", "kbd")


def untranslated(environment: Environment, source: str, *, names: set[str]) -> Iterator[str]:
    """Yield the words of a template that no translation is asked for, but for ``names``."""
    reader = _Reader()
    reader.feed(_JINJA.sub("", _ASKED.sub("", source)))
    yield from (words for words in reader.found if words not in names)
    for text in _strings(environment.parse(source)):
        is_code = _CLASSES.fullmatch(text) or _KEYS.fullmatch(text)
        if _PROSE.search(text) and not is_code and text not in names:
            yield text


class _Reader(HTMLParser):
    """Gathers the words of a page's markup."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self._open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._open.append(tag)
        self.found += [
            value
            for name, value in attrs
            if name in SHOWN_ATTRIBUTES and value and _LETTERS.search(value)
        ]

    def handle_endtag(self, tag: str) -> None:
        if tag in self._open:
            while self._open.pop() != tag:
                pass

    def handle_data(self, data: str) -> None:
        if _LETTERS.search(data) and not (self._open and self._open[-1] in _CODE):
            self.found.append(" ".join(data.split()))


def _strings(node: nodes.Node) -> Iterator[str]:
    if isinstance(node, nodes.Call) and getattr(node.node, "name", "") in _LOOKS_UP:
        for given in node.kwargs:
            yield from _strings(given)
        return
    if isinstance(node, nodes.Const) and isinstance(node.value, str):
        yield node.value
    for child in node.iter_child_nodes():
        yield from _strings(child)
