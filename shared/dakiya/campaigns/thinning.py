"""Versions of a draft that nobody goes back to: the oldest of very many."""

from typing import Final

from sqlalchemy import text
from sqlalchemy.orm import Session

from dakiya.models import Campaign, CampaignStatus

KEPT: Final = 100

# But what a test was made of stays. Whoever stores a version has locked the campaign's row.
_THIN_OUT = text(
    """
    DELETE FROM content_version AS old
     WHERE old.campaign_id = :campaign_id AND old.id <> :present_id
       AND NOT EXISTS (SELECT FROM campaign_test AS test WHERE test.content_version_id = old.id)
       AND old.number <= (SELECT number FROM content_version
                           WHERE campaign_id = :campaign_id
                           ORDER BY number DESC OFFSET :kept LIMIT 1)
    """
)


def thin_out(session: Session, campaign: Campaign) -> None:
    """Delete what nobody goes back to: a draft's very old versions.

    What its page saved by itself is few already (see `autosaving`). The caller has just stored a
    version. A campaign that has begun to send keeps them all.
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
