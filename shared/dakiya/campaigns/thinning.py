"""Versions of a draft that nobody goes back to: it is saved by itself every few seconds."""

from typing import Final

from sqlalchemy import text
from sqlalchemy.orm import Session

from dakiya.models import Campaign, CampaignStatus

KEPT: Final = 100

# The last one of each minute stays, and whatever a test was made of. Whoever stores a version has
# locked the campaign's row.
_THIN_OUT = text(
    """
    DELETE FROM content_version AS old
     WHERE old.campaign_id = :campaign_id AND old.id <> :present_id
       AND NOT EXISTS (SELECT FROM campaign_test AS test WHERE test.content_version_id = old.id)
       AND (EXISTS (SELECT FROM content_version AS later
                     WHERE later.campaign_id = old.campaign_id AND later.number > old.number
                       AND later.id <> :present_id
                       AND date_trunc('minute', later.created_at)
                         = date_trunc('minute', old.created_at))
            OR old.number <= (SELECT number FROM content_version
                               WHERE campaign_id = :campaign_id
                               ORDER BY number DESC OFFSET :kept LIMIT 1))
    """
)


def thin_out(session: Session, campaign: Campaign) -> None:
    """Delete what nobody goes back to: a draft's versions of the same minute, and very old ones.

    The caller has just stored a version. A campaign that has begun to send keeps them all.
    """
    if campaign.status is CampaignStatus.DRAFT and campaign.started_at is None:
        session.execute(
            _THIN_OUT,
            {
                "campaign_id": campaign.id,
                "present_id": campaign.content_version_id,
                "kept": KEPT,
            },
        )
