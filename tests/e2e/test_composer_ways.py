"""From one way of writing to another; HTML before its editor is there, and a long one."""

import re

from playwright.sync_api import Page, Route, expect

from dakiya.db import SessionFactory
from tests.e2e.composing import new_draft, open_rich, settle, until_ready
from tests.e2e.conftest import DESKTOP, OpenPage, Site, assert_every_look_is_sound
from tests.e2e.soundness import assert_page_is_sound


def test_copy_is_converted_after_it_was_told_what_is_lost(
    open_page: OpenPage, site: Site, session_factory: SessionFactory
) -> None:
    page = open_page(DESKTOP)
    open_rich(page, site, session_factory)
    page.keyboard.type("# Title")
    settle(page)
    page.locator("summary", has_text="Convert a copy").click()
    assert_page_is_sound(page, "convert-menu")
    page.get_by_role("link", name="As Plain text").click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_text("What the copy loses:")).to_be_visible()
    assert_every_look_is_sound(page, "convert")
    dialog.get_by_role("button", name="Convert a copy").click()
    expect(page.get_by_label("Plain text", exact=True)).to_have_value(re.compile("^Title"))


def test_html_that_is_longer_than_its_window_is_accessible(
    open_page: OpenPage, site: Site, session_factory: SessionFactory
) -> None:
    campaign_id = new_draft(site, session_factory)
    page = open_page(DESKTOP)
    page.goto(f"/campaigns/{campaign_id}/edit/content?way=html")
    page.get_by_label("Subject").fill("Hello")
    until_ready(page)
    page.get_by_role("textbox", name="HTML").click()
    page.keyboard.insert_text("<p>One line of many</p>\n" * 80)
    settle(page)
    assert_every_look_is_sound(page, "long-html")


def test_what_is_written_before_the_editor_is_there_goes_on_in_its_place(
    open_page: OpenPage, site: Site, session_factory: SessionFactory
) -> None:
    campaign_id = new_draft(site, session_factory)
    page = open_page(DESKTOP)
    held: list[Route] = []
    page.route("**/code-*.js", lambda route: held.append(route))  # noqa: PLW0108 - none bound
    page.goto(f"/campaigns/{campaign_id}/edit/content?way=html", wait_until="domcontentloaded")
    page.locator("textarea[name=html]").click()
    page.keyboard.type("<p>Dear </p>")
    for _ in "</p>":
        page.keyboard.press("ArrowLeft")
    release(page, held)
    page.keyboard.type("friend")
    expect(page.locator(".cm-line").first).to_have_text("<p>Dear friend</p>")
    page.goto(f"/campaigns/{campaign_id}/edit/content?way=html", wait_until="domcontentloaded")
    page.get_by_label("Subject").fill("For you, ")
    release(page, held)
    page.get_by_role("button", name="name", exact=True).click()
    expect(page.get_by_label("Subject")).to_have_value("For you, {{ name }}")


def release(page: Page, held: list[Route]) -> None:
    while held:
        held.pop().continue_()
    until_ready(page)
