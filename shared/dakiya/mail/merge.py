"""The merge language of a campaign: `{{ field }}`, filters, and if / if not / else / endif.

It is read by us and not by a template engine, because recipients' data and users' templates must
never become a program: no calls, no loops, no attributes; sizes are bounded.
"""

import html
import re
from dataclasses import dataclass
from functools import partial
from typing import Final

from dakiya.mail.fields import (
    BUILT_IN_FIELDS,
    FieldReport,
    check_fields,
    field_name,
    may_stand_in_name,
)
from dakiya.mail.filters import (
    MAX_FILTERS,
    Filter,
    FilterError,
    default_of,
    or_default,
    read_filter,
    split_filters,
)
from dakiya.mail.template import (
    Choice,
    Escape,
    Field,
    Node,
    Shaped,
    Template,
    TemplateError,
    printed_always,
)

__all__ = [
    "BUILT_IN_FIELDS",
    "Escape",
    "FieldReport",
    "Template",
    "TemplateError",
    "check_fields",
    "field_name",
    "parse",
]

MAX_SOURCE_CHARS: Final = 500_000
MAX_DEPTH: Final = 8
MAX_TAGS: Final = 5_000

_OPENER = re.compile(r"\{\{|\{%")
_FIELD_TAG = re.compile(r"\{\{([^{}]*)\}\}")
_BLOCK_TAG = re.compile(r"\{%([^{}%]*)%\}")
_CONDITION_WORDS: Final = frozenset({"and", "or", "not", "is", "in"})


def parse(source: str, *, max_chars: int = MAX_SOURCE_CHARS) -> Template:
    """Read a template; raises TemplateError in plain words, with the place of the mistake."""
    return _Reader(source, max_chars).read()


@dataclass(slots=True)
class _Open:
    """An `{% if %}` that waits for its endif."""

    name: str
    offset: int
    negated: bool
    first: tuple[Node, ...] | None = None


