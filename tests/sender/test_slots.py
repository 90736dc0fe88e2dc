"""Connection slots: a cap over all processes that no crash can leak."""

from collections.abc import Iterator

import psycopg2
import pytest
from sqlalchemy import Engine, text

from dakiya_sender.slots import ConnectionSlots

KILL = text(
    "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
    " WHERE application_name = 'dakiya-sender-slots' AND datname = current_database()"
)


@pytest.fixture
def processes(database_url: str) -> Iterator[tuple[ConnectionSlots, ConnectionSlots]]:
    """The slots of two sender processes."""
    both = ConnectionSlots(database_url), ConnectionSlots(database_url)
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
    while not wanted:
        wanted = one.wanted()
    assert wanted == {7}
    assert one.wanted() == set()
