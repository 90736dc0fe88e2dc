"""Making a campaign in a browser: the whole path in every look, and without scripts."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect
from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from dakiya.config import Settings
from dakiya.db import SessionFactory
from dakiya.models import LoginSession, Recipient, Workspace
from dakiya.smtp_accounts.accounts import create_account
from dakiya.smtp_accounts.secrets import SecretBox
from tests.e2e.composing import until_ready
from tests.e2e.conftest import (
    DESKTOP,
    LOOKS,
    NO_JAVASCRIPT,
    PHONE_IN_THE_DARK,
    Look,
    OpenPage,
    Site,
    assert_every_look_is_sound,
    log_in,
)
from tests.e2e.soundness import assert_page_is_sound as assert_this_look_is_sound
from tests.e2e.test_shell import ACCOUNT
from tests.shared.contacts.drafts import add_draft

SHEET = (
    "Email,Name,City\n"
    "ravi@example.org,<script>alert(1)</script>,Pune\n"
    "asha@example.org,आशा राव,\n"
    "nobody,Nobody,Delhi\n"
)
# Reading a file begins with pandas, in a process of its own.
WORKER_STARTS_MS = 60_000
TWO_ADDRESSES = "Work mail,Private mail,Town\nw@example.org,p@example.org,Pune\n"
HTML = "<h1>Dear {{ name }}</h1><p>A gift waits in {{ city | default('your town') }}.</p>"


@pytest.fixture
def sheet(tmp_path: Path) -> Path:
    path = tmp_path / "people.csv"
    path.write_text(SHEET, encoding="utf-8")
    return path


def add_account(session: Session, site: Site) -> None:
    create_account(
        session,
        ACCOUNT,
        workspace_id=site.workspace_id,
        password=None,
        box=SecretBox(Settings.load()),
    )
    session.commit()


@pytest.mark.parametrize("look", [DESKTOP, PHONE_IN_THE_DARK], ids=["desktop", "phone"])
def test_campaign_is_made_and_taken_back(
    open_page: OpenPage, site: Site, session_factory: SessionFactory, look: Look, sheet: Path
) -> None:
    with session_factory() as session:
        add_account(session, site)
    site.installation.start("scheduler")
    page = open_page(look)
    page.goto("/campaigns/new")
    assert_page_is_sound(page, "new")
    page.get_by_label("Name").fill("Diwali offer")
    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_text("Nobody yet.")).to_be_visible()
    assert_page_is_sound(page, "details-empty")
    give_recipients(page, sheet)
    page.get_by_role("button", name="Save and continue").click()
    write(page)
    page.get_by_role("button", name="Save and continue").click()
    choose_a_time(page)
    page.get_by_role("link", name="Change when").click()
    page.get_by_label("Now").check()
    page.get_by_role("button", name="Review").click()
    page.get_by_role("button", name="Send to 3 now").click()
    expect(page.get_by_role("heading", name="Held for you")).to_be_visible()
    assert_page_is_sound(page, "held")
    page.go_back()
    page.goto(page.url.replace("/edit/review", "/scheduled"))
    page.get_by_role("button", name="Take back").click()
    page.wait_for_url("**/edit**")
    assert_page_is_sound(page)


def assert_page_is_sound(page: Page, name: str = "") -> None:
    """The desktop's window is turned to every look but that of the other walk."""
    if page.viewport_size == {"width": DESKTOP.width, "height": DESKTOP.height}:
        others = [look for look in LOOKS if look != PHONE_IN_THE_DARK]
        assert_every_look_is_sound(page, name, looks=others)
    else:
        assert_this_look_is_sound(page, name)


