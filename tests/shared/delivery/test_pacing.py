"""The pace, pure: never over a limit, and close to it."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from dakiya.delivery.pacing import BUCKETS, Limits, Pace, Slot

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
HORIZON = timedelta(seconds=20)
NAMES = ("per_second", "per_minute", "per_hour", "per_day")

some_limit = st.none() | st.integers(1, 200)
some_limits = st.builds(
    Limits, per_second=some_limit, per_minute=some_limit, per_hour=some_limit, per_day=some_limit
)
# Seconds until the next request, and how many mails it may take.
some_requests = st.lists(st.tuples(st.floats(0, 50), st.integers(1, 60)), min_size=1, max_size=40)


def bucketed(mails: list[Slot], limits: Limits) -> dict[int, list[Slot]]:
    """Count mails in each window's buckets, as the database does."""
    usage: dict[int, list[Slot]] = {}
    for window in limits.windows:
        bucket = window.length / BUCKETS
        usage[window.seconds] = [
            Slot(
                mail.start_at - (mail.start_at - datetime.min.replace(tzinfo=UTC)) % bucket,
                mail.mails,
            )
            for mail in mails
        ]
    return usage


def most_in_window(slots: list[Slot], length: timedelta) -> int:
    return max(
        (sum(s.mails for s in slots if first.start_at <= s.start_at < first.start_at + length))
        for first in slots
    )


@given(some_limits, some_requests)
def test_no_rolling_window_is_ever_exceeded(
    limits: Limits, requests: list[tuple[float, int]]
) -> None:
    now = NOON
    sent: list[Slot] = []
    for wait_s, at_most in requests:
        now += timedelta(seconds=wait_s)
        # Each request by a process that reads the buckets.
        slot = Pace(limits, bucketed(sent, limits)).next_slot(now, at_most=at_most)
        assert slot is not None
        assert slot.start_at >= now
        assert 1 <= slot.mails <= at_most
        sent.append(slot)
    for window in limits.windows:
        assert most_in_window(sent, window.length) <= window.limit


@given(st.sampled_from(NAMES), st.integers(1, 5_000), st.integers(1, 500))
def test_saturated_account_gets_nearly_all_of_its_rate(
    name: str, limit: int, batch_size: int
) -> None:
    limits = Limits(**{name: limit})
    [window] = limits.windows
    pace = Pace(limits, {})
    given_mails, rounds, last_at = 0, 0, NOON
    end = NOON + 20 * window.length
    while rounds < 2_000:
        rounds += 1
        slot = pace.next_slot(NOON, at_most=batch_size, until=end)
        if slot is None:
            break
        pace.take(slot)
        given_mails += slot.mails
        last_at = slot.start_at
    windows = 21 if rounds < 2_000 else (last_at - NOON) / window.length
    assert given_mails >= 0.95 * limit * (windows - 1)


@given(some_limits.filter(lambda limits: bool(limits.windows)), st.integers(1, 60))
def test_nothing_is_given_beyond_the_horizon(limits: Limits, batch_size: int) -> None:
    pace = Pace(limits, {})
    until = NOON + HORIZON
    for _ in range(200):
        slot = pace.next_slot(NOON, at_most=batch_size, until=until)
        if slot is None:
            break
        assert slot.start_at <= until
        pace.take(slot)


def test_account_without_limits_gets_all_at_once() -> None:
    assert Pace(Limits(), {}).next_slot(NOON, at_most=50) == Slot(NOON, 50)
    assert Pace(Limits(), {}).most_at_once is None


def test_slots_given_for_later_leave_no_room_before_them() -> None:
    later = Slot(NOON + timedelta(seconds=30), 60)
    slot = Pace(Limits(per_minute=60), {}, [later]).next_slot(NOON, at_most=1)
    assert slot is not None
    assert slot.start_at >= later.start_at + timedelta(seconds=60)


def test_usage_above_a_lowered_limit_waits_until_enough_has_left() -> None:
    used = [Slot(NOON - timedelta(seconds=seconds), 5) for seconds in (50, 40, 30)]
    slot = Pace(Limits(per_minute=5), {60: used}).next_slot(NOON, at_most=5)
    assert slot == Slot(NOON - timedelta(seconds=30) + timedelta(seconds=60.6), 5)
