"""Blocks, fields, links and the text part of a rich mail, each with its panel."""

import json
import re

from playwright.sync_api import expect

from dakiya.db import SessionFactory
from tests.e2e.composing import (
    content_of,
    found_at,
    insert,
    kinds,
    open_rich,
    settle,
    stored,
)
from tests.e2e.conftest import DESKTOP, OpenPage, Site, assert_every_look_is_sound
from tests.e2e.soundness import assert_page_is_sound


def test_every_block_is_made_and_sound(
    open_page: OpenPage, site: Site, session_factory: SessionFactory
) -> None:
    page = open_page(DESKTOP)
    campaign_id = open_rich(page, site, session_factory)
    page.keyboard.type("1. first")
    page.keyboard.press("Enter")
    page.keyboard.type("second")
    page.keyboard.press("Enter")
    page.keyboard.press("Enter")
    insert(page, "Two columns")
    page.keyboard.type("left")
    expect(page.get_by_role("toolbar", name="Two columns")).to_be_visible()
    page.get_by_role("button", name="Swap the columns").click()
    page.keyboard.press("Control+End")
    insert(page, "Table")
    page.keyboard.type("Name")
    page.get_by_role("button", name="Row below").click()
    page.get_by_role("button", name="Remove the column").click()
    page.keyboard.press("Control+End")
    insert(page, "Dividing line")
    page.keyboard.type("Only in Pune, مرحبا")
    page.get_by_role("button", name="Alignment").click()
    page.get_by_role("menuitemradio", name="Centre").click()
    page.get_by_role("button", name="Alignment").click()
    page.get_by_role("menuitemradio", name="Right to left").click()
    insert(page, "Only for some recipients")
    page.get_by_role("button", name="Change the condition").click()
    panel = page.get_by_role("dialog", name="Only for some recipients")
    panel.get_by_label("Field").select_option("city")
    panel.get_by_label("is empty").check()
    assert_page_is_sound(page, "panel-condition")
    page.keyboard.press("Escape")
    page.keyboard.press("Shift+Home")
    page.get_by_role("button", name="Colour of the letters").click()
    page.get_by_role("button", name="Green").click()
    page.get_by_role("button", name="Look of the mail").click()
    page.get_by_label("With serifs").check()
    assert_page_is_sound(page, "panel-look")
    page.keyboard.press("Escape")
    settle(page)
    document = stored(session_factory, campaign_id)
    assert document["attrs"] == {"font": "serif"}
    found = kinds(document)
    for kind in ("orderedList", "columns", "table", "horizontalRule", "condition"):
        assert kind in found, kind
    assert found.count("tableRow") == 4
    assert found.count("tableHeader") == 2
    condition = document["content"][found_at(document, "condition")]
    assert condition["attrs"] == {"field": "city", "negate": True}
    line = condition["content"][0]
    assert (line["attrs"]["textAlign"], line["attrs"]["dir"]) == ("center", "rtl")
    assert line["content"][0]["marks"][0]["attrs"]["color"] == "#166536"
    columns = document["content"][found_at(document, "columns")]
    assert "left" in json.dumps(columns["content"][1])
    # What is stored opens again as it was.
    page.reload()
    expect(page.get_by_role("textbox", name="The mail")).to_contain_text("Only in Pune")
    assert_every_look_is_sound(page, "every-block")
    settle(page)
    assert stored(session_factory, campaign_id) == document


def test_field_chip_is_edited_in_place_by_keyboard(
    open_page: OpenPage, site: Site, session_factory: SessionFactory
) -> None:
    page = open_page(DESKTOP)
    campaign_id = open_rich(page, site, session_factory)
    page.keyboard.type("For {{ci")
    option = page.get_by_role("option", name="city")
    expect(option).to_contain_text("1 of 2 has no city")
    page.keyboard.press("Enter")
    page.keyboard.press("ArrowLeft")
    panel = page.get_by_role("dialog", name="Field of the recipient")
    expect(panel).to_be_visible()
    page.keyboard.press("Enter")
    expect(panel.get_by_label("Field")).to_be_focused()
    page.keyboard.press("Tab")
    page.keyboard.type("your town")
    panel.get_by_label("Show it as").select_option("upper")
    assert_page_is_sound(page, "panel-field")
    page.keyboard.press("Escape")
    expect(page.get_by_role("textbox", name="The mail")).to_be_focused()
    settle(page)
    chip = stored(session_factory, campaign_id)["content"][0]["content"][1]
    assert chip["attrs"] == {"field": "city", "fallback": "your town", "format": "upper"}
    preview = page.frame_locator("iframe[title='The mail as HTML']")
    expect(preview.get_by_text("For PUNE")).to_be_visible()
    for _ in range(12):
        page.keyboard.press("Control+z")
    expect(page.locator(".field-chip")).to_have_count(0)
    for _ in range(12):
        page.keyboard.press("Control+y")
    expect(page.locator(".field-chip")).to_have_count(1)


def test_link_and_text_part_are_made_by_keyboard(
    open_page: OpenPage, site: Site, session_factory: SessionFactory
) -> None:
    page = open_page(DESKTOP)
    campaign_id = open_rich(page, site, session_factory)
    page.keyboard.type("Read this")
    page.keyboard.press("Control+Shift+ArrowLeft")
    page.keyboard.press("Control+k")
    panel = page.get_by_role("dialog", name="Link", exact=True)
    expect(panel.get_by_label("Address")).to_be_focused()
    page.keyboard.type("example.org/a b")
    assert_page_is_sound(page, "panel-link")
    page.keyboard.press("Control+a")
    page.keyboard.type("asha@example.org")
    page.keyboard.press("Enter")
    expect(page.get_by_role("textbox", name="The mail")).to_be_focused()
    settle(page)
    marked = stored(session_factory, campaign_id)["content"][0]["content"][1]
    assert marked["text"] == "this"
    assert marked["marks"] == [{"type": "link", "attrs": {"href": "mailto:asha@example.org"}}]
    page.locator("summary", has_text="Plain text version").click()
    expect(page.get_by_text("made automatically")).to_be_visible()
    page.get_by_role("button", name="Begin with the automatic one").click()
    text = page.get_by_label("Plain text", exact=True)
    expect(text).to_have_value(re.compile("^Read this"))
    text.fill("By hand")
    expect(page.get_by_text("written by you")).to_be_visible()
    settle(page)
    assert content_of(session_factory, campaign_id).text == "By hand"
    page.get_by_role("button", name="Make it automatically again").click()
    expect(page.get_by_text("made automatically")).to_be_visible()


def test_button_that_is_not_filled_in_is_found_at_once(
    open_page: OpenPage, site: Site, session_factory: SessionFactory
) -> None:
    page = open_page(DESKTOP)
    open_rich(page, site, session_factory)
    page.keyboard.type("Look: ")
    page.get_by_role("toolbar").get_by_role("button", name="Button", exact=True).click()
    page.keyboard.press("Escape")
    checks = page.locator("#checks")
    expect(checks.get_by_text("These links and buttons are not filled in yet")).to_be_visible()
    expect(checks.get_by_text("Read more (https://)")).to_be_visible()
