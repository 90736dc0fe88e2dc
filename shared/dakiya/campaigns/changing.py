"""Changing what a campaign says once it is scheduled: only while it rests.

A change is a new version of the content, for what is still to go; mails that were accepted
before keep what they said.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from dakiya.campaigns.drafts import Content, check_ready, set_content
from dakiya.delivery.content_trouble import CONTENT_REASONS, begin_anew
from dakiya.errors import IllegalState
from dakiya.models import Campaign, CampaignStatus, Email, EmailState

_RUNNING: Final = (CampaignStatus.PREPARING, CampaignStatus.SCHEDULED, CampaignStatus.SENDING)
_ENDED: Final = (CampaignStatus.FINISHED, CampaignStatus.CANCELLING, CampaignStatus.CANCELLED)


def why_fixed(session: Session, campaign: Campaign) -> str | None:
    """Say why a campaign's content cannot be changed now, and what can be done; None if it can."""
    status = campaign.status
    if status in (CampaignStatus.DRAFT, CampaignStatus.PAUSED):
        return None
    if status in _RUNNING:
        return f"The campaign is {status}. Pause it to change its content."
    if status is CampaignStatus.PAUSING:
        return "The last mails are still on the wire. Change the content once it is paused."
    if status is CampaignStatus.FINISHED:
        if _failed_for_its_content(session, campaign):
            return None
        return (
            "The campaign is finished, and none of its mails failed for its content. "
            "Duplicate it to send something else."
        )
    return f"The campaign is {status}. Duplicate it to send something else."


def change_content(
    session: Session, campaign: Campaign, content: Content
) -> Mapping[str, list[str]]:
    """Give a campaign that rests new content; returns what is wrong with it, by part.

    With mistakes the caller rolls back, as nobody checks it again before it goes out. Raises
    IllegalState. The caller has locked the campaign's row and commits.
    """
    if reason := why_fixed(session, campaign):
        raise IllegalState(reason)
    before = campaign.content
    set_content(session, campaign, content)
    if campaign.content is before:
        return {}
    begin_anew(campaign)
    campaign.pause_reason = None
    return check_ready(session, campaign).errors


def choose_resending(campaign: Campaign, resend_unknown: bool) -> None:
    """Choose whether unknown mails go again by themselves. Raises IllegalState once it has ended.

    The caller has locked the campaign's row and commits.
    """
    if campaign.status in _ENDED:
        raise IllegalState(
            f"The campaign is {campaign.status}. Decide about its unknown mails one by one or "
            "all at once."
        )
    campaign.resend_unknown = resend_unknown


def content_changed_at(campaign: Campaign) -> datetime | None:
    """Return when the content was changed after mails had gone out, if it was."""
    version, started_at = campaign.content, campaign.started_at
    if version is None or started_at is None or version.created_at < started_at:
        return None
    return version.created_at


def _failed_for_its_content(session: Session, campaign: Campaign) -> bool:
    failed = select(Email.id).where(
        Email.campaign_id == campaign.id,
        Email.state == EmailState.FAILED,
        Email.reason.in_(CONTENT_REASONS),
    )
    return session.scalar(failed.limit(1)) is not None
