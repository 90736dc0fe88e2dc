"""A merge template that has been read: its parts, and filling it for one recipient."""

import html
from collections.abc import Callable, Mapping
from dataclasses import dataclass
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
class Choice:
    """`{% if name %}…{% else %}…{% endif %}`: true when the recipient's value is not empty."""

    name: str
    when_filled: tuple["Node", ...]
    when_empty: tuple["Node", ...]


Node = str | Field | Choice


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


def _as_it_is(value: str) -> str:
    return value


_ESCAPES: Final[Mapping[Escape, Callable[[str], str]]] = {
    Escape.HTML: html.escape,
    Escape.TEXT: _as_it_is,
    Escape.HEADER: clean_header,
}
