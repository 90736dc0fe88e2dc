"""Values inside addresses of links and images: percent-encoded, and never the scheme's masters.

`<a href="https://example.com/?n={{ name }}">` must lead where its author wrote, whatever the
recipient is called: a value that stands inside an address is encoded, one that is the whole address
may be only http, https, mailto or tel.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from enum import IntEnum
from functools import lru_cache, partial
from typing import Final
from urllib.parse import quote

from dakiya.mail.filters import or_default
from dakiya.mail.template import Choice, Escape, Field, Node, Shaped, Template

SCHEMES: Final = frozenset({"http", "https", "mailto", "tel", "sms"})
# What a link leads to whose address a recipient's data would have made dangerous: nowhere.
NOWHERE: Final = "#"

# Ours, made of safe characters, and whole addresses: they stay in the fast path.
_OURS: Final = frozenset({"unsubscribe_url"})
_IN_PATH: Final = "/@!$&'()*+,;=~"
_WHOLE: Final = _IN_PATH + ":?#[]%"
_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*):")
_UNSEEN = re.compile(r"[\x00-\x20\x7f-\xa0\u2028\u2029\ufeff]+")

_ADDRESSES: Final = frozenset(
    {"href", "src", "action", "background", "poster", "formaction", "cite", "data", "longdesc"}
    | {"xlink:href"}
)
_TAG_BEGINS = re.compile(r"<[A-Za-z]")
_IN_TAG = re.compile(r"""(>)|([^\s=>"'/<]+)\s*=\s*(["']?)|["'/=<]|[^\s=>"'/<]+""")
_IN_TEXT: Final = r"[^\s<>\"'“”‘’\[\](){}|\\^`]*"
_TEXT_BEGINS = re.compile(rf"(?:https?://|mailto:|tel:|sms:){_IN_TEXT}\Z", re.IGNORECASE)
_TEXT_GOES_ON = re.compile(rf"{_IN_TEXT}\Z")


class _At(IntEnum):
    """How far an address has come."""

    OUTSIDE = 0
    START = 1
    HOST = 2  # right behind https://
    PATH = 3
    QUERY = 4


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a tag stands. `in_tag` and `ends` (what ends the attribute's value) are HTML's."""

    at: _At = _At.OUTSIDE
    in_tag: bool = False
    ends: str = ""


_Follow = Callable[[_Place, str], _Place]


def whole_link(value: str) -> str:
    """Make an address out of a recipient's value; NOWHERE if it would run or read something."""
    link = _UNSEEN.sub(" ", value).strip()
    scheme = _SCHEME.match(link)
    if scheme and scheme[1].lower() not in SCHEMES:
        return NOWHERE
    return quote(link, safe=_WHOLE)


# A value mostly stands in several links of a mail.
_ENCODERS: Final[Mapping[_At, Callable[[str], str]]] = {
    at: lru_cache(maxsize=64)(encode)
    for at, encode in (
        (_At.START, whole_link),
        (_At.HOST, partial(quote, safe=_WHOLE)),
        (_At.PATH, partial(quote, safe=_IN_PATH)),
        (_At.QUERY, partial(quote, safe="")),
    )
}


def keep_links_whole(template: Template, escape: Escape) -> Template:
    """Mark the tags that stand in an address, so that their values are encoded for their place."""
    follow = _through_html if escape is Escape.HTML else _through_text
    nodes, _ = _marked(template.nodes, follow, _Place())
    return replace(template, nodes=nodes)


def _marked(
    nodes: tuple[Node, ...], follow: _Follow, place: _Place
) -> tuple[tuple[Node, ...], _Place]:
    done: list[Node] = []
    for node in nodes:
        if isinstance(node, str):
            place = follow(place, node)
            done.append(node)
        elif isinstance(node, Choice):
            filled, after = _marked(node.when_filled, follow, place)
            empty, other = _marked(node.when_empty, follow, place)
            done.append(Choice(node.name, filled, empty))
            # Where the parts end differently, the later place is the stricter one.
            place = max(after, other, key=lambda found: found.at)
        else:
            done.append(_encoded(node, place.at))
            if place.at in (_At.START, _At.HOST):
                place = replace(place, at=_At.PATH)
    return tuple(done), place


def _encoded(node: Field | Shaped, at: _At) -> Node:
    if at is _At.OUTSIDE or node.name in _OURS:
        return node
    if isinstance(node, Shaped):
        return replace(node, link=_ENCODERS[at])
    steps = () if node.default is None else (partial(or_default, node.default),)
    return Shaped(node.name, steps, node.default is not None, _ENCODERS[at])


def _further(at: _At, text: str) -> _At:
    """How far an address has come behind this text of its own."""
    if "?" in text or "#" in text:
        return _At.QUERY
    if not text or at is _At.QUERY:
        return at
    return _At.HOST if at is _At.START and text.endswith("://") else _At.PATH


def _through_html(place: _Place, text: str) -> _Place:
    """Follow tags and their attributes; comments are read like the rest: Outlook's have links."""
    position = 0
    while True:
        if place.ends:
            end = _value_end(place.ends, text, position)
            if end < 0:
                if place.at is _At.OUTSIDE:
                    return place
                return replace(place, at=_further(place.at, text[position:].lstrip()))
            position = end
            place = _Place(in_tag=True)
        elif place.in_tag:
            found = _IN_TAG.search(text, position)
            if found is None:
                return place
            position = found.end()
            if found[1]:
                place = _Place()
            elif found[2]:
                at = _At.START if found[2].lower() in _ADDRESSES else _At.OUTSIDE
                place = _Place(at, in_tag=True, ends=found[3] or " >")
        else:
            found = _TAG_BEGINS.search(text, position)
            if found is None:
                return place
            position = found.end()
            place = _Place(in_tag=True)


def _value_end(ends: str, text: str, position: int) -> int:
    """Where an attribute's value is over: behind its quote, or before what ends a bare one."""
    if ends in "\"'":
        return text.find(ends, position) + 1 or -1
    found = re.compile(r"[\s>]").search(text, position)
    return found.start() if found else -1


def _through_text(place: _Place, text: str) -> _Place:
    """Find addresses in plain text by how they begin."""
    if place.at is not _At.OUTSIDE and _TEXT_GOES_ON.match(text):
        return _Place(_further(place.at, text))
    found = _TEXT_BEGINS.search(text)
    return _Place(_further(_At.START, found.group())) if found else _Place()
