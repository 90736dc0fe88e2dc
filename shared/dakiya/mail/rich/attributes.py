"""What the attributes of a rich document may be. Each check returns the value, or None for none."""

import re
from collections.abc import Callable
from typing import Any, Final

from dakiya.mail.addresses import clean_header
from dakiya.mail.fields import field_name, may_stand_in_name
from dakiya.mail.links_in import SCHEMES
from dakiya.mail.merge import TemplateError, parse

MAX_LINK_CHARS: Final = 2_000

# A control character can stand in no mail, half a character in no database.
_UNUSABLE = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")
_COLOUR = re.compile(r"#[0-9a-fA-F]{6}")
_FONT_SIZE = re.compile(r"([0-9]{1,2})px", re.ASCII)
_TAG = re.compile(r"\{\{[^{}]*\}\}|\{%[^{}%]*%\}")
_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*):")


class Wrong(Exception):
    """A value that cannot be; the text says why."""


def shown(value: str) -> str:
    """Return a piece of what somebody sent, fit for a message."""
    return clean_header(value)[:60]


def plain_text(value: str) -> str:
    """Check text as it stands in a mail."""
    if found := _UNUSABLE.search(value):
        before = shown(value[max(0, found.start() - 20) : found.start()])
        raise Wrong(f"There is a control character in the text, after “{before}”: remove it.")
    return value


def word(*words: str) -> Callable[[object], str | None]:
    """One of some words, or nothing."""

    def check(value: object) -> str | None:
        if value is None or (isinstance(value, str) and value in words):
            return value
        raise Wrong(f"“{_said(value)}” is none of {', '.join(words)}.")

    return check


def whole(low: int, high: int, *, otherwise: int | None = None) -> Callable[[object], int | None]:
    """A whole number in a range; `otherwise` where there is none."""

    def check(value: object) -> int | None:
        if value is None:
            return otherwise
        if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
            raise Wrong(f"“{_said(value)}” is no whole number from {low} to {high}.")
        return value

    return check


def flag(value: object) -> bool:
    """True or false; false where it is missing."""
    if value is not None and not isinstance(value, bool):
        raise Wrong(f"“{_said(value)}” is neither true nor false.")
    return value is True


def colour(value: object) -> str | None:
    """A colour such as "#1a7f64", in small letters."""
    if value is None or value == "":
        return None
    if not isinstance(value, str) or not _COLOUR.fullmatch(value):
        raise Wrong(f"“{_said(value)}” is no colour: write it as #1a7f64.")
    return value.lower()


def font_size(value: object) -> str | None:
    """A size of text, "12px" to "48px"."""
    if value is None or value == "":
        return None
    found = _FONT_SIZE.fullmatch(value) if isinstance(value, str) else None
    if found is None or not 12 <= int(found[1]) <= 48:
        raise Wrong(f"“{_said(value)}” is no size of text: write 12px to 48px.")
    return found.group()


def widths(value: object) -> None:
    """A table's column widths are the editor's own business: the mail has none."""
    if value is not None and not isinstance(value, list):
        raise Wrong("The widths of a table's columns are not a list.")


def text(max_chars: int) -> Callable[[object], str]:
    """A line or more of text; empty where it is missing."""

    def check(value: object) -> str:
        if value is None:
            return ""
        if not isinstance(value, str):
            raise Wrong(f"“{_said(value)}” is no text.")
        if len(value) > max_chars:
            raise Wrong(f"“{shown(value)} …” is longer than {max_chars} characters.")
        return plain_text(value)

    return check


def required(check: Callable[[object], Any], words: str) -> Callable[[object], Any]:
    """What must be there; `words` say so."""

    def check_it(value: object) -> Any:
        found = check(value)
        if not found:
            raise Wrong(words)
        return found

    return check_it


def link(value: object) -> str | None:
    """An address to go to: https, http, mailto, tel or sms, or one out of a field."""
    written = _address(value)
    if written is None:
        return None
    own = _TAG.sub("", written)
    scheme = _SCHEME.match(own)
    if scheme and scheme[1].lower() not in SCHEMES:
        raise Wrong(
            f"A link cannot begin with “{shown(scheme[0])}”: only https, http, mailto, tel and sms."
        )
    if not scheme and own == written and not written.startswith("#"):
        if "@" in written and "/" not in written:
            raise Wrong(f"“{shown(written)}” is no whole link: write mailto:{shown(written)}")
        raise Wrong(f"“{shown(written)}” is no whole link: write https://{shown(written)}")
    return written


def picture(value: object) -> str:
    """The address of a picture: http(s), or one out of a field."""
    written = _address(value)
    if written is None:
        raise Wrong("An image has no address. Choose the picture again.")
    own = _TAG.sub("", written)
    scheme = _SCHEME.match(own)
    if scheme and scheme[1].lower() == "data":
        raise Wrong(
            "An image is pasted into the mail itself (data:), and most mail programs do not show "
            "such images. Upload it instead."
        )
    if scheme and scheme[1].lower() not in ("http", "https"):
        raise Wrong(f"An image cannot begin with “{shown(scheme[0])}”: only https and http.")
    if not scheme and own == written:
        raise Wrong(f"“{shown(written)}” is no whole address of an image: it begins with https://")
    return written


def field(value: object) -> str | None:
    """The name of a merge field, as it stands in a tag."""
    if value is None:
        return None
    name = field_name(value) if isinstance(value, str) and len(value) <= 200 else ""
    if not name or not all(may_stand_in_name(character) for character in str(value)):
        raise Wrong(
            f"“{_said(value)}” is no name of a field: it has letters, digits, spaces, - and _."
        )
    return name


def fallback(value: object) -> str | None:
    """What stands for a field that is empty."""
    if value is None:
        return None
    written = text(300)(value)
    if "{" in written or "}" in written:
        raise Wrong(f"What stands for an empty field has no braces: “{shown(written)}”.")
    return written or None


def format_of_field(value: object) -> str | None:
    """Filters behind a field's name, such as `date("d MMMM")`."""
    if value is None or value == "":
        return None
    written = text(200)(value)
    if "{" in written or "}" in written:
        raise Wrong(f"A field's format has no braces: “{shown(written)}”.")
    try:
        parse(f"{{{{ x | {written} }}}}")
    except TemplateError as error:
        raise Wrong(f"A field's format is wrong: {error.message}.") from None
    return written


def _address(value: object) -> str | None:
    if value is None or value == "":
        return None
    written = text(MAX_LINK_CHARS)(value).strip()
    if "\n" in written or "\t" in written:
        raise Wrong(f"There is a line break in the address “{shown(written)}”.")
    return written or None


def _said(value: object) -> str:
    return shown(value if isinstance(value, str) else str(value))
