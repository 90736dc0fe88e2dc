"""The dashboard, the list, the monitor and the ledger: sound in every look, and they lead on."""

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import select

from dakiya.db import SessionFactory
from dakiya.delivery.content_trouble import REFUSALS_IN_A_ROW
from dakiya.delivery.counters import WEB_SLOT, Moves
from dakiya.models import (
    ChanceKind,
    Email,
    EmailState,
    SecondChance,
)
from tests.e2e.campaigns import World, make_world, refuse
from tests.e2e.conftest import DESKTOP, NO_JAVASCRIPT, OpenPage, Site, assert_every_look_is_sound
from tests.e2e.soundness import assert_page_is_sound


@pytest.fixture
def world(site: Site, session_factory: SessionFactory) -> World:
    """Campaigns in every state."""
    with session_factory() as session:
        return make_world(session, site)


def test_pages_are_sound_with_a_campaign_on_its_way(
    pages: list[Page], world: World, session_factory: SessionFactory
) -> None:
    with session_factory() as session:
        lost = session.scalar(
            select(Email.recipient_id).where(
                Email.campaign_id == world.finished, Email.state == EmailState.UNKNOWN
            )
        )
    for page in pages:
        for path, name in (
            ("/", "dashboard"),
            ("/campaigns", "campaigns-list"),
            (f"/campaigns/{world.sending}", "monitor-sending"),
            (f"/campaigns/{world.finished}", "monitor-finished"),
            (f"/campaigns/{world.finished}/mail", "mail"),
            (f"/campaigns/{world.finished}/emails?state=failed", "ledger"),
            (f"/campaigns/{world.finished}/emails/{lost}", "story"),
            (f"/campaigns/{world.finished}/emails?state=unknown", "ledger-unknown"),
            (f"/campaigns/{world.sending}/cancel", "cancel"),
        ):
            page.goto(path)
            assert_page_is_sound(page, name)


def test_mail_of_a_campaign_is_read_recipient_by_recipient(
    open_page: OpenPage, world: World
) -> None:
    page = open_page(DESKTOP)
    page.goto(f"/campaigns/{world.sending}")
    page.get_by_role("link", name="See the mail").click()
    preview = page.get_by_role("region", name="As a recipient sees it")
    expect(preview.get_by_text("पाठक 0", exact=True)).to_be_visible()
    preview.get_by_role("link", name="The next recipient").click()
    expect(preview.get_by_text("पाठक 1", exact=True)).to_be_visible()
    expect(preview.get_by_text("From", exact=True)).to_be_visible()
    preview.get_by_role("button", name="Text", exact=True).click()
    letter = page.frame_locator("iframe[title='The mail as plain text']")
    expect(letter.locator("body")).not_to_be_empty()
    preview.get_by_role("button", name="Dark", exact=True).click()
    expect(
        page.frame_locator("iframe[title='The mail in the dark']").locator("p").first
    ).to_be_visible()
    assert_page_is_sound(page, "mail-dark")


def test_dashboard_is_sound_for_somebody_new(pages: list[Page]) -> None:
    for page in pages:
        page.goto("/")
        expect(page.get_by_role("heading", name="Welcome to Dakiya")).to_be_visible()
        assert_page_is_sound(page, "dashboard-new")


def test_group_of_errors_leads_to_its_mails_and_to_the_story_of_one(
    open_page: OpenPage, world: World
) -> None:
    page = open_page(DESKTOP)
    page.goto(f"/campaigns/{world.finished}")
    page.get_by_role("link", name="The mailbox does not exist").click()
    expect(page.get_by_text("User unknown").first).to_be_visible()
    expect(page.get_by_text("over its quota")).to_have_count(0)
    page.get_by_role("rowheader").first.get_by_role("link").click()
    expect(page.get_by_role("heading", name="Its story")).to_be_visible()
    expect(page.get_by_text("User unknown").first).to_be_visible()


