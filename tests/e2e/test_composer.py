"""The composer's parts: blocks, panels, pasting, pictures, two tabs, versions, no JavaScript."""

import base64
import json
import re
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from dakiya.campaigns.content import Content
from dakiya.campaigns.drafts import set_content
from dakiya.db import SessionFactory
from dakiya.models import Campaign, ContentKind
from tests.e2e.conftest import (
    DESKTOP,
    NO_JAVASCRIPT,
    OpenPage,
    Site,
    assert_every_look_is_sound,
)
from tests.e2e.soundness import assert_page_is_sound
from tests.e2e.test_writing import make_draft
from tests.web.media.pictures import png

WORD = """<html xmlns:o="urn:schemas-microsoft-com:office:office"><head><style>p{margin:0}</style>
</head><body><!--StartFragment--><h1 style='mso-style-name:x;color:#2F5496'>Offer<o:p></o:p></h1>
<p class=MsoNormal style='font-family:Calibri;color:black'>Dear <b style='mso-bidi-font-weight:
normal'>friend</b>,<o:p></o:p></p>
<p class=MsoListParagraph style='mso-list:l0 level1 lfo1'><span style='mso-list:Ignore'>1.
</span>one</p><p class=MsoListParagraph style='mso-list:l0 level1 lfo1'><span
style='mso-list:Ignore'>2. </span>two</p><img src="file:///C:/a.png" onerror="alert(1)">
<script>alert(1)</script><!--EndFragment--></body></html>"""
DOCS = """<meta charset="utf-8"><b style="font-weight:normal" id="docs-internal-guid-7"><p dir="ltr"
style="line-height:1.38;text-align:center"><span style="font-size:11pt;color:#000000;
background-color:transparent;font-weight:700">Bold</span><span style="font-weight:400"> and </span>
<a href="https://example.org/"><span style="color:#1155cc">link</span></a></p></b>"""
PASTE = """([type, text]) => {
    const data = new DataTransfer();
    data.setData(type, text);
    document.activeElement.dispatchEvent(
        new ClipboardEvent("paste", {clipboardData: data, bubbles: true, cancelable: true}));
}"""
DROP = """async ([selector, base64]) => {
    const bytes = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
    const data = new DataTransfer();
    data.items.add(new File([bytes], "lamp.png", {type: "image/png"}));
    const target = document.querySelector(selector);
    const {left, top} = target.getBoundingClientRect();
    target.dispatchEvent(new DragEvent("drop", {
        dataTransfer: data, bubbles: true, cancelable: true,
        clientX: left + 60, clientY: top + 40}));
}"""


def open_rich(page: Page, site: Site, session_factory: SessionFactory) -> int:
    with session_factory.begin() as session:
        campaign_id = make_draft(session, site).id
    page.goto(f"/campaigns/{campaign_id}/edit/content?way=rich")
    page.get_by_label("Subject").fill("Hello")
    page.get_by_role("textbox", name="The mail").click()
    return campaign_id


def stored(session_factory: SessionFactory, campaign_id: int) -> Any:
    """The document as the server has it."""
    with session_factory() as session:
        content = session.get_one(Campaign, campaign_id).content
        assert content is not None
        return content.source


def paste(page: Page, text: str, kind: str = "text/html") -> None:
    page.evaluate(PASTE, [kind, text])


def settle(page: Page) -> None:
    """Save by hand, and wait for it."""
    page.keyboard.press("Control+s")
    expect(page.locator("[data-status][data-state=saved]")).to_be_visible()


def insert(page: Page, name: str) -> None:
    page.get_by_role("button", name="Insert", exact=True).click()
    page.get_by_role("menuitem", name=name).click()


def kinds(node: Any) -> list[str]:
    return [node["type"], *(kind for child in node.get("content", []) for kind in kinds(child))]


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


def found_at(document: Any, kind: str) -> int:
    return next(n for n, node in enumerate(document["content"]) if node["type"] == kind)


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
    page.keyboard.press("Control+y")


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
    with session_factory() as session:
        content = session.get_one(Campaign, campaign_id).content
        assert content is not None
        assert content.text == "By hand"
    page.get_by_role("button", name="Make it automatically again").click()
    expect(page.get_by_text("made automatically")).to_be_visible()


def test_pasted_pages_are_cleaned(
    open_page: OpenPage, site: Site, session_factory: SessionFactory
) -> None:
    page = open_page(DESKTOP)
    campaign_id = open_rich(page, site, session_factory)
    paste(page, WORD)
    paste(page, DOCS)
    paste(page, "<p>Hi {{ name | default('you') }}</p>")
    expect(
        page.get_by_text("A picture of what you pasted could not be taken along.")
    ).to_be_visible()
    settle(page)
    document = stored(session_factory, campaign_id)
    written = json.dumps(document)
    assert "alert" not in written
    assert "mso" not in written
    found = kinds(document)
    assert found.count("listItem") == 2
    assert "orderedList" in found
    assert '"fontSize": null' in written or '"fontSize"' not in written
    assert written.count("mergeField") == 1
    assert "https://example.org/" in written
    assert_page_is_sound(page, "pasted")


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
    page.get_by_role("textbox", name="HTML").click()
    paste(page, "y" * 5_000_000, "text/plain")
    expect(page.get_by_text("That is too much for one mail")).to_be_visible()


