"""When mails that are scheduled now will all be sent, by the limits of their account. Pure.

A rolling window lets a full load through, and the next one when the first has left it: so of
each limit it is known when the last mail may go, the shorter ones apply within the load of
the longer one, and the slowest decides. Tests compare it with the pace itself.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from dakiya.delivery.pacing import Limits, Usage, Window

# A careful guess: a server across the internet answers each mail in about 0.2 s.
MAILS_PER_S_PER_CONNECTION: Final = 5.0
SPEED: Final = "speed"
MAX_FORECAST: Final = timedelta(days=20 * 366)
_WORDS: Final = {
    "per_second": "{:,} mails a second",
    "per_minute": "{:,} mails a minute",
    "per_hour": "{:,} mails an hour",
    "per_day": "{:,} mails a day",
}


@dataclass(frozen=True)
class Forecast:
    """When the last mail goes, if nothing is put off, and what holds it up most.

    ``bound_by`` is the name of a limit, or "speed": that of the connections.
    """

    finish_at: datetime
    bound_by: str


@dataclass(frozen=True)
class _Used:
    """A limit, and what was used of it: (leaves after, mails), soonest first."""

    window: Window
    leaving: Sequence[tuple[timedelta, int]]


def forecast(
    limits: Limits,
    *,
    used: Usage,
    mails: int,
    now: datetime,
    connections: int,
    start_at: datetime,
    mails_per_s: float | None = None,
) -> Forecast:
    """Say when so many mails will have gone out that may begin at ``start_at``.

    ``used`` is the account's usage up to now; ``mails_per_s`` its measured speed, if known.
    """
    begin = max(now, start_at)
    speed = mails_per_s or connections * MAILS_PER_S_PER_CONNECTION
    windows = _windows(limits, used, begin)
    if mails <= 0:
        return Forecast(begin, SPEED)
    wait, bound_by = _last_goes(windows, mails, speed)
    return Forecast(begin + min(wait, MAX_FORECAST), bound_by)


def describe_forecast(found: Forecast, *, limits: Limits, now: datetime) -> str:
    """Say it in plain words: "about 3 days on this account: 500 mails a day"."""
    about = f"about {_distance(found.finish_at - now)} on this account"
    limit = getattr(limits, found.bound_by, None) if found.bound_by != SPEED else None
    return about if limit is None else f"{about}: {_WORDS[found.bound_by].format(limit)}"


def _windows(limits: Limits, used: Usage, begin: datetime) -> Sequence[_Used]:
    """Return the limits that are set, the longest first."""
    return [
        _Used(
            window,
            sorted(
                (slot.start_at + window.leaves_after - begin, slot.mails)
                for slot in used.get(window.seconds, ())
                if slot.start_at + window.leaves_after > begin and slot.mails
            ),
        )
        for window in reversed(limits.windows)
    ]


def _last_goes(windows: Sequence[_Used], mails: int, speed: float) -> tuple[timedelta, str]:
    """Return how long after the beginning the last of so many mails goes, and why."""
    if not windows:
        return _bounded(mails / speed), SPEED
    longest, *shorter = windows
    alone = _last_goes(shorter, mails, speed)
    # Whole loads before the last one, which takes its own time within the shorter limits.
    loads, rest = divmod(mails - 1, longest.window.limit)
    freed = _frees(longest, rest + 1)
    within, _ = _last_goes(shorter, rest + 1, speed) if loads else (timedelta(0), "")
    wait = max(freed, within) + _bounded(loads * longest.window.leaves_after.total_seconds())
    return max(alone, (wait, longest.window.name), key=lambda found: found[0])


def _frees(longest: _Used, mails: int) -> timedelta:
    """Return when a window, as it is used now, has room for the last of so many mails."""
    free = longest.window.limit - sum(used for _, used in longest.leaving)
    for leaves_after, used in longest.leaving:
        if free >= mails:
            break
        free += used
        if free >= mails:
            return leaves_after
    return timedelta(0)


def _bounded(seconds: float) -> timedelta:
    return timedelta(seconds=min(seconds, MAX_FORECAST.total_seconds()))


def _distance(distance: timedelta) -> str:
    """Say a length of time in one rounded unit."""
    minutes = max(distance.total_seconds(), 0) / 60
    for unit, length in (("day", 1440.0), ("hour", 60.0), ("minute", 1.0)):
        number = round(minutes / length)
        # 80 minutes are no hour, 59 are.
        if minutes >= length * 1.5 or 0.95 * length <= minutes <= 1.1 * length:
            return f"{number:,} {unit}" + ("" if number == 1 else "s")
    return "a minute"
