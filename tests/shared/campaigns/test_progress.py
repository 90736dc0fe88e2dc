"""Preparing, starting and settling campaigns, and going on after a crash in between."""

from datetime import timedelta

import pytest
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from dakiya.campaigns import progress
from dakiya.campaigns.lifecycle import cancel, pause, resume
from dakiya.campaigns.progress import campaigns_to_prepare, prepare_chunk, settle, start_due
from dakiya.contacts.suppressions import suppress
from dakiya.db import SessionFactory, database_now
from dakiya.models import (
    Batch,
    Campaign,
    CampaignStatus,
    Email,
    EmailState,
    Recipient,
    SuppressionReason,
)
from tests.engine.world import (
    make_account,
    make_campaign,
    make_sending,
    make_workspace,
    miscounted,
    states_of,
)
from tests.shared.delivery.conftest import claim_all, set_scene


@pytest.fixture(autouse=True)
def _small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(progress, "CHUNK", 10)


def a_campaign(session: Session, recipients: int, *, in_s: float = 0) -> Campaign:
    account = make_account(session, make_workspace(session), 2525)
    return make_campaign(session, account, recipients, in_s=in_s)


def test_every_recipient_gets_one_row_in_chunks(session: Session) -> None:
    campaign = a_campaign(session, 25, in_s=3600)
    assert campaigns_to_prepare(session) == [campaign.id]
    assert [prepare_chunk(session, campaign.id) for _ in range(4)] == [10, 10, 5, 0]
    assert campaign.status is CampaignStatus.SCHEDULED
    assert prepare_chunk(session, campaign.id) is None
    assert campaigns_to_prepare(session) == []
    assert states_of(session, campaign) == {EmailState.PENDING: 25}
    assert session.scalars(select(func.count(Email.recipient_id.distinct()))).one() == 25
    assert set(session.scalars(select(Email.due_at))) == {campaign.scheduled_at}
    assert not miscounted(session, campaign)


def test_preparation_goes_on_after_a_crash_between_and_within_chunks(
    session_factory: SessionFactory,
) -> None:
    with session_factory.begin() as session:
        campaign = a_campaign(session, 25)
    with session_factory.begin() as session:
        assert prepare_chunk(session, campaign.id) == 10
    with session_factory() as session:
        assert prepare_chunk(session, campaign.id) == 10
        session.rollback()  # it died before the commit
    for written in (10, 5, 0):
        with session_factory.begin() as session:
            assert prepare_chunk(session, campaign.id) == written
    with session_factory() as session:
        assert states_of(session, campaign) == {EmailState.PENDING: 25}
        assert not miscounted(session, campaign)


def test_two_preparations_at_once_do_not_wait_and_do_not_double(
    session_factory: SessionFactory,
) -> None:
    with session_factory.begin() as session:
        campaign = a_campaign(session, 15)
    with session_factory() as one, session_factory() as other:
        assert prepare_chunk(one, campaign.id) == 10
        assert prepare_chunk(other, campaign.id) is None
        one.commit()
        other.commit()
        assert prepare_chunk(other, campaign.id) == 5
        other.commit()
        assert states_of(other, campaign) == {EmailState.PENDING: 15}


def test_suppressed_recipient_gets_a_row_that_says_so(session: Session) -> None:
    campaign = a_campaign(session, 3)
    others = make_workspace(session, "bob@example.com")
    suppress(session, campaign.workspace_id, "r1@example.net", SuppressionReason.UNSUBSCRIBED)
    suppress(session, others, "r2@example.net", SuppressionReason.UNSUBSCRIBED)
    prepare_chunk(session, campaign.id)
    assert states_of(session, campaign) == {EmailState.PENDING: 2, EmailState.SUPPRESSED: 1}
    row = session.execute(
        select(Recipient.email, Email.reason)
        .join(Email, Email.recipient_id == Recipient.id)
        .where(Email.state == EmailState.SUPPRESSED)
    ).one()
    assert row == ("r1@example.net", "unsubscribed")
    assert not miscounted(session, campaign)


def test_preparation_stops_at_a_pause_and_resumes(session: Session) -> None:
    campaign = a_campaign(session, 25)
    prepare_chunk(session, campaign.id)
    pause(session, campaign)
    session.flush()
    assert prepare_chunk(session, campaign.id) is None
    resume(session, campaign)
    session.flush()
    assert prepare_chunk(session, campaign.id) == 10


