"""The time zones that a page offers: named as people say them, with how far they are from UTC."""

import re
from datetime import datetime
from functools import lru_cache

import pytz

from dakiya.campaigns.times import find_zone, offset_of
from dakiya.errors import InvalidInput
from dakiya.models.people import DEFAULT_TIMEZONE

_OFFSET = re.compile(r"\s*\(UTC[^()]*\)?\s*$", re.IGNORECASE)


def zone_choices(*first: str, now: datetime) -> tuple[str, ...]:
    """Return the labels of the zones to choose from: India's, ``first``, then all others."""
    return _labels(first, now.replace(minute=now.minute // 15 * 15, second=0, microsecond=0))


def zone_label(name: str, *, now: datetime) -> str:
    """Write a zone with its offset at that time: "Asia/Kolkata (UTC+05:30)".

    A zone that does not exist stays as it was typed.
    """
    try:
        zone = find_zone(name)
    except InvalidInput:
        return name
    return f"{str(zone).replace('_', ' ')} (UTC{offset_of(now.astimezone(zone))})"


def zone_name(text: str) -> str:
    """Return the name in a label, which `find_zone` understands; other text as it is."""
    return _OFFSET.sub("", text)


@lru_cache(maxsize=64)
def _labels(first: tuple[str, ...], now: datetime) -> tuple[str, ...]:
    names = dict.fromkeys([DEFAULT_TIMEZONE, *first, *pytz.common_timezones])
    return tuple(zone_label(name, now=now) for name in names)
