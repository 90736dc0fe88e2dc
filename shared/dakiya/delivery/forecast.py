"""When mails will all be sent, by the limits of their account and what it has learned. Pure.

A rolling window lets a full load through, and the next one when the first has left it: so of
each limit it is known when the last mail may go, the shorter ones apply within the load of
the longer one, and the slowest decides. Tests compare it with the pace itself.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
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


@dataclass
class Forecaster:
    """What is known of an account, to forecast with as often as one likes.

    ``used`` is its usage up to now; ``mails_per_s`` its measured speed, if known; ``slowed`` the
    pace that it has learned, which comes back to its limits by itself.
    """

    limits: Limits
    used: Usage
    now: datetime
    connections: int
    mails_per_s: float | None = None
    slowed: Slowed | None = None
    # By the beginning: how the account's usage looks then.
    _known: dict[datetime, Sequence[_Used]] = field(default_factory=dict)

    def last_goes(self, start_at: datetime, mails: int) -> Forecast:
        """Say when so many mails will have gone out that may begin at ``start_at``."""
        begin = max(self.now, start_at)
        if mails <= 0:
            return Forecast(begin, SPEED)
        speed = self.mails_per_s or self.connections * MAILS_PER_S_PER_CONNECTION
        if begin not in self._known:
            self._known[begin] = _windows(self.limits, self.used, begin)
        windows = self._known[begin]
        wait, bound_by = _last_goes(windows, mails, speed)
        if self.slowed is not None and begin < self.slowed.over_at:
            held_up, rest = _while_slowed(self.slowed, mails, begin)
            if rest:
                # Only the shorter limits: what a day has room for is seen above.
                after = [_Used(one.window, ()) for one in windows if one.window.length <= _SHORT]
                held_up += _last_goes(after, rest, speed)[0]
            if held_up > wait:
                wait, bound_by = held_up, LEARNED
        return Forecast(begin + min(wait, MAX_FORECAST), bound_by)


def _while_slowed(slowed: Slowed, mails: int, begin: datetime) -> tuple[timedelta, int]:
    """Walk the steps of the way back: how long they take, and the mails left after them."""
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
