"""A campaign to take recipients into."""

from datetime import UTC, datetime

from sqlalchemy.orm import Session

from dakiya.models import (
    Campaign,
    CampaignStatus,
    ContentVersion,
    Security,
    Workspace,
)
from tests.engine.world import make_account


def add_draft(session: Session, workspace: Workspace | None = None) -> Campaign:
    """Add an empty draft, in a workspace of its own unless one is given."""
    if workspace is None:
        workspace = Workspace(name="alice")
        session.add(workspace)
        session.flush()
    campaign = Campaign(
        workspace_id=workspace.id, name="Newsletter", token="t", status=CampaignStatus.DRAFT
    )
    session.add(campaign)
    session.flush()
    return campaign


def schedule_draft(session: Session, campaign: Campaign) -> None:
    """Give a draft what a scheduled campaign has, and its status."""
    account = make_account(
        session,
        campaign.workspace_id,
        587,
        host="smtp.example.com",
        security=Security.STARTTLS,
    )
    content = ContentVersion(campaign_id=campaign.id, number=1, subject="Hello", html="<p>Hi")
    session.add(content)
    session.flush()
    campaign.smtp_account_id, campaign.content_version_id = account.id, content.id
    campaign.scheduled_at, campaign.status = datetime.now(UTC), CampaignStatus.SCHEDULED
    session.flush()