def test_campaign_starts_at_its_instant_and_not_before(session: Session) -> None:
    campaign = a_campaign(session, 1, in_s=60)
    while prepare_chunk(session, campaign.id):
        pass
    now = database_now(session)
    assert start_due(session, now=now) == []
    assert start_due(session, now=now + timedelta(seconds=61)) == [campaign.id]
    session.refresh(campaign)
    assert campaign.status is CampaignStatus.SENDING
    assert campaign.started_at is not None
    assert start_due(session, now=now + timedelta(seconds=62)) == []


@pytest.mark.parametrize("state", ["pending", "deferred", "claimed"])
def test_campaign_with_a_mail_still_to_send_is_not_finished(session: Session, state: str) -> None:
    account = make_account(session, make_workspace(session), 2525)
    campaign = make_sending(session, account, 3)
    if state == "claimed":
        claim_all(session)
    else:
        later = database_now(session) + timedelta(hours=2)
        session.execute(update(Email).values(state="failed"))
        first = select(Email.id).order_by(Email.id).limit(1).scalar_subquery()
        session.execute(update(Email).where(Email.id == first).values(state=state, due_at=later))
    assert settle(session) == []
    session.refresh(campaign)
    assert campaign.status is CampaignStatus.SENDING


def test_campaign_whose_last_batch_is_open_is_not_finished(session: Session) -> None:
    set_scene(session)
    session.execute(update(Email).values(state="failed"))
    assert settle(session) == []
    session.execute(update(Batch).values(state="done", lease_expires_at=None))
    [(_, status)] = settle(session)
    assert status is CampaignStatus.FINISHED


@pytest.mark.parametrize("state", ["failed", "unknown", "suppressed"])
def test_campaign_with_only_final_mails_is_finished(session: Session, state: str) -> None:
    account = make_account(session, make_workspace(session), 2525)
    campaign = make_sending(session, account, 3)
    session.execute(update(Email).values(state=state, fence=1))
    assert settle(session) == [(campaign.id, CampaignStatus.FINISHED)]
    session.flush()
    session.refresh(campaign)
    assert campaign.finished_at is not None
    assert settle(session) == []


def test_campaign_without_recipients_finishes(session: Session) -> None:
    account = make_account(session, make_workspace(session), 2525)
    campaign = make_sending(session, account, 0)
    assert settle(session) == [(campaign.id, CampaignStatus.FINISHED)]


def settle_until_quiet(session: Session) -> list[CampaignStatus]:
    """Settle as long as it says that there is more; returns the last statuses."""
    for _ in range(20):
        statuses = [status for _, status in settle(session)]
        if CampaignStatus.CANCELLING not in statuses:
            return statuses
    raise AssertionError("it never settles")


def test_cancelled_campaign_marks_every_waiting_mail(session: Session) -> None:
    account = make_account(session, make_workspace(session), 2525)
    campaign = make_sending(session, account, 25)
    cancel(session, campaign)
    session.flush()
    assert settle_until_quiet(session) == [CampaignStatus.CANCELLED]
    assert states_of(session, campaign) == {EmailState.CANCELLED: 25}
    assert not miscounted(session, campaign)


def test_campaign_cancelled_while_preparing_tells_of_everybody(session: Session) -> None:
    campaign = a_campaign(session, 25)
    suppress(session, campaign.workspace_id, "r20@example.net", SuppressionReason.UNSUBSCRIBED)
    prepare_chunk(session, campaign.id)
    cancel(session, campaign)
    session.flush()
    assert settle_until_quiet(session) == [CampaignStatus.CANCELLED]
    assert states_of(session, campaign) == {EmailState.CANCELLED: 24, EmailState.SUPPRESSED: 1}
    assert not miscounted(session, campaign)


def test_campaign_that_somebody_else_has_locked_is_settled_later(
    session_factory: SessionFactory,
) -> None:
    with session_factory.begin() as session:
        account = make_account(session, make_workspace(session), 2525)
        campaign = make_sending(session, account, 0)
    with session_factory() as web, session_factory() as scheduler:
        web.get_one(Campaign, campaign.id, with_for_update=True)
        assert settle(scheduler) == []
        web.rollback()
        assert settle(scheduler) == [(campaign.id, CampaignStatus.FINISHED)]
