"""The pace that an account learns from a server that asks for less speed. Pure.

Each throttle reply halves the pace. Without another one it comes back in STEPS equal steps, one
each STEP, and then the account's own limits alone apply again: slow down by half, speed up by
parts, as TCP does. Nothing has to be written for it to come back.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from math import ceil
from typing import Final

from dakiya.delivery.pacing import Limits

STEP: Final = timedelta(minutes=10)
STEPS: Final = 4
# What is taken for the pace of an account that had hardly begun.
LEAST_PER_MINUTE: Final = 10


@dataclass(frozen=True)
class Slowed:
    """So many mails a minute since ``at``; the way back leads to ``back_to``."""

    to: int
    back_to: int
    at: datetime

    def pace(self, now: datetime) -> int | None:
        """Return the mails a minute that may go now; None once the way back is gone."""
        steps = max((now - self.at) // STEP, 0)
        return None if steps >= STEPS else self.to + (self.back_to - self.to) * steps // STEPS

    @property
    def over_at(self) -> datetime:
        """When the account's own limits alone apply again."""
        return self.at + STEPS * STEP


def halve(slowed: Slowed | None, *, observed: int, own: Limits, now: datetime) -> Slowed:
    """Answer a throttle reply: half of what is learned, or else of what was seen of late.

    ``observed`` is how many mails went in the last minute.
    """
    present = slowed.pace(now) if slowed is not None else None
    if slowed is not None and present is not None:
        return Slowed(max(present // 2, 1), slowed.back_to, now)
    most = [window.limit * 60 // window.seconds for window in own.windows if window.seconds <= 60]
    usual = min([max(observed, LEAST_PER_MINUTE), *most])
    return Slowed(max(usual // 2, 1), max(usual, 1), now)


def tighten(own: Limits, per_minute: int) -> Limits:
    """Return limits with a learned pace among them, spread over the minute."""
    per_second = ceil(per_minute / 60)
    return replace(
        own,
        per_second=min(own.per_second or per_second, per_second),
        per_minute=min(own.per_minute or per_minute, per_minute),
    )
