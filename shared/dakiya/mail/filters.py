"""What may stand behind a field's name: `| default("x")`, `date`, `number`, `upper` and the like.

They shape one recipient's value. Nothing here raises for a value: one that is no date or no number
is shown as it stands, since a mail that says "soon" is better than none.
"""

import re
from collections.abc import Callable
from functools import partial
from typing import Final

from dakiya.mail.dates import date_writer
from dakiya.mail.numbers import MAX_DECIMALS, write_number

Filter = Callable[[str], str]

MAX_FILTERS: Final = 5

_QUOTED = r"""(?:"([^"]*)"|'([^']*)'|[“”„«»](.*)[“”«»]|[‘’‚‹›](.*)[‘’‹›])"""
_DEFAULT = re.compile(rf"default\s*\(\s*{_QUOTED}\s*\)", re.DOTALL)
_DATE = re.compile(rf"date\s*\(\s*{_QUOTED}\s*\)", re.DOTALL)
_NUMBER = re.compile(r"(?:number|(lakh))(?:\s*\(\s*(?:(\d{1,2})\s*)?\))?", re.ASCII | re.IGNORECASE)
# Cuts at a bar outside quotes of any kind.
_PIECE = re.compile(
    r"""(?:[^|"'“”„«»‘’‚‹›]|"[^"]*"|'[^']*'|[“„«»][^“”«»]*[”“«»]|[‘‚‹›][^‘’‹›]*[’‘‹›]|.)""",
    re.DOTALL,
)

KNOWN: Final = (
    'default("your town"), date("d MMMM yyyy"), number, number(2), lakh, upper, lower and title'
)


class FilterError(Exception):
    """A filter that is not known or is written wrong; the text says how it is written."""


def default_of(written: str) -> str | None:
    """Return what a `default("…")` says; None if it is another filter."""
    found = _DEFAULT.fullmatch(written)
    return None if found is None else _quoted(found)


def read_filter(written: str) -> Filter:
    """Read one filter other than default. Raises FilterError."""
    word = written.lower()
    if word in _PLAIN:
        return _PLAIN[word]
    if found := _DATE.fullmatch(written):
        try:
            return date_writer(_quoted(found))
        except ValueError as error:
            raise FilterError(str(error)) from None
    if found := _NUMBER.fullmatch(written):
        decimals = None if found[2] is None else int(found[2])
        if decimals is not None and decimals > MAX_DECIMALS:
            raise FilterError(f"a number has at most {MAX_DECIMALS} decimals here")
        return partial(write_number, decimals=decimals, lakh=bool(found[1]))
    if word.startswith("date"):
        raise FilterError('write how the date shall look in quotes, as in date("d MMMM yyyy")')
    if word.startswith("default"):
        raise FilterError('write the default in quotes, as in {{ city | default("your town") }}')
    raise FilterError(f"after the | only these can stand: {KNOWN}")


def split_filters(written: str) -> list[str]:
    """Part what stands behind a field's first bar, at the bars outside quotes."""
    pieces, begin, at = [], 0, 0
    while at < len(written):
        if written[at] == "|":
            pieces.append(written[begin:at].strip())
            begin = at = at + 1
        else:
            found = _PIECE.match(written, at)
            at = found.end() if found else at + 1
    pieces.append(written[begin:].strip())
    return pieces


def or_default(default: str, value: str) -> str:
    """Return the value, or the default if there is none."""
    return value or default


def title(value: str) -> str:
    """Begin each word with a capital; a word of both cases keeps its own: "McDonald"."""
    return re.sub(r"[^\s-]+", lambda found: _capitalised(found.group()), value)


def _capitalised(word: str) -> str:
    return word[:1].upper() + word[1:].lower() if word.isupper() or word.islower() else word


def _quoted(found: re.Match[str]) -> str:
    return next(group for group in found.groups() if group is not None)


_PLAIN: Final[dict[str, Filter]] = {
    "upper": str.upper,
    "lower": str.lower,
    "title": title,
    "number": write_number,
}
