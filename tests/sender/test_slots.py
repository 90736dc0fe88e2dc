"""Connection slots: a cap over all processes that no crash can leak."""

import time
from collections.abc import Iterator

import psycopg2
import pytest
from sqlalchemy import Engine, text

from dakiya.db import SessionFactory, database_now
from dakiya.delivery.presence import FROZEN_FOR, end_frozen, say_alive
from dakiya.models import Service
from dakiya_sender.slots import ConnectionSlots

# Longer than PostgreSQL's names.
NAMES = [f"sender-{'a-long-host-name' * 4}-{number}" for number in (1, 2)]
KILL = text(
    "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
    " WHERE application_name LIKE 'slots %' AND datname = current_database()"
)


@pytest.fixture
def processes(database_url: str) -> Iterator[tuple[ConnectionSlots, ConnectionSlots]]:
    """The slots of two sender processes."""
    both = tuple(ConnectionSlots(database_url, service_id=name) for name in NAMES)
    assert len(both) == 2
    yield both
    for slots in both:
        slots.close()


Two = tuple[ConnectionSlots, ConnectionSlots]


def test_cap_holds_within_and_across_processes(processes: Two) -> None:
    one, other = processes
    held = [one.acquire(7, cap=3), other.acquire(7, cap=3), one.acquire(7, cap=3)]
    assert all(held)
    assert {slot.number for slot in held if slot} == {0, 1, 2}
    assert one.acquire(7, cap=3) is None
    assert other.acquire(7, cap=3) is None
    assert other.acquire(8, cap=3) is not None


def test_released_slot_is_free_for_the_other_process(processes: Two) -> None:
    one, other = processes
    slot = one.acquire(7, cap=1)
    assert slot is not None
    one.release(slot)
    one.release(slot)
    assert other.acquire(7, cap=1) is not None
    assert one.acquire(7, cap=1) is None


def test_slots_of_a_process_that_is_gone_are_free(processes: Two) -> None:
    one, other = processes
    assert one.acquire(7, cap=1)
    one.close()
    while other.acquire(7, cap=1) is None:  # the server notices the end of a session soon
        pass


def test_lost_session_is_noticed_and_its_slots_do_not_count_any_more(
    processes: Two, engine: Engine
) -> None:
    one, other = processes
    slot = one.acquire(7, cap=1)
    assert slot is not None
    assert one.holds(slot)
    with engine.connect() as connection:
        assert connection.scalar(KILL) == 1
    while one.holds(slot):
        one.wanted()
    assert other.acquire(7, cap=1) is not None
    one.release(slot)  # it must not free what is another's now
    assert one.acquire(7, cap=1) is None


def test_slot_cannot_be_had_while_the_database_is_away(processes: Two, engine: Engine) -> None:
    one, _ = processes
    assert one.acquire(7, cap=2)
    with engine.connect() as connection:
        connection.execute(KILL)
    with pytest.raises(psycopg2.Error):
        one.acquire(7, cap=2)
    assert one.acquire(7, cap=2) is not None


def test_process_that_lacks_a_slot_asks_the_others_for_idle_connections(processes: Two) -> None:
    one, other = processes
    assert one.acquire(7, cap=1)
    assert one.wanted() == set()
    assert other.acquire(7, cap=1) is None
    wanted: set[int] = set()
    deadline = time.monotonic() + 30
    while not wanted:
        assert time.monotonic() < deadline
        wanted = one.wanted()
    assert wanted == {7}
    assert one.wanted() == set()


def test_slots_of_a_sender_that_stands_still_are_free_after_minutes(
    processes: Two, session_factory: SessionFactory
) -> None:
    frozen, other = processes
    slot = frozen.acquire(7, cap=1)
    assert slot is not None
    with session_factory.begin() as session:
        for name in NAMES:
            say_alive(session, service_id=name, kind="sender")
        assert end_frozen(session) == 0
        session.get_one(Service, NAMES[0]).seen_at = database_now(session) - FROZEN_FOR
        session.flush()
        assert other.acquire(8, cap=1) is not None
        assert end_frozen(session) == 1
    deadline = time.monotonic() + 30
    while other.acquire(7, cap=1) is None:  # the session takes a moment to end
        assert time.monotonic() < deadline
    while frozen.holds(slot):  # its keeper looks again and again when it wakes
        assert time.monotonic() < deadline
        frozen.wanted()
