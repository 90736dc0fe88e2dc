"""More than a mail takes, pasted into its fields."""

import pytest
from playwright.sync_api import Page, expect

from dakiya.db import SessionFactory
from tests.e2e.composing import make_draft, new_draft, open_rich, paste, until_ready
from tests.e2e.conftest import DESKTOP, NO_JAVASCRIPT, OpenPage, Site
from tests.e2e.soundness import assert_page_is_sound

TOO_MUCH = "That is too much, so none of it was taken: at most"


def open_way(page: Page, site: Site, session_factory: SessionFactory, way: str) -> int:
    campaign_id = new_draft(site, session_factory)
    page.goto(f"/campaigns/{campaign_id}/edit/content?way={way}")
    return campaign_id


def paste_clipboard(page: Page, chars: int) -> None:
    """As a person does: what is on the clipboard, with Ctrl+V."""
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.evaluate("count => navigator.clipboard.writeText('y'.repeat(count))", chars)
    page.keyboard.press("Control+v")


def test_huge_paste_into_text_is_answered_with_words(
    open_page: OpenPage, site: Site, session_factory: SessionFactory
) -> None:
    page = open_page(DESKTOP)
    open_way(page, site, session_factory, "text")
    text = page.get_by_label("Plain text", exact=True)
    text.fill("Kept")
    paste_clipboard(page, 5_000_000)
    expect(page.get_by_text(f"{TOO_MUCH} 500,000 characters")).to_be_visible()
    expect(text).to_have_value("Kept")
    assert_page_is_sound(page, "too-much")
    paste_clipboard(page, 400_000)
    expect(text).to_have_value("Kept" + "y" * 400_000)
    page.get_by_label("Subject").click()
    paste_clipboard(page, 501)
    expect(page.get_by_text(f"{TOO_MUCH} 500 characters")).to_be_visible()


def test_huge_paste_into_the_text_part_is_answered_with_words(
    open_page: OpenPage, site: Site, session_factory: SessionFactory
) -> None:
    page = open_page(DESKTOP)
    open_way(page, site, session_factory, "html")
    page.locator("summary", has_text="Plain text version").click()
    page.get_by_label("Plain text", exact=True).click()
    paste_clipboard(page, 5_000_000)
    expect(page.get_by_text(f"{TOO_MUCH} 500,000 characters")).to_be_visible()
    expect(page.get_by_label("Plain text", exact=True)).to_have_value("")


@pytest.mark.parametrize(("way", "label"), [("html", "HTML"), ("text", "Plain text")])
def test_huge_paste_without_scripts_is_kept_whole_and_refused_with_words(
    open_page: OpenPage, site: Site, session_factory: SessionFactory, way: str, label: str
) -> None:
    page = open_page(NO_JAVASCRIPT)
    open_way(page, site, session_factory, way)
    page.get_by_label("Subject").fill("Long")
    area = page.get_by_label(label, exact=True)
    area.focus()
    page.keyboard.insert_text("z" * 600_000)
    page.get_by_role("button", name="Save and preview").click()
    expect(page.get_by_text("these are 600,000. Nothing was cut off")).to_be_visible()
    assert len(area.input_value()) == 600_000


def test_huge_paste_is_answered_with_words(
    open_page: OpenPage, site: Site, session_factory: SessionFactory
) -> None:
    page = open_page(DESKTOP)
    open_rich(page, site, session_factory)
    page.keyboard.type("Kept")
    paste(page, "<p>" + "x" * 5_000_000 + "</p>")
    expect(page.get_by_text("That is too much for one mail")).to_be_visible()
    expect(page.get_by_role("textbox", name="The mail")).to_have_text("Kept")
    with session_factory.begin() as session:
        another = make_draft(session, site).id
    page.on("dialog", lambda dialog: dialog.accept())
    page.goto(f"/campaigns/{another}/edit/content?way=html")
    until_ready(page)
    page.get_by_role("textbox", name="HTML").click()
    paste(page, "y" * 5_000_000, "text/plain")
    expect(page.get_by_text("That is too much for one mail")).to_be_visible()