def give_recipients(page: Page, sheet: Path) -> None:
    """By file, then by paste with junk in it."""
    edit = page.url
    page.get_by_label("From a spreadsheet").set_input_files(sheet)
    page.get_by_role("button", name="Upload").click()
    page.wait_for_url("**/imports/*")
    page.get_by_role("button", name="Import 3 rows").click(timeout=WORKER_STARTS_MS)
    done = page.get_by_text("2 recipients were added. 1 row was not taken.")
    expect(done).to_be_visible(timeout=WORKER_STARTS_MS)
    assert_page_is_sound(page, "import")
    page.goto(edit)
    page.get_by_label("Paste addresses").fill("“Nila” <nila@example.org>\njunk")
    page.get_by_role("button", name="Add these").click()
    expect(page.get_by_text("1 entry was not taken.")).to_be_visible()
    expect(page.get_by_label("Paste addresses")).to_have_value("junk")
    assert_page_is_sound(page, "paste-refused")
    page.goto(edit)
    page.get_by_role("link", name="See all").click()
    expect(page.get_by_role("rowheader")).to_have_count(3)
    assert_page_is_sound(page, "recipients")
    page.goto(edit)
    assert_page_is_sound(page, "details")


def write(page: Page) -> None:
    """Insert a field at the cursor, preview, step on, and mend a mistake."""
    assert_page_is_sound(page, "ways")
    page.get_by_role("link", name="HTML").click()
    assert_page_is_sound(page, "content-empty")
    page.get_by_label("Subject").fill("For you, ")
    page.get_by_role("button", name="name", exact=True).click()
    expect(page.get_by_label("Subject")).to_have_value("For you, {{ name }}")
    write_html(page, "{{ town }}{{")
    page.get_by_role("button", name="Save and preview").click()
    expect(page.get_by_text("is never closed").first).to_be_visible()
    expect(page.get_by_label("HTML")).to_have_text("{{ town }}{{")
    assert_page_is_sound(page, "content-refused")
    write_html(page, "{{ town }}")
    page.get_by_role("button", name="Save and preview").click()
    expect(page.get_by_text("No recipient has a field “town”.")).to_be_visible()
    write_html(page, HTML)
    page.get_by_role("button", name="Save and preview").click()
    letter = page.frame_locator("iframe[title='The mail as HTML']")
    expect(letter.get_by_text("A gift waits in Pune.")).to_be_visible()
    assert_page_is_sound(page, "content")
    page.get_by_role("link", name="The next recipient").click()
    expect(letter.get_by_text("A gift waits in your town.")).to_be_visible()
    page.get_by_role("button", name="Phone").click()
    assert_page_is_sound(page, "content-phone")
    page.get_by_role("button", name="Text", exact=True).click()
    expect(
        page.frame_locator("iframe[title='The mail as plain text']").get_by_text("Dear")
    ).to_be_visible()


def write_html(page: Page, text: str) -> None:
    """Write in place of all that stands in the editor, as a person pastes it."""
    until_ready(page)
    page.get_by_label("HTML").click()
    page.keyboard.press("Control+a")
    page.keyboard.insert_text(text)


def choose_a_time(page: Page) -> None:
    """A time in India is echoed in UTC while it is typed, and stands in the review."""
    expect(page.get_by_label("Now")).to_be_checked()
    assert_page_is_sound(page, "schedule")
    page.get_by_label("At a time of your choice").check()
    page.get_by_label("Day and time").fill("2029-11-24T09:00")
    expect(page.get_by_text("09:00 IST = 03:30 UTC")).to_be_visible()
    assert_page_is_sound(page, "schedule-later")
    page.get_by_role("button", name="Review").click()
    expect(page.get_by_text("09:00 IST = 03:30 UTC")).to_be_visible()
    assert_page_is_sound(page, "review")


