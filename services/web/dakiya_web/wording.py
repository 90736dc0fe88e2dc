"""How figures and instants read on a page, in its language; `rendering` gives it to templates.

Outside of a request it is English.
"""

from datetime import UTC, date, datetime, timedelta
from functools import lru_cache

from babel.dates import format_date
from babel.numbers import format_decimal

from dakiya.campaigns.times import find_zone
from dakiya_web.texts import gettext, lazy_gettext, ngettext, pgettext, tongue

_NEAR = {0: lazy_gettext("Today"), 1: lazy_gettext("Tomorrow"), -1: lazy_gettext("Yesterday")}
_NEAR_INSIDE = {
    0: lazy_gettext("today"),
    1: lazy_gettext("tomorrow"),
    -1: lazy_gettext("yesterday"),
}
_UNITS = ("B", "kB", "MB", "GB", "TB")


def number(value: float) -> str:
    """Write a figure with separators: 12,345."""
    spoken = tongue()
    if spoken.is_english:
        # A twentieth of the time of the other way, and there are hundreds on a page.
        return f"{value:,}" if isinstance(value, int) else f"{value:,.1f}"
    pattern = "#,##0" if isinstance(value, int) else "#,##0.0"
    return format_decimal(value, pattern, locale=spoken.locale)


def percent(part: float, whole: float) -> str:
    """Write a share with one decimal, and never 100 % or 0 % for what only rounds to it."""
    if not whole:
        return "–"
    share = 100 * part / whole
    if 99.95 <= share < 100:
        share = 99.9
    elif 0 < share < 0.05:
        share = 0.1
    rounded = round(share, 1)
    shown = number(int(rounded)) if rounded == int(rounded) else number(rounded)
    return gettext("%(share)s %%", share=shown)


def size(size_bytes: int) -> str:
    """Write a size in the largest fitting unit: 1.5 MB."""
    amount = float(size_bytes)
    for unit in _UNITS:
        if amount < 1000 or unit == _UNITS[-1]:
            return f"{number(size_bytes) if unit == 'B' else number(amount)} {unit}"
        amount /= 1000
    raise AssertionError


def duration(span: timedelta | float) -> str:
    """Write a span, given as such or in seconds, in its two largest units: "1 h 20 min"."""
    seconds = span.total_seconds() if isinstance(span, timedelta) else span
    minutes = max(0, round(seconds / 60))
    days, hours, minutes = minutes // 1440, minutes // 60 % 24, minutes % 60
    if days:
        whole = ngettext("%(num)s day", "%(num)s days", days)
        return gettext("%(days)s %(hours)s h", days=whole, hours=hours) if hours else whole
    if hours and minutes:
        return gettext("%(hours)s h %(minutes)s min", hours=hours, minutes=minutes)
    if hours:
        return gettext("%(hours)s h", hours=hours)
    return gettext("%(minutes)s min", minutes=minutes) if minutes else gettext("less than a minute")


def instant(moment: datetime, timezone: str, *, now: datetime, inside: bool = False) -> str:
    """Write an instant in a zone: "Today, 09:00 IST", "Tue 24 Nov, 09:00 IST", with year if old.

    ``inside`` a sentence it begins small: "today, 09:00 IST".
    """
    local, today = moment.astimezone(find_zone(timezone)), now.astimezone(find_zone(timezone))
    days = (local.date() - today.date()).days
    if days in _NEAR:
        return _at(str((_NEAR_INSIDE if inside else _NEAR)[days]), local)
    if local.year == today.year:
        return _at(day(local, pgettext("pattern", "EEE d MMM")), local)
    return _at(day(local, pgettext("pattern", "EEE d MMM yyyy")), local)


def clock_time(moment: datetime, timezone: str) -> str:
    """Say the time of day alone: "10:42"."""
    return f"{moment.astimezone(find_zone(timezone)):%H:%M}"


def instant_and_utc(moment: datetime, timezone: str) -> str:
    """Write an instant in a zone and in UTC: "Tue 24 Nov 2026, 09:00 IST = 03:30 UTC"."""
    local, utc = moment.astimezone(find_zone(timezone)), moment.astimezone(UTC)
    there = _at(day(local, pgettext("pattern", "EEE d MMM yyyy")), local)
    if local.utcoffset() == timedelta(0) and local.tzname() == "UTC":
        return there
    time = f"{utc:%H:%M}"
    if utc.date() == local.date():
        return gettext("%(there)s = %(time)s UTC", there=there, time=time)
    utc_day = day(utc, pgettext("pattern", "EEE d MMM"))
    return gettext("%(there)s = %(day)s, %(time)s UTC", there=there, day=utc_day, time=time)


def instant_in_full(moment: datetime, timezone: str) -> str:
    """Write an instant to the second, in its zone and in UTC."""
    local = moment.astimezone(find_zone(timezone))
    return gettext(
        "%(day)s, %(time)s %(zone)s = %(utc)s UTC",
        day=day(local, pgettext("pattern", "EEE d MMM yyyy")),
        time=f"{local:%H:%M:%S}",
        zone=_zone_name(local),
        utc=f"{moment.astimezone(UTC):%Y-%m-%d %H:%M:%S}",
    )


def distance(moment: datetime, *, now: datetime) -> str:
    """Say how far off an instant is: "in 2 h 10 min", "3 min ago", "just now"."""
    away = moment - now
    if abs(away) < timedelta(seconds=45):
        return gettext("just now") if away <= timedelta(0) else gettext("in a moment")
    span = duration(abs(away))
    if away > timedelta(0):
        return gettext("in %(span)s", span=span)
    return gettext("%(span)s ago", span=span)


def day(moment: date, pattern: str) -> str:
    """Write a day by a pattern of Unicode's: "EEE d MMM" is "Tue 24 Nov"."""
    whole_day = moment.date() if isinstance(moment, datetime) else moment
    return _day(whole_day, pattern, str(tongue().locale))


def weekdays() -> list[tuple[str, str]]:
    """Return the names of the days from Monday on, long and short."""
    names = tongue().locale.days["format"]
    return [(names["wide"][number], names["abbreviated"][number]) for number in range(7)]


@lru_cache(maxsize=2048)
def _day(moment: date, pattern: str, locale: str) -> str:
    return format_date(moment, pattern, locale=locale)


def _at(day_words: str, local: datetime) -> str:
    return gettext(
        "%(day)s, %(time)s %(zone)s",
        day=day_words,
        time=f"{local:%H:%M}",
        zone=_zone_name(local),
    )


def _zone_name(local: datetime) -> str:
    name = local.tzname() or ""
    return f"UTC{name}" if name[:1] in {"+", "-"} else name
