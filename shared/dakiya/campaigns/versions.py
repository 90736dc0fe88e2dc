"""The versions of a campaign's content: what can be gone back to."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from dakiya.campaigns.changing import change_content
from dakiya.campaigns.drafts import content_of, set_content
from dakiya.campaigns.thinning import KEPT
from dakiya.errors import NotFound
from dakiya.mail.languages import DEFAULT_LANGUAGE
from dakiya.models import Campaign, CampaignStatus, ContentKind, ContentVersion


@dataclass(frozen=True)
class Version:
    """A version as a list shows it."""

    number: int
    kind: ContentKind
    subject: str
    created_at: datetime
    is_present: bool


def list_versions(
    session: Session, campaign: Campaign, *, before: int | None = None, limit: int = KEPT
) -> Sequence[Version]:
    """Return a campaign's versions, newest first, below the number ``before`` if it is given."""
    columns = (
        ContentVersion.id,
        ContentVersion.number,
        ContentVersion.kind,
        ContentVersion.subject,
        ContentVersion.created_at,
    )
    query = select(*columns).where(ContentVersion.campaign_id == campaign.id)
    if before is not None:
        query = query.where(ContentVersion.number < before)
    rows = session.execute(query.order_by(ContentVersion.number.desc()).limit(limit))
    return [
        Version(number, kind, subject, created_at, version_id == campaign.content_version_id)
        for version_id, number, kind, subject, created_at in rows
    ]


def latest_language(session: Session, workspace_id: int) -> str:
    """Return the language of the workspace's newest campaign that says something."""
    found = session.scalar(
        select(ContentVersion.language)
        .join(Campaign, Campaign.content_version_id == ContentVersion.id)
        .where(Campaign.workspace_id == workspace_id)
        .order_by(Campaign.id.desc())
        .limit(1)
    )
    return found or DEFAULT_LANGUAGE


def find_version(session: Session, campaign: Campaign, number: int) -> ContentVersion:
    """Return a version of a campaign. Raises NotFound."""
    found = session.scalar(
        select(ContentVersion).where(
            ContentVersion.campaign_id == campaign.id, ContentVersion.number == number
        )
    )
    if found is None:
        raise NotFound("There is no such version.")
    return found


def may_be_written_as(session: Session, campaign: Campaign, kind: ContentKind) -> bool:
    """Whether a page of this way to write can have been made of the campaign's mail.

    Nobody switches a mail's kind; but a page may be older than the template or the version of
    another kind that its mail was given in another tab.
    """
    present = campaign.content
    if present is None or present.kind is kind:
        return True
    earlier = select(ContentVersion.id).where(
        ContentVersion.campaign_id == campaign.id, ContentVersion.kind == kind
    )
    return session.scalar(earlier.limit(1)) is not None


def restore_version(session: Session, campaign: Campaign, number: int) -> Mapping[str, list[str]]:
    """Say again what a version said, as the next version; none is lost by that.

    Returns what is wrong with it, by part, if the campaign is no draft any more (see
    `change_content`). Raises NotFound, IllegalState, and ContentError for a version that was stored
    under laxer rules. The caller has locked the campaign's row and commits.
    """
    content = content_of(find_version(session, campaign, number))
    if campaign.status is not CampaignStatus.DRAFT:
        return change_content(session, campaign, content)
    set_content(session, campaign, content)
    return {}