def test_main_path_works_without_scripts(
    open_page: OpenPage, site: Site, session_factory: SessionFactory
) -> None:
    with session_factory() as session:
        add_account(session, site)
    page = open_page(NO_JAVASCRIPT)
    page.goto("/campaigns/new")
    page.get_by_label("Name").fill("Plain")
    page.get_by_role("button", name="Continue").click()
    page.get_by_label("Paste addresses").fill("Ravi <ravi@example.org>")
    page.get_by_role("button", name="Add these").click()
    page.get_by_role("button", name="Save and continue").click()
    page.get_by_role("link", name="HTML").click()
    page.get_by_label("Subject").fill("Hello")
    page.get_by_label("HTML").fill("<p>Dear {{ name }}</p>")
    page.get_by_role("button", name="Save and continue").click()
    page.get_by_role("button", name="Review").click()
    page.get_by_role("button", name="Send to 1 now").click()
    expect(page.get_by_role("heading", name="Held for you")).to_be_visible()
    page.get_by_role("button", name="Take back").click()
    expect(page.get_by_role("heading", name="Held for you")).to_be_hidden()


def test_page_saves_after_a_log_in_in_another_tab(
    open_page: OpenPage, site: Site, session_factory: SessionFactory
) -> None:
    with session_factory.begin() as session:
        campaign = add_draft(session, session.get_one(Workspace, site.workspace_id))
    page = open_page(DESKTOP)
    page.goto(f"/campaigns/{campaign.id}/edit/content?way=html")
    with session_factory.begin() as session:
        session.execute(delete(LoginSession))
    page.get_by_label("Subject").fill("Written long ago")
    write_html(page, HTML)
    expect(page.get_by_text("Your session has ended.")).to_be_visible()
    log_in(page.context.new_page(), site.email)
    page.get_by_role("button", name="Save and preview").click()
    expect(page.get_by_text(re.compile(r"^Saved \d\d:\d\d$"))).to_be_visible()
    page.reload()
    expect(page.get_by_label("Subject")).to_have_value("Written long ago")
    expect(page.get_by_role("alert")).to_have_count(0)


def test_time_that_comes_twice_is_asked_about(
    open_page: OpenPage, site: Site, session_factory: SessionFactory
) -> None:
    with session_factory.begin() as session:
        campaign = add_draft(session, session.get_one(Workspace, site.workspace_id))
    page = open_page(DESKTOP)
    page.goto(f"/campaigns/{campaign.id}/edit/schedule")
    page.get_by_label("At a time of your choice").check()
    expect(page.get_by_role("group", name="This time comes twice.")).to_be_hidden()
    zone = page.get_by_label("Time zone", exact=True)
    expect(zone).to_have_value("Asia/Kolkata (UTC+05:30)")
    # What stood there is selected: typing takes its place.
    zone.click()
    page.keyboard.type("new york")
    expect(zone).to_have_value("new york")
    zone.fill("America/New York (UTC-05:00)")
    page.get_by_label("Day and time").fill("2027-11-07T01:30")
    expect(page.get_by_role("group", name="This time comes twice.")).to_be_visible()
    page.get_by_role("button", name="Review").click()
    expect(page.get_by_text("show this time twice. Which one?").first).to_be_visible()
    assert_every_look_is_sound(page, "schedule-twice")
    page.get_by_label("01:30, UTC-05:00").check()
    expect(page.get_by_text("01:30 EST = 06:30 UTC")).to_be_visible()
    page.get_by_role("button", name="Review").click()
    expect(page.get_by_text("01:30 EST = 06:30 UTC")).to_be_visible()


def test_mistake_about_a_time_goes_with_the_time(
    open_page: OpenPage, site: Site, session_factory: SessionFactory
) -> None:
    with session_factory.begin() as session:
        campaign = add_draft(session, session.get_one(Workspace, site.workspace_id))
    page = open_page(DESKTOP)
    page.goto(f"/campaigns/{campaign.id}/edit/schedule")
    page.get_by_label("At a time of your choice").check()
    at, zone = page.get_by_label("Day and time"), page.get_by_label("Time zone", exact=True)
    zone.fill("Europe/Berlin")
    at.fill("2029-03-25T02:30")
    page.get_by_role("button", name="Review").click()
    expect(page.locator(".mistake")).to_have_count(1)
    expect(at).to_have_attribute("aria-invalid", "true")
    assert_every_look_is_sound(page, "schedule-gap")
    at.fill("2029-03-25T03:30")
    expect(page.get_by_text("03:30 CEST = 01:30 UTC")).to_be_visible()
    expect(page.locator(".mistake")).to_have_count(0)
    expect(at).not_to_have_attribute("aria-invalid", "true")
    zone.fill("Nowhere/None")
    with page.expect_response("**/time-in-words?*"):
        page.get_by_role("button", name="Review").click()
    expect(page.locator(".mistake")).to_have_count(1)
    expect(page.locator("[data-echo]")).to_be_empty()
    zone.fill("Nowhere/Nothing")
    expect(page.locator("[data-echo]")).not_to_be_empty()
    expect(page.locator(".mistake")).to_have_count(0)


