"""A mail is written, looked at, tested and sent in each of the three ways, with either hand."""

import re
from collections.abc import Callable
from datetime import UTC, datetime
from email import policy
from email.parser import BytesParser

import pytest
from playwright.sync_api import Page, expect

from dakiya.db import SessionFactory
from dakiya.models import Campaign
from tests.e2e.composing import make_draft, until_ready
from tests.e2e.conftest import DESKTOP, OpenPage, Site, assert_every_look_is_sound
from tests.e2e.hands import Hands, Keyboard, Mouse
from tests.recorder.plugin import StartRecorder

SAVED = re.compile(r"^Saved \d\d:\d\d$")
# The sender is a process of its own that has to start.
TEST_TAKES_MS = 60_000


def write_rich(hands: Hands) -> None:
    page = hands.page
    hands.go_to(page.get_by_role("textbox", name="The mail"))
    page.keyboard.type("## Dear {{na")
    expect(page.get_by_role("option", name="name")).to_be_visible()
    page.keyboard.press("Enter")
    page.keyboard.press("Enter")
    hands.use_tool("Bold")
    page.keyboard.type("A gift")
    hands.use_tool("Bold")
    page.keyboard.type(' waits in {{ city | default("your town") }}. ')
    page.keyboard.press("Enter")
    hands.use_tool("Button")
    panel = page.get_by_role("dialog", name="Button")
    expect(panel.get_by_label("Words on it")).to_be_focused()
    page.keyboard.press("Control+a")
    page.keyboard.type("Open it")
    hands.go_to(panel.get_by_label("Leads to"))
    page.keyboard.type("example.org/gift")
    page.keyboard.press("Enter")


def write_html(hands: Hands) -> None:
    page = hands.page
    hands.go_to(page.get_by_role("textbox", name="HTML"))
    page.keyboard.insert_text("<h2>Dear ")
    page.keyboard.type("{{ na")
    expect(page.get_by_role("option", name="name")).to_be_visible()
    page.wait_for_timeout(100)
    page.keyboard.press("Enter")
    page.keyboard.insert_text(
        "</h2>\n<p><b>A gift</b> waits in {{ city | default('your town') }}.</p>\n"
        '<p><a href="https://example.org/gift">Open it</a></p>'
    )


def write_text(hands: Hands) -> None:
    page = hands.page
    hands.go_to(page.get_by_label("Plain text", exact=True))
    page.keyboard.type("Dear {{ na")
    expect(page.get_by_role("option", name="name")).to_be_visible()
    page.keyboard.press("Enter")
    page.keyboard.type(',\nA gift waits in {{ city | default("your town") }}.\nOpen it: ')
    page.keyboard.insert_text("https://example.org/gift")


WAYS: dict[str, Callable[[Hands], None]] = {
    "Rich text": write_rich,
    "HTML": write_html,
    "Plain text": write_text,
}


@pytest.mark.parametrize("hand", [Mouse, Keyboard], ids=["mouse", "keyboard"])
@pytest.mark.parametrize("way", WAYS)
def test_mail_is_written_looked_at_tested_and_sent(
    open_page: OpenPage,
    site: Site,
    session_factory: SessionFactory,
    recorder: StartRecorder,
    way: str,
    hand: Callable[[Page], Hands],
) -> None:
    server = recorder(keep_bodies=True)
    with session_factory.begin() as session:
        campaign_id = make_draft(session, site, port=server.port).id
    site.installation.start("sender")
    page = open_page(DESKTOP)
    hands = hand(page)
    page.goto(f"/campaigns/{campaign_id}/edit/content")
    hands.press(page.get_by_role("link", name=way))
    until_ready(page)
    hands.go_to(page.get_by_label("Subject"))
    page.keyboard.type("For {{ na")
    page.keyboard.press("Enter")
    expect(page.get_by_label("Subject")).to_have_value("For {{ name }}")
    WAYS[way](hands)
    expect(page.get_by_text(SAVED)).to_be_visible()
    look_at_it(hands, way)
    expect(page.locator("#test-for")).to_contain_text("filled in for आशा राव")
    hands.go_to(page.get_by_label("Send a test to"))
    page.keyboard.press("Control+a")
    page.keyboard.type("me@example.com")
    hands.press(page.get_by_role("button", name="Send a test"))
    expect(page.get_by_text("The server took the test to me@example.com")).to_be_visible(
        timeout=TEST_TAKES_MS
    )
    # She is looked at, so the test is filled in for her.
    [test] = server.received()
    message = BytesParser(policy=policy.default).parsebytes(server.body(test))
    assert message["Subject"] == "[Test] For आशा राव"
    body = message.get_body(("html", "plain"))
    assert body is not None
    assert "waits in your town." in " ".join(body.get_content().split())
    if hand is Mouse:  # the page is the same for both
        assert_every_look_is_sound(page, f"writing-{way.lower().replace(' ', '-')}")
    hands.press(page.get_by_role("button", name="Save and continue"))
    page.wait_for_url("**/schedule")
    later = way == "Plain text"
    if later:
        choose_a_time(hands)
    hands.press(page.get_by_role("button", name="Review"))
    # The link leads to an example, and the checks ask whether that is meant.
    hands.tick(page.get_by_label("I have looked at these."))
    if not later:
        hands.press(page.get_by_role("button", name="Send to 2 now"))
        expect(page.get_by_role("heading", name="Held for you")).to_be_visible()
        return
    expect(page.get_by_text("09:30 IST = 04:00 UTC")).to_be_visible()
    hands.press(page.get_by_role("button", name="Schedule for 2"))
    page.wait_for_url("**/scheduled")
    with session_factory() as session:
        campaign = session.get_one(Campaign, campaign_id)
        assert campaign.scheduled_at == datetime(2029, 12, 12, 4, 0, tzinfo=UTC)
        assert campaign.timezone == "Asia/Kolkata"


def choose_a_time(hands: Hands) -> None:
    """In the zone that the profile has; it is echoed in UTC."""
    page = hands.page
    hands.choose_radio(
        page.get_by_label("At a time of your choice"), after=page.get_by_label("Now")
    )
    hands.set_time(page.get_by_label("Day and time"), "2029-12-12T09:30")
    expect(page.get_by_label("Time zone", exact=True)).to_have_value(re.compile("Asia/Kolkata"))
    expect(page.get_by_text("09:30 IST = 04:00 UTC")).to_be_visible()


def look_at_it(hands: Hands, way: str) -> None:
    """As the first recipient, and as the next."""
    page = hands.page
    part = "plain text" if way == "Plain text" else "HTML"
    letter = page.frame_locator(f"iframe[title='The mail as {part}']")
    expect(letter.get_by_text("waits in Pune.")).to_be_visible()
    expect(letter.get_by_text("Dear Ravi")).to_be_visible()
    hands.press(page.get_by_role("link", name="The next recipient"))
    expect(letter.get_by_text("waits in your town.")).to_be_visible()
    expect(page.locator(".letter-head")).to_contain_text("For आशा राव")
