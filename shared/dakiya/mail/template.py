"""A merge template that has been read: its parts, and filling it for one recipient."""

import html
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final

from dakiya.errors import InvalidInput
from dakiya.mail.addresses import clean_header

MAX_OUTPUT_CHARS: Final = 2_000_000


class TemplateError(InvalidInput):
    """A template that cannot be read or filled; line and column count from 1."""

    def __init__(self, message: str, line: int, column: int) -> None:
        super().__init__(f"{message} (line {line}, column {column})")
        self.message = message
        self.line = line
        self.column = column


class Escape(StrEnum):
    """What a value must not be able to break."""

    HTML = "html"
    TEXT = "text"
    HEADER = "header"


@dataclass(frozen=True, slots=True)
class Field:
    """`{{ name | default("…") }}`: the recipient's value, else the default, else nothing."""

    name: str
    default: str | None


@dataclass(frozen=True, slots=True)
class Shaped:
    """`{{ name | date("d MMMM") | default("…") }}`: the value through its filters, in their order.

    With a `link` the value stands inside an address and cannot end it (dakiya.mail.links_in).
    """

    name: str
    filters: tuple[Callable[[str], str], ...]
    has_default: bool
    link: Callable[[str], str] | None = None

    def value(self, given: str) -> str:
        """Return what is shown for a recipient's value, before it is escaped."""
        for step in self.filters:
            given = step(given)
        return given if self.link is None else self.link(given)


@dataclass(frozen=True, slots=True)
class Choice:
    """`{% if name %}…{% else %}…{% endif %}`: true when the recipient's value is not empty.

    `{% if not name %}` is the same with its parts exchanged.
    """

    name: str
    when_filled: tuple["Node", ...]
    when_empty: tuple["Node", ...]


Node = str | Field | Shaped | Choice


@dataclass(frozen=True, slots=True)
class Template:
    """A template that was read once and can be filled for every recipient.

    `fields` are all the fields it names, `defaults` those that carry a default wherever they are
    printed, `always` those that are printed whatever the recipient's values are.
    """

    nodes: tuple[Node, ...]
    fields: frozenset[str]
    defaults: frozenset[str]
    always: frozenset[str]

    def always_with(self, filled: Collection[str]) -> frozenset[str]:
        """Return the fields that are printed whatever else is empty, if these are filled."""
        return frozenset(printed_always(self.nodes, filled))

    def render(self, values: Mapping[str, str], escape: Escape) -> str:
        """Fill in one recipient's values, escaped; the template's own text is taken as it is.

        Raises TemplateError if the result passes MAX_OUTPUT_CHARS.
        """
        return render_nodes(self.nodes, values, escape, MAX_OUTPUT_CHARS)


def render_nodes(
    nodes: tuple[Node, ...], values: Mapping[str, str], escape: Escape, room_chars: int
) -> str:
    """Fill in a part of a template; raises TemplateError if the result passes `room_chars`."""
    pieces: list[str] = []
    _fill(nodes, values, _ESCAPES[escape], pieces, room_chars)
    return "".join(pieces)


def _fill(
    nodes: tuple[Node, ...],
    values: Mapping[str, str],
    escape: Callable[[str], str],
    pieces: list[str],
    room_chars: int,
) -> int:
    for node in nodes:
        if isinstance(node, str):
            piece = node
        elif isinstance(node, Field):
            piece = escape(values.get(node.name) or node.default or "")
        elif isinstance(node, Shaped):
            piece = escape(node.value(values.get(node.name) or ""))
        else:
            chosen = node.when_filled if values.get(node.name) else node.when_empty
            room_chars = _fill(chosen, values, escape, pieces, room_chars)
            continue
        room_chars -= len(piece)
        if room_chars < 0:
            raise TemplateError(
                f"this recipient's values make the mail pass {MAX_OUTPUT_CHARS:,} characters",
                1,
                1,
            )
        pieces.append(piece)
    return room_chars


def printed_always(nodes: tuple[Node, ...], filled: Collection[str] = ()) -> set[str]:
    """Return the fields that these nodes print for every recipient who has the `filled` ones."""
    found: set[str] = set()
    for node in nodes:
        if isinstance(node, Field | Shaped):
            found.add(node.name)
        elif isinstance(node, Choice):
            when_filled = printed_always(node.when_filled, filled)
            if node.name in filled:
                found |= when_filled
            else:
                found |= when_filled & printed_always(node.when_empty, filled)
    return found


def settle(template: Template, known: Mapping[str, str], escape: Escape) -> Template:
    """Fill in the values that are the same for every recipient; the other tags stay."""
    return replace(template, nodes=_settled(template.nodes, known, _ESCAPES[escape]))


def _settled(
    nodes: tuple[Node, ...], known: Mapping[str, str], escape: Callable[[str], str]
) -> tuple[Node, ...]:
    done: list[Node] = []
    for node in nodes:
        if isinstance(node, str):
            found: tuple[Node, ...] = (node,)
        elif isinstance(node, Choice):
            branches = [
                _settled(part, known, escape) for part in (node.when_filled, node.when_empty)
            ]
            found = (
                branches[not known[node.name]]
                if node.name in known
                else (Choice(node.name, branches[0], branches[1]),)
            )
        elif node.name not in known:
            found = (node,)
        elif isinstance(node, Field):
            found = (escape(known[node.name] or node.default or ""),)
        else:
            found = (escape(node.value(known[node.name])),)
        for piece in found:
            if isinstance(piece, str) and done and isinstance(done[-1], str):
                done[-1] += piece
            elif piece != "":
                done.append(piece)
    return tuple(done)


def _as_it_is(value: str) -> str:
    return value


_ESCAPES: Final[Mapping[Escape, Callable[[str], str]]] = {
    Escape.HTML: html.escape,
    Escape.TEXT: _as_it_is,
    Escape.HEADER: clean_header,
}
