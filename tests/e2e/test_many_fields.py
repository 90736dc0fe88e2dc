"""More fields than stand above the mail: said, and found by typing."""

from playwright.sync_api import expect
from sqlalchemy import update

from dakiya.db import SessionFactory
from dakiya.models import Recipient
from tests.e2e.composing import open_rich
from tests.e2e.conftest import DESKTOP, OpenPage, Site, assert_every_look_is_sound


def test_field_beyond_those_that_are_shown_is_found_by_typing(
    open_page: OpenPage, site: Site, session_factory: SessionFactory
) -> None:
    page = open_page(DESKTOP)
    open_rich(page, site, session_factory)
    with session_factory.begin() as session:
        fields = {f"field_{number:02}": "x" for number in range(70)}
        session.execute(update(Recipient).values(fields=fields))
    page.reload()
    palette = page.get_by_role("group", name="Insert a field")
    expect(page.get_by_text("and 12 more: type {{")).to_be_visible()
    expect(palette.get_by_role("button", name="field_57")).to_be_visible()
    expect(palette.locator("[data-field=field_58]")).to_be_hidden()
    page.get_by_role("textbox", name="The mail").click()
    page.keyboard.type("{{d_69")
    expect(page.get_by_role("option", name="field_69")).to_be_visible()
    page.keyboard.press("Enter")
    expect(page.locator(".field-chip")).to_have_text("field_69")
    assert_every_look_is_sound(page, "content-many-fields")
