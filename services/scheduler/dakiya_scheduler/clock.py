"""The clock: periodiq, taught to tick every few seconds."""

import threading
from contextlib import suppress
from datetime import datetime, timedelta
from queue import Empty
from typing import Any

import redis
from dramatiq import Actor
from periodiq import Scheduler

from dakiya.log import get_logger

log = get_logger(__name__)

AFTER_ERROR_S = 1.0
STOP_POLL_S = 0.2


class EverySeconds:
    """A periodiq specification of one instant every so many seconds.

    periodiq's own are cron lines of whole minutes; it only calls these three methods. The
    last slot is remembered: a test of the second alone misses a tick when the process
    wakes 0.9 s late. Slots are compared with ``!=``, since clocks step back.
    """

    def __init__(self, seconds: int) -> None:
        self._seconds = seconds
        self._last_slot: int | None = None

    def validate(self, now: datetime) -> bool:
        """Say yes once per slot."""
        slot = int(now.timestamp()) // self._seconds
        is_new = slot != self._last_slot
        self._last_slot = slot
        return is_new

    def next_valid_date(self, last: datetime) -> datetime:
        """Return the beginning of the next slot."""
        passed_s = int(last.timestamp()) % self._seconds
        return last.replace(microsecond=0) + timedelta(seconds=self._seconds - passed_s)

    def __str__(self) -> str:
        return f"every {self._seconds} s"


class _StoppableScheduler(Scheduler):  # type: ignore[misc]
    """periodiq's scheduler, which otherwise never leaves its loop."""

    def __init__(self, actors: list[Actor[Any, Any]], stop: threading.Event) -> None:
        super().__init__(actors)
        self._stop = stop

    def loop(self) -> None:
        """Schedule at each alarm, until told to stop."""
        while not self._stop.is_set():
            with suppress(Empty):
                self.alarm_q.get(timeout=STOP_POLL_S)
                self.schedule()


def run_clock(tick: Actor[Any, Any], stop: threading.Event) -> None:
    """Enqueue ticks until the event is set; periodiq needs the main thread for its alarm.

    periodiq ends at the first Redis error: it is started again.
    """
    while not stop.is_set():
        scheduler = _StoppableScheduler([tick], stop)
        try:
            scheduler.schedule()
            scheduler.loop()
        except redis.RedisError as error:
            log.warning("clock_without_queue", error=type(error).__name__)
            stop.wait(AFTER_ERROR_S)
