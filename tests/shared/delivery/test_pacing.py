"""The pace, pure: never over a limit, and close to it."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from dakiya.delivery.pacing import Limits, Pace, Slot

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
HORIZON = timedelta(seconds=20)

some_limit = st.none() | st.integers(1, 200)
some_limits = st.builds(
    Limits, per_second=some_limit, per_minute=some_limit, per_hour=some_limit, per_day=some_limit
)
# Seconds until the next request, and how many mails it may take.
some_requests = st.lists(
    st.tuples(st.floats(0, 50), st.integers(1, 60), st.integers(1, 60)), min_size=1, max_size=40
)


def most_in_window(slots: list[Slot], length: timedelta) -> int:
    return max(
        (sum(s.mails for s in slots if first.start_at <= s.start_at < first.start_at + length))
        for first in slots
    )


@given(some_limits, some_requests)
def test_no_rolling_window_is_ever_exceeded(
    limits: Limits, requests: list[tuple[float, int, int]]
) -> None:
    now = NOON
    given_away: list[Slot] = []
    for wait_s, at_most, wanted in requests:
        now += timedelta(seconds=wait_s)
        # Each request by a process that reads what the others were given, in any order.
        pace = Pace(limits, reversed(given_away))
        slot = pace.next_slot(now, at_most=at_most, at_least=min(wanted, at_most), until=None)
        assert slot is not None
        assert slot.start_at >= now
        assert 1 <= slot.mails <= at_most
        pace.take(slot)
        given_away.append(slot)
    for length, limit in limits.exact_windows:
        assert most_in_window(given_away, length) <= limit


@given(
    st.sampled_from(["per_second", "per_minute", "per_hour", "per_day"]),
    st.integers(1, 5_000),
    st.integers(1, 500),
)
def test_saturated_account_gets_nearly_all_of_its_rate(
    name: str, limit: int, batch_size: int
) -> None:
    limits = Limits(**{name: limit})
    [(length, _)] = limits.exact_windows
    pace = Pace(limits, [])
    given_mails, rounds, last_at = 0, 0, NOON
    end = NOON + 20 * length
    while rounds < 2_000:
        rounds += 1
        slot = pace.next_slot(NOON, at_most=batch_size, until=end)
        if slot is None:
            break
        pace.take(slot)
        given_mails += slot.mails
        last_at = slot.start_at
    windows = 21 if rounds < 2_000 else (last_at - NOON) / length
    assert given_mails >= 0.95 * limit * (windows - 1)


@given(some_limits.filter(lambda limits: bool(limits.windows)), st.integers(1, 60))
def test_nothing_is_given_beyond_the_horizon(limits: Limits, batch_size: int) -> None:
    pace = Pace(limits, [])
    until = NOON + HORIZON
    for _ in range(200):
        slot = pace.next_slot(NOON, at_most=batch_size, until=until)
        if slot is None:
            break
        assert slot.start_at <= until
        pace.take(slot)


def test_account_without_limits_gets_all_at_once() -> None:
    pace = Pace(Limits(), [])
    assert not pace.limited
    assert pace.next_slot(NOON, at_most=50) == Slot(NOON, 50)


def test_slots_given_for_later_leave_no_room_before_them() -> None:
    later = Slot(NOON + timedelta(seconds=30), 60)
    pace = Pace(Limits(per_minute=60), [later])
    slot = pace.next_slot(NOON, at_most=1)
    assert slot is not None
    assert slot.start_at >= later.start_at + timedelta(seconds=60)


def test_batch_larger_than_a_limit_gets_a_whole_window() -> None:
    pace = Pace(Limits(per_second=10), [Slot(NOON, 1)])
    slot = pace.next_slot(NOON, at_most=50, at_least=50)
    assert slot is not None
    assert slot.start_at > NOON + timedelta(seconds=1)
