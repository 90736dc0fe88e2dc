"""The pace that is learned from throttle replies: down by half, back by steps."""

from datetime import UTC, datetime, timedelta

from dakiya.delivery.pacing import Limits
from dakiya.delivery.slowing import LEAST_PER_MINUTE, STEP, STEPS, Slowed, halve, tighten

NOW = datetime(2026, 11, 24, 9, tzinfo=UTC)
NO_LIMITS = Limits()


def test_throttle_halves_the_pace_that_was_seen() -> None:
    learned = halve(None, observed=240, own=NO_LIMITS, now=NOW)
    assert (learned.to, learned.back_to) == (120, 240)


def test_each_further_throttle_halves_again_down_to_one_a_minute() -> None:
    learned, paces = None, []
    for _ in range(10):
        learned = halve(learned, observed=240, own=NO_LIMITS, now=NOW)
        paces.append(learned.to)
    assert paces == [120, 60, 30, 15, 7, 3, 1, 1, 1, 1]
    assert learned is not None
    assert learned.back_to == 240


def test_pace_comes_back_in_equal_steps_and_then_the_own_limits_apply() -> None:
    learned = Slowed(120, 240, NOW)
    paces = [learned.pace(NOW + step * STEP) for step in range(STEPS + 1)]
    assert paces == [120, 150, 180, 210, None]
    assert learned.pace(NOW + STEP - timedelta(seconds=1)) == 120
    assert learned.over_at == NOW + STEPS * STEP


def test_throttle_on_the_way_back_halves_what_was_reached() -> None:
    learned = Slowed(120, 240, NOW)
    again = halve(learned, observed=999, own=NO_LIMITS, now=NOW + 2 * STEP)
    assert (again.to, again.back_to) == (90, 240)


def test_clock_that_was_set_back_does_not_speed_up() -> None:
    assert Slowed(120, 240, NOW).pace(NOW - timedelta(days=1)) == 120


def test_own_limits_bound_what_is_halved() -> None:
    assert halve(None, observed=500, own=Limits(per_minute=30), now=NOW).to == 15
    assert halve(None, observed=500, own=Limits(per_second=2), now=NOW).to == 60
    assert halve(None, observed=500, own=Limits(per_day=500), now=NOW).to == 250
    assert halve(None, observed=0, own=NO_LIMITS, now=NOW).to == LEAST_PER_MINUTE // 2
    assert halve(None, observed=0, own=Limits(per_minute=1), now=NOW).to == 1


def test_learned_pace_is_spread_over_the_minute_and_never_loosens_a_limit() -> None:
    assert tighten(NO_LIMITS, 120) == Limits(per_second=2, per_minute=120)
    assert tighten(NO_LIMITS, 7) == Limits(per_second=1, per_minute=7)
    own = Limits(per_second=1, per_minute=5, per_day=100)
    assert tighten(own, 600) == own
