"""Templates, pictures, conversions and versions by keyboard alone; versions without scripts too."""

from pathlib import Path

from playwright.sync_api import Page, expect

from dakiya.campaigns.content import Content
from dakiya.campaigns.drafts import set_content
from dakiya.db import SessionFactory
from dakiya.models import Campaign, ContentKind
from tests.e2e.composing import kinds, make_draft, settle, stored
from tests.e2e.conftest import (
    DESKTOP,
    NO_JAVASCRIPT,
    OpenPage,
    Site,
    assert_every_look_is_sound,
)
from tests.e2e.hands import Keyboard
from tests.web.media.pictures import png


def fill_library(page: Page, folder: Path) -> None:
    """No part of what is tried: a file is chosen in a window of the system."""
    file = folder / "Lamp.png"
    file.write_bytes(png())
    page.goto("/media")
    page.get_by_label("Add pictures").set_input_files(file)
    expect(page.get_by_role("link", name="Lamp")).to_be_visible()


def campaign_in(page: Page) -> int:
    return int(page.url.split("/campaigns/")[1].split("/")[0])


def test_mail_is_begun_with_a_template_illustrated_converted_and_restored_by_keyboard(
    open_page: OpenPage, site: Site, session_factory: SessionFactory, tmp_path: Path
) -> None:
    page = open_page(DESKTOP)
    fill_library(page, tmp_path)
    hands = Keyboard(page)
    page.goto("/templates")
    hands.press(page.get_by_role("link", name="Plain letter", exact=True))
    hands.press(page.get_by_role("button", name="Start a campaign"))
    page.wait_for_url("**/edit")
    campaign_id = campaign_in(page)
    hands.press(page.get_by_role("navigation", name="Steps").get_by_role("link", name="Content"))
    writing = page.get_by_role("textbox", name="The mail")
    hands.go_to(writing)
    page.keyboard.press("Control+End")
    hands.use_tool("Picture")
    dialog = page.get_by_role("dialog", name="Choose a picture")
    hands.press(dialog.get_by_role("button", name="Lamp"))
    expect(dialog).to_be_hidden()
    expect(page.locator(".mail-canvas img[src*='/m/']").last).to_be_visible()
    settle(page)
    assert kinds(stored(session_factory, campaign_id)).count("image") == 1
    # Back to the version from before, in the dialog of the versions.
    hands.press(page.get_by_role("link", name="Versions"))
    versions = page.get_by_role("dialog", name="Versions")
    hands.press(versions.get_by_role("button", name="Go back to it (1)"))
    expect(page.get_by_text("The mail is version 1 again.")).to_be_visible()
    assert kinds(stored(session_factory, campaign_id)).count("image") == 0
    # A copy as plain text: the question stands in a dialog.
    hands.press(page.locator("summary", has_text="Convert a copy"))
    hands.press(page.get_by_role("link", name="As Plain text"))
    question = page.get_by_role("dialog")
    expect(question.get_by_text("What the copy loses:")).to_be_visible()
    hands.press(question.get_by_role("button", name="Convert a copy"))
    expect(page.get_by_label("Plain text", exact=True)).to_be_visible()
    assert campaign_in(page) != campaign_id


def two_versions(site: Site, session_factory: SessionFactory) -> int:
    with session_factory.begin() as session:
        campaign: Campaign = make_draft(session, site)
        set_content(session, campaign, Content("One", html="<p>First words</p>"))
        set_content(session, campaign, Content("Two", kind=ContentKind.TEXT, text="Second words"))
        return campaign.id


def test_pages_of_versions_are_sound(
    open_page: OpenPage, site: Site, session_factory: SessionFactory
) -> None:
    place = f"/campaigns/{two_versions(site, session_factory)}/versions"
    page = open_page(DESKTOP)
    for path in (place, f"{place}/1", f"{place}/2"):
        page.goto(path)
        assert_every_look_is_sound(page, path.strip("/").replace("/", "-"))


def test_versions_are_looked_at_and_restored_without_scripts(
    open_page: OpenPage, site: Site, session_factory: SessionFactory
) -> None:
    campaign_id = two_versions(site, session_factory)
    page = open_page(NO_JAVASCRIPT)
    page.goto(f"/campaigns/{campaign_id}/edit/content")
    page.get_by_role("link", name="Versions").click()
    expect(page.get_by_role("listitem").filter(has_text="Version")).to_have_count(2)
    page.get_by_role("link", name="Look at it (1)").click()
    letter = page.frame_locator("iframe[title='The mail of this version']")
    expect(letter.get_by_text("First words")).to_be_visible()
    page.get_by_role("button", name="Go back to it").click()
    expect(page.get_by_text("The mail is version 1 again.")).to_be_visible()
    expect(page.get_by_label("HTML", exact=True)).to_have_value("<p>First words</p>")
