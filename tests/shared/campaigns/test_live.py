"""How far and how fast campaigns are, as their users watch them."""

from datetime import timedelta

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from dakiya.accounts.users import find_user
from dakiya.campaigns.live import KEEP_SAMPLES, Live, forget_samples, take_samples, watch
from dakiya.db import database_now
from dakiya.delivery.counters import Moves
from dakiya.delivery.trouble import slow_down
from dakiya.models import CampaignStatus, EmailState, ProgressSample
from tests.engine.world import make_account, make_campaign, make_workspace, use_pace
from tests.shared.delivery.conftest import Scene, set_scene

MAILS = 50


@pytest.fixture
def scene(session: Session) -> Scene:
    return set_scene(session, MAILS)


def look(scene: Scene, *, after: timedelta = timedelta(0)) -> Live:
    user = find_user(scene.session, "alice@example.com")
    assert user is not None
    now = database_now(scene.session) + after
    [live] = watch(scene.session, [scene.campaign.id], user_id=user.id, now=now)
    return live


def finish_mails(scene: Scene, mails: int, state: EmailState = EmailState.SENT) -> None:
    moves = Moves()
    moves.add(EmailState.CLAIMED, state, mails)
    moves.store(scene.session, campaign_id=scene.campaign.id, slot=40)


def test_campaign_without_a_sample_has_counts_and_no_rate(scene: Scene) -> None:
    live = look(scene)
    assert (live.done, live.waiting, live.total) == (0, MAILS, MAILS)
    assert (live.per_minute, live.finish_at) == (None, None)
    assert live.status is CampaignStatus.SENDING


def test_rate_and_finish_come_from_the_last_minute(scene: Scene) -> None:
    now = database_now(scene.session)
    for age_s, mails in ((3600, 10), (60, 15), (30, 5)):
        take_samples(scene.session, now=now - timedelta(seconds=age_s))
        finish_mails(scene, mails, EmailState.FAILED if age_s == 30 else EmailState.SENT)
    user = find_user(scene.session, "alice@example.com")
    assert user is not None
    [live] = watch(scene.session, [scene.campaign.id], user_id=user.id, now=now)
    assert (live.done, live.waiting) == (30, 20)
    # 20 mails in the last 60 seconds; the sample of an hour ago counts no more.
    assert live.per_minute == pytest.approx(20)
    assert live.finish_at == now + timedelta(seconds=60)


def test_campaign_that_stands_still_has_no_finish(scene: Scene) -> None:
    take_samples(scene.session, now=database_now(scene.session))
    live = look(scene, after=timedelta(seconds=30))
    assert (live.per_minute, live.finish_at) == (0, None)


def test_finish_is_that_of_the_limits_when_they_decide(scene: Scene) -> None:
    scene.account.per_day = 10
    scene.session.flush()
    now = database_now(scene.session)
    take_samples(scene.session, now=now - timedelta(seconds=30))
    finish_mails(scene, 10)
    use_pace(scene.session, scene.account, mails=10, age=timedelta(hours=1))
    live = look(scene)
    assert live.per_minute is not None
    assert live.finish_at is not None
    # 40 mails are left, 10 may go each day, and the first ones when the last ten are a day old.
    assert timedelta(days=3, hours=22) < live.finish_at - now < timedelta(days=4, hours=6)


def test_finish_is_known_while_a_limit_lets_nothing_go(scene: Scene) -> None:
    scene.account.per_hour = 100
    use_pace(scene.session, scene.account, mails=100, age=timedelta(minutes=10))
    live = look(scene)
    assert live.per_minute is None
    assert live.finish_at is not None
    assert live.finish_at - database_now(scene.session) > timedelta(minutes=45)
    scene.account.paused_at = database_now(scene.session)
    scene.account.pause_reason = "login"
    scene.session.flush()
    assert look(scene).finish_at is None


def test_account_that_waits_for_its_owner_has_no_finish_though_mails_went_just_now(
    scene: Scene,
) -> None:
    now = database_now(scene.session)
    take_samples(scene.session, now=now - timedelta(seconds=60))
    finish_mails(scene, 10)
    assert look(scene).finish_at is not None
    scene.account.paused_at, scene.account.pause_reason = now, "auth"
    scene.session.flush()
    live = look(scene)
    assert live.per_minute
    assert live.finish_at is None


def test_finish_is_by_speed_when_the_limits_are_wide(scene: Scene) -> None:
    scene.account.per_day = 1_000_000
    scene.session.flush()
    now = database_now(scene.session)
    take_samples(scene.session, now=now - timedelta(seconds=60))
    finish_mails(scene, 10)
    live = look(scene)
    assert live.finish_at is not None
    assert live.finish_at - now > timedelta(minutes=3)


def test_finish_of_a_slowed_or_paused_account_is_not_that_of_its_last_minute(scene: Scene) -> None:
    now = database_now(scene.session)
    take_samples(scene.session, now=now - timedelta(seconds=60))
    finish_mails(scene, 1)
    # One mail a minute at this moment, and 5 a minute, then 6 and more, by what it has learned.
    slow_down(scene.session, scene.account.id, observed=10)
    slow = look(scene)
    assert slow.held_up is not None
    assert slow.finish_at == slow.held_up.finish_at
    assert timedelta(minutes=8) < slow.held_up.finish_at - now < timedelta(minutes=12)
    scene.account.paused_at, scene.account.pause_reason = now, "rate"
    scene.account.paused_until = now + timedelta(minutes=60)  # what was learned is over then
    scene.session.flush()
    paused = look(scene)
    assert paused.finish_at is not None
    assert timedelta(minutes=60) < paused.finish_at - now < timedelta(minutes=61)


def test_retried_mails_make_no_negative_rate(scene: Scene) -> None:
    finish_mails(scene, 10, EmailState.FAILED)
    take_samples(scene.session, now=database_now(scene.session))
    moves = Moves()
    moves.add(EmailState.FAILED, EmailState.PENDING, 10)
    moves.store(scene.session, campaign_id=scene.campaign.id, slot=1)
    assert look(scene, after=timedelta(seconds=30)).per_minute == 0


def test_only_sending_campaigns_are_sampled_and_old_samples_go(scene: Scene) -> None:
    now = database_now(scene.session)
    make_campaign(scene.session, scene.account, 1, in_s=3600)
    take_samples(scene.session, now=now)
    take_samples(scene.session, now=now)
    count = select(func.count()).select_from(ProgressSample)
    assert scene.session.scalars(count).one() == 1
    forget_samples(scene.session, now=now + KEEP_SAMPLES)
    assert scene.session.scalars(count).one() == 1
    forget_samples(scene.session, now=now + KEEP_SAMPLES + timedelta(seconds=1))
    assert scene.session.scalars(count).one() == 0


def test_other_users_campaign_is_not_watched(scene: Scene) -> None:
    bob = make_workspace(scene.session, "bob@example.com")
    mine = make_campaign(scene.session, make_account(scene.session, bob, 2525), 1)
    user = find_user(scene.session, "bob@example.com")
    assert user is not None
    ids = [scene.campaign.id, mine.id, 10**12]
    found = watch(scene.session, ids, user_id=user.id, now=database_now(scene.session))
    assert [live.campaign_id for live in found] == [mine.id]
