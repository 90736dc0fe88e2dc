"""Reads one JSON object or form, collecting every mistake beside the field that has it."""

import re
from collections.abc import Mapping
from enum import StrEnum
from typing import TypeVar

from dakiya.errors import DakiyaError
from dakiya.mail.addresses import AddressError, clean_header, parse_address

E = TypeVar("E", bound=StrEnum)

MAX_ID = 2**63 - 1
_IN_A_LINE = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
# What SMTP's AUTH cannot carry (RFC 4616 refuses NUL); anything else may be in a password.
_IN_A_SECRET = re.compile(r"[\x00\r\n\ud800-\udfff]")
_IN_A_TEXT = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff]")


class InvalidFields(DakiyaError):
    """Several mistakes at once: field name to its messages."""

    def __init__(self, errors: Mapping[str, list[str]]) -> None:
        super().__init__(f"mistakes in {', '.join(errors)}")
        self.errors = errors


class FieldReader:
    """Takes fields out of a mapping one by one; `finish` raises InvalidFields if any was wrong.

    A method returns a harmless value of its type after a mistake, so that reading goes on.
    """

    def __init__(self, values: Mapping[str, object], *, prefix: str = "") -> None:
        self._values = values
        self._prefix = prefix
        self._known: set[str] = set()
        self._errors: dict[str, list[str]] = {}

    def line(self, name: str, *, max_chars: int, required: bool = True) -> str:
        """One line of text without control characters, stripped; empty when it is missing."""
        text = self._text(name, max_chars, required).strip()
        if _IN_A_LINE.search(text):
            self.wrong(
                name,
                "contains a line break, a NUL or another control character: write it in one line.",
            )
            return ""
        return text

    def text(self, name: str, *, max_chars: int, required: bool = True) -> str:
        """Text of many lines, as it was sent."""
        text = self._text(name, max_chars, required)
        if _IN_A_TEXT.search(text):
            self.wrong(name, "contains a NUL or another control character: remove it.")
            return ""
        return text

    def secret(self, name: str, *, max_chars: int) -> str | None:
        """Text of which nothing is changed; None when it is missing or empty."""
        text = self._text(name, max_chars, required=False)
        if _IN_A_SECRET.search(text):
            self.wrong(name, "contains a line break, a NUL or half a character: no login takes it.")
            return None
        return text or None

    def address(self, name: str) -> str:
        """One bare e-mail address, as it stands in an envelope."""
        written = self.line(name, max_chars=1000)
        try:
            return parse_address(written).envelope if written else ""
        except AddressError as error:
            self.wrong(name, sentence(str(error)))
            return ""

    def choice(self, name: str, kind: type[E]) -> E:
        """One word of a StrEnum."""
        value = self._take(name)
        if isinstance(value, str) and value in list(kind):
            return kind(value)
        words = " or ".join(f'"{member}"' for member in kind)
        self.wrong(name, f"must be {words}.")
        return next(iter(kind))

    def integer(
        self, name: str, *, minimum: int, maximum: int, required: bool = True
    ) -> int | None:
        """A whole number in a range; None when it is missing and need not be there."""
        value = self._take(name)
        if value is None:
            if required:
                self.wrong(name, "is required.")
            return None
        if isinstance(value, bool) or not isinstance(value, int):
            self.wrong(name, "must be a whole number, without quotes.")
            return None
        if not minimum <= value <= maximum:
            self.wrong(name, f"must be from {minimum:,} to {maximum:,}.")
            return None
        return value

    def mapping(self, name: str) -> Mapping[str, object]:
        """An object inside this one; empty when it is missing."""
        value = self._take(name)
        if value is None:
            return {}
        if not isinstance(value, dict):
            self.wrong(name, "must be an object: {...}.")
            return {}
        return value

    def sequence(self, name: str) -> list[object]:
        """A list; empty when it is missing."""
        value = self._take(name)
        if value is None:
            return []
        if not isinstance(value, list):
            self.wrong(name, "must be a list: [...].")
            return []
        return value

    def flag(self, name: str) -> bool:
        """True or false; false when it is missing."""
        value = self._take(name)
        if value is not None and not isinstance(value, bool):
            self.wrong(name, "must be true or false, without quotes.")
        return value is True

    def know(self, *names: str) -> None:
        """Let fields stand that nobody takes."""
        self._known.update(names)

    def has(self, name: str) -> bool:
        """Whether this field was sent."""
        return self._values.get(name) is not None

    def wrong(self, name: str, message: str) -> None:
        """Note a mistake."""
        self._errors.setdefault(self._prefix + name, []).append(message)

    def is_wrong(self, name: str) -> bool:
        """Whether this field already has a mistake."""
        return self._prefix + name in self._errors

    def any_wrong(self) -> bool:
        """Whether anything had a mistake so far."""
        return bool(self._errors)

    def include(self, other: "FieldReader") -> None:
        """Take over the mistakes of a reader of an inner object."""
        try:
            other.finish()
        except InvalidFields as found:
            self._errors.update({name: list(messages) for name, messages in found.errors.items()})

    def note_unknown(self) -> None:
        """Refuse the fields that nobody asked for: most are spelling mistakes."""
        for name in self._values:
            if name not in self._known:
                known = ", ".join(sorted(self._known))
                self.wrong(clean_header(name)[:100], f"is not a known field; known are {known}.")

    def finish(self) -> None:
        """Raise InvalidFields if anything was wrong or unknown."""
        self.note_unknown()
        if self._errors:
            raise InvalidFields(self._errors)

    def _take(self, name: str) -> object:
        self._known.add(name)
        return self._values.get(name)

    def _text(self, name: str, max_chars: int, required: bool) -> str:
        value = self._take(name)
        if value is None or value == "":
            if required:
                self.wrong(name, "is required.")
            return ""
        if not isinstance(value, str):
            self.wrong(name, "must be text, in quotes.")
            return ""
        if len(value) > max_chars:
            self.wrong(name, f"is longer than {max_chars:,} characters.")
            return ""
        if required and not value.strip():
            self.wrong(name, "is required.")
            return ""
        return value


def sentence(text: str) -> str:
    """Begin with a capital and end with a full stop, as the other messages do."""
    text = text[:1].upper() + text[1:]
    return text if text.endswith((".", "?", "!")) else f"{text}."
