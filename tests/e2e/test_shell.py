"""The frame around every page: sound in every look, usable by keyboard and without scripts."""

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy.orm import Session

from dakiya.campaigns.drafts import Content, create_campaign
from dakiya.clock import utc_now
from dakiya.config import Settings
from dakiya.contacts.recipients import RawRecipient, add_recipients
from dakiya.db import SessionFactory
from dakiya.models import CampaignStatus, Security
from dakiya.smtp_accounts.accounts import AccountValues, create_account
from dakiya.smtp_accounts.secrets import SecretBox
from tests.e2e.conftest import DESKTOP, LOOKS, NO_JAVASCRIPT, PHONE, OpenPage, Site
from tests.e2e.soundness import assert_page_is_sound

NAMES = ("Diwali offer", "<script>alert(1)</script>", "दिवाली की शुभकामनाएँ", "x" * 120)

ACCOUNT = AccountValues(
    name="Relay",
    host="127.0.0.1",
    port=1025,
    security=Security.NONE,
    username=None,
    from_email="asha@example.com",
    from_name="Asha",
    per_second=None,
    per_minute=None,
    per_hour=None,
    per_day=None,
    connections=2,
    mails_per_connection=100,
)


def make_campaigns(session: Session, site: Site) -> None:
    """Campaigns of several statuses, with names that break careless pages."""
    account = create_account(
        session,
        ACCOUNT,
        workspace_id=site.workspace_id,
        password=None,
        box=SecretBox(Settings.load()),
    )
    statuses = (CampaignStatus.DRAFT, CampaignStatus.SENDING, CampaignStatus.PAUSED)
    for number, name in enumerate(NAMES):
        campaign = create_campaign(
            session,
            workspace_id=site.workspace_id,
            name=name,
            content=Content(subject="Hello", html="<p>Hello</p>", text=None),
            account=account,
            timezone="Asia/Kolkata",
        )
        rows = [RawRecipient(n, f"r{n}@example.org", "", {}) for n in range(1, 4)]
        add_recipients(session, campaign, rows)
        if number:
            campaign.scheduled_at = utc_now()
            campaign.status = statuses[number % len(statuses)]
    session.commit()


@pytest.mark.parametrize("look", LOOKS, ids=lambda look: f"{look.theme}-{look.width}")
def test_public_pages_are_sound(open_page: OpenPage, look: object) -> None:
    page = open_page(look, logged_in=False)
    for path, name in (("/login", "login"), ("/signup", "signup"), ("/nothing", "error")):
        page.goto(path)
        assert_page_is_sound(page, name)
    page.goto("/signup")
    page.get_by_role("button", name="Sign up").click()
    expect(page.get_by_role("alert")).to_be_visible()
    assert_page_is_sound(page, "signup-refused")


def test_campaigns_are_sound_when_there_are_none(pages: list[Page]) -> None:
    for page in pages:
        page.goto("/campaigns")
        expect(page.get_by_role("heading", name="No campaign yet")).to_be_visible()
        assert_page_is_sound(page, "campaigns-none")


def test_campaigns_are_sound_when_there_are_some(
    pages: list[Page], site: Site, session_factory: SessionFactory
) -> None:
    with session_factory() as session:
        make_campaigns(session, site)
    for page in pages:
        page.goto("/campaigns")
        expect(page.get_by_role("rowheader", name="Diwali offer")).to_be_visible()
        assert_page_is_sound(page, "campaigns")


def test_open_menus_and_dialogs_are_sound(pages: list[Page]) -> None:
    for page in pages:
        page.goto("/campaigns")
        page.get_by_label("You: alice@example.com").click()
        expect(page.get_by_role("button", name="Log out")).to_be_visible()
        assert_page_is_sound(page, "menu")
        page.keyboard.press("Escape")
        expect(page.get_by_role("button", name="Log out")).to_be_hidden()
        page.keyboard.press("?")
        expect(page.get_by_role("dialog", name="Keyboard")).to_be_visible()
        assert_page_is_sound(page, "keys")


def test_navigation_is_a_drawer_on_a_phone(open_page: OpenPage) -> None:
    page = open_page(PHONE)
    page.goto("/campaigns")
    place = page.get_by_role("link", name="Campaigns", exact=True)
    expect(place).to_be_hidden()
    page.get_by_role("button", name="Open the navigation").click()
    expect(place).to_be_visible()
    assert_page_is_sound(page, "drawer")
    page.keyboard.press("Escape")
    expect(place).to_be_hidden()


def test_theme_is_changed_at_once_and_kept(open_page: OpenPage) -> None:
    page = open_page(DESKTOP)
    page.goto("/campaigns")
    page.get_by_label("You: alice@example.com").click()
    with page.expect_response("**/theme"):
        page.get_by_role("button", name="Dark").click()
    expect(page.locator("html")).to_have_attribute("data-bs-theme", "dark")
    page.reload()
    expect(page.locator("html")).to_have_attribute("data-bs-theme", "dark")
    assert_page_is_sound(page)
    elsewhere = open_page(DESKTOP)
    elsewhere.goto("/profile")
    expect(elsewhere.locator("html")).to_have_attribute("data-bs-theme", "dark")
    expect(elsewhere.get_by_label("Theme")).to_have_value("dark")


def test_keys_lead_to_places_and_can_be_switched_off(open_page: OpenPage) -> None:
    page = open_page(DESKTOP)
    page.goto("/nothing")
    page.keyboard.press("g")
    page.keyboard.press("c")
    expect(page.get_by_role("heading", name="Campaigns")).to_be_visible()
    page.keyboard.press("/")
    search = page.get_by_role("searchbox", name="Search campaigns")
    expect(search).to_be_focused()
    page.keyboard.type("g c?")
    expect(search).to_have_value("g c?")
    search.blur()
    page.keyboard.press("?")
    page.get_by_label("Use these keys in this browser").uncheck()
    page.get_by_role("button", name="Close").click()
    page.keyboard.press("/")
    expect(search).not_to_be_focused()
    assert_page_is_sound(page)


def test_skip_link_is_the_first_stop(open_page: OpenPage) -> None:
    page = open_page(DESKTOP)
    page.goto("/campaigns")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("main")).to_be_focused()


def test_everything_of_the_frame_works_without_scripts(open_page: OpenPage) -> None:
    page = open_page(NO_JAVASCRIPT)
    page.goto("/campaigns")
    page.get_by_label("You: alice@example.com").click()
    page.get_by_role("button", name="Dark").click()
    expect(page.locator("html")).to_have_attribute("data-bs-theme", "dark")
    page.get_by_label("You: alice@example.com").click()
    page.get_by_role("button", name="Log out").click()
    expect(page.get_by_role("heading", name="Log in")).to_be_visible()


def test_search_finds_campaigns_by_a_part_of_their_name(
    open_page: OpenPage, site: Site, session_factory: SessionFactory
) -> None:
    with session_factory() as session:
        make_campaigns(session, site)
    page = open_page(DESKTOP)
    page.goto("/campaigns")
    search = page.get_by_role("searchbox", name="Search campaigns")
    search.fill("diWALI")
    search.press("Enter")
    expect(page.get_by_role("rowheader")).to_have_count(1)
    assert_page_is_sound(page, "campaigns-found")
    search.fill("%")
    search.press("Enter")
    expect(page.get_by_role("heading", name="Nothing found")).to_be_visible()
    assert_page_is_sound(page, "campaigns-not-found")
