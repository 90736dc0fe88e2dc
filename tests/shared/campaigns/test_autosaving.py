"""What a page saves by itself: what stays, and what the next one replaces."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from dakiya.campaigns.autosaving import SITTING, autosave_content
from dakiya.campaigns.content import Content, ContentError
from dakiya.campaigns.drafts import set_content
from dakiya.campaigns.versions import restore_version
from dakiya.errors import IllegalState
from dakiya.models import Campaign, CampaignStatus, CampaignTest, ContentKind, ContentVersion
from tests.shared.contacts.drafts import add_draft

NOW = datetime(2026, 11, 24, 10, 42, tzinfo=UTC)


def says(words: str, subject: str = "Hello") -> Content:
    return Content(subject=subject, html=f"<p>{words}</p>")


def stored(session: Session, campaign: Campaign) -> list[tuple[int, str]]:
    rows = session.execute(
        select(ContentVersion.number, ContentVersion.html)
        .where(ContentVersion.campaign_id == campaign.id)
        .order_by(ContentVersion.number)
    )
    return [(number, html) for number, html in rows]


def test_one_sitting_makes_one_version(session: Session) -> None:
    campaign = add_draft(session)
    ids = set()
    for second, words in enumerate(("a", "ab", "abc")):
        at = NOW + timedelta(seconds=second)
        autosave_content(session, campaign, says(words), now=at)
        ids.add(campaign.content_version_id)
    assert stored(session, campaign) == [(1, "<p>abc</p>")]
    # Each has an id of its own, so that another tab notices, and senders cache none wrongly.
    assert len(ids) == 3


def test_what_was_saved_by_hand_stays(session: Session) -> None:
    campaign = add_draft(session)
    set_content(session, campaign, says("mine"))
    autosave_content(session, campaign, says("mine and"), now=NOW)
    autosave_content(session, campaign, says("mine and more"), now=NOW)
    # Ctrl+S on what is there already keeps just that.
    set_content(session, campaign, says("mine and more"))
    autosave_content(session, campaign, says("later"), now=NOW)
    assert stored(session, campaign) == [
        (1, "<p>mine</p>"),
        (2, "<p>mine and more</p>"),
        (3, "<p>later</p>"),
    ]


def test_a_new_sitting_begins_after_a_while(session: Session) -> None:
    campaign = add_draft(session)
    autosave_content(session, campaign, says("a"), now=NOW)
    autosave_content(session, campaign, says("b"), now=NOW + SITTING / 2)
    autosave_content(session, campaign, says("c"), now=NOW + SITTING)
    assert stored(session, campaign) == [(1, "<p>b</p>"), (2, "<p>c</p>")]


def test_what_a_test_mail_was_made_of_stays(session: Session) -> None:
    campaign = add_draft(session)
    autosave_content(session, campaign, says("tested"), now=NOW)
    session.add(
        CampaignTest(
            campaign_id=campaign.id,
            content_version_id=campaign.content_version_id,
            to_email="me@example.com",
        )
    )
    session.flush()
    autosave_content(session, campaign, says("after"), now=NOW)
    assert stored(session, campaign) == [(1, "<p>tested</p>"), (2, "<p>after</p>")]


def test_going_back_keeps_every_version(session: Session) -> None:
    campaign = add_draft(session)
    set_content(session, campaign, says("first", "One"))
    autosave_content(session, campaign, says("second", "Two"), now=NOW)
    restore_version(session, campaign, 1)
    assert campaign.content is not None
    assert (campaign.content.number, campaign.content.subject) == (3, "One")
    autosave_content(session, campaign, says("third"), now=NOW)
    assert [number for number, _ in stored(session, campaign)] == [1, 2, 3, 4]


def test_a_mistake_replaces_nothing(session: Session) -> None:
    campaign = add_draft(session)
    autosave_content(session, campaign, says("whole"), now=NOW)
    with pytest.raises(ContentError):
        autosave_content(session, campaign, says("{{ broken"), now=NOW)
    document = Content(subject="x", kind=ContentKind.RICH, source={"type": "doc", "content": []})
    with pytest.raises(ContentError):
        autosave_content(session, campaign, document, now=NOW)
    assert stored(session, campaign) == [(1, "<p>whole</p>")]


def test_only_drafts_are_saved_by_themselves(session: Session) -> None:
    campaign = add_draft(session)
    set_content(session, campaign, says("sent"))
    campaign.status = CampaignStatus.PAUSED
    with session.no_autoflush, pytest.raises(IllegalState):
        autosave_content(session, campaign, says("oh"), now=NOW)
