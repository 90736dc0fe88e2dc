"""SMTP accounts, suppressions, tokens and the profile, as people use them."""

import pytest
from playwright.sync_api import Page, expect

from dakiya.accounts.users import workspace_of
from dakiya.contacts.suppressions import suppress, suppress_many
from dakiya.db import SessionFactory
from dakiya.delivery.trouble import AccountTrouble, pause_account
from dakiya.models import SuppressionReason
from tests.e2e.conftest import DESKTOP, LOOKS, NO_JAVASCRIPT, Look, OpenPage, Site
from tests.e2e.soundness import assert_page_is_sound
from tests.e2e.test_shell import make_campaigns
from tests.recorder.plugin import StartRecorder

SENTENCE = "535 5.7.8 Username and Password not accepted. For more information, go to the help page"


def fill_account(page: Page, port: int) -> None:
    """Type a whole account."""
    page.get_by_label("Name", exact=True).fill("Relay")
    page.get_by_label("Server", exact=True).fill("127.0.0.1")
    page.get_by_label("Port").fill(str(port))
    page.get_by_label("Encryption").select_option("none")
    page.get_by_label("From address").fill("asha@example.com")
    page.get_by_label("Mails a day").fill("5,000")
    page.get_by_role("button", name="Save and go on to the test").click()


def test_server_is_connected_and_tested_with_its_steps_shown(
    open_page: OpenPage, site: Site, recorder: StartRecorder
) -> None:
    server = recorder()
    site.installation.start("sender")
    page = open_page(DESKTOP)
    page.goto("/smtp-accounts")
    page.get_by_role("main").get_by_role("link", name="Connect your server").click()
    page.get_by_role("link", name="Gmail").click()
    expect(page.get_by_label("Server", exact=True)).to_have_value("smtp.gmail.com")
    page.get_by_label("From address").fill("nobody")
    page.get_by_role("button", name="Save and go on to the test").click()
    expect(page.get_by_role("alert")).to_be_visible()
    assert_page_is_sound(page, "smtp-account-refused")
    page.get_by_label("User name").fill("")
    fill_account(page, server.port)
    expect(page.get_by_text("Now send a test mail")).to_be_visible()
    page.get_by_label("Send the test mail to").fill("ravi@example.org")
    page.get_by_role("button", name="Send a test mail").click()
    expect(page.get_by_text("This account works")).to_be_visible()
    assert_page_is_sound(page, "smtp-account-tested")


def test_server_is_connected_without_scripts(
    open_page: OpenPage, site: Site, recorder: StartRecorder
) -> None:
    server = recorder()
    page = open_page(NO_JAVASCRIPT)
    page.goto("/smtp-accounts/new")
    fill_account(page, server.port)
    page.get_by_role("button", name="Send a test mail").click()
    expect(page.get_by_role("link", name="See how far it is")).to_be_visible()
    site.installation.start("sender")
    for _ in range(60):
        if page.get_by_text("This account works").is_visible():
            break
        page.wait_for_timeout(500)
        page.reload()
    expect(page.get_by_text("This account works")).to_be_visible()
    page.get_by_role("link", name="Delete").click()
    page.get_by_role("button", name="Delete this account").click()
    expect(page.get_by_role("heading", name="Connect your server")).to_be_visible()


def test_pages_of_settings_are_sound_when_there_is_nothing(pages: list[Page]) -> None:
    for page in pages:
        for path, name in (
            ("/smtp-accounts", "smtp-accounts-none"),
            ("/smtp-accounts/new?preset=gmail", "smtp-account-new"),
            ("/suppressions", "suppressions-none"),
            ("/suppressions/add", "suppressions-add"),
            ("/tokens", "tokens-none"),
            ("/profile", "profile"),
        ):
            page.goto(path)
            assert_page_is_sound(page, name)


def test_pages_of_settings_are_sound_when_there_is_much(
    pages: list[Page], site: Site, session_factory: SessionFactory
) -> None:
    with session_factory() as session:
        make_campaigns(session, site)
        trouble = AccountTrouble("auth", SENTENCE, needs_owner=True)
        assert pause_account(session, 1, trouble)
        workspace_id = workspace_of(session, site.user_id)
        lines = [f"reader{number}@example.org" for number in range(60)]
        suppress_many(session, workspace_id, "\n".join([*lines, "x" * 60 + "@example.org"]))
        for number, reason in enumerate(SuppressionReason):
            suppress(session, workspace_id, f"{reason}{number}@example.org", reason)
        session.commit()
    for page in pages:
        page.goto("/smtp-accounts")
        expect(page.get_by_text("The server refuses the login")).to_be_visible()
        assert_page_is_sound(page, "smtp-accounts")
        page.goto("/smtp-accounts/1")
        assert_page_is_sound(page, "smtp-account")
        page.goto("/smtp-accounts/1/edit")
        assert_page_is_sound(page, "smtp-account-edit")
        page.goto("/suppressions")
        assert_page_is_sound(page, "suppressions")
        page.goto("/suppressions?address=manual3")
        page.get_by_role("link", name="Remove manual3@example.org").click()
        expect(page.get_by_role("button", name="Remove from the list")).to_be_visible()
        assert_page_is_sound(page, "suppressions-remove")
        page.goto("/suppressions/add")
        page.get_by_label("Addresses", exact=True).fill("asha@example.org\nno address\na..b@c.org")
        page.get_by_role("button", name="Add to the list").click()
        expect(page.get_by_text("2 lines were not taken")).to_be_visible()
        assert_page_is_sound(page, "suppressions-rejected")
        page.goto("/tokens")
        page.get_by_label("What is it for?").fill("Web shop")
        page.get_by_role("button", name="Make a token").click()
        expect(page.get_by_text("Here is your new token")).to_be_visible()
        assert_page_is_sound(page, "tokens")


@pytest.mark.parametrize("look", LOOKS, ids=lambda look: f"{look.theme}-{look.width}")
def test_pages_of_a_forgotten_password_are_sound(open_page: OpenPage, look: Look) -> None:
    page = open_page(look, logged_in=False)
    for path, name in (("/forgot", "forgot"), ("/reset/nothing", "reset-ended")):
        page.goto(path)
        assert_page_is_sound(page, name)


def test_password_is_changed_and_a_wrong_one_refused(open_page: OpenPage) -> None:
    page = open_page(DESKTOP)
    page.goto("/profile")
    page.get_by_label("Present password").fill("wrong password")
    page.get_by_label("New password").fill("a new long password")
    page.get_by_role("button", name="Change password").click()
    expect(page.get_by_text("This is not your present password.")).to_be_visible()
    assert_page_is_sound(page, "profile-refused")
