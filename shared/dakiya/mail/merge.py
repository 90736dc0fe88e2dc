"""The merge language of a campaign: `{{ field }}`, a default, and if / else / endif.

It is read by us and not by a template engine, because recipients' data and users' templates must
never become a program: no calls, no loops, no attributes; sizes are bounded.
"""

import html
import re
from dataclasses import dataclass
from typing import Final

from dakiya.mail.fields import (
    BUILT_IN_FIELDS,
    FieldReport,
    check_fields,
    field_name,
    may_stand_in_name,
)
from dakiya.mail.template import Choice, Escape, Field, Node, Template, TemplateError

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
_DEFAULT = re.compile(
    r"""default\s*\(\s*(?:"([^"]*)"|'([^']*)'|[“”„«»](.*)[“”«»]|[‘’‚‹›](.*)[‘’‹›])\s*\)""",
    re.DOTALL,
)
_CONDITION_WORDS: Final = frozenset({"and", "or", "not", "is", "in"})


def parse(source: str) -> Template:
    """Read a template; raises TemplateError in plain words, with the place of the mistake."""
    return _Reader(source).read()


@dataclass(slots=True)
class _Open:
    """An `{% if %}` that waits for its endif."""

    name: str
    offset: int
    when_filled: tuple[Node, ...] | None = None


class _Reader:
    """One pass over a source: text and tags into nodes."""

    def __init__(self, source: str) -> None:
        self.source = source
        self.open: list[_Open] = []
        self.levels: list[list[Node]] = [[]]
        self.printed: list[Field] = []
        self.asked: set[str] = set()

    def read(self) -> Template:
        if "\0" in self.source:
            raise self._wrong("there is a NUL character in the text", self.source.index("\0"))
        if len(self.source) > MAX_SOURCE_CHARS:
            raise self._wrong(f"the text is longer than {MAX_SOURCE_CHARS:,} characters", 0)
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
        return Template(
            nodes=tuple(self.levels[0]),
            fields=frozenset(names | self.asked),
            defaults=frozenset(names - {f.name for f in self.printed if f.default is None}),
            always=frozenset(node.name for node in self.levels[0] if isinstance(node, Field)),
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
        default = None
        if bar:
            found = _DEFAULT.fullmatch(filter_text.strip())
            if found is None:
                raise self._wrong(
                    'after the | only a default can stand, as in {{ city | default("your town") }}',
                    offset,
                )
            default = next(group for group in found.groups() if group is not None)
        field = Field(self._name(written, offset), default)
        self.printed.append(field)
        self._add(field)

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
                "only {% if field %}, {% else %} and {% endif %} are known here", offset
            )

    def _begin_choice(self, condition: str, offset: int) -> None:
        if len(self.open) == MAX_DEPTH:
            raise self._wrong(f"more than {MAX_DEPTH} {{% if %}} inside one another", offset)
        words = condition.lower().split()
        if len(words) > 1 and _CONDITION_WORDS.intersection(words):
            raise self._wrong("only one field can stand after if, as in {% if city %}", offset)
        name = self._name(condition, offset)
        self.asked.add(name)
        self.open.append(_Open(name, offset))
        self.levels.append([])

    def _begin_else(self, offset: int) -> None:
        if not self.open:
            raise self._wrong("this {% else %} has no {% if %} before it", offset)
        if self.open[-1].when_filled is not None:
            raise self._wrong("this {% if %} already has an {% else %}", offset)
        self.open[-1].when_filled = tuple(self.levels.pop())
        self.levels.append([])

    def _end_choice(self, offset: int) -> None:
        if not self.open:
            raise self._wrong("this {% endif %} has no {% if %} before it", offset)
        begun, last = self.open.pop(), tuple(self.levels.pop())
        if begun.when_filled is None:
            self._add(Choice(begun.name, last, ()))
        else:
            self._add(Choice(begun.name, begun.when_filled, last))

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
