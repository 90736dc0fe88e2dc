"""A mailbox that is added twice: the form says so before it is saved, and both pages afterwards."""

from datetime import timedelta

from playwright.sync_api import expect

from dakiya.accounts.users import create_user, workspace_of
from dakiya.db import SessionFactory, database_now
from dakiya.models import SmtpAccount, SmtpTest, TestStatus
from dakiya.smtp_accounts.causes import Cause
from dakiya.smtp_accounts.proving import prove_login
from tests.e2e.conftest import DESKTOP, OpenPage, Site, assert_every_look_is_sound
from tests.engine.world import make_account, use_pace

MAILBOX = {"host": "smtp.example.org", "username": "asha@example.org"}


def test_form_says_that_the_mailbox_is_there_and_pages_what_is_shared(
    open_page: OpenPage, site: Site, session_factory: SessionFactory
) -> None:
    with session_factory.begin() as session:
        bob = create_user(session, email="bob@example.com", password="a long enough password")
        his = make_account(session, workspace_of(session, bob.id), 587, per_day=700, **MAILBOX)
        mine = make_account(
            session, site.workspace_id, 587, name="Newsletter", per_day=500, **MAILBOX
        )
        for account in (his, mine):
            prove_login(session, account)
        session.refresh(mine)
        use_pace(session, mine, mails=499, age=timedelta(hours=2))
        now = database_now(session)
        said = {
            "name": "leave",
            "ok": False,
            "cause": Cause.LIMIT_REACHED,
            "detail": "The account has reached its limit of 500 mails a day. It continues "
            "Tue 24 Nov 2026, 03:44 IST = Mon 23 Nov, 22:14 UTC.",
            "duration_s": 0.1,
        }
        session.add(
            SmtpTest(
                smtp_account_id=mine.id,
                to_email="to@example.org",
                status=TestStatus.FAILED,
                steps=[said],
                started_at=now,
                finished_at=now,
            )
        )
        place = f"/smtp-accounts/{mine.id}"
    page = open_page(DESKTOP)
    page.goto("/smtp-accounts/new")
    page.get_by_label("Name", exact=True).fill("Offers")
    page.get_by_label("Server", exact=True).fill("SMTP.example.org")
    page.get_by_label("User name", exact=True).fill("Asha@example.org")
    page.get_by_label("Password", exact=True).fill("secret")
    page.get_by_label("From address", exact=True).fill("offers@example.org")
    page.get_by_role("button", name="Save and go on to the test").click()
    expect(page.get_by_text("You have this mailbox already")).to_be_visible()
    expect(page.get_by_label("Name", exact=True)).to_have_value("Offers")
    assert_every_look_is_sound(page, "smtp-account-twice")
    page.goto(place)
    expect(page.get_by_text("This mailbox is used elsewhere too.")).to_be_visible()
    expect(page.get_by_text("Keep to the account's limits")).to_be_visible()
    assert_every_look_is_sound(page, "smtp-account-shared")
    page.goto("/smtp-accounts/new")
    for label, value in (
        ("Name", "Offers"), ("Server", "smtp.example.org"), ("User name", "asha@example.org"),
        ("Password", "secret"), ("From address", "offers@example.org"),
    ):  # fmt: skip
        page.get_by_label(label, exact=True).fill(value)
    save = page.get_by_role("button", name="Save and go on to the test")
    save.click()
    page.get_by_label("Password", exact=True).fill("secret")
    save.click()
    expect(page.get_by_text("the same mailbox: the stricter limit holds.")).to_be_visible()
    page.get_by_role("link", name="Newsletter").last.click()
    expect(page).to_have_url(f"{site.url}{place}")
    with session_factory() as session:
        assert session.query(SmtpAccount).filter_by(name="Offers").count() == 1
