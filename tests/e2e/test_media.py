"""The media library in a browser: several files at once, with scripts and without, by keyboard."""

from base64 import b64encode
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from tests.e2e.conftest import DESKTOP, NO_JAVASCRIPT, OpenPage, Site, assert_every_look_is_sound
from tests.e2e.soundness import assert_page_is_sound


@pytest.fixture
def files(tmp_path: Path) -> list[str]:
    """Two pictures, and a file that is none."""
    Image.linear_gradient("L").resize((1800, 900)).convert("RGB").save(tmp_path / "Evening sky.jpg")
    Image.new("RGB", (640, 400), "#1e8449").save(tmp_path / "Tea garden.png")
    (tmp_path / "Notes.png").write_text("no picture")
    return [str(tmp_path / name) for name in ("Evening sky.jpg", "Tea garden.png", "Notes.png")]


def describe_first(page: Page) -> None:
    page.get_by_role("link", name="Tea garden").click()
    page.get_by_label("Alternative text").fill("Tea bushes in rows, seen from above")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("img", name="Tea bushes in rows")).to_be_visible()


def test_pictures_are_uploaded_described_found_and_deleted(
    open_page: OpenPage, site: Site, files: list[str]
) -> None:
    page = open_page(DESKTOP)
    page.goto("/media")
    assert_every_look_is_sound(page, "media-empty")
    page.get_by_label("Add pictures").set_input_files(files)
    queue = page.get_by_role("status", name="Uploads")
    expect(queue.get_by_text("This is not a picture that mails can show")).to_be_visible()
    expect(queue.get_by_text("It was 1,800 pixels wide")).to_be_visible()
    # What was said stays, and the grid has moved on.
    expect(page.get_by_role("link", name="Evening sky")).to_be_visible()
    assert_page_is_sound(page, "media-uploaded")
    page.goto("/media")
    assert_every_look_is_sound(page, "media")
    describe_first(page)
    assert_every_look_is_sound(page, "media-picture")
    page.goto("/media")
    page.get_by_role("searchbox", name="Search pictures").fill("bushes")
    page.keyboard.press("Enter")
    expect(page.get_by_role("link", name="Tea garden")).to_be_visible()
    expect(page.get_by_role("link", name="Evening sky")).to_have_count(0)
    page.get_by_role("link", name="Tea garden").press("Enter")
    page.get_by_role("link", name="Delete").click()
    page.get_by_role("dialog").get_by_role("button", name="Delete the picture").click()
    expect(page.get_by_text("The picture “Tea garden” was deleted.")).to_be_visible()


DROP = """([names, kind]) => {
  const held = new DataTransfer();
  for (const [name, data] of names) {
    const bytes = Uint8Array.from(atob(data), (letter) => letter.charCodeAt(0));
    held.items.add(new File([bytes], name, { type: kind }));
  }
  const place = document.querySelector("[data-drop]");
  place.dispatchEvent(new DragEvent("dragover", { dataTransfer: held, bubbles: true }));
  place.dispatchEvent(new DragEvent("drop", { dataTransfer: held, bubbles: true }));
}"""


def test_pictures_are_dropped(open_page: OpenPage, files: list[str]) -> None:
    page = open_page(DESKTOP)
    page.goto("/media")
    good = [(Path(file).name, b64encode(Path(file).read_bytes()).decode()) for file in files[:2]]
    page.evaluate(DROP, [good[1:], "image/png"])
    expect(page.get_by_role("link", name="Tea garden")).to_be_visible()
    many = [(f"{number}.png", good[1][1]) for number in range(21)]
    page.evaluate(DROP, [many, "image/png"])
    expect(page.get_by_role("alert")).to_have_text("At most 20 pictures at a time.")


def test_pictures_are_uploaded_without_scripts(open_page: OpenPage, files: list[str]) -> None:
    page = open_page(NO_JAVASCRIPT)
    page.goto("/media")
    page.get_by_label("Add pictures").set_input_files(files)
    page.get_by_role("button", name="Upload").click()
    expect(page.get_by_text("2 pictures added.")).to_be_visible()
    expect(page.get_by_text("Notes: This is not a picture")).to_be_visible()
    describe_first(page)
