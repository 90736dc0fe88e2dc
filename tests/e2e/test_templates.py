"""The gallery in a browser: every starter looked at, kept, used and handed on."""

import json
import os
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from dakiya.templates.starters import KEYS
from tests.e2e.composing import until_ready
from tests.e2e.conftest import (
    DESKTOP,
    NO_JAVASCRIPT,
    Look,
    OpenPage,
    assert_every_look_is_sound,
)
from tests.e2e.soundness import PICTURES, assert_page_is_sound

# How a mail program shows a mail; the pictures are for people to look at (SCREENSHOTS).
WINDOWS = (Look("light", 760, 900), Look("light", 390, 844), Look("dark", 760, 900))


@pytest.mark.parametrize("look", WINDOWS, ids=("desktop", "phone", "dark"))
def test_starters_look_right_in_mail_programs(open_page: OpenPage, look: Look) -> None:
    page = open_page(look)
    for key in KEYS:
        page.goto(f"/templates/starters/{key}/preview")
        page.wait_for_load_state("networkidle")
        broken = page.eval_on_selector_all(
            "img", "found => found.filter((one) => !one.naturalWidth).map((one) => one.src)"
        )
        assert broken == [], key
        wide = page.evaluate("document.documentElement.scrollWidth > innerWidth")
        assert not wide, key
        if folder := os.environ.get(PICTURES):
            name = f"starter-{key}-{look.theme}-{look.width}.png"
            page.screenshot(path=Path(folder) / name, full_page=True)


def begin_with(page: Page, name: str) -> None:
    page.goto("/templates")
    page.get_by_role("link", name=name, exact=True).click()
    page.get_by_role("button", name="Start a campaign").click()
    expect(page.get_by_text("A new draft begins with this template.")).to_be_visible()


def test_template_is_begun_with_kept_renamed_and_handed_on(
    open_page: OpenPage, tmp_path: Path
) -> None:
    page = open_page(DESKTOP)
    page.goto("/templates")
    first = page.frame_locator("iframe").first
    expect(first.get_by_text("Three months in the hills")).to_be_visible()
    page.wait_for_load_state("networkidle")
    assert_every_look_is_sound(page, "templates")
    page.get_by_role("link", name="Sale", exact=True).click()
    assert_every_look_is_sound(page, "templates-starter")
    page.get_by_role("radio", name="Desktop").focus()
    for name in ("on a phone", "in the dark", "as plain text"):
        page.keyboard.press("ArrowRight")
        shown = page.frame_locator(f"iframe[title='The mail {name}']")
        expect(shown.get_by_text("Until Sunday night".upper())).to_be_visible()
        assert_page_is_sound(page, f"templates-starter-{name.split()[-1]}")
    begin_with(page, "Festive greeting")
    page.goto("/campaigns")
    page.get_by_label("What to do with Festive greeting").click()
    page.get_by_role("link", name="Save as template").click()
    assert_page_is_sound(page, "templates-save")
    page.get_by_label("Name").fill("Diwali wishes")
    page.get_by_role("button", name="Save as template").click()
    expect(page.get_by_role("heading", name="Diwali wishes")).to_be_visible()
    assert_every_look_is_sound(page, "templates-own")
    menu = page.get_by_label("What to do with Diwali wishes")
    menu.click()
    with page.expect_download() as download:
        page.get_by_role("link", name="Export").click()
    file = tmp_path / "t.json"
    download.value.save_as(file)
    assert json.loads(file.read_text("utf-8"))["name"] == "Diwali wishes"
    if not page.get_by_role("link", name="Delete").is_visible():
        menu.click()
    page.get_by_role("link", name="Delete").click()
    page.get_by_role("dialog").get_by_role("button", name="Delete the template").click()
    page.get_by_role("link", name="Import").click()
    page.get_by_role("button", name="Import").click()
    expect(page.get_by_text("Choose a file first.")).to_be_visible()
    assert_page_is_sound(page, "templates-import")
    page.get_by_label("File").set_input_files(file)
    page.get_by_role("button", name="Import").click()
    expect(page.get_by_role("heading", name="Diwali wishes")).to_be_visible()


def test_starters_are_sound_while_they_are_written(open_page: OpenPage) -> None:
    page = open_page(DESKTOP)
    for key in KEYS:
        page.goto(f"/templates/starters/{key}")
        page.get_by_role("button", name="Start a campaign").click()
        page.wait_for_url("**/edit")
        page.goto(f"{page.url}/content")
        until_ready(page)
        assert_page_is_sound(page, f"composer-{key}")


def test_gallery_works_without_scripts(open_page: OpenPage) -> None:
    begin_with(open_page(NO_JAVASCRIPT), "Welcome")