def test_figures_follow_and_pausing_and_cancelling_answer_honestly(
    open_page: OpenPage, world: World, session_factory: SessionFactory
) -> None:
    page = open_page(DESKTOP)
    page.goto(f"/campaigns/{world.sending}")
    sent = page.locator('[data-live="campaign.sent"]')
    before = sent.inner_text()
    with session_factory() as session:
        moves = Moves()
        moves.add(EmailState.PENDING, EmailState.SENT, 5)
        moves.store(session, campaign_id=world.sending, slot=WEB_SLOT)
        session.commit()
    expect(sent).to_have_text(str(int(before) + 5))
    page.get_by_role("button", name="Pause").click()
    expect(page.get_by_text("Nothing more goes out.").first).to_be_visible()
    page.get_by_role("button", name="Resume").click()
    expect(page.get_by_role("button", name="Pause")).to_be_visible()
    page.get_by_role("link", name="Cancel").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("cannot be undone")
    dialog.get_by_role("button", name="Cancel the campaign").click()
    expect(page.get_by_role("status").first).to_contain_text("Cancelled.")
    assert_page_is_sound(page, "monitor-cancelled")


def test_focus_returns_to_the_menu_that_a_question_came_from(
    open_page: OpenPage, world: World
) -> None:
    page = open_page(DESKTOP)
    page.goto("/campaigns")
    menu = page.locator(f'details:has(a[href="/campaigns/{world.finished}/delete"])')
    menu.locator("summary").click()
    menu.get_by_role("link", name="Delete").click()
    expect(page.get_by_role("dialog")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(menu.locator("summary")).to_be_focused()


def test_unknown_mails_are_decided_without_scripts(
    open_page: OpenPage, world: World, session_factory: SessionFactory
) -> None:
    page = open_page(NO_JAVASCRIPT)
    page.goto(f"/campaigns/{world.finished}")
    page.get_by_role("link", name="Count all as sent").click()
    page.get_by_role("button", name="Count as sent").click()
    expect(page.get_by_text("4 mails are counted as sent.")).to_be_visible()
    with session_factory() as session:
        left = session.scalar(
            select(Email.id).where(
                Email.campaign_id == world.finished, Email.state == EmailState.UNKNOWN
            )
        )
    assert left is None


def test_second_chance_of_many_mails_is_followed(
    open_page: OpenPage, world: World, session_factory: SessionFactory
) -> None:
    with session_factory() as session:
        kind = ChanceKind.COUNT_SENT.value
        chance = SecondChance(
            campaign_id=world.finished, kind=kind, mails=100_000, moved=42_000, up_to=10**9
        )
        session.add(chance)
        session.commit()
        page = open_page(DESKTOP)
        page.goto(f"/campaigns/{world.finished}")
        expect(page.get_by_text("42,000 of 100,000")).to_be_visible()
        expect(page.get_by_role("link", name="Count all as sent")).to_be_hidden()
        assert_every_look_is_sound(page, "second-chance")
        chance.moved = 60_000
        session.commit()
        expect(page.get_by_text("60,000 of 100,000")).to_be_visible()
        session.delete(chance)
        session.commit()
    expect(page.get_by_role("link", name="Count all as sent")).to_be_visible()


@pytest.fixture
def refused(site: Site, session_factory: SessionFactory) -> int:
    """A campaign that has paused by itself, as its content was refused."""
    with session_factory() as session:
        return refuse(session, site)


def test_pages_of_a_campaign_whose_content_is_refused_are_sound(
    pages: list[Page], refused: int
) -> None:
    for page in pages:
        page.goto(f"/campaigns/{refused}")
        expect(page.get_by_text("The content is refused")).to_be_visible()
        expect(page.get_by_text("The content was changed")).to_have_count(0)
        assert_page_is_sound(page, "monitor-refused")
        page.get_by_role("link", name="Change the content").first.click()
        expect(page.get_by_text("This campaign is paused")).to_be_visible()
        assert_page_is_sound(page, "content-of-a-paused-campaign")


def test_refused_content_is_changed_and_its_mails_are_tried_again(
    open_page: OpenPage, refused: int, session_factory: SessionFactory
) -> None:
    page = open_page(DESKTOP)
    page.goto(f"/campaigns/{refused}")
    page.get_by_role("link", name="Change the content").first.click()
    page.get_by_label("Subject").fill("Kinder words, {{ name }}")
    page.get_by_role("button", name="Save and go back").click()
    expect(page.get_by_text("The content was changed")).to_be_visible()
    page.get_by_role("button", name=f"Retry {REFUSALS_IN_A_ROW} failed").click()
    expect(page.get_by_role("status").first).to_contain_text("10 mails are tried again")
    page.get_by_role("button", name="Resume").click()
    expect(page.get_by_role("button", name="Pause")).to_be_visible()
    with session_factory() as session:
        waiting = session.scalars(select(Email.state).distinct()).all()
    assert waiting == [EmailState.PENDING]
