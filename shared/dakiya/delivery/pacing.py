"""An account's pace: when its next mails may start, by rolling windows.

Pure. Each limit is a window that may hold so many mails: per second, minute, hour and
day. What has begun is counted per window in buckets of a hundredth of its length (kept in
PostgreSQL: ``pace_usage``), so a window is a hundred numbers however many mails it holds.
A bucket counts until its last instant has left the window: a limit is never exceeded, and
1 % of the pace is given away.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

BUCKETS = 100


@dataclass(frozen=True)
class Window:
    """One limit: so many mails in any span of this length; ``name`` is per_second ... per_day."""

    name: str
    length: timedelta
    limit: int

    @property
    def seconds(self) -> int:
        """The length in seconds."""
        return int(self.length.total_seconds())

    @property
    def leaves_after(self) -> timedelta:
        """How long after a bucket's first instant its mails count."""
        return self.length + self.length / BUCKETS


@dataclass(frozen=True)
class Limits:
    """Mails per rolling window; None for no limit."""

    per_second: int | None = None
    per_minute: int | None = None
    per_hour: int | None = None
    per_day: int | None = None

    @property
    def windows(self) -> Sequence[Window]:
        """The limits that are set, the shortest window first."""
        lengths = {"per_second": 1, "per_minute": 60, "per_hour": 3600, "per_day": 86400}
        return [
            Window(name, timedelta(seconds=seconds), limit)
            for name, seconds in lengths.items()
            if (limit := getattr(self, name)) is not None
        ]


@dataclass(frozen=True)
class Slot:
    """So many mails start at this instant, or within the bucket that begins then."""

    start_at: datetime
    mails: int


# Of each window, by its length in seconds, the buckets that hold mails.
Usage = Mapping[int, Sequence[Slot]]


class Pace:
    """Gives slots one after the other; ``planned`` batches count in every window."""

    def __init__(self, limits: Limits, usage: Usage, planned: Iterable[Slot] = ()) -> None:
        self._windows = limits.windows
        plans = list(planned)
        self._slots = {
            window.seconds: [*usage.get(window.seconds, ()), *plans] for window in self._windows
        }

    @property
    def most_at_once(self) -> int | None:
        """The most mails that can ever start at one instant; None without limits."""
        return min((window.limit for window in self._windows), default=None)

    def next_slot(
        self, now: datetime, *, at_most: int, until: datetime | None = None
    ) -> Slot | None:
        """Find the first instant from now on that has room; None when that is after ``until``."""
        start_at = now
        while until is None or start_at <= until:
            room, frees_at = self._room(start_at, at_most)
            if frees_at is None:
                return Slot(start_at, room)
            start_at = frees_at
        return None

    def take(self, slot: Slot) -> None:
        """Note that a slot was given away."""
        for slots in self._slots.values():
            slots.append(slot)

    def _room(self, at: datetime, at_most: int) -> tuple[int, datetime | None]:
        """Return the room at an instant, or when to look again if there is none.

        Slots given for later count too: the windows that hold them must not overflow.
        """
        room = at_most
        look_again: datetime | None = None
        for window in self._windows:
            span = window.leaves_after
            inside = [
                slot
                for slot in self._slots[window.seconds]
                if slot.mails and at - span < slot.start_at < at + span
            ]
            free = window.limit - sum(slot.mails for slot in inside)
            room = min(room, free)
            if free < 1:
                frees_at = _when_free(inside, 1 - free) + span
                look_again = max(look_again or frees_at, frees_at)
        return room, look_again


def _when_free(inside: Sequence[Slot], mails: int) -> datetime:
    """Return the start of the slot whose leaving makes room for so many mails."""
    for slot in sorted(inside, key=lambda slot: slot.start_at):
        mails -= slot.mails
        if mails <= 0:
            return slot.start_at
    raise ValueError(mails)  # no window holds less than it is limited to
