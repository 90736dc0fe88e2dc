"""What is pasted into the composer: too much of it, and lists of Word."""

from typing import Any

import pytest
from playwright.sync_api import Page, expect

from dakiya.db import SessionFactory
from dakiya.models import Campaign
from tests.e2e.conftest import DESKTOP, NO_JAVASCRIPT, OpenPage, Site
from tests.e2e.soundness import assert_page_is_sound
from tests.e2e.test_writing import make_draft

# What Word puts on the clipboard: levels in styles, bullets as text.
ITEM = """<p class=MsoListParagraph style='mso-list:l0 level{level} lfo1'><![if !supportLists]><span
style='font-family:Symbol'><span style='mso-list:Ignore'>{bullet}<span style='font:7.0pt'>&nbsp;
</span></span></span><![endif]>{words}<o:p></o:p></p>"""
ITEMS = (
    (1, "1.", "Fruit"), (2, "o", "Apple"), (3, "§", "Red"), (2, "o", "Pear"), (1, "2.", "Nuts"),
)  # fmt: skip
PASTE = """html => {
    const data = new DataTransfer();
    data.setData("text/html", html);
    document.activeElement.dispatchEvent(
        new ClipboardEvent("paste", {clipboardData: data, bubbles: true, cancelable: true}));
}"""
TOO_MUCH = "That is too much, so none of it was taken: at most"


def open_way(page: Page, site: Site, session_factory: SessionFactory, way: str) -> int:
    with session_factory.begin() as session:
        campaign_id = make_draft(session, site).id
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


def outline(node: Any) -> Any:
    """The lists of a document as nested lists of words: ["ol", "Fruit", ["ul", ...]]."""
    names = {"orderedList": "ol", "bulletList": "ul"}
    if node["type"] in names:
        items = [part for item in node["content"] for part in item["content"]]
        return [names[node["type"]], *map(outline, items)]
    return "".join(child.get("text", "") for child in node.get("content", []))


def test_nested_lists_of_word_stay_nested(
    open_page: OpenPage, site: Site, session_factory: SessionFactory
) -> None:
    page = open_page(DESKTOP)
    campaign_id = open_way(page, site, session_factory, "rich")
    page.get_by_label("Subject").fill("Lists")
    page.get_by_role("textbox", name="The mail").click()
    items = "".join(ITEM.format(level=n, bullet=b, words=w) for n, b, w in ITEMS)
    page.evaluate(PASTE, f"<html xmlns:o='urn:schemas-microsoft-com:office'><body>{items}</body>")
    page.keyboard.press("Control+s")
    expect(page.locator("[data-status][data-state=saved]")).to_be_visible()
    with session_factory() as session:
        content = session.get_one(Campaign, campaign_id).content
        assert content is not None
        assert content.source is not None
        found = [outline(node) for node in content.source["content"]]
    assert found[0] == ["ol", "Fruit", ["ul", "Apple", ["ul", "Red"], "Pear"], "Nuts"]


def test_button_that_is_not_filled_in_is_found_at_once(
    open_page: OpenPage, site: Site, session_factory: SessionFactory
) -> None:
    page = open_page(DESKTOP)
    open_way(page, site, session_factory, "rich")
    page.get_by_label("Subject").fill("A button")
    page.get_by_role("textbox", name="The mail").click()
    page.keyboard.type("Look: ")
    page.get_by_role("toolbar").get_by_role("button", name="Button", exact=True).click()
    page.keyboard.press("Escape")
    checks = page.locator("#checks")
    expect(checks.get_by_text("These links and buttons are not filled in yet")).to_be_visible()
    expect(checks.get_by_text("Read more (https://)")).to_be_visible()
