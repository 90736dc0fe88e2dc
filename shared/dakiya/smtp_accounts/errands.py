"""Tests of accounts and of campaigns share a few threads: nobody may take them all."""

from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from dakiya.errors import IllegalState
from dakiya.models import Campaign, CampaignTest, SmtpAccount, SmtpTest, TestStatus

OPEN = (TestStatus.QUEUED, TestStatus.RUNNING)
# Of the sender's threads for errands; a server that does not answer holds one for a minute.
TESTS_AT_ONCE = 3
# A test whose sender was lost must not block the next one for ever.
TEST_LASTS_AT_MOST = timedelta(minutes=5)


def require_room_for_test(session: Session, workspace_id: int, *, now: datetime) -> None:
    """Raise IllegalState while enough tests of a workspace are on their way."""
    accounts = select(func.count()).where(
        SmtpTest.smtp_account_id == SmtpAccount.id,
        SmtpAccount.workspace_id == workspace_id,
        SmtpTest.status.in_(OPEN),
        SmtpTest.created_at > now - TEST_LASTS_AT_MOST,
    )
    campaigns = select(func.count()).where(
        CampaignTest.campaign_id == Campaign.id,
        Campaign.workspace_id == workspace_id,
        CampaignTest.status.in_(OPEN),
        CampaignTest.created_at > now - TEST_LASTS_AT_MOST,
    )
    if session.scalars(accounts).one() + session.scalars(campaigns).one() >= TESTS_AT_ONCE:
        raise IllegalState(
            f"{TESTS_AT_ONCE} of your tests are still running. Wait until one of them has ended."
        )
