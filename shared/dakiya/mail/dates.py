"""Dates of a recipient's fields, read as spreadsheets write them and written as a mail wants them.

Names of months and days are English; figures are 0-9.
"""

import re
from collections.abc import Callable
from datetime import datetime
from typing import Final

_MAX_CHARS: Final = 60
_MONTHS: Final = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)
_DAYS: Final = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]
_MONTH_OF: Final = {
    name[:chars].lower(): number
    for number, name in enumerate(_MONTHS, start=1)
    for chars in (3, len(name))
} | {"sept": 9}

_TIME = (
    r"(?:[T\s]+(\d{1,2}):(\d{2})(?::(\d{2})(?:\.\d{1,9})?)?\s*([ap]\.?m\.?)?(?:Z|[+-]\d\d:?\d\d)?)?"
)
_ISO = re.compile(rf"(\d{{4}})[-/.](\d{{1,2}})[-/.](\d{{1,2}}){_TIME}", re.IGNORECASE)
_NUMERIC = re.compile(rf"(\d{{1,2}})[-/.](\d{{1,2}})[-/.](\d{{4}}|\d\d){_TIME}", re.IGNORECASE)
_DAY_FIRST = re.compile(
    rf"(?:[a-z]{{3,9}},?\s+)?(\d{{1,2}})(?:st|nd|rd|th)?[\s-]+([a-z]{{3,9}})\.?,?[\s-]+(\d{{4}}){_TIME}",
    re.IGNORECASE,
)
_MONTH_FIRST = re.compile(
    rf"(?:[a-z]{{3,9}},?\s+)?([a-z]{{3,9}})\.?\s+(\d{{1,2}})(?:st|nd|rd|th)?,?\s+(\d{{4}}){_TIME}",
    re.IGNORECASE,
)

# The letters of Unicode's date patterns (LDML) that a mail needs; '' is one quote.
_PATTERN = re.compile(r"'((?:[^']|'')*)'|([A-Za-z])\2*|[^A-Za-z']+")
_WRITERS: Final[dict[str, Callable[[datetime], str]]] = {
    "d": lambda at: str(at.day),
    "dd": lambda at: f"{at.day:02}",
    "M": lambda at: str(at.month),
    "MM": lambda at: f"{at.month:02}",
    "MMM": lambda at: _MONTHS[at.month - 1][:3],
    "MMMM": lambda at: _MONTHS[at.month - 1],
    "yy": lambda at: f"{at.year % 100:02}",
    "yyyy": lambda at: f"{at.year:04}",
    "EEE": lambda at: _DAYS[at.weekday()][:3],
    "EEEE": lambda at: _DAYS[at.weekday()],
    "H": lambda at: str(at.hour),
    "HH": lambda at: f"{at.hour:02}",
    "h": lambda at: str(at.hour % 12 or 12),
    "hh": lambda at: f"{at.hour % 12 or 12:02}",
    "mm": lambda at: f"{at.minute:02}",
    "ss": lambda at: f"{at.second:02}",
    "a": lambda at: "am" if at.hour < 12 else "pm",
}


def date_writer(pattern: str) -> Callable[[str], str]:
    """Make a filter out of a pattern such as "d MMMM yyyy" or "EEEE, h:mm a".

    Other words stand in single quotes. Raises ValueError, in plain words.
    """
    if not pattern.strip() or len(pattern) > _MAX_CHARS:
        raise ValueError('write how the date shall look, as in date("d MMMM yyyy")')
    pieces: list[str | Callable[[datetime], str]] = []
    at = 0
    for found in _PATTERN.finditer(pattern):
        if found.start() != at:
            break
        at = found.end()
        written = found.group()
        if written.startswith("'"):
            pieces.append((found[1] or "'").replace("''", "'"))
        elif found[2] is None:
            pieces.append(written)
        elif written in _WRITERS:
            pieces.append(_WRITERS[written])
        else:
            raise ValueError(
                f"“{written}” is no part of a date: use {', '.join(_WRITERS)}, "
                "and put other words in single quotes"
            )
    if at != len(pattern):
        raise ValueError("a single quote in this date is never closed")

    def write(value: str) -> str:
        read = read_date(value)
        if read is None:
            return value
        return "".join(piece if isinstance(piece, str) else piece(read) for piece in pieces)

    return write


def read_date(value: str) -> datetime | None:
    """Read a date with or without a time; None if it is none.

    "24/11/2026" has its day first unless that cannot be. A zone is read over: the time is shown
    as it was written.
    """
    text = value.strip()
    if len(text) > _MAX_CHARS:
        return None
    if found := _ISO.fullmatch(text):
        return _instant(found[1], found[2], found[3], found)
    if found := _NUMERIC.fullmatch(text):
        year = found[3] if len(found[3]) == 4 else f"20{found[3]}"
        return _instant(year, found[2], found[1], found) or _instant(
            year, found[1], found[2], found
        )
    if found := _DAY_FIRST.fullmatch(text):
        return _instant(found[3], str(_MONTH_OF.get(found[2].lower(), 0)), found[1], found)
    if found := _MONTH_FIRST.fullmatch(text):
        return _instant(found[3], str(_MONTH_OF.get(found[1].lower(), 0)), found[2], found)
    return None


def _instant(year: str, month: str, day: str, found: re.Match[str]) -> datetime | None:
    hour, minute, second, half = int(found[4] or 0), found[5] or 0, found[6] or 0, found[7]
    if half is not None:
        if not 1 <= hour <= 12:
            return None
        hour = hour % 12 + (12 if half[0] in "pP" else 0)
    try:
        return datetime(int(year), int(month), int(day), hour, int(minute), int(second))  # noqa: DTZ001 - as it was written
    except ValueError:
        return None
