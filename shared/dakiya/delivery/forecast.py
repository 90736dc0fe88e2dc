"""When mails will all be sent, by the limits of their account and what it has learned. Pure.

A rolling window lets a full load through, and the next one when the first has left it: so of
each limit it is known when the last mail may go, the shorter ones apply within the load of
the longer one, and the slowest decides. Tests compare it with the pace itself.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from dakiya.delivery.pacing import Limits, Usage, Window
from dakiya.delivery.slowing import STEP, STEPS, Slowed

# A careful guess: a server across the internet answers each mail in about 0.2 s.
MAILS_PER_S_PER_CONNECTION: Final = 5.0
SPEED: Final = "speed"
LEARNED: Final = "slowed"
MAX_FORECAST: Final = timedelta(days=20 * 366)
_SHORT: Final = timedelta(minutes=1)


@dataclass(frozen=True)
class Forecast:
    """When the last mail goes, if nothing is put off, and what holds it up most.

    ``bound_by`` is the name of a limit, "speed" (that of the connections), or "slowed" (the pace
    that the server has asked for).
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
    slowed: Slowed | None = None,
) -> Forecast:
    """Say when so many mails will have gone out that may begin at ``start_at``.

    ``used`` is the account's usage up to now; ``mails_per_s`` its measured speed, if known;
    ``slowed`` the pace that it has learned, which comes back to its limits by itself.
    """
    begin = max(now, start_at)
    speed = mails_per_s or connections * MAILS_PER_S_PER_CONNECTION
    windows = _windows(limits, used, begin)
    if mails <= 0:
        return Forecast(begin, SPEED)
    wait, bound_by = _last_goes(windows, mails, speed)
    on_the_way_back = _while_slowed(slowed, mails, begin) if slowed is not None else None
    if on_the_way_back is not None:
        held_up, rest = on_the_way_back
        if rest:
            # Only the shorter limits: what a day has room for is seen above.
            after = [one for one in windows if one.window.length <= _SHORT]
            held_up += _last_goes([_Used(one.window, ()) for one in after], rest, speed)[0]
        if held_up > wait:
            wait, bound_by = held_up, LEARNED
    return Forecast(begin + min(wait, MAX_FORECAST), bound_by)


def _while_slowed(slowed: Slowed, mails: int, begin: datetime) -> tuple[timedelta, int] | None:
    """Walk the steps of the way back: how long they take, and the mails that are left after them.

    None when the way back is over before it begins.
    """
    if begin >= slowed.over_at:
        return None
    left, at = float(mails), begin
    for step in range(STEPS):
        ends = slowed.at + (step + 1) * STEP
        if ends <= at:
            continue
        per_minute = slowed.pace(max(at, slowed.at)) or 1
        needs = timedelta(minutes=left / per_minute)
        if at + needs <= ends:
            return at + needs - begin, 0
        left -= per_minute * ((ends - at) / timedelta(minutes=1))
        at = ends
    return at - begin, math.ceil(left)


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
