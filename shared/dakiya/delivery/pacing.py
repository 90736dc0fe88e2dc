"""An account's pace: when its next mails may start, by rolling windows.

Pure. Each limit is a window that may hold so many mails: per second, minute, hour and
day. A slot is an instant and the number of mails that may start then; what was given is
kept in the database (``pace_usage``), so all senders together hold the limits and no
loss of Redis can exceed them.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

WINDOWS_S = (1, 60, 3600, 86400)
# Slots are planned this much further apart than the windows are long, so that a batch that
# starts a little late does not hold the next one up. Costs 5 % of a pace per second, 2 % of
# the others.
MARGINS = (1.05, 1.02, 1.02, 1.02)
BATCHES_PER_WINDOW = 5
# In windows from here on, what a batch sends late in its life matters.
LONG = timedelta(seconds=60)


@dataclass(frozen=True)
class Limits:
    """Mails per rolling window; None for no limit."""

    per_second: int | None = None
    per_minute: int | None = None
    per_hour: int | None = None
    per_day: int | None = None

    @property
    def exact_windows(self) -> tuple[tuple[timedelta, int], ...]:
        """The limits that are set, as (length, mails)."""
        limits = (self.per_second, self.per_minute, self.per_hour, self.per_day)
        return tuple(
            (timedelta(seconds=seconds), limit)
            for seconds, limit in zip(WINDOWS_S, limits, strict=True)
            if limit is not None
        )

    @property
    def windows(self) -> tuple[tuple[timedelta, int], ...]:
        """The limits that are set, as (length with its margin, mails)."""
        margins = {timedelta(seconds=s): m for s, m in zip(WINDOWS_S, MARGINS, strict=True)}
        return tuple((length * margins[length], limit) for length, limit in self.exact_windows)

    @property
    def batch_size(self) -> int | None:
        """The most mails of a batch: a fifth of the tightest long window; None without one.

        A slow batch counts until it has ended, so a large one would hold the next ones up.
        """
        tightest = min(
            (limit for length, limit in self.exact_windows if length >= LONG), default=None
        )
        return None if tightest is None else max(1, tightest // BATCHES_PER_WINDOW)

    @property
    def longest(self) -> timedelta:
        """How far back usage matters; zero without limits."""
        return max((length for length, _ in self.windows), default=timedelta(0))


@dataclass(frozen=True)
class Slot:
    """So many mails may start at this instant."""

    start_at: datetime
    mails: int


class Pace:
    """Gives slots one after the other; ``usage`` is what was given before, in any order."""

    def __init__(self, limits: Limits, usage: Iterable[Slot]) -> None:
        self._windows = limits.windows
        self._usage = sorted(usage, key=lambda slot: slot.start_at)

    @property
    def limited(self) -> bool:
        """Whether any limit is set."""
        return bool(self._windows)

    def next_slot(
        self, now: datetime, *, at_most: int, at_least: int = 1, until: datetime | None = None
    ) -> Slot | None:
        """Find the first instant from now on that has room; None when that is after ``until``.

        ``at_least`` asks for room for so many at once (a batch that exists already); where
        a window never holds as many, a whole window will do.
        """
        if not self._windows:
            return Slot(now, at_most)
        start_at = now
        while until is None or start_at <= until:
            room, frees_at = self._room(start_at, at_least)
            if frees_at is None:
                return Slot(start_at, min(at_most, room))
            start_at = frees_at
        return None

    def take(self, slot: Slot) -> None:
        """Note that a slot was given away."""
        self._usage.append(slot)
        self._usage.sort(key=lambda used: used.start_at)

    def _room(self, at: datetime, wanted: int) -> tuple[int, datetime | None]:
        """Return the room at an instant, or when to look again if it is too little.

        Slots given for later count too: the windows that hold them must not overflow.
        """
        room = min(limit for _, limit in self._windows)
        look_again: datetime | None = None
        for length, limit in self._windows:
            inside = [used for used in self._usage if at - length < used.start_at < at + length]
            needed = min(wanted, limit)
            free = limit - sum(used.mails for used in inside)
            room = min(room, free)
            if free < needed:
                for used in inside:
                    free += used.mails
                    if free >= needed:
                        frees_at = used.start_at + length
                        look_again = max(look_again or frees_at, frees_at)
                        break
        return room, look_again
