"""Writing a mail in a browser that runs no JavaScript: no way leads to a dead end."""

import re

import pytest
from playwright.sync_api import Page, expect

from dakiya.campaigns.content import Content
from dakiya.campaigns.drafts import set_content
from dakiya.db import SessionFactory
from dakiya.models import ContentKind
from tests.e2e.composing import content_of, make_draft
from tests.e2e.conftest import NO_JAVASCRIPT, OpenPage, Site

DOCUMENT = {"type": "doc", "content": [{"type": "paragraph", "content": [
    {"type": "text", "text": "Hello"}]}]}  # fmt: skip


def draft(site: Site, session_factory: SessionFactory, content: Content | None = None) -> int:
    with session_factory.begin() as session:
        campaign = make_draft(session, site)
        if content is not None:
            set_content(session, campaign, content)
        return campaign.id


def write_and_go_on(page: Page, html: str) -> None:
    page.get_by_label("Subject").fill("By hand")
    page.get_by_label("HTML", exact=True).fill(html)
    page.get_by_role("button", name="Save and continue").click()
    page.wait_for_url("**/schedule")


def test_rich_text_that_is_not_begun_leads_to_a_way_that_works(
    open_page: OpenPage, site: Site, session_factory: SessionFactory
) -> None:
    campaign_id = draft(site, session_factory)
    page = open_page(NO_JAVASCRIPT)
    page.goto(f"/campaigns/{campaign_id}/edit/content")
    expect(page.get_by_text("JavaScript is off in this browser")).to_be_visible()
    page.get_by_role("link", name="Rich text").click()
    expect(page.get_by_text("Choose a way that works without it")).to_be_visible()
    expect(page.get_by_label("Subject")).to_be_hidden()
    page.get_by_role("link", name="Write it as HTML").click()
    write_and_go_on(page, "<p>Dear {{ name }}</p>")
    content = content_of(session_factory, campaign_id)
    assert (content.kind, content.html) == (ContentKind.HTML, "<p>Dear {{ name }}</p>")


def test_starter_is_taken_as_html_and_changed(
    open_page: OpenPage, site: Site, session_factory: SessionFactory
) -> None:
    campaign_id = draft(site, session_factory)
    page = open_page(NO_JAVASCRIPT)
    page.goto(f"/campaigns/{campaign_id}/edit/content?way=rich")
    page.get_by_role("link", name="Take a template as HTML").click()
    page.get_by_role("link", name="Welcome", exact=True).click()
    page.get_by_role("button", name="Use it as HTML").click()
    area = page.get_by_label("HTML", exact=True)
    expect(area).to_have_value(re.compile("Welcome"))
    write_and_go_on(page, area.input_value().replace("</body>", "<p>Mine</p></body>"))
    content = content_of(session_factory, campaign_id)
    assert content.kind is ContentKind.HTML
    assert "<p>Mine</p>" in content.html


def test_rich_mail_that_exists_offers_a_copy_that_can_be_changed(
    open_page: OpenPage, site: Site, session_factory: SessionFactory
) -> None:
    rich = Content("One", kind=ContentKind.RICH, source=DOCUMENT)
    campaign_id = draft(site, session_factory, rich)
    page = open_page(NO_JAVASCRIPT)
    page.goto(f"/campaigns/{campaign_id}/edit/content")
    expect(page.get_by_text("This mail cannot be changed here")).to_be_visible()
    page.get_by_role("link", name="Convert a copy into HTML").click()
    expect(page.get_by_text("What the copy loses:")).to_be_visible()
    page.get_by_role("button", name="Convert a copy").click()
    expect(page.get_by_label("HTML", exact=True)).to_have_value(re.compile("Hello"))


@pytest.mark.parametrize("kind", ContentKind)
def test_mail_is_safe_without_scripts(
    open_page: OpenPage, site: Site, session_factory: SessionFactory, kind: ContentKind
) -> None:
    contents = {
        ContentKind.RICH: Content("One", kind=kind, source=DOCUMENT),
        ContentKind.HTML: Content("One", html="<p>Hello</p>"),
        ContentKind.TEXT: Content("One", kind=kind, text="Hello"),
    }
    campaign_id = draft(site, session_factory, contents[kind])
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
    content = content_of(session_factory, campaign_id)
    assert (content.subject, content.kind) == ("Two", kind)
    assert "Hello" in (content.html or content.text or "")
