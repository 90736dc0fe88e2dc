"""When a campaign goes out: a time as people write it, in their zone, into an instant."""

import difflib
import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Final

import pytz
from pytz.tzinfo import BaseTzInfo

from dakiya.errors import InvalidInput

MAX_AHEAD: Final = timedelta(days=5 * 366)
# "09:00" means now for somebody who presses the button at 09:00:20.
GRACE: Final = timedelta(minutes=1)

_FORM: Final = re.compile(
    r"(\d{4}-\d{2}-\d{2})[T ](\d{2}:\d{2}(?::\d{2}(?:\.\d{1,6})?)?) ?(Z|[+-]\d{2}:?\d{2})?",
    re.ASCII | re.IGNORECASE,
)
_ZONES: Final = {name.lower(): name for name in pytz.all_timezones}
# India has one zone and many cities; none of them but Kolkata is the name of a zone.
_INDIAN: Final = frozenset({
    "agra", "ahmedabad", "amritsar", "bangalore", "bengaluru", "bhopal", "bhubaneswar", "bombay",
    "chandigarh", "chennai", "coimbatore", "dehradun", "delhi", "goa", "gurgaon", "gurugram",
    "guwahati", "hyderabad", "india", "indore", "jaipur", "kanpur", "kochi", "kozhikode",
    "lucknow", "ludhiana", "madras", "mangalore", "mumbai", "mysore", "mysuru", "nagpur",
    "nashik", "new_delhi", "noida", "patna", "pune", "raipur", "ranchi", "shimla", "srinagar",
    "surat", "thiruvananthapuram", "trivandrum", "udaipur", "vadodara", "varanasi", "vijayawada",
    "visakhapatnam",
})  # fmt: skip
# What people type instead of a zone; most abbreviations mean several places.
_ABBREVIATIONS: Final = {
    "ist": ("Asia/Kolkata", "Europe/Dublin", "Asia/Jerusalem"),
    "pst": ("America/Los_Angeles",),
    "pt": ("America/Los_Angeles",),
    "cst": ("America/Chicago", "Asia/Shanghai"),
    "bst": ("Europe/London",),
    "cest": ("Europe/Berlin",),
    "edt": ("America/New_York",),
    "gst": ("Asia/Dubai",),
    "sgt": ("Asia/Singapore",),
    "jst": ("Asia/Tokyo",),
    "aest": ("Australia/Sydney",),
}


def _by_city() -> dict[str, Sequence[str]]:
    """Return the zones of common use by the last part of their names."""
    found: dict[str, list[str]] = {}
    for name in pytz.common_timezones:
        found.setdefault(name.rpartition("/")[2].lower(), []).append(name)
    return {city: tuple(names) for city, names in found.items()}


_BY_CITY: Final = _by_city()


def find_zone(name: str) -> BaseTzInfo:
    """Return an IANA zone by its name in any letter case, by its city, or by one of India's.

    Raises InvalidInput (field ``timezone``) with the nearest names.
    """
    key = name.strip().lower().replace(" ", "_")
    if key in _ZONES:
        return pytz.timezone(_ZONES[key])
    if key in _INDIAN:
        return pytz.timezone("Asia/Kolkata")
    if len(named := _BY_CITY.get(key, ())) == 1:
        return pytz.timezone(named[0])
    near = _similar_zones(key)
    hint = f" Did you mean {' or '.join(near)}?" if near else " Write it like Asia/Kolkata."
    raise InvalidInput(f"There is no time zone “{name[:60]}”.{hint}", "timezone")


def resolve_instant(at: str, timezone: str, *, now: datetime) -> datetime:
    """Return the UTC instant of ``at``: "now", a local time of the zone, or one with an offset.

    Raises InvalidInput (field ``at`` or ``timezone``) for a time that is past, too far ahead,
    skipped by the zone's clocks, or shown by them twice and written without an offset.
    """
    zone = find_zone(timezone)
    if at.strip().lower() == "now":
        return now
    written = _read(at.strip())
    instant = written if written.tzinfo is not None else _localise(written, zone)
    instant = instant.astimezone(UTC)
    if instant < now - GRACE:
        raise InvalidInput(
            f"{_local(instant, zone)} is in the past: there it is {_local(now, zone)} now. "
            'Choose a later time, or "now".',
            "at",
        )
    if instant > now + MAX_AHEAD:
        raise InvalidInput(
            f"{_local(instant, zone)} is more than five years ahead. Check the year.", "at"
        )
    return max(instant, now)


def shown_twice(at: str, timezone: str) -> Sequence[datetime]:
    """Return both instants, in the zone, when its clocks show this local time twice; else none.

    Raises InvalidInput for what is no time, and no zone.
    """
    zone, written = find_zone(timezone), _read(at.strip())
    if written.tzinfo is not None:
        return ()
    found = _instants_of(written, zone, _offsets_around(written, zone))
    return [instant.astimezone(zone) for instant in found] if len(found) > 1 else ()


def offset_of(local: datetime) -> str:
    """Write how far a zone is from UTC at an instant: "-05:00"."""
    return f"{local:%z}"[:3] + ":" + f"{local:%z}"[3:5]


def describe_instant(instant: datetime, timezone: str) -> str:
    """Say an instant in a zone and in UTC: "Tue 24 Nov 2026, 09:00 IST = 03:30 UTC"."""
    local = instant.astimezone(find_zone(timezone))
    utc = instant.astimezone(UTC)
    day = "" if utc.date() == local.date() else f"{utc:%a} {utc.day} {utc:%b}, "
    if local.utcoffset() == timedelta(0) and local.tzname() == "UTC":
        return _local(instant, pytz.utc)
    return f"{_local(instant, find_zone(timezone))} = {day}{utc:%H:%M} UTC"


