"""The time zones that a page offers."""

import pytz

from dakiya.models.people import DEFAULT_TIMEZONE


def zone_choices(*first: str) -> list[str]:
    """Return the names of the zones to choose from: India's, then ``first``, then all others."""
    return list(dict.fromkeys([DEFAULT_TIMEZONE, *first, *pytz.common_timezones]))
