"""“Mend it” in a browser: from what a check found to the very place in the mail."""

from typing import Any

import pytest
from playwright.sync_api import Page, expect

from dakiya.campaigns.content import Content
from dakiya.campaigns.drafts import set_content
from dakiya.db import SessionFactory
from dakiya.models import ContentKind
from dakiya_web.pages.templates.starters import EDITION
from tests.e2e.composing import make_draft, settle
from tests.e2e.conftest import DESKTOP, OpenPage, Site, assert_every_look_is_sound

LINK = "https://www.example.com/x?a=1&b=2"
PLAIN = "http://plain.in/"
LINES = 60
PARAGRAPH = "Enough to read for everybody who likes to read in the evening."
# Nothing is chosen, nothing has the focus, and the page is at its top: at once, as a smooth scroll
# that is under way carries what is scrolled to meanwhile along with it.
FORGET = """
    scrollTo({top: 0, behavior: "instant"});
    getSelection().removeAllRanges();
    document.querySelector("textarea[name=text]")?.setSelectionRange(0, 0);
    document.activeElement.blur();
"""
CHOSEN = "() => String(getSelection())"
BETWEEN_MS = 50
LOOKS_IN_ALL = 20_000 // BETWEEN_MS  # as long as everything that is expected of a page
IN_FIELD = "field => field.value.slice(field.selectionStart, field.selectionEnd)"


def text(words: str, **more: Any) -> dict[str, Any]:
    return {"type": "paragraph", "content": [{"type": "text", "text": words, **more}]}


def rich(*blocks: dict[str, Any]) -> Content:
    fill = [text(PARAGRAPH)] * LINES
    source = {"type": "doc", "content": [*fill, *blocks]}
    return Content("Act now!!!", kind=ContentKind.RICH, source=source, text=f"See {PLAIN} soon.")


def written(kind: ContentKind) -> Content:
    lines = PARAGRAPH + "\n"
    if kind is ContentKind.HTML:
        link = f'<a href="{LINK.replace("&", "&amp;")}">Read on</a>'
        return Content("Hello", html=f"<p>{lines}</p>\n" * LINES + f"<p>{link}</p>")
    if kind is ContentKind.TEXT:
        return Content("Hello", kind=kind, text=lines * LINES + LINK)
    mark = {"type": "link", "attrs": {"href": LINK}}
    return rich(text("Read on", marks=[mark]))


def store(session_factory: SessionFactory, site: Site, content: Content) -> str:
    with session_factory.begin() as session:
        campaign = make_draft(session, site)
        set_content(session, campaign, content)
        return f"/campaigns/{campaign.id}/edit"


def mend(page: Page, words: str) -> None:
    finding = page.locator(".checks-list > li", has_text=words)
    finding.get_by_role("link", name="Mend it").click()


def chosen(page: Page) -> str:
    """Return the words that are chosen, once there are some."""
    words = ""
    for _ in range(LOOKS_IN_ALL):
        if words := str(page.evaluate(CHOSEN)):
            break
        page.wait_for_timeout(BETWEEN_MS)
    return words


def assert_is_in_sight(page: Page) -> None:
    """The place that is chosen is scrolled to, within a moment."""
    top = 0.0
    for _ in range(LOOKS_IN_ALL):
        top = page.evaluate("getSelection().getRangeAt(0).getBoundingClientRect().top")
        if 0 < top < DESKTOP.height:
            return
        page.wait_for_timeout(BETWEEN_MS)
    seen = page.evaluate("[scrollY, document.documentElement.scrollHeight]")
    raise AssertionError(f"what is chosen stands at {top} px, the page at {seen}")


@pytest.mark.parametrize("kind", list(ContentKind))
def test_link_is_found_in_each_way_of_writing(
    open_page: OpenPage, site: Site, session_factory: SessionFactory, kind: ContentKind
) -> None:
    place = store(session_factory, site, written(kind))
    page = open_page(DESKTOP)
    page.goto(f"{place}/review?when=now")
    mend(page, "These links still lead to an example.")
    page.wait_for_url(f"**{place}/content?find=**")
    assert_link_is_chosen(page, kind)
    # The same, twice, from the list beside the mail.
    for _ in range(2):
        page.evaluate(FORGET)
        mend(page, "These links still lead to an example.")
        assert_link_is_chosen(page, kind)


def assert_link_is_chosen(page: Page, kind: ContentKind) -> None:
    if kind is ContentKind.TEXT:
        field = page.locator("textarea[name=text]")
        expect(field).to_be_focused()
        assert field.evaluate(IN_FIELD) == LINK
        return
    expected = {ContentKind.RICH: "Read on", ContentKind.HTML: LINK.replace("&", "&amp;")}
    assert chosen(page) == expected[kind]
    assert_is_in_sight(page)


def test_subject_text_part_field_and_picture_are_found(
    open_page: OpenPage, site: Site, session_factory: SessionFactory
) -> None:
    town = {"type": "mergeField", "attrs": {"field": "City"}}
    source = rich(
        text("Read on in"),
        {"type": "paragraph", "content": [{"type": "text", "text": "in "}, town]},
    )
    place = store(session_factory, site, source)
    page = open_page(DESKTOP)
    page.goto(f"{place}/content")
    expect(page.get_by_role("textbox", name="The mail")).to_be_visible()
    mend(page, "The subject sounds like spam")
    expect(page.get_by_label("Subject")).to_be_focused()
    mend(page, "are not encrypted")
    part = page.locator("textarea[name=text]")
    expect(part).to_be_focused()
    assert part.evaluate(IN_FIELD) == PLAIN
    mend(page, "has no city")
    panel = page.get_by_role("dialog", name="Field of the recipient")
    expect(panel).to_be_visible()
    expect(panel.get_by_label("Field", exact=True)).to_have_value("City")
    page.keyboard.press("Escape")
    assert_every_look_is_sound(page, "content-checks")


def test_picture_is_said_to_be_decoration_where_the_check_leads(
    open_page: OpenPage, site: Site, session_factory: SessionFactory
) -> None:
    picture = {"type": "image", "attrs": {"src": f"{site.url}/m/starter-{EDITION}/welcome.png"}}
    place = store(session_factory, site, rich(picture))
    page = open_page(DESKTOP)
    page.goto(f"{place}/content")
    expect(page.get_by_text("No alternative text yet")).to_be_visible()
    mend(page, "have no alternative text")
    panel = page.get_by_role("dialog", name="Picture", exact=True)
    expect(panel.get_by_label("Alternative text")).to_be_visible()
    panel.get_by_label("Only decoration").check()
    expect(panel.get_by_label("Alternative text")).to_be_hidden()
    expect(page.get_by_text("No alternative text yet")).to_be_hidden()
    assert_every_look_is_sound(page, "panel-decoration")
    settle(page)
    expect(page.locator(".checks-list", has_text="have no alternative text")).to_have_count(0)
    page.reload()
    expect(page.get_by_role("textbox", name="The mail")).to_be_visible()
    expect(page.get_by_text("No alternative text yet")).to_be_hidden()
