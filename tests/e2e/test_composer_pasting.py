"""What comes from elsewhere: pages of Word and Google Docs, pictures."""

import base64
import json
from typing import Any

from playwright.sync_api import expect

from dakiya.db import SessionFactory
from tests.e2e.composing import (
    kinds,
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
# What Word puts on the clipboard: levels in styles, bullets as text.
ITEM = """<p class=MsoListParagraph style='mso-list:l0 level{level} lfo1'><![if !supportLists]><span
style='font-family:Symbol'><span style='mso-list:Ignore'>{bullet}<span style='font:7.0pt'>&nbsp;
</span></span></span><![endif]>{words}<o:p></o:p></p>"""
ITEMS = (
    (1, "1.", "Fruit"), (2, "o", "Apple"), (3, "§", "Red"), (2, "o", "Pear"), (1, "2.", "Nuts"),
)  # fmt: skip
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
    assert set(values(document, "fontSize")) <= {None}
    assert written.count("mergeField") == 1
    assert "https://example.org/" in written
    assert_page_is_sound(page, "pasted")


def values(node: Any, name: str) -> list[Any]:
    """Every value that stands under a name, however deep."""
    if isinstance(node, list):
        return [value for part in node for value in values(part, name)]
    if not isinstance(node, dict):
        return []
    deeper = [value for part in node.values() for value in values(part, name)]
    return [*deeper, node[name]] if name in node else deeper


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
    campaign_id = open_rich(page, site, session_factory)
    items = "".join(ITEM.format(level=n, bullet=b, words=w) for n, b, w in ITEMS)
    paste(page, f"<html xmlns:o='urn:schemas-microsoft-com:office'><body>{items}</body>")
    settle(page)
    found = [outline(node) for node in stored(session_factory, campaign_id)["content"]]
    assert found[0] == ["ol", "Fruit", ["ul", "Apple", ["ul", "Red"], "Pear"], "Nuts"]


def test_pictures_come_by_drop_paste_and_choice(
    open_page: OpenPage, site: Site, session_factory: SessionFactory
) -> None:
    page = open_page(DESKTOP)
    campaign_id = open_rich(page, site, session_factory)
    picture = base64.b64encode(png()).decode()
    page.evaluate(DROP, [".mail-canvas", picture])
    image = page.locator(".mail-canvas img[src*='/m/']")

    def wait_for_pictures(count: int) -> None:
        """All of them loaded: whatever is below them moves until then."""
        expect(image).to_have_count(count)
        for number in range(count):
            expect(image.nth(number)).to_have_js_property("complete", value=True)
        assert all(image.evaluate_all("(all) => all.map((one) => one.naturalWidth)"))

    wait_for_pictures(1)
    page.locator(".mail-canvas p").last.click()
    paste(page, f'<p>in line</p><img src="data:image/png;base64,{picture}">')
    wait_for_pictures(2)
    page.get_by_role("button", name="Picture", exact=True).click()
    dialog = page.get_by_role("dialog", name="Choose a picture")
    expect(dialog.locator("[data-media-pick]").first).to_be_visible()
    assert_every_look_is_sound(page, "pictures")
    dialog.locator("[data-media-pick]").first.click()
    wait_for_pictures(3)
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
