"""A copy of a campaign is a draft of its own."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from dakiya.campaigns.duplicate import duplicate_campaign
from dakiya.clock import utc_now
from dakiya.contacts.recipients import RawRecipient, add_recipients
from dakiya.models import CampaignStatus, Recipient
from tests.shared.contacts.drafts import add_draft, schedule_draft


def test_copy_has_the_content_and_if_asked_the_recipients(session: Session) -> None:
    campaign = add_draft(session)
    rows = [RawRecipient(n, f"r{n}@example.org", f"R{n}", {"city": "Pune"}) for n in (1, 2)]
    add_recipients(session, campaign, rows)
    schedule_draft(session, campaign)
    bare = duplicate_campaign(session, campaign, with_recipients=False)
    full = duplicate_campaign(session, campaign, with_recipients=True)
    for copy in (bare, full):
        assert copy.status is CampaignStatus.DRAFT
        assert copy.scheduled_at is None
        assert copy.content is not None
        assert copy.content.subject == "Hello"
        assert copy.token != campaign.token
        assert copy.name == f"{campaign.name} (copy)"
    query = select(Recipient.email, Recipient.fields).order_by(Recipient.id)
    assert session.execute(query.where(Recipient.campaign_id == bare.id)).all() == []
    found = session.execute(query.where(Recipient.campaign_id == full.id)).all()
    assert found == [(f"r{n}@example.org", {"city": "Pune"}) for n in (1, 2)]


def test_copy_of_a_copy_says_so_once_and_leaves_a_deleted_account(session: Session) -> None:
    campaign = add_draft(session)
    schedule_draft(session, campaign)
    campaign.name = "x" * 200
    assert campaign.smtp_account is not None
    campaign.smtp_account.deleted_at = utc_now()
    copy = duplicate_campaign(session, campaign, with_recipients=False)
    again = duplicate_campaign(session, copy, with_recipients=False)
    assert again.name == copy.name
    assert len(copy.name) == 200
    assert copy.smtp_account_id is None
