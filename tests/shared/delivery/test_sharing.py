"""When campaigns of one account are done, held against the pace that they really share."""

import time
from datetime import UTC, datetime, timedelta

from hypothesis import example, given, settings
from hypothesis import strategies as st

from dakiya.delivery.forecast import Forecast, Forecaster
from dakiya.delivery.pacing import Limits, Pace, Slot
from dakiya.delivery.sharing import Load, forecast_loads

NOW = datetime(2026, 11, 24, 3, 30, tzinfo=UTC)
FAST = 10.0**9
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def predict(limits: Limits, loads: list[Load], *, speed: float = FAST) -> dict[int, timedelta]:
    known = Forecaster(limits, {}, NOW, 4, mails_per_s=speed)
    found = forecast_loads(loads, known.last_goes)
    return {key: one.finish_at - NOW for key, one in found.items()}


def simulate(limits: Limits, loads: list[Load]) -> dict[int, timedelta]:
    """Let the pace itself give one mail after the other, to the campaigns in turn."""
    pace = Pace(limits, {})
    left = {load.key: load.mails for load in loads}
    begins = {load.key: load.start_at for load in loads}
    turns, at, done = list(left), NOW, {}
    while left:
        slot = pace.next_slot(max(at, min(begins[key] for key in left)), at_most=1)
        assert slot is not None
        at = slot.start_at
        key = next((key for key in turns if key in left and begins[key] <= at), None)
        assert key is not None
        pace.take(Slot(at, 1))
        turns.remove(key)
        turns.append(key)
        left[key] -= 1
        if not left[key]:
            done[key] = at - NOW
            del left[key]
    return done


def near(found: timedelta, real: timedelta, *, within: timedelta = timedelta(minutes=1)) -> bool:
    return abs(found - real) <= within


def test_small_campaign_is_not_held_up_by_all_of_a_large_one() -> None:
    limits = Limits(per_day=500)
    found = predict(limits, [Load(1, 100_000, NOW), Load(2, 200, NOW)])
    # 200 of each are 400, and there is room for them at once.
    assert near(found[2], timedelta(0))
    assert near(found[1], 200 * DAY * 1.01, within=2 * DAY)


def test_campaign_of_later_finds_the_day_that_an_earlier_one_has_used() -> None:
    limits = Limits(per_day=500)
    found = predict(limits, [Load(1, 500, NOW), Load(2, 500, NOW + 23 * HOUR)])
    assert near(found[1], timedelta(0))
    assert near(found[2], DAY * 1.01)
    apart = predict(limits, [Load(1, 500, NOW), Load(2, 500, NOW + 30 * HOUR)])
    assert near(apart[2], 30 * HOUR)


def test_campaign_that_begins_after_the_end_of_another_changes_nothing_of_it() -> None:
    limits = Limits(per_hour=100)
    alone = predict(limits, [Load(1, 300, NOW)])
    both = predict(limits, [Load(1, 300, NOW), Load(2, 10_000, NOW + 5 * HOUR)])
    assert both[1] == alone[1]


def test_speed_is_shared_equally() -> None:
    found = predict(Limits(), [Load(1, 3_600, NOW), Load(2, 7_200, NOW)], speed=1)
    assert near(found[1], 2 * HOUR)
    assert near(found[2], 3 * HOUR)
    joined = predict(Limits(), [Load(1, 7_200, NOW), Load(2, 3_600, NOW + HOUR)], speed=1)
    assert near(joined[1], 3 * HOUR)
    assert near(joined[2], 3 * HOUR)


def test_hundred_campaigns_are_forecast_with_few_questions() -> None:
    limits = Limits(per_second=1, per_minute=30, per_hour=1_000, per_day=2_000)
    loads = [Load(key, 50_000, NOW + key * DAY / 2) for key in range(100)]
    asked = 0
    known = Forecaster(limits, {}, NOW, 4, mails_per_s=FAST)

    def last_goes(since: datetime, mails: int) -> Forecast:
        nonlocal asked
        asked += 1
        return known.last_goes(since, mails)

    began = time.process_time()
    done = forecast_loads(loads, last_goes)
    # Where each comes in is searched for by halves, in at most 100,000 mails.
    assert asked < 25 * len(loads)
    assert time.process_time() - began < 5
    found = {key: one.finish_at - NOW for key, one in done.items()}
    assert near(max(found.values()), 2_500 * DAY * 1.01, within=5 * DAY)


def test_one_that_is_asked_for_is_forecast_without_what_comes_after_it() -> None:
    known = Forecaster(Limits(per_day=500), {}, NOW, 4, mails_per_s=FAST)
    loads = [Load(1, 700, NOW), Load(2, 100_000, NOW + HOUR), Load(3, 100, NOW)]
    every = forecast_loads(loads, known.last_goes)
    asked = forecast_loads(loads, known.last_goes, until=1)
    assert asked == {key: every[key] for key in (1, 3)}


@given(
    limit=st.integers(5, 30),
    loads=st.lists(st.tuples(st.integers(1, 60), st.integers(0, 60)), min_size=1, max_size=4),
)
# The first two are busy for more than a day: what they sent last still counts for those after them.
@example(limit=24, loads=[(1, 0), (1, 26), (24, 25), (47, 0)])
@settings(max_examples=60, deadline=None)
def test_forecast_is_near_what_really_happens(limit: int, loads: list[tuple[int, int]]) -> None:
    """Off by no more than a window, where a load ends with the last mails of a window."""
    limits = Limits(per_day=limit)
    campaigns = [
        Load(key, mails, NOW + timedelta(hours=hours)) for key, (mails, hours) in enumerate(loads)
    ]
    real, found = simulate(limits, campaigns), predict(limits, campaigns)
    assert near(max(found.values()), max(real.values()), within=DAY * 1.02)
    for key, done in real.items():
        assert near(found[key], done, within=DAY * 1.02)
