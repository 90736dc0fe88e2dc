"""The checks in a browser: a real sender visits the links while somebody looks at the review."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import expect
from sqlalchemy.orm import Session

from dakiya.campaigns.content import Content
from dakiya.campaigns.drafts import create_campaign
from dakiya.contacts.checks import RawRecipient
from dakiya.contacts.recipients import add_recipients
from dakiya.db import SessionFactory
from dakiya.models import SmtpAccount
from tests.e2e.conftest import (
    DESKTOP,
    NO_JAVASCRIPT,
    OpenPage,
    Site,
    assert_every_look_is_sound,
)
from tests.engine.world import make_account
from tests.sender.links import site as web_site

WORDS = "<p>Enough to read for everybody who likes to read. Dear {{ name }}, this is it.</p>" * 3


@pytest.fixture
def shop() -> Iterator[web_site.Site]:
    """A web site that the mail links to."""
    with web_site.running() as found:
        yield found


def add_campaign(session: Session, account: SmtpAccount, html: str) -> int:
    campaign = create_campaign(
        session, workspace_id=account.workspace_id, name="Diwali offer", account=account,
        timezone="Asia/Kolkata", content=Content("Six books for long evenings", html=html),
    )  # fmt: skip
    add_recipients(session, campaign, [RawRecipient(1, "ravi@example.org", "Ravi", {})])
    session.commit()
    return campaign.id


def test_links_are_visited_and_what_is_found_comes_by_itself(
    open_page: OpenPage, site: Site, session_factory: SessionFactory, shop: web_site.Site
) -> None:
    links = "".join(f'<p><a href="{shop.url(path)}">Read on</a></p>' for path in ("/", "/gone"))
    with session_factory() as session:
        account = make_account(session, site.workspace_id, 25, from_email="hello@banyan-books.in")
        campaign_id = add_campaign(session, account, WORDS + links)
    page = open_page(DESKTOP)
    page.goto(f"/campaigns/{campaign_id}/edit/review?when=now")
    expect(page.get_by_text("2 links are being visited …")).to_be_visible()
    expect(page.get_by_text("These addresses are not encrypted (http).")).to_be_visible()
    assert_every_look_is_sound(page, "review-checks-waiting")
    site.installation.start("sender", DAKIYA_ALLOWED_INTERNAL_LINKS=shop.place)
    site.installation.start("scheduler")
    expect(page.get_by_text("2 links were checked.")).to_be_visible(timeout=60_000)
    expect(page.get_by_text("/gone: It answers 410")).to_be_visible()
    assert_every_look_is_sound(page, "review-checks")
    page.get_by_role("button", name="Send to 1 now").click()
    # The browser asks for the tick; nothing was sent.
    expect(page).to_have_url(f"{site.url}/campaigns/{campaign_id}/edit/review?when=now")
    page.get_by_label("I have looked at these.").check()
    page.get_by_role("button", name="Send to 1 now").click()
    expect(page.get_by_role("heading", name="Held for you")).to_be_visible()


def test_mistakes_lead_to_where_they_are_mended(
    open_page: OpenPage, site: Site, session_factory: SessionFactory
) -> None:
    with session_factory() as session:
        account = make_account(session, site.workspace_id, 25, from_email="banyan@gmail.com")
        account.host = "smtp.relay.example"
        campaign_id = add_campaign(session, account, WORDS + "<p>{{ twon }}</p>")
    page = open_page(NO_JAVASCRIPT)
    page.goto(f"/campaigns/{campaign_id}/edit/review?when=now")
    expect(page.get_by_text("No recipient has a field “twon”.")).to_be_visible()
    expect(page.get_by_role("button", name="Send to 1 now")).to_have_count(0)
    mail_from = page.get_by_role("listitem").filter(has_text="Mail from @gmail.com")
    mail_from.get_by_role("link", name="Mend it").click()
    expect(page.get_by_label("From address")).to_be_visible()
