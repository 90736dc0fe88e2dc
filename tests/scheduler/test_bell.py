"""The bell: rings paced batches at their instant, and each one once."""

import threading
from datetime import timedelta

import pytest
from sqlalchemy import select, text, update

from dakiya.db import SessionFactory, database_now
from dakiya.models import Batch
from dakiya.queue import NEWCOMERS_QUEUE, SENDER_QUEUE, Doorbell
from dakiya_scheduler.bell import LOOK_EVERY_S, Bell
from dakiya_scheduler.ticking import Ticker
from tests.engine.world import make_account, make_sending, make_workspace
from tests.scheduler.conftest import RungBells


@pytest.fixture
def planned(ticker: Ticker, session_factory: SessionFactory) -> list[int]:
    """The batches of an account of one mail a second; the first one has been rung."""
    with session_factory.begin() as session:
        account = make_account(session, make_workspace(session), 2525, per_second=1)
        make_sending(session, account, 3)
    assert ticker.tick(by_clock=False).rung == 1
    with session_factory() as session:
        return list(session.scalars(select(Batch.id).order_by(Batch.start_at)))


def test_batch_is_rung_once_when_its_instant_has_come(
    planned: list[int], rung: RungBells, doorbell: Doorbell, session_factory: SessionFactory
) -> None:
    bell = Bell(session_factory, doorbell, threading.Event())
    with session_factory.begin() as session:
        now = database_now(session)
        session.execute(update(Batch).where(Batch.id == planned[1]).values(start_at=now))
        session.execute(
            update(Batch)
            .where(Batch.id == planned[2])
            .values(start_at=now + timedelta(seconds=3600))
        )
    assert bell.ring_due() == LOOK_EVERY_S
    bell.ring_due()
    assert rung.of(SENDER_QUEUE) == [("deliver_batch", planned[0]), ("deliver_batch", planned[1])]


def test_bell_does_not_sleep_through_the_next_instant(
    planned: list[int],
    doorbell: Doorbell,
    session_factory: SessionFactory,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("dakiya_scheduler.bell.LOOK_EVERY_S", 1_800)
    bell = Bell(session_factory, doorbell, threading.Event())
    with session_factory.begin() as session:
        now = database_now(session)
        session.execute(update(Batch).values(start_at=now + timedelta(hours=1), rung_at=None))
        session.execute(
            update(Batch)
            .where(Batch.id == planned[0])
            .values(start_at=now + timedelta(seconds=600))
        )
    assert 0 < bell.ring_due() <= 600


def test_bell_rings_by_itself_until_it_is_told_to_stop(
    planned: list[int], rung: RungBells, doorbell: Doorbell, session_factory: SessionFactory
) -> None:
    stop = threading.Event()
    bell = Bell(session_factory, doorbell, stop)
    bell.start()
    while len(rung.of(SENDER_QUEUE)) < 3:
        assert bell.is_alive()
    stop.set()
    bell.join(timeout=30)
    assert not bell.is_alive()
    assert rung.of(SENDER_QUEUE) == [("deliver_batch", batch_id) for batch_id in planned]


def test_batch_that_nobody_takes_is_rung_for_the_threads_of_newcomers_once_in_a_while(
    planned: list[int],
    rung: RungBells,
    doorbell: Doorbell,
    session_factory: SessionFactory,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # However busy the machine is, neither is over by itself.
    monkeypatch.setattr("dakiya.delivery.newcomers.UNTAKEN_FOR", text("interval '1 hour'"))
    monkeypatch.setattr("dakiya_scheduler.bell.NEWCOMER_AGAIN_AFTER_S", 3600.0)
    bell = Bell(session_factory, doorbell, threading.Event())
    bell.ring_newcomers()
    assert rung.of(NEWCOMERS_QUEUE) == []  # it has only just been rung for everybody
    with session_factory.begin() as session:
        session.execute(update(Batch).values(start_at=Batch.start_at - timedelta(hours=1)))
    for _ in range(2):
        bell.ring_newcomers()
    assert rung.of(NEWCOMERS_QUEUE) == [("deliver_newcomer", planned[0])]
