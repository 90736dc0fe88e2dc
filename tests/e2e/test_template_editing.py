"""An own template changed in place, in the same editor as a campaign's mail."""

import re

import pytest
from playwright.sync_api import Page, Request, expect

from dakiya.campaigns.content import Content
from dakiya.db import SessionFactory
from dakiya.models import ContentKind, Template
from dakiya.templates.own import keep_template
from tests.e2e.composing import note_dialogs, until_ready
from tests.e2e.conftest import (
    DESKTOP,
    NO_JAVASCRIPT,
    OpenPage,
    Site,
    assert_every_look_is_sound,
)

DOCUMENT = {
    "type": "doc",
    "content": [
        {
            "type": "paragraph",
            "content": [
                {"type": "text", "text": "Hello "},
                {"type": "mergeField", "attrs": {"field": "city"}},
            ],
        },
        {"type": "button", "attrs": {"label": "Open", "href": "https://shop.example/"}},
    ],
}
EDITORS = {
    ContentKind.RICH: "The mail",
    ContentKind.HTML: "HTML",
    ContentKind.TEXT: "Plain text",
}


def make(site: Site, session_factory: SessionFactory, kind: ContentKind) -> int:
    contents = {
        ContentKind.RICH: Content("One", kind=ContentKind.RICH, source=DOCUMENT),
        ContentKind.HTML: Content("One", html="<p>Hello {{ city }}</p>"),
        ContentKind.TEXT: Content("One", kind=kind, text="Hello {{ city }}"),
    }
    with session_factory.begin() as session:
        made = keep_template(
            session, workspace_id=site.workspace_id, name="Mine", content=contents[kind]
        )
        return made.id


def stored(session_factory: SessionFactory, template_id: int) -> str:
    with session_factory() as session:
        template = session.get_one(Template, template_id)
        return template.html or template.text or ""


@pytest.mark.parametrize("kind", ContentKind)
def test_template_is_changed_in_place(
    open_page: OpenPage, site: Site, session_factory: SessionFactory, kind: ContentKind
) -> None:
    template_id = make(site, session_factory, kind)
    page = open_page(DESKTOP)
    kept = note_keeping(page)
    page.goto(f"/templates/{template_id}")
    page.get_by_role("link", name="Edit the mail").click()
    change(page, kind)
    assert kept == []
    page.keyboard.press("Control+s")
    expect(page.locator("[data-status][data-state=saved]")).to_be_visible()
    assert len(kept) == 1
    assert "Changed" in stored(session_factory, template_id)
    title = "The mail as plain text" if kind is ContentKind.TEXT else "The mail on a desktop"
    if kind is ContentKind.TEXT:
        page.get_by_text("Text", exact=True).click()
    expect(page.frame_locator(f"iframe[title='{title}']").locator("body")).to_contain_text(
        "Changed"
    )
    assert_every_look_is_sound(page, f"template-edit-{kind}")
    page.get_by_label("Subject").fill("Two")
    page.get_by_role("button", name="Save and go back").click()
    page.wait_for_url(f"**/templates/{template_id}")
    expect(page.get_by_label("Subject")).to_have_value("Two")


def test_template_is_not_saved_by_itself(
    open_page: OpenPage, site: Site, session_factory: SessionFactory
) -> None:
    """Campaigns may begin with it at any time."""
    page = open_page(DESKTOP)
    note_dialogs(page)  # it asks before it is left
    page.clock.install()
    kept = note_keeping(page)
    for kind in ContentKind:
        template_id = make(site, session_factory, kind)
        page.goto(f"/templates/{template_id}/edit")
        change(page, kind)
        page.clock.fast_forward(20_000)
        # Whatever it has asked for is known by the time that this is answered.
        page.evaluate("fetch('/api/v1/health').then((answer) => answer.status)")
        assert kept == []
        assert "Changed" not in stored(session_factory, template_id)


def change(page: Page, kind: ContentKind) -> None:
    until_ready(page)
    page.get_by_role("textbox", name=EDITORS[kind], exact=True).click()
    page.keyboard.press("Control+Home")
    page.keyboard.type("Changed ")
    expect(page.get_by_text("Not saved yet")).to_be_visible()


def note_keeping(page: Page) -> list[str]:
    """Collect the addresses that the page asks to keep what is written."""
    asked: list[str] = []

    def note(request: Request) -> None:
        if request.url.endswith("/keep"):
            asked.append(request.url)

    page.on("request", note)
    return asked


def test_two_tabs_of_a_template_are_told_and_the_other_is_taken(
    open_page: OpenPage, site: Site, session_factory: SessionFactory
) -> None:
    template_id = make(site, session_factory, ContentKind.TEXT)
    page = open_page(DESKTOP)
    asked = note_dialogs(page)
    page.goto(f"/templates/{template_id}/edit")
    other = page.context.new_page()
    other.goto(f"/templates/{template_id}/edit")
    expect(page.get_by_text("This template is open in another tab too.")).to_be_visible()
    other.get_by_label("Plain text", exact=True).fill("Theirs")
    other.get_by_role("button", name="Save", exact=True).click()
    expect(other.locator("[data-status][data-state=saved]")).to_be_visible()
    page.bring_to_front()
    text = page.get_by_label("Plain text", exact=True)
    text.fill("Mine")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_text("This template was changed in another tab meanwhile.")).to_be_visible()
    assert_every_look_is_sound(page, "template-two-tabs")
    page.get_by_role("button", name="Take the other").click()
    expect(text).to_have_value("Theirs")
    # What was typed here is not lost.
    page.get_by_role("button", name="Put them back").click()
    expect(text).to_have_value("Mine")
    assert stored(session_factory, template_id) == "Mine"
    text.fill("Unsaved")
    page.get_by_role("link", name="Templates").first.click()
    page.wait_for_url("**/templates")
    assert asked == ["beforeunload"]
    assert stored(session_factory, template_id) == "Mine"


def test_template_is_changed_without_scripts(
    open_page: OpenPage, site: Site, session_factory: SessionFactory
) -> None:
    page = open_page(NO_JAVASCRIPT)
    template_id = make(site, session_factory, ContentKind.HTML)
    page.goto(f"/templates/{template_id}/edit")
    page.get_by_label("HTML", exact=True).fill("<p>By hand</p>")
    page.get_by_role("button", name="Save and go back").click()
    page.wait_for_url(f"**/templates/{template_id}")
    assert stored(session_factory, template_id) == "<p>By hand</p>"
    page.goto(f"/templates/{make(site, session_factory, ContentKind.RICH)}/edit")
    expect(page.get_by_text("This mail cannot be changed here")).to_be_visible()
    page.get_by_role("button", name="Make a copy as HTML").click()
    page.get_by_role("link", name="Edit the mail").click()
    expect(page.get_by_label("HTML", exact=True)).to_be_visible()


def test_enter_in_the_subject_of_a_rich_template_saves_it_without_scripts(
    open_page: OpenPage, site: Site, session_factory: SessionFactory
) -> None:
    page = open_page(NO_JAVASCRIPT)
    template_id = make(site, session_factory, ContentKind.RICH)
    page.goto(f"/templates/{template_id}/edit")
    page.get_by_label("Subject").fill("Two")
    page.get_by_label("Subject").press("Enter")
    expect(page.get_by_text("Saved.")).to_be_visible()
    expect(page).to_have_url(re.compile(f"/templates/{template_id}/edit$"))
    expect(page.get_by_label("Subject")).to_have_value("Two")
