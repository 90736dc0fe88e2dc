"""Deleting campaigns: at once for their users, later for the links in their mails."""

from datetime import datetime, timedelta

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from dakiya.campaigns.drafts import has_open_import
from dakiya.errors import IllegalState
from dakiya.models import Campaign, CampaignStatus, Recipient

DELETABLE = (CampaignStatus.DRAFT, CampaignStatus.CANCELLED, CampaignStatus.FINISHED)
# An unsubscribe link must work for 30 days (CAN-SPAM, 16 CFR 316) or 60 (CASL) after the mail.
LINKS_WORK_FOR = timedelta(days=90)
CHUNK = 20_000


def delete_campaign(session: Session, campaign: Campaign, *, now: datetime) -> None:
    """Delete a campaign that does not run. Raises IllegalState.

    One that has sent mail is only hidden: its recipients must still be able to unsubscribe.
    """
    if campaign.status not in DELETABLE:
        raise IllegalState(
            f"The campaign is {campaign.status}; cancel it or wait until it has finished, "
            "then it can be deleted."
        )
    if has_open_import(session, campaign):
        raise IllegalState("A recipient file is still being read. Delete the campaign after it.")
    if campaign.started_at is None:
        session.execute(delete(Campaign).where(Campaign.id == campaign.id))
    else:
        campaign.deleted_at = now


def purge_chunk(session: Session, *, now: datetime) -> bool:
    """Remove a part of what was deleted long ago; False when there is nothing left to do."""
    campaign_id = session.scalar(
        select(Campaign.id)
        .where(Campaign.deleted_at < now - LINKS_WORK_FOR)
        .order_by(Campaign.id)
        .limit(1)
        .with_for_update(skip_locked=True)
    )
    if campaign_id is None:
        return False
    chunk = select(Recipient.id).where(Recipient.campaign_id == campaign_id).limit(CHUNK)
    removed = session.execute(
        delete(Recipient).where(Recipient.campaign_id == campaign_id, Recipient.id.in_(chunk))
    )
    if not removed.rowcount:  # type: ignore[attr-defined]
        session.execute(delete(Campaign).where(Campaign.id == campaign_id))
    return True
