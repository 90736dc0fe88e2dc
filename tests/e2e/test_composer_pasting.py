"""What comes from elsewhere: pages of Word and Google Docs, a huge paste, pictures."""

import base64
import json
from pathlib import Path

from playwright.sync_api import expect

from dakiya.db import SessionFactory
from tests.e2e.composing import (
    kinds,
    make_draft,
    open_rich,
    paste,
    settle,
    stored,
)
from tests.e2e.conftest import DESKTOP, OpenPage, Site, assert_every_look_is_sound
from tests.e2e.soundness import assert_page_is_sound
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
