"""Which way a text runs: by its own first letter, as HTML's dir=auto does."""

import re
import unicodedata
from collections.abc import Iterator

from dakiya.mail.rich.document import Node

_TAG = re.compile(r"\{\{[^{}]*\}\}|\{%[^{}%]*%\}")


def direction_of(node: Node) -> str:
    """Return "rtl" or "ltr": what was chosen, else what the first letter says."""
    chosen = node.attrs.get("dir")
    if chosen:
        return str(chosen)
    return direction_of_text("".join(_texts(node)))


def direction_of_text(text: str) -> str:
    """Return "rtl" for Arabic, Hebrew and their like, "ltr" for the others and for none."""
    for character in _TAG.sub("", text):
        strong = unicodedata.bidirectional(character)
        if strong in ("R", "AL"):
            return "rtl"
        if strong == "L":
            return "ltr"
    return "ltr"


def is_mostly_rtl(document: Node) -> bool:
    """Whether more paragraphs run from right to left than the other way."""
    ways = [direction_of(node) for node in _written_blocks(document)]
    return 2 * ways.count("rtl") > len(ways)


def _written_blocks(node: Node) -> Iterator[Node]:
    if node.type in ("paragraph", "heading"):
        if node.content:
            yield node
        return
    for inner in node.content:
        yield from _written_blocks(inner)


def _texts(node: Node) -> Iterator[str]:
    if node.type == "text":
        yield node.text
    for inner in node.content:
        yield from _texts(inner)
