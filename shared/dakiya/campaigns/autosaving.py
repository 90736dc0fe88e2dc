"""What a page saves by itself while somebody writes.

A pause of the hands must not make a version each time. A version that was saved by itself is
therefore replaced by the next such one of the same sitting; what somebody saved on purpose, what a
test mail was made of, and what an earlier sitting left stays.
"""

from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from dakiya.campaigns.content import Content, content_of, finish_content
from dakiya.campaigns.drafts import require_draft, set_content
from dakiya.models import Campaign, CampaignTest, ContentVersion

# So at most six versions an hour stay of what nobody saved on purpose.
SITTING: Final = timedelta(minutes=10)


def autosave_content(
    session: Session, campaign: Campaign, content: Content, *, now: datetime
) -> None:
    """Give a draft content that its page saved by itself. Raises ContentError and IllegalState.

    The caller has locked the campaign's row and commits.
    """
    require_draft(campaign, "saved while it is written")
    content, before = finish_content(content), campaign.content
    if before is not None and content_of(before) == content:
        return
    since = campaign.autosaved_since
    if before is not None and since is not None and _is_replaced(session, before, since, now=now):
        # Versions are never updated: the one goes, and the next gets its number.
        campaign.content = None
        session.flush()
        session.delete(before)
        session.flush()
    else:
        since = now
    set_content(session, campaign, content)
    campaign.autosaved_since = since


def _is_replaced(
    session: Session, version: ContentVersion, since: datetime, *, now: datetime
) -> bool:
    if now - since >= SITTING:
        return False
    tested = select(CampaignTest.id).where(CampaignTest.content_version_id == version.id)
    return session.scalar(tested.limit(1)) is None
