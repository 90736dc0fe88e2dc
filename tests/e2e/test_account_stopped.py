"""The page of an account that its server refuses everybody from, and of the mail about it."""

from playwright.sync_api import expect

from dakiya.db import SessionFactory, database_now
from dakiya.delivery.trouble import AccountTrouble, pause_account
from dakiya.smtp_accounts.notices import make_notices
from tests.e2e.conftest import DESKTOP, OpenPage, Site, assert_every_look_is_sound
from tests.engine.world import make_account

REFUSED = AccountTrouble(
    "policy",
    "The server refused 5 recipients one after the other, and took no mail in between. It answered:"
    " 554 5.7.1 <ravi@example.org>: Recipient address rejected: Refused by our policy",
    needs_owner=True,
)


def test_account_whose_server_refuses_everybody_says_so_and_that_nobody_is_told(
    open_page: OpenPage, site: Site, session_factory: SessionFactory
) -> None:
    with session_factory.begin() as session:
        account = make_account(session, site.workspace_id, 2525, name="Our relay")
        assert pause_account(session, account.id, REFUSED)
        make_notices(session, now=database_now(session))
        place = f"/smtp-accounts/{account.id}"
    page = open_page(DESKTOP)
    page.goto(place)
    expect(page.get_by_text("The server refuses everybody")).to_be_visible()
    expect(page.get_by_text("554 5.7.1", exact=False)).to_be_visible()
    expect(page.get_by_text("Nobody is told by mail", exact=False).first).to_be_visible()
    assert_every_look_is_sound(page, "smtp-account-refused")
