"""Versions are listed, restored as new ones, and thinned out when there are very many."""

from datetime import timedelta

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from dakiya.campaigns.content import Content
from dakiya.campaigns.drafts import content_of, set_content
from dakiya.campaigns.thinning import KEPT
from dakiya.campaigns.versions import find_version, list_versions, restore_version
from dakiya.clock import utc_now
from dakiya.errors import IllegalState, NotFound
from dakiya.models import Campaign, CampaignStatus, CampaignTest, ContentKind, ContentVersion
from tests.shared.contacts.drafts import add_draft, schedule_draft
from tests.shared.mail.rich.documents import doc

RICH = Content("Rich", kind=ContentKind.RICH, source=doc("Hello"), preheader="Soon")


def age(session: Session, campaign: Campaign, minutes: int) -> None:
    """Let every version so far be older."""
    session.execute(
        update(ContentVersion)
        .where(ContentVersion.campaign_id == campaign.id)
        .values(created_at=ContentVersion.created_at - timedelta(minutes=minutes))
    )


def numbers(session: Session, campaign: Campaign) -> list[int]:
    return [version.number for version in list_versions(session, campaign)]


def test_versions_are_listed_newest_first(session: Session) -> None:
    campaign = add_draft(session)
    set_content(session, campaign, Content("One", "<p>1"))
    age(session, campaign, 5)
    set_content(session, campaign, RICH)
    set_content(session, campaign, RICH)
    newest, oldest = list_versions(session, campaign)
    assert (newest.number, newest.kind, newest.subject) == (2, ContentKind.RICH, "Rich")
    assert (newest.is_present, oldest.is_present) == (True, False)
    assert newest.created_at > oldest.created_at
    assert [one.number for one in list_versions(session, campaign, before=2)] == [1]


def test_restored_version_is_a_new_one_that_says_the_same(session: Session) -> None:
    campaign = add_draft(session)
    set_content(session, campaign, RICH)
    rich = campaign.content
    age(session, campaign, 5)
    set_content(session, campaign, Content("Two", "<p>2"))
    assert restore_version(session, campaign, 1) == {}
    assert campaign.content is not None
    assert rich is not None
    assert campaign.content.number == 3
    assert content_of(campaign.content) == content_of(rich)
    assert find_version(session, campaign, 2).subject == "Two"


def test_version_of_another_campaign_or_of_none_is_not_found(session: Session) -> None:
    campaign, other = add_draft(session), add_draft(session)
    set_content(session, other, RICH)
    with pytest.raises(NotFound):
        restore_version(session, campaign, 1)


def test_running_campaign_is_not_changed_by_a_restore(session: Session) -> None:
    campaign = add_draft(session)
    schedule_draft(session, campaign)
    age(session, campaign, 5)
    set_content(session, campaign, Content("Two", "<p>2"))
    campaign.status = CampaignStatus.SENDING
    with pytest.raises(IllegalState, match="Pause it"):
        restore_version(session, campaign, 1)
    campaign.status = CampaignStatus.PAUSED
    assert "recipients" in restore_version(session, campaign, 1)
    assert campaign.content is not None
    assert campaign.content.subject == "Hello"


def test_version_that_was_tested_stays(session: Session) -> None:
    campaign = add_draft(session)
    for n in range(KEPT + 3):
        set_content(session, campaign, Content(f"{n}", "<p>x"))
        if n == 1:
            session.add(
                CampaignTest(
                    campaign_id=campaign.id,
                    content_version_id=campaign.content_version_id,
                    to_email="a@example.org",
                )
            )
            session.flush()
    kept = session.scalars(select(ContentVersion.number).order_by(ContentVersion.number)).all()
    assert kept[:3] == [2, 4, 5]


def test_very_old_versions_go(session: Session) -> None:
    campaign = add_draft(session)
    for n in range(KEPT + 5):
        set_content(session, campaign, Content(f"{n}", "<p>x"))
        age(session, campaign, 2)
    assert numbers(session, campaign) == list(range(KEPT + 5, 5, -1))


def test_campaign_that_has_begun_keeps_them_all(session: Session) -> None:
    campaign = add_draft(session)
    campaign.started_at = utc_now()
    for n in range(4):
        set_content(session, campaign, Content(f"{n}", "<p>x"))
    assert numbers(session, campaign) == [4, 3, 2, 1]