def describe_soon(instant: datetime, timezone: str, *, now: datetime) -> str:
    """Say an instant of these days in a zone: "tomorrow, 09:12 IST"; later ones with their day."""
    zone = find_zone(timezone)
    local = instant.astimezone(zone)
    days = (local.date() - now.astimezone(zone).date()).days
    if days not in (0, 1):
        return f"on {_local(instant, zone)}"
    return f"{'tomorrow' if days else 'today'}, {_clock(local)}"


def describe_distance(distance: timedelta) -> str:
    """Say how far off an instant is in its two largest units: "1 day 14 h"."""
    minutes = max(0, round(distance.total_seconds() / 60))
    days, hours, minutes = minutes // 1440, minutes // 60 % 24, minutes % 60
    if days:
        return f"{days} {'day' if days == 1 else 'days'}" + (f" {hours} h" if hours else "")
    if hours:
        return f"{hours} h" + (f" {minutes} min" if minutes else "")
    return f"{minutes} min" if minutes else "less than a minute"


def _read(at: str) -> datetime:
    form = _FORM.fullmatch(at)
    if form is None:
        raise InvalidInput('Write the time as "2026-11-24T09:00", or "now" to send at once.', "at")
    day, clock, offset = form.groups()
    offset = "+00:00" if offset in ("Z", "z") else offset or ""
    try:
        # Some offsets pass the pattern and are refused here, and some carry the time past year 1.
        written = datetime.fromisoformat(f"{day}T{clock}{offset}")
        return written.astimezone(UTC) if written.tzinfo is not None else written
    except (ValueError, OverflowError):
        raise InvalidInput(f"{day} {clock} is not a time that exists.", "at") from None


def _localise(local: datetime, zone: BaseTzInfo) -> datetime:
    """Find the instant when the zone's clocks show this time."""
    offsets = _offsets_around(local, zone)
    found = _instants_of(local, zone, offsets)
    if not found:
        raise InvalidInput(_say_gap(local, zone, offsets), "at")
    if len(found) > 1:
        first, second = (instant.astimezone(zone) for instant in found)
        raise InvalidInput(
            f"The clocks in {zone.zone} show {local:%H:%M} twice on {_day(local)}. Say which one "
            f"you mean: {_with_offset(first)} ({first.tzname()}) or "
            f"{_with_offset(second)} ({second.tzname()}).",
            "at",
        )
    return found[0]


def _instants_of(local: datetime, zone: BaseTzInfo, offsets: list[timedelta]) -> list[datetime]:
    """Find the instants when the zone's clocks show this time, the first one first.

    Clocks that change within a day of it have one offset before and one after: the time is
    valid with an offset that is still in force at the instant it leads to.
    """
    return sorted(
        instant
        for instant, offset in ((pytz.utc.localize(local - o), o) for o in offsets)
        if instant.astimezone(zone).utcoffset() == offset
    )


def _offsets_around(local: datetime, zone: BaseTzInfo) -> list[timedelta]:
    day = timedelta(days=1)
    try:
        around = (pytz.utc.localize(local - day), pytz.utc.localize(local + day))
        offsets = {instant.astimezone(zone).utcoffset() or timedelta(0) for instant in around}
    except OverflowError:
        raise InvalidInput(f"The year {local.year} cannot be used.", "at") from None
    return sorted(offsets)


def _say_gap(local: datetime, zone: BaseTzInfo, offsets: list[timedelta]) -> str:
    """Name the clock change that skips this time, and the times on both sides of it."""
    before, after = (pytz.utc.localize(local - offset) for offset in (offsets[-1], offsets[0]))
    old_offset = before.astimezone(zone).utcoffset()
    while after - before > timedelta(seconds=1):
        middle = before + (after - before) / 2
        if middle.astimezone(zone).utcoffset() == old_offset:
            before = middle
        else:
            after = middle
    change = (before + timedelta(seconds=1)).replace(microsecond=0)
    until, begins = change + (old_offset or timedelta(0)), change.astimezone(zone)
    last = until - timedelta(minutes=1)
    return (
        f"On {_day(local)} the clocks in {zone.zone} go from {until:%H:%M} to {begins:%H:%M}, "
        f"so {local:%H:%M} does not exist. Choose {last:%H:%M} or {begins:%H:%M}."
    )


def _similar_zones(key: str) -> list[str]:
    if key in _ABBREVIATIONS:
        return list(_ABBREVIATIONS[key])
    if key in _BY_CITY:
        return list(_BY_CITY[key])[:3]
    cities = {name.rpartition("/")[2]: name for name in reversed(_ZONES)}
    near = difflib.get_close_matches(key, _ZONES, n=3, cutoff=0.7)
    by_city = difflib.get_close_matches(key.rpartition("/")[2], cities, n=2, cutoff=0.7)
    found = dict.fromkeys([*near, *(cities[city] for city in by_city)])
    return [_ZONES[name] for name in found][:3]


def _day(moment: datetime) -> str:
    return f"{moment:%a} {moment.day} {moment:%b} {moment.year}"


def _local(instant: datetime, zone: BaseTzInfo) -> str:
    local = instant.astimezone(zone)
    return f"{_day(local)}, {_clock(local)}"


def _clock(local: datetime) -> str:
    name = local.tzname() or ""
    return f"{local:%H:%M} {f'UTC{name}' if name[:1] in '+-' else name}"


def _with_offset(local: datetime) -> str:
    return local.replace(tzinfo=None).isoformat(timespec="minutes") + offset_of(local)
