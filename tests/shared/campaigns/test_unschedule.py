"""Taking a campaign back before it has begun to send, and the time that "send now" gives for it."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from dakiya.campaigns.lifecycle import UNDO_FOR, pause, schedule, unschedule
from dakiya.campaigns.progress import prepare_chunk, start_due
from dakiya.db import SessionFactory, database_now
from dakiya.delivery.counters import read_counts
from dakiya.errors import IllegalState
from dakiya.models import Campaign, CampaignStatus, Email, Recipient
from tests.engine.world import make_account, make_campaign, make_workspace, miscounted, states_of
from tests.shared.delivery.conftest import set_scene

MAILS = 7


def a_campaign(session: Session, *, prepared: bool = True, start: bool = True) -> Campaign:
    account = make_account(session, make_workspace(session), 2525)
    campaign = make_campaign(session, account, MAILS, in_s=3600, start=start)
    while start and prepare_chunk(session, campaign.id) and prepared:
        pass
    session.flush()
    return campaign


def pause_it(session: Session, campaign: Campaign) -> None:
    pause(session, campaign)
    session.flush()


@pytest.mark.parametrize("prepared", [True, False])
@pytest.mark.parametrize("first", [lambda *_: None, pause_it])
def test_campaign_that_was_taken_back_is_a_draft_and_can_be_scheduled_again(
    session: Session, prepared: bool, first: Callable[[Session, Campaign], None]
) -> None:
    campaign = a_campaign(session, prepared=prepared)
    content = campaign.content_version_id
    first(session, campaign)
    unschedule(session, campaign)
    session.refresh(campaign)
    assert campaign.status is CampaignStatus.DRAFT
    assert (campaign.scheduled_at, campaign.undo_until, campaign.prepared_at) == (None, None, None)
    assert campaign.content_version_id == content
    assert session.scalars(select(func.count()).select_from(Recipient)).one() == MAILS
    assert not states_of(session, campaign)
    assert not any(read_counts(session, [campaign.id])[campaign.id].values())

    now = database_now(session)
    schedule(session, campaign, at=now, timezone="Asia/Kolkata", now=now)
    session.flush()
    while prepare_chunk(session, campaign.id):
        pass
    assert session.scalars(select(func.count()).select_from(Email)).one() == MAILS
    assert not miscounted(session, campaign)


def test_campaign_that_has_begun_to_send_cannot_be_taken_back(session: Session) -> None:
    scene = set_scene(session)
    for stop in (lambda *_: None, pause_it):
        stop(session, scene.campaign)
        with pytest.raises(IllegalState, match="begun to send"):
            unschedule(session, scene.campaign)
        assert sum(states_of(session, scene.campaign).values()) == 5
        assert not miscounted(session, scene.campaign)


@pytest.mark.parametrize(
    "status", [CampaignStatus.CANCELLING, CampaignStatus.CANCELLED, CampaignStatus.FINISHED]
)
def test_campaign_that_has_ended_cannot_be_taken_back(
    session: Session, status: CampaignStatus
) -> None:
    campaign = a_campaign(session)
    session.execute(update(Campaign).values(status=status))
    with pytest.raises(IllegalState, match=status.value):
        unschedule(session, campaign)


def test_second_of_two_undo_clicks_is_refused(session_factory: SessionFactory) -> None:
    with session_factory.begin() as session:
        campaign_id = a_campaign(session).id

    def click(_: int) -> bool:
        with session_factory.begin() as session:
            try:
                unschedule(session, session.get_one(Campaign, campaign_id))
            except IllegalState:
                return False
            return True

    with ThreadPoolExecutor() as pool:
        assert sorted(pool.map(click, range(2))) == [False, True]


def test_second_of_two_send_clicks_is_refused(session_factory: SessionFactory) -> None:
    with session_factory.begin() as session:
        campaign_id = a_campaign(session, start=False).id

    def click(_: int) -> bool:
        with session_factory.begin() as session:
            now = database_now(session)
            campaign = session.get_one(Campaign, campaign_id)
            try:
                schedule(session, campaign, at=now, timezone="UTC", now=now, hold=UNDO_FOR)
            except IllegalState:
                return False
            return True

    with ThreadPoolExecutor() as pool:
        assert sorted(pool.map(click, range(2))) == [False, True]


def test_held_campaign_does_not_start_before_its_time_for_undo_has_passed(
    session: Session,
) -> None:
    campaign = a_campaign(session, start=False)
    now = database_now(session)
    schedule(session, campaign, at=now, timezone="UTC", now=now, hold=UNDO_FOR)
    session.flush()
    while prepare_chunk(session, campaign.id):
        pass
    assert campaign.undo_until == campaign.scheduled_at == now + UNDO_FOR
    session.flush()
    assert start_due(session, now=now + UNDO_FOR - timedelta(seconds=1)) == []
    assert start_due(session, now=now + UNDO_FOR) == [campaign.id]


def test_hold_leaves_a_later_instant_alone(session: Session) -> None:
    campaign = a_campaign(session, start=False)
    now = database_now(session)
    at = now + timedelta(hours=2)
    schedule(session, campaign, at=at, timezone="UTC", now=now, hold=UNDO_FOR)
    assert (campaign.scheduled_at, campaign.undo_until) == (at, None)
