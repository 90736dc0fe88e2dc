"""What leads away from unsaved words, or needs them: they are saved first, and nobody is asked."""

import json
import re

from playwright.sync_api import Page, Route, expect
from sqlalchemy import select

from dakiya.db import SessionFactory
from dakiya.models import CampaignStatus, CampaignTest, ContentVersion
from tests.e2e.composing import (
    content_of,
    new_draft,
    note_dialogs,
    settle,
    stored,
    until_ready,
    write,
)
from tests.e2e.conftest import DESKTOP, OpenPage, Site
from tests.e2e.soundness import assert_page_is_sound
from tests.engine.world import make_account, make_campaign

# The answer to a save comes late, though the server has saved at once.
LATE_ANSWERS = """() => {
    const ask = window.fetch;
    window.fetch = async (...parts) => {
        const answer = await ask(...parts);
        if (String(parts[0]).endsWith("/keep")) await new Promise((done) => setTimeout(done, 1000));
        return answer;
    };
}"""


def begin(page: Page, site: Site, session_factory: SessionFactory) -> tuple[int, list[str]]:
    """A rich mail that is saved once; returns its campaign, and what the browser will ask."""
    campaign_id = new_draft(site, session_factory)
    asked = note_dialogs(page)
    page.goto(f"/campaigns/{campaign_id}/edit/content?way=rich")
    page.get_by_label("Subject").fill("Hello")
    write(page, "First. ")
    settle(page)
    return campaign_id, asked


def written(session_factory: SessionFactory, campaign_id: int) -> str:
    """The stored document in one string."""
    return json.dumps(stored(session_factory, campaign_id))


def test_test_mail_says_what_was_just_written(
    open_page: OpenPage, site: Site, session_factory: SessionFactory
) -> None:
    page = open_page(DESKTOP)
    _, asked = begin(page, site, session_factory)
    write(page, "Second.")
    page.get_by_role("button", name="Send a test").click()
    expect(page.get_by_text("is on its way")).to_be_visible()
    assert asked == []
    with session_factory() as session:
        test = session.scalars(select(CampaignTest)).one()
        tested = session.get_one(ContentVersion, test.content_version_id)
        assert "Second." in json.dumps(tested.source)


def test_links_wait_until_the_words_are_saved(
    open_page: OpenPage, site: Site, session_factory: SessionFactory
) -> None:
    page = open_page(DESKTOP)
    campaign_id, asked = begin(page, site, session_factory)
    write(page, "Second. ")
    page.get_by_role("link", name="The next recipient").click()
    letter = page.frame_locator("iframe[title='The mail as HTML']")
    expect(letter.get_by_text("First. Second.")).to_be_visible()
    expect(page.locator("#test-for")).to_contain_text("filled in for आशा राव")
    write(page, "Third. ")
    page.locator("summary", has_text="Convert a copy").click()
    page.get_by_role("link", name="As Plain text").click()
    expect(page.get_by_role("dialog")).to_contain_text("What the copy loses:")
    assert "Third." in written(session_factory, campaign_id)
    page.keyboard.press("Escape")
    write(page, "Fourth. ")
    page.get_by_role("link", name="Campaigns", exact=True).first.click()
    page.wait_for_url(re.compile(r"/campaigns$"))
    assert "Fourth." in written(session_factory, campaign_id)
    assert asked == []


def test_save_and_continue_waits_for_a_save_that_is_under_way(
    open_page: OpenPage, site: Site, session_factory: SessionFactory
) -> None:
    page = open_page(DESKTOP)
    campaign_id, asked = begin(page, site, session_factory)
    page.evaluate(LATE_ANSWERS)
    write(page, "Second. ")
    page.keyboard.press("Control+s")
    page.keyboard.type("Third.")
    page.get_by_role("button", name="Save and continue").click()
    page.wait_for_url("**/schedule")
    assert "Second. Third." in written(session_factory, campaign_id)
    assert asked == []


def test_browser_asks_when_the_words_cannot_be_saved(
    open_page: OpenPage, site: Site, session_factory: SessionFactory
) -> None:
    page = open_page(DESKTOP)
    _, asked = begin(page, site, session_factory)
    page.route("**/keep", lambda route: route.abort())
    write(page, "Second. ")
    page.get_by_role("link", name="Campaigns", exact=True).first.click()
    page.wait_for_url(re.compile(r"/campaigns$"))
    assert asked == ["beforeunload"]


def test_ctrl_s_and_enter_save_a_mail_that_rests(
    open_page: OpenPage, site: Site, session_factory: SessionFactory
) -> None:
    with session_factory.begin() as session:
        account = make_account(session, site.workspace_id, 1025)
        campaign = make_campaign(session, account, 3)
        campaign.status = CampaignStatus.PAUSED
        campaign_id = campaign.id
    page = open_page(DESKTOP)
    place = f"/campaigns/{campaign_id}/edit/content"
    page.goto(place)
    subject = page.get_by_label("Subject")
    until_ready(page)
    for key, words in (("Control+s", "By Ctrl+S"), ("Enter", "By Enter")):
        subject.fill(words)
        with page.expect_navigation():
            subject.press(key)
        assert page.url.endswith(f"{place}#preview")
        expect(subject).to_have_value(words)
        assert content_of(session_factory, campaign_id).subject == words


def test_other_tabs_mail_that_cannot_be_taken_is_asked_about_again(
    open_page: OpenPage, site: Site, session_factory: SessionFactory
) -> None:
    page = open_page(DESKTOP)
    campaign_id, _ = begin(page, site, session_factory)
    page.goto(f"/campaigns/{campaign_id}/edit/content")
    other = page.context.new_page()
    other.goto(f"/campaigns/{campaign_id}/edit/content")
    write(other, "Theirs.")
    settle(other)
    write(page, "Mine.")
    note = page.locator('[data-note="conflict"]')
    expect(note).to_be_visible()

    def refuse(route: Route) -> None:
        route.abort()

    # Mine cannot be saved: the question stays, and the other mail is not written over later.
    page.route("**/keep", refuse)
    note.get_by_role("button", name="Take the other").click()
    expect(page.get_by_text("The server does not answer.")).to_be_visible()
    expect(note).to_be_visible()
    assert "Theirs." in written(session_factory, campaign_id)
    page.unroute("**/keep", refuse)
    # Mine is saved, theirs cannot be taken.
    page.route("**/versions/*", refuse)
    note.get_by_role("button", name="Take the other").click()
    expect(page.get_by_text("The other mail could not be taken.")).to_be_visible()
    assert "Mine." in written(session_factory, campaign_id)
    page.unroute("**/versions/*", refuse)
    page.get_by_role("button", name="Take the other").click()
    expect(page.get_by_role("textbox", name="The mail")).to_contain_text("Theirs.")
    assert "Theirs." in written(session_factory, campaign_id)
    # Aborted requests are complaints of the browser, not of the page.
    fresh = open_page(DESKTOP)
    fresh.goto(f"/campaigns/{campaign_id}/edit/content")
    assert_page_is_sound(fresh)
