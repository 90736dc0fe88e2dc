"""Two tabs on one mail, and a tab that crashed."""

from dataclasses import dataclass

import pytest
from playwright.sync_api import Page, expect

from dakiya.db import SessionFactory
from tests.e2e.composing import open_rich, settle, write
from tests.e2e.conftest import DESKTOP, OpenPage, Site, assert_every_look_is_sound


@dataclass
class TwoTabs:
    """Two tabs of one browser on the same mail, which says "first"."""

    page: Page
    other: Page


@pytest.fixture
def tabs(open_page: OpenPage, site: Site, session_factory: SessionFactory) -> TwoTabs:
    page = open_page(DESKTOP)
    campaign_id = open_rich(page, site, session_factory)
    page.keyboard.type("first")
    settle(page)
    page.goto(f"/campaigns/{campaign_id}/edit/content")
    other = page.context.new_page()
    other.goto(f"/campaigns/{campaign_id}/edit/content")
    expect(page.get_by_text("open in another tab too")).to_be_visible()
    return TwoTabs(page, other)


def test_two_tabs_ask_and_keep_both(tabs: TwoTabs) -> None:
    page = tabs.page
    write(tabs.other, "theirs ")
    settle(tabs.other)
    expect(page.get_by_text("changed in another tab just now")).to_be_visible()
    write(page, "mine ")
    expect(page.get_by_text("nothing is saved by itself until you choose")).to_be_visible()
    assert_every_look_is_sound(page, "two-tabs")
    page.get_by_role("button", name="Take the other").click()
    expect(page.get_by_role("textbox", name="The mail")).to_contain_text("theirs")
    page.get_by_role("link", name="Versions").click()
    dialog = page.get_by_role("dialog", name="Versions")
    expect(dialog.get_by_role("listitem")).to_have_count(4)
    assert_every_look_is_sound(page, "versions")
    dialog.get_by_role("button", name="Go back to it (3)").click()
    expect(page.get_by_role("textbox", name="The mail")).to_contain_text("mine")


def test_tab_that_saves_leaves_the_words_of_another_and_ctrl_s_asks_again(tabs: TwoTabs) -> None:
    page = tabs.page
    write(tabs.other, "theirs ")
    settle(tabs.other)
    write(page, "mine ")
    note = page.locator('[data-note="conflict"]')
    expect(note).to_be_visible()
    write(tabs.other, "more ")
    settle(tabs.other)
    kept = page.evaluate("Object.values(localStorage).filter((text) => text.includes('mine'))")
    assert len(kept) == 1
    note.get_by_role("button", name="Close").click()
    expect(note).to_have_count(0)
    page.get_by_role("textbox", name="The mail").click()
    page.keyboard.press("Control+s")
    expect(note.get_by_role("button", name="Keep mine")).to_be_visible()


def test_words_survive_a_crash(
    open_page: OpenPage, site: Site, session_factory: SessionFactory
) -> None:
    page = open_page(DESKTOP)
    open_rich(page, site, session_factory)
    # Not by a route: what it holds when the page is closed goes on to the server.
    page.evaluate("() => { window.fetch = () => Promise.reject(new TypeError('away')); }")
    page.keyboard.type("Not lost")
    expect(page.get_by_text("The server does not answer.")).to_be_visible()
    crashed = page.context.new_page()
    page.close(run_before_unload=False)
    crashed.goto(page.url)
    expect(crashed.get_by_text("were not saved. They are still in this browser")).to_be_visible()
    crashed.get_by_role("button", name="Put them back").click()
    expect(crashed.get_by_role("textbox", name="The mail")).to_contain_text("Not lost")
