"""When each of the campaigns of one account will be done: they take turns. Pure.

Campaigns that have due mail at the same time get equal shares of the account (the tick lets them
take turns, batch by batch), so a small one is not held up by all of a large one. The account is
busy from the first mail that waits until none does; for the mails since then the forecast says when
the last one goes. What went in an earlier busy time may still count in a window: so the latest of
those forecasts holds, as the mails since each of those beginnings have to fit too.
"""

from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil
from typing import Final

from dakiya.delivery.forecast import Forecast

# Longer than a day's window counts anything.
_FORGOTTEN_AFTER: Final = timedelta(hours=25)


@dataclass(frozen=True)
class Load:
    """The mails of one campaign that may go from an instant on."""

    key: int
    mails: int
    start_at: datetime


# When so many mails will have gone that may begin at an instant, if nothing else went since.
LastGoes = Callable[[datetime, int], Forecast]


def forecast_loads(
    loads: Sequence[Load], last_goes: LastGoes, *, until: int | None = None
) -> Mapping[int, Forecast]:
    """Say when each of the loads will have gone, by its key; those without mails are left out.

    With ``until`` it stops once that one has gone, and leaves out what takes longer.
    """
    coming = deque(
        sorted((load for load in loads if load.mails > 0), key=lambda load: load.start_at)
    )
    account = _Account(last_goes)
    left: dict[int, float] = {}
    done: dict[int, Forecast] = {}
    while (coming or left) and until not in done:
        if not left:
            account.begin(coming[0].start_at)
            _arrive(coming, left, at=coming[0].start_at)
        least = min(left.values())
        goal = account.served + least * len(left)
        ends = account.reach(goal)
        if coming and coming[0].start_at < ends.finish_at:
            comes_at = coming[0].start_at
            share = account.serve_until(comes_at, at_most=goal) / len(left)
            left = {key: mails - share for key, mails in left.items()}
            _arrive(coming, left, at=comes_at)
            continue
        account.serve(goal, ends.finish_at)
        # Half a mail is the rounding of the shares.
        done |= {key: ends for key, mails in left.items() if mails - least < 0.5}
        left = {key: mails - least for key, mails in left.items() if mails - least >= 0.5}
    return done


def _arrive(coming: deque[Load], left: dict[int, float], *, at: datetime) -> None:
    while coming and coming[0].start_at <= at:
        load = coming.popleft()
        left[load.key] = float(load.mails)


@dataclass
class _Busy:
    """A time in which mails waited: its first and last instant, and what had gone before it."""

    since: datetime
    before: float
    until: datetime


class _Account:
    """How many mails have gone since the beginning, and when the next ones may."""

    def __init__(self, last_goes: LastGoes) -> None:
        self._last_goes = last_goes
        self.served = 0.0
        self._busy: list[_Busy] = []

    def begin(self, at: datetime) -> None:
        """Be busy from now on."""
        recent = [one for one in self._busy if at - one.until < _FORGOTTEN_AFTER]
        self._busy = [*recent, _Busy(at, self.served, until=at)]

    def reach(self, served: float) -> Forecast:
        """Say when so many mails will have gone in all."""
        # The same number is asked for from each beginning: 3.0000001 mails are no fourth one.
        found = [self._last_goes(one.since, ceil(served - one.before - 1e-6)) for one in self._busy]
        return max(found, key=lambda one: one.finish_at)

    def serve(self, served: float, at: datetime) -> None:
        """Have so many mails gone in all, the last one at this instant."""
        self.served = served
        self._busy[-1].until = at

    def serve_until(self, until: datetime, *, at_most: float) -> float:
        """Send what may go until an instant; returns how many mails that are."""
        gone, beyond = self.served, at_most
        while beyond - gone > 1:
            middle = (gone + beyond) // 2
            if middle <= gone:
                break
            if self.reach(middle).finish_at <= until:
                gone = middle
            else:
                beyond = middle
        went, self.served = gone - self.served, gone
        return went
