"""Check one recipient before it is stored: address, name and merge fields. Pure."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from dakiya.errors import InvalidInput
from dakiya.mail.addresses import clean_header, parse_address
from dakiya.mail.merge import field_name

MAX_FIELDS = 200
MAX_VALUE_CHARS = 10_000
MAX_NAME_CHARS = 500
MAX_FIELD_NAME_CHARS = 120
# What is repeated of a refused address, so that its owner can find it.
SHOWN_CHARS = 320
# Line breaks and tabs may stand in a value (a postal address); nothing else unseen may.
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")
_MAX_KEY_CHARS = 1_000
# The same few names stand in every row.
_field_name = lru_cache(maxsize=4096)(field_name)
_RESERVED = frozenset({"email", "unsubscribe_url"})


@dataclass(frozen=True, slots=True)
class RawRecipient:
    """A recipient as a request or a file gives it; ``row`` is where, for the report.

    Values of ``fields`` are text; numbers and truth values are taken as their text, None
    and "" as absent. Keys are headers or field names.
    """

    row: int
    email: str
    name: str | None
    fields: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class CheckedRecipient:
    """A recipient as it is stored."""

    row: int
    email: str
    email_normalised: str
    name: str
    fields: dict[str, str]


def check_recipient(raw: RawRecipient) -> CheckedRecipient:
    """Raise InvalidInput with what is wrong in plain words; it never repeats the values."""
    address = parse_address(raw.email, international=True)
    if len(raw.fields) > MAX_FIELDS:
        raise InvalidInput(f"there are {len(raw.fields)} fields, {MAX_FIELDS} are allowed")
    fields = _check_fields(raw.fields)
    name = _check_text("name", raw.name or "", MAX_NAME_CHARS)
    among_fields = fields.pop("name", "")
    if name and among_fields:
        raise InvalidInput("there are two names: one beside the address, one among the fields")
    return CheckedRecipient(
        row=raw.row,
        email=address.envelope,
        email_normalised=address.normalised,
        name=clean_header(name or among_fields),
        fields=fields,
    )


def show_address(raw: str) -> str:
    """The start of what stood in place of an address, fit to be stored and shown."""
    return clean_header(raw[:SHOWN_CHARS])


def _check_fields(raw: Mapping[str, object]) -> dict[str, str]:
    fields: dict[str, str] = {}
    for key, value in raw.items():
        name = _field_name(key) if len(key) <= _MAX_KEY_CHARS else key
        if not name:
            raise InvalidInput("a field has no name: use letters or digits")
        if len(name) > MAX_FIELD_NAME_CHARS:
            raise InvalidInput(f"a field's name is longer than {MAX_FIELD_NAME_CHARS} characters")
        if name in _RESERVED:
            raise InvalidInput(f"“{name}” exists in every mail: give the field another name")
        text = _check_text(name, _as_text(name, value), MAX_VALUE_CHARS)
        if not text:
            continue
        if name in fields:
            raise InvalidInput(f"two fields are both called “{name}”: rename one of them")
        fields[name] = text
    return fields


def _as_text(name: str, value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return str(value)
    raise InvalidInput(f"“{name}” is neither text nor a number")


def _check_text(name: str, value: str, max_chars: int) -> str:
    if len(value) > max_chars:
        raise InvalidInput(
            f"“{name}” has {len(value):,} characters, {max_chars:,} are allowed: shorten it"
        )
    if value.isascii() and value.isprintable():
        return value
    if found := _CONTROL.search(value):
        raise InvalidInput(
            f"“{name}” contains an invisible control character (U+{ord(found[0]):04X}): remove it"
        )
    if _broken(value):
        raise InvalidInput(f"“{name}” contains characters that are not text: type it again")
    return value


def _broken(text: str) -> bool:
    """Whether the text holds half a character (a lone surrogate, which JSON can carry)."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return True
    return False