def test_upload_after_the_session_has_ended_asks_to_log_in(
    open_page: OpenPage, site: Site, session_factory: SessionFactory, sheet: Path
) -> None:
    with session_factory.begin() as session:
        campaign = add_draft(session, session.get_one(Workspace, site.workspace_id))
    site.installation.start("scheduler")
    page = open_page(DESKTOP)
    page.goto(f"/campaigns/{campaign.id}/edit")
    page.get_by_label("From a spreadsheet").set_input_files(sheet)
    with session_factory.begin() as session:
        session.execute(delete(LoginSession))
    page.get_by_role("button", name="Upload").click()
    expect(page.get_by_text("Your session has ended, so nothing was added.")).to_be_visible()
    log_in(page.context.new_page(), site.email)
    page.get_by_role("button", name="Upload").click()
    page.wait_for_url("**/imports/*")


@pytest.mark.parametrize("look", [DESKTOP, NO_JAVASCRIPT], ids=["scripts", "no-scripts"])
def test_recognised_columns_are_corrected(
    open_page: OpenPage, site: Site, session_factory: SessionFactory, look: Look, tmp_path: Path
) -> None:
    with session_factory.begin() as session:
        campaign = add_draft(session, session.get_one(Workspace, site.workspace_id))
    site.installation.start("scheduler")
    sheet = tmp_path / "members.csv"
    sheet.write_text(TWO_ADDRESSES, encoding="utf-8")
    page = open_page(look)
    page.goto(f"/campaigns/{campaign.id}/edit")
    page.get_by_label("From a spreadsheet").set_input_files(sheet)
    page.get_by_role("button", name="Upload").click()
    page.wait_for_url("**/imports/*")
    start = page.get_by_role("button", name="Import 1 row")
    follow(page, look, start)
    expect(page.get_by_role("cell", name="w@example.org").first).to_be_visible()
    check(page, look, "columns")
    page.get_by_label("Use Work mail as").select_option("Field for the mail")
    page.get_by_label("Name of the field for Work mail").fill("Town")
    page.get_by_label("Use Private mail as").select_option("E-mail address")
    start.click()
    expect(page.get_by_text("Two columns are both called “town”.").first).to_be_visible()
    expect(page.get_by_label("Use Private mail as")).to_have_value("email")
    check(page, look, "columns-refused")
    page.get_by_label("Use Town as").select_option("Do not use")
    expect(page.get_by_label("Name of the field for Town")).to_be_hidden()
    start.click()
    follow(page, look, page.get_by_text("1 recipient was added."))
    check(page, look, "columns-done")
    with session_factory() as session:
        found = session.scalars(select(Recipient)).one()
        assert (found.email, found.fields) == ("p@example.org", {"town": "w@example.org"})


def follow(page: Page, look: Look, sign: Locator) -> None:
    """Wait for it; without scripts the page has to be loaded again."""
    for _ in range(0 if look.javascript else WORKER_STARTS_MS // 250):
        if sign.is_visible():
            break
        page.wait_for_timeout(250)
        with page.expect_navigation():
            page.get_by_role("link", name="Load again").click()
    sign.wait_for(timeout=WORKER_STARTS_MS)


def check(page: Page, look: Look, name: str) -> None:
    """Look at a page in every look; one without scripts is not watched."""
    if look.javascript:
        assert_every_look_is_sound(page, name)
