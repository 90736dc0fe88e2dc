"""Deleting campaigns: drafts at once, sent ones when the links in their mails may end."""

from datetime import timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from dakiya.campaigns.progress import prepare_chunk, start_due
from dakiya.campaigns.removal import LINKS_WORK_FOR, delete_campaign, purge_chunk
from dakiya.db import database_now
from dakiya.models import Campaign, CampaignStatus, Email, Recipient
from tests.engine.world import make_account, make_campaign, make_workspace


def sent_campaign(session: Session) -> Campaign:
    campaign = make_campaign(session, make_account(session, make_workspace(session), 25), 3)
    while prepare_chunk(session, campaign.id):
        pass
    start_due(session, now=database_now(session))
    session.refresh(campaign)
    campaign.status = CampaignStatus.FINISHED
    session.flush()
    return campaign


def rows(session: Session) -> tuple[int, int, int]:
    counts = [
        session.scalars(select(func.count()).select_from(table)).one()
        for table in (Campaign, Recipient, Email)
    ]
    return counts[0], counts[1], counts[2]


def test_draft_is_removed_at_once_with_its_recipients(session: Session) -> None:
    account = make_account(session, make_workspace(session), 25)
    campaign = make_campaign(session, account, 3, start=False)
    delete_campaign(session, campaign, now=database_now(session))
    assert rows(session) == (0, 0, 0)


def test_sent_campaign_keeps_its_recipients_while_links_must_work(session: Session) -> None:
    campaign = sent_campaign(session)
    now = database_now(session)
    delete_campaign(session, campaign, now=now)
    assert campaign.deleted_at == now
    assert not purge_chunk(session, now=now + LINKS_WORK_FOR - timedelta(minutes=1))
    assert rows(session) == (1, 3, 3)


def test_deleted_campaign_is_purged_with_its_ledger_later(session: Session) -> None:
    campaign = sent_campaign(session)
    now = database_now(session)
    delete_campaign(session, campaign, now=now)
    kept = make_campaign(
        session, make_account(session, make_workspace(session, "bob@example.com"), 25), 2
    )
    later = now + LINKS_WORK_FOR + timedelta(minutes=1)
    passes = 0
    while purge_chunk(session, now=later):
        passes += 1
    assert passes == 2  # the recipients, then the campaign
    assert session.scalars(select(Campaign.id)).all() == [kept.id]
    assert rows(session) == (1, 2, 0)