def test_pictures_come_by_drop_paste_and_choice(
    open_page: OpenPage, site: Site, session_factory: SessionFactory, tmp_path: Path
) -> None:

    page = open_page(DESKTOP)
    campaign_id = open_rich(page, site, session_factory)
    picture = base64.b64encode(png()).decode()
    page.evaluate(DROP, [".mail-canvas", picture])
    image = page.locator(".mail-canvas img[src*='/m/']")
    expect(image).to_have_count(1)
    page.locator(".mail-canvas p").last.click()
    paste(page, f'<p>in line</p><img src="data:image/png;base64,{picture}">')
    expect(image).to_have_count(2)
    page.get_by_role("button", name="Picture", exact=True).click()
    dialog = page.get_by_role("dialog", name="Choose a picture")
    expect(dialog.locator("[data-media-pick]").first).to_be_visible()
    assert_every_look_is_sound(page, "pictures")
    dialog.locator("[data-media-pick]").first.click()
    expect(image).to_have_count(3)
    image.first.click()
    panel = page.get_by_role("dialog", name="Picture", exact=True)
    panel.get_by_label("Alternative text").fill("A lamp")
    assert_page_is_sound(page, "panel-picture")
    page.keyboard.press("Escape")
    settle(page)
    document = stored(session_factory, campaign_id)
    images = [node["attrs"] for node in document["content"] if node["type"] == "image"]
    assert [image["alt"] for image in images] == ["A lamp", "", ""]
    assert "data:" not in json.dumps(document)


def test_two_tabs_ask_and_keep_both(
    open_page: OpenPage, site: Site, session_factory: SessionFactory
) -> None:
    page = open_page(DESKTOP)
    campaign_id = open_rich(page, site, session_factory)
    page.keyboard.type("first")
    settle(page)
    page.goto(f"/campaigns/{campaign_id}/edit/content")
    other = page.context.new_page()
    other.goto(f"/campaigns/{campaign_id}/edit/content")
    expect(page.get_by_text("open in another tab too")).to_be_visible()
    other.get_by_role("textbox", name="The mail").click()
    other.keyboard.type("theirs ")
    settle(other)
    expect(page.get_by_text("changed in another tab just now")).to_be_visible()
    page.get_by_role("textbox", name="The mail").click()
    page.keyboard.type("mine ")
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


def test_tab_that_saves_leaves_the_words_of_another_and_ctrl_s_asks_again(
    open_page: OpenPage, site: Site, session_factory: SessionFactory
) -> None:
    page = open_page(DESKTOP)
    campaign_id = open_rich(page, site, session_factory)
    page.keyboard.type("first")
    settle(page)
    page.goto(f"/campaigns/{campaign_id}/edit/content")
    other = page.context.new_page()
    other.goto(f"/campaigns/{campaign_id}/edit/content")
    other.get_by_role("textbox", name="The mail").click()
    other.keyboard.type("theirs ")
    settle(other)
    page.get_by_role("textbox", name="The mail").click()
    page.keyboard.type("mine ")
    note = page.locator('[data-note="conflict"]')
    expect(note).to_be_visible()
    other.keyboard.type("more ")
    settle(other)
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
    page.route("**/keep", lambda route: route.abort())
    page.keyboard.type("Not lost")
    expect(page.get_by_text("The server does not answer.")).to_be_visible()
    crashed = page.context.new_page()
    page.close(run_before_unload=False)
    crashed.goto(page.url)
    expect(crashed.get_by_text("were not saved. They are still in this browser")).to_be_visible()
    crashed.get_by_role("button", name="Put them back").click()
    expect(crashed.get_by_role("textbox", name="The mail")).to_contain_text("Not lost")


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


@pytest.mark.parametrize("kind", ContentKind)
def test_mail_is_safe_without_scripts(
    open_page: OpenPage, site: Site, session_factory: SessionFactory, kind: ContentKind
) -> None:
    document = {"type": "doc", "content": [{"type": "paragraph", "content": [
        {"type": "text", "text": "Hello"}]}]}  # fmt: skip
    contents = {
        ContentKind.RICH: Content("One", kind=kind, source=document),
        ContentKind.HTML: Content("One", html="<p>Hello</p>"),
        ContentKind.TEXT: Content("One", kind=kind, text="Hello"),
    }
    with session_factory.begin() as session:
        campaign = make_draft(session, site)
        set_content(session, campaign, contents[kind])
        campaign_id = campaign.id
    page = open_page(NO_JAVASCRIPT)
    page.goto(f"/campaigns/{campaign_id}/edit/content")
    page.get_by_label("Subject").fill("Two")
    if kind is ContentKind.RICH:
        expect(page.get_by_text("This mail cannot be changed here")).to_be_visible()
    else:
        page.get_by_label("HTML" if kind is ContentKind.HTML else "Plain text", exact=True).fill(
            "<p>Hello</p>"
        )
    page.get_by_role("button", name="Save and continue").click()
    page.wait_for_url("**/schedule")
    with session_factory() as session:
        content = session.get_one(Campaign, campaign_id).content
        assert content is not None
        assert (content.subject, content.kind) == ("Two", kind)
        assert "Hello" in (content.html or content.text or "")