class _Reader:
    """One pass over a source: text and tags into nodes."""

    def __init__(self, source: str, max_chars: int) -> None:
        self.source = source
        self.max_chars = max_chars
        self.open: list[_Open] = []
        self.levels: list[list[Node]] = [[]]
        self.printed: list[Field | Shaped] = []
        self.asked: set[str] = set()

    def read(self) -> Template:
        if "\0" in self.source:
            raise self._wrong("there is a NUL character in the text", self.source.index("\0"))
        if len(self.source) > self.max_chars:
            raise self._wrong(f"the text is longer than {self.max_chars:,} characters", 0)
        position = 0
        for count in range(MAX_TAGS + 1):
            opener = _OPENER.search(self.source, position)
            if opener is None:
                break
            if count == MAX_TAGS:
                raise self._wrong(f"there are more than {MAX_TAGS:,} tags", opener.start())
            self._add(self.source[position : opener.start()])
            position = self._read_tag(opener.group(), opener.start())
        self._add(self.source[position:])
        if self.open:
            raise self._wrong(
                "this {% if %} is never closed: write {% endif %} where it ends",
                self.open[-1].offset,
            )
        names = {field.name for field in self.printed}
        bare = {
            field.name
            for field in self.printed
            if (field.default is None if isinstance(field, Field) else not field.has_default)
        }
        nodes = tuple(self.levels[0])
        return Template(
            nodes=nodes,
            fields=frozenset(names | self.asked),
            defaults=frozenset(names - bare),
            always=frozenset(printed_always(nodes)),
        )

    def _add(self, node: Node) -> None:
        if node != "":
            self.levels[-1].append(node)

    def _read_tag(self, opener: str, offset: int) -> int:
        """Read the tag at `offset` and return where the text goes on."""
        tag = (_FIELD_TAG if opener == "{{" else _BLOCK_TAG).match(self.source, offset)
        if tag is None:
            closer = "}}" if opener == "{{" else "%}"
            if self.source.startswith("{{{", offset):
                raise self._wrong("three braces: write two, as in {{ name }}", offset)
            raise self._wrong(
                f"this {opener} is never closed: write {closer} where it ends", offset
            )
        # An HTML editor writes &quot; and &nbsp; inside a tag as it does everywhere else.
        content = html.unescape(tag.group(1)).strip()
        if opener == "{{":
            self._read_field(content, offset)
        else:
            self._read_block(content, offset)
        return tag.end()

    def _read_field(self, content: str, offset: int) -> None:
        written, bar, filter_text = content.partition("|")
        name = self._name(written, offset)
        field = self._shaped(name, filter_text, offset) if bar else Field(name, None)
        self.printed.append(field)
        self._add(field)

    def _shaped(self, name: str, written: str, offset: int) -> Field | Shaped:
        filters = split_filters(written)
        if len(filters) > MAX_FILTERS:
            raise self._wrong(f"a field takes at most {MAX_FILTERS} filters", offset)
        if len(filters) == 1 and (default := default_of(filters[0])) is not None:
            return Field(name, default)
        steps: list[Filter] = []
        has_default = False
        for filter_text in filters:
            default = default_of(filter_text)
            if default is not None:
                steps.append(partial(or_default, default))
                has_default = True
                continue
            try:
                steps.append(read_filter(filter_text))
            except FilterError as error:
                raise self._wrong(str(error), offset) from None
        return Shaped(name, tuple(steps), has_default)

    def _read_block(self, content: str, offset: int) -> None:
        words = content.split()
        word = content.lower()
        if words and words[0].lower() == "if":
            self._begin_choice(content[2:], offset)
        elif word == "else":
            self._begin_else(offset)
        elif word == "endif":
            self._end_choice(offset)
        else:
            raise self._wrong(
                "only {% if field %}, {% if not field %}, {% else %} and {% endif %} "
                "are known here",
                offset,
            )

    def _begin_choice(self, condition: str, offset: int) -> None:
        if len(self.open) == MAX_DEPTH:
            raise self._wrong(f"more than {MAX_DEPTH} {{% if %}} inside one another", offset)
        words = condition.split()
        negated = len(words) > 1 and words[0].lower() == "not"
        if negated:
            condition = condition.lstrip()[len("not") :]
            words = words[1:]
        if len(words) > 1 and _CONDITION_WORDS.intersection(word.lower() for word in words):
            raise self._wrong(
                "only one field can stand after if, as in {% if city %} or {% if not city %}",
                offset,
            )
        name = self._name(condition, offset)
        self.asked.add(name)
        self.open.append(_Open(name, offset, negated))
        self.levels.append([])

    def _begin_else(self, offset: int) -> None:
        if not self.open:
            raise self._wrong("this {% else %} has no {% if %} before it", offset)
        if self.open[-1].first is not None:
            raise self._wrong("this {% if %} already has an {% else %}", offset)
        self.open[-1].first = tuple(self.levels.pop())
        self.levels.append([])

    def _end_choice(self, offset: int) -> None:
        if not self.open:
            raise self._wrong("this {% endif %} has no {% if %} before it", offset)
        begun, last = self.open.pop(), tuple(self.levels.pop())
        parts = (last, ()) if begun.first is None else (begun.first, last)
        if begun.negated:
            parts = (parts[1], parts[0])
        self._add(Choice(begun.name, *parts))

    def _name(self, written: str, offset: int) -> str:
        name = field_name(written)
        if not name:
            raise self._wrong("a field's name is missing here, as in {{ name }}", offset)
        if "<" in written or ">" in written:
            raise self._wrong(
                "there is formatting inside this tag: make the whole tag bold or plain, "
                "not a part of it",
                offset,
            )
        if not all(may_stand_in_name(character) for character in written):
            raise self._wrong(
                "a field's name has only letters, digits, spaces, - and _, as in {{ first_name }}",
                offset,
            )
        return name

    def _wrong(self, message: str, offset: int) -> TemplateError:
        before = self.source[:offset]
        return TemplateError(message, before.count("\n") + 1, offset - before.rfind("\n"))
