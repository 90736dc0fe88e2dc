"""From one way of writing to another, and each of them without scripts."""

import re

import pytest
from playwright.sync_api import expect

from dakiya.campaigns.content import Content
from dakiya.campaigns.drafts import set_content
from dakiya.db import SessionFactory
from dakiya.models import Campaign, ContentKind
from tests.e2e.composing import make_draft, open_rich, settle
from tests.e2e.conftest import DESKTOP, NO_JAVASCRIPT, OpenPage, Site, assert_every_look_is_sound
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
