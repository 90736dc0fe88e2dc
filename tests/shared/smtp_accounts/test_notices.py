"""What is worth a mail about an account that has stopped, and how often."""

from datetime import timedelta

import pytest
from sqlalchemy import update
from sqlalchemy.orm import Session

from dakiya.db import database_now
from dakiya.delivery.trouble import AccountTrouble, clear_trouble, pause_account
from dakiya.models import SmtpAccount, TroubleNotice
from dakiya.smtp_accounts.notices import LASTS, forget_notices, make_notices, take_notice
from tests.engine.world import make_account, make_workspace

BRIEF = AccountTrouble("connection", "the server refuses connections on this port")
LOGIN = AccountTrouble("auth", "The server answered: 535 5.7.8 no", needs_owner=True)
QUOTA = AccountTrouble("quota", "The server answered: 550 5.4.5", pause_s=3600)
PUBLIC_URL = "https://mail.example.org"


@pytest.fixture
def account(session: Session) -> SmtpAccount:
    return make_account(session, make_workspace(session), 2525, name="Our relay")


def notices(session: Session) -> int:
    return len(make_notices(session, now=database_now(session)))


def test_trouble_that_waits_for_its_owner_is_told_at_once_and_once(
    session: Session, account: SmtpAccount
) -> None:
    pause_account(session, account.id, LOGIN)
    assert [notices(session), notices(session)] == [1, 0]


def test_short_trouble_is_told_only_when_it_lasts(session: Session, account: SmtpAccount) -> None:
    pause_account(session, account.id, BRIEF)
    assert notices(session) == 0
    session.execute(update(SmtpAccount).values(trouble_since=SmtpAccount.trouble_since - LASTS))
    assert [notices(session), notices(session)] == [1, 0]


def test_long_pause_is_told_once_a_day_though_it_comes_back_each_hour(
    session: Session, account: SmtpAccount
) -> None:
    pause_account(session, account.id, QUOTA)
    assert notices(session) == 1
    clear_trouble(session, account.id)  # some mails went out
    pause_account(session, account.id, QUOTA)
    assert notices(session) == 0
    day = timedelta(days=1, minutes=1)
    session.execute(update(TroubleNotice).values(created_at=TroubleNotice.created_at - day))
    assert notices(session) == 1


def test_healthy_and_deleted_accounts_are_not_told_about(
    session: Session, account: SmtpAccount
) -> None:
    assert notices(session) == 0
    pause_account(session, account.id, LOGIN)
    session.execute(update(SmtpAccount).values(deleted_at=database_now(session)))
    assert notices(session) == 0


def test_mail_says_since_when_why_and_what_to_do(session: Session, account: SmtpAccount) -> None:
    pause_account(session, account.id, LOGIN)
    [notice_id] = make_notices(session, now=database_now(session))
    mail = take_notice(session, notice_id, public_url=PUBLIC_URL)
    assert mail is not None
    assert mail.to_emails == ["alice@example.com"]
    assert mail.subject == "Dakiya: the account “Our relay” has stopped sending"
    for words in (
        "the server refuses the login",
        "535 5.7.8 no",
        "IST = ",
        "It waits for you",
        "No mail is lost",
        f"{PUBLIC_URL}/smtp-accounts/{account.id}\n",
    ):
        assert words in mail.text
    assert take_notice(session, notice_id, public_url=PUBLIC_URL) is None


def test_trouble_that_is_over_is_not_mailed_any_more(
    session: Session, account: SmtpAccount
) -> None:
    pause_account(session, account.id, QUOTA)
    [notice_id] = make_notices(session, now=database_now(session))
    clear_trouble(session, account.id)
    assert take_notice(session, notice_id, public_url=PUBLIC_URL) is None


def test_old_notices_are_forgotten(session: Session, account: SmtpAccount) -> None:
    pause_account(session, account.id, LOGIN)
    [notice_id] = make_notices(session, now=database_now(session))
    forget_notices(session, now=database_now(session))
    assert session.get(TroubleNotice, notice_id, populate_existing=True) is not None
    forget_notices(session, now=database_now(session) + timedelta(days=3))
    assert session.get(TroubleNotice, notice_id, populate_existing=True) is None
