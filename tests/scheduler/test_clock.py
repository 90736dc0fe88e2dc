"""The clock: one tick per slot, whatever the wall clock does, and an end when it is told."""

import threading
import time
from datetime import UTC, datetime, timedelta
from typing import Any

import dramatiq
import pytest
import redis
from dramatiq.brokers.stub import StubBroker
from hypothesis import given
from hypothesis import strategies as st
from periodiq import PeriodiqMiddleware

from dakiya_scheduler import clock
from dakiya_scheduler.clock import EverySeconds, run_clock

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)


def test_slot_says_yes_once_however_often_it_is_asked() -> None:
    every = EverySeconds(10)
    asked = [every.validate(NOON + timedelta(seconds=s)) for s in (0, 1, 9, 10, 10, 19, 30)]
    assert asked == [True, False, False, True, False, False, True]


def test_tick_is_not_lost_when_the_process_wakes_late() -> None:
    every = EverySeconds(10)
    assert [every.validate(NOON + timedelta(seconds=s)) for s in (0.4, 10.9, 21, 39)] == [True] * 4


def test_clock_that_steps_back_ticks_on() -> None:
    every = EverySeconds(10)
    assert every.validate(NOON)
    assert every.validate(NOON - timedelta(hours=2))
    assert not every.validate(NOON - timedelta(hours=2) + timedelta(seconds=3))


@given(st.integers(1, 60), st.datetimes(datetime(2026, 1, 1), datetime(2027, 1, 1)))  # noqa: DTZ001
def test_next_date_is_the_beginning_of_the_next_slot(seconds: int, naive: datetime) -> None:
    now = naive.replace(tzinfo=UTC)
    next_date = EverySeconds(seconds).next_valid_date(now)
    assert timedelta(0) < next_date - now <= timedelta(seconds=seconds)
    assert int(next_date.timestamp()) // seconds == int(now.timestamp()) // seconds + 1


class _Flaky(StubBroker):
    """A broker whose first message meets a Redis that is away."""

    failures = 1

    def enqueue(self, message: Any, *, delay: int | None = None) -> Any:
        if self.failures:
            self.failures -= 1
            raise redis.ConnectionError("away")
        return super().enqueue(message, delay=delay)


def test_clock_goes_on_after_a_redis_error_and_ends_when_told(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(clock, "AFTER_ERROR_S", 0.1)
    broker = _Flaky(middleware=[PeriodiqMiddleware(skip_delay=10)])

    def do_nothing() -> None:
        pass

    tick: dramatiq.Actor[Any, Any] = dramatiq.actor(
        broker=broker, actor_name="tick", queue_name="ticks", periodic=EverySeconds(1)
    )(do_nothing)
    stop = threading.Event()

    def stop_after_two_ticks() -> None:
        while broker.queues["ticks"].qsize() < 2:
            time.sleep(0.02)
        stop.set()

    watcher = threading.Thread(target=stop_after_two_ticks)
    watcher.start()
    run_clock(tick, stop)  # needs the main thread
    watcher.join()
    assert broker.failures == 0
