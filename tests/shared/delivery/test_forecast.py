"""The forecast, held against the pace that will really be kept."""

from datetime import UTC, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy.orm import Session

from dakiya.db import database_now
from dakiya.delivery.forecast import LEARNED, MAX_FORECAST, SPEED, Forecast, Forecaster
from dakiya.delivery.pacing import Limits, Pace, Slot
from dakiya.delivery.slowing import Slowed
from dakiya.delivery.usage import remaining_quota
from tests.engine.world import make_account, make_workspace, use_pace

NOW = datetime(2026, 11, 24, 3, 30, tzinfo=UTC)
FAST = 10.0**9


def in_all_windows(limits: Limits, used: list[Slot]) -> dict[int, list[Slot]]:
    return {window.seconds: used for window in limits.windows}


def simulate(limits: Limits, used: list[Slot], mails: int) -> datetime:
    """Let the pace itself give the slots, one batch after the other."""
    pace = Pace(limits, in_all_windows(limits, used))
    at = NOW
    while mails:
        slot = pace.next_slot(at, at_most=min(mails, 50))
        assert slot is not None
        pace.take(slot)
        mails -= slot.mails
        at = slot.start_at
    return at


def predict(limits: Limits, used: list[Slot], mails: int) -> Forecast:
    known = Forecaster(limits, in_all_windows(limits, used), NOW, 4, mails_per_s=FAST)
    return known.last_goes(NOW, mails)


def usage(longest_s: int) -> st.SearchStrategy[list[Slot]]:
    """Slots that a limit of 20 in the longest window could have given."""
    ages = st.lists(st.integers(1, longest_s - 1), max_size=4, unique=True)
    return ages.map(lambda found: [Slot(NOW - timedelta(seconds=a), 5) for a in sorted(found)])


@given(
    name=st.sampled_from(["per_second", "per_minute", "per_hour", "per_day"]),
    limit=st.integers(20, 60),
    mails=st.integers(1, 400),
    data=st.data(),
)
@settings(max_examples=150)
def test_forecast_of_one_limit_equals_the_pace(
    name: str, limit: int, mails: int, data: st.DataObject
) -> None:
    limits = Limits(**{name: limit})
    used = data.draw(usage(max(limits.windows[0].seconds, 2)))
    found = predict(limits, used, mails)
    assert abs(found.finish_at - simulate(limits, used, mails)) < timedelta(milliseconds=1)
    assert found.bound_by in (name, SPEED)


@given(
    minute=st.integers(1, 30),
    hour=st.integers(1, 60),
    day=st.integers(1, 120),
    mails=st.integers(1, 500),
)
@settings(max_examples=100)
def test_forecast_of_several_limits_is_near_the_pace(
    minute: int, hour: int, day: int, mails: int
) -> None:
    """Off by less than the second longest window that holds, or a tenth of the whole."""
    limits = Limits(per_minute=minute, per_hour=hour, per_day=day)
    real = simulate(limits, [], mails) - NOW
    found = predict(limits, [], mails).finish_at - NOW
    assert abs(found - real) <= max(timedelta(minutes=1), real / 10)


def test_forecast_names_the_limit_that_holds_it_up() -> None:
    limits = Limits(per_minute=100, per_day=500)
    assert predict(limits, [], 100).finish_at == NOW
    assert predict(limits, [], 400).bound_by == "per_minute"
    found = predict(limits, [], 1600)
    assert found.bound_by == "per_day"


def test_speed_of_the_connections_decides_without_limits() -> None:
    found = Forecaster(Limits(), {}, NOW, 4).last_goes(NOW + timedelta(hours=1), 12_000)
    assert found == Forecast(NOW + timedelta(hours=1, minutes=10), SPEED)


def test_learned_pace_holds_the_first_mails_up_and_then_its_limits_do() -> None:
    slowed = Slowed(60, 120, NOW)  # 60, 75, 90 and 105 a minute, each for ten minutes

    def finish(mails: int, limits: Limits, start_at: datetime = NOW) -> Forecast:
        return Forecaster(limits, {}, NOW, 4, slowed=slowed).last_goes(start_at, mails)

    assert finish(600, Limits()) == Forecast(NOW + timedelta(minutes=10), LEARNED)
    assert finish(1_350, Limits()) == Forecast(NOW + timedelta(minutes=20), LEARNED)
    # 3,300 within the 40 minutes, and 1,200 more at 20 mails a second.
    assert finish(4_500, Limits()) == Forecast(NOW + timedelta(minutes=41), LEARNED)
    days = finish(5_000, Limits(per_day=500))
    assert days.bound_by == "per_day"
    assert days.finish_at > NOW + timedelta(days=9)
    later = NOW + timedelta(hours=1)
    assert finish(1_200, Limits(), later) == Forecast(later + timedelta(minutes=1), SPEED)


def test_absurd_campaign_does_not_overflow() -> None:
    assert predict(Limits(per_day=1), [], 10**15).finish_at == NOW + MAX_FORECAST
    assert predict(Limits(), [], 0) == Forecast(NOW, SPEED)


def test_remaining_quota_counts_what_has_started_and_says_when_more_comes(
    session: Session,
) -> None:
    account = make_account(session, make_workspace(session), 25, per_hour=100, per_day=500)
    now = database_now(session)
    for age_h, mails in ((30.0, 400), (3, 60), (0.5, 90)):
        use_pace(session, account, mails=mails, age=timedelta(hours=age_h))
    hour, day = remaining_quota(session, account, now=now)
    assert (hour.name, hour.limit, hour.used, hour.left) == ("per_hour", 100, 90, 10)
    assert hour.frees_at is not None
    assert timedelta(hours=0.5) <= hour.frees_at - now < timedelta(hours=0.52)
    assert (day.name, day.used, day.left) == ("per_day", 150, 350)
    assert day.frees_at is not None
    assert timedelta(hours=21) <= day.frees_at - now < timedelta(hours=21.3)


def test_account_without_limits_has_no_quota(session: Session) -> None:
    account = make_account(session, make_workspace(session), 25)
    assert remaining_quota(session, account, now=database_now(session)) == []
