"""What is worth a mail about an account that has stopped, and how often."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy import update
from sqlalchemy.orm import Session

from dakiya.db import database_now
from dakiya.delivery.trouble import AccountTrouble, clear_trouble, pause_account
from dakiya.models import SmtpAccount, TroubleNotice
from dakiya.smtp_accounts.notices import (
    LASTS,
    TAKEN_FOR,
    WORTH_MAILING,
    forget_notices,
    give_up_notices,
    latest_notice,
    make_notices,
    record_notice,
    take_notice,
    waiting_notices,
)
from tests.engine.world import make_account, make_workspace

BRIEF = AccountTrouble("connection", "the server refuses connections on this port")
LOGIN = AccountTrouble("auth", "The server answered: 535 5.7.8 no", needs_owner=True)
QUOTA = AccountTrouble("quota", "The server answered: 550 5.4.5", pause_s=3600)
PUBLIC_URL = "https://mail.example.org"
AGAIN = timedelta(seconds=30)


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
    mail = take_notice(session, notice_id, public_url=PUBLIC_URL, now=database_now(session))
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
    assert take_notice(session, notice_id, public_url=PUBLIC_URL, now=database_now(session)) is None


def test_trouble_that_is_over_is_not_mailed_any_more(
    session: Session, account: SmtpAccount
) -> None:
    pause_account(session, account.id, QUOTA)
    [notice_id] = make_notices(session, now=database_now(session))
    clear_trouble(session, account.id)
    assert take_notice(session, notice_id, public_url=PUBLIC_URL, now=database_now(session)) is None


def test_old_notices_are_forgotten(session: Session, account: SmtpAccount) -> None:
    pause_account(session, account.id, LOGIN)
    [notice_id] = make_notices(session, now=database_now(session))
    forget_notices(session, now=database_now(session))
    assert session.get(TroubleNotice, notice_id, populate_existing=True) is not None
    in_three_days = database_now(session) + timedelta(days=3)
    forget_notices(session, now=in_three_days)
    # Its account's page says how it went while the trouble lasts.
    assert session.get(TroubleNotice, notice_id, populate_existing=True) is not None
    clear_trouble(session, account.id)
    forget_notices(session, now=in_three_days)
    assert session.get(TroubleNotice, notice_id, populate_existing=True) is None


def stop(session: Session, account: SmtpAccount) -> int:
    pause_account(session, account.id, LOGIN)
    [notice_id] = make_notices(session, now=database_now(session))
    return notice_id


def take(session: Session, notice_id: int, now: datetime) -> bool:
    return take_notice(session, notice_id, public_url=PUBLIC_URL, now=now) is not None


def status(session: Session, account: SmtpAccount) -> str:
    notice = latest_notice(session, account)
    assert notice is not None
    session.refresh(notice)
    return notice.status


def test_mail_that_was_not_taken_is_tried_again_later_and_later_and_given_up(
    session: Session, account: SmtpAccount
) -> None:
    notice_id = stop(session, account)
    now = began_at = database_now(session)
    waits = []
    notice = session.get_one(TroubleNotice, notice_id)
    while take(session, notice_id, now):
        record_notice(session, notice_id, mailed=False, answer="450 4.3.0 later", now=now)
        assert not take(session, notice_id, now)
        if notice.status == "queued":
            waits.append((notice.due_at - now) / timedelta(minutes=1))
            soon = notice.due_at + timedelta(seconds=31)
            assert waiting_notices(session, now=soon, older_than=AGAIN) == [notice_id]
        now = notice.due_at
    assert waits[:8] == [1, 2, 4, 8, 16, 32, 60, 60]
    assert now - began_at >= WORTH_MAILING
    assert status(session, account) == "failed"
    assert notice.answer == "450 4.3.0 later"


def test_mail_that_goes_out_at_the_second_try_is_mailed_once(
    session: Session, account: SmtpAccount
) -> None:
    notice_id = stop(session, account)
    now = database_now(session)
    assert take(session, notice_id, now)
    record_notice(session, notice_id, mailed=False, answer="it refuses connections", now=now)
    assert take(session, notice_id, now + timedelta(minutes=1))
    record_notice(session, notice_id, mailed=True, answer="250 2.0.0 Ok", now=now)
    assert status(session, account) == "mailed"
    assert not take(session, notice_id, now + timedelta(hours=1))


def test_mail_of_a_killed_sender_is_taken_again(session: Session, account: SmtpAccount) -> None:
    notice_id = stop(session, account)
    now = database_now(session)
    assert take(session, notice_id, now)
    assert not take(session, notice_id, now + TAKEN_FOR)
    later = now + TAKEN_FOR + timedelta(seconds=1)
    assert waiting_notices(session, now=later, older_than=AGAIN) == [notice_id]
    assert take(session, notice_id, later)
    assert not take(session, notice_id, later)


@pytest.mark.parametrize("is_taken", [False, True])
def test_mail_that_no_sender_could_send_in_time_has_failed(
    session: Session, account: SmtpAccount, is_taken: bool
) -> None:
    notice_id = stop(session, account)
    now = database_now(session)
    if is_taken:
        assert take(session, notice_id, now)
    assert give_up_notices(session, now=now + WORTH_MAILING - timedelta(minutes=1)) == 0
    assert give_up_notices(session, now=now + WORTH_MAILING + timedelta(minutes=1)) == 1
    assert status(session, account) == "failed"


def test_mail_about_trouble_that_is_over_is_needless(
    session: Session, account: SmtpAccount
) -> None:
    notice_id = stop(session, account)
    clear_trouble(session, account.id)
    assert not take(session, notice_id, database_now(session))
    assert session.get_one(TroubleNotice, notice_id).status == "needless"
    assert latest_notice(session, account) is None


def test_mail_about_earlier_trouble_says_nothing_of_the_same_trouble_when_it_comes_back(
    session: Session, account: SmtpAccount
) -> None:
    notice_id = stop(session, account)
    assert take(session, notice_id, database_now(session))
    record_notice(session, notice_id, mailed=True, answer="", now=database_now(session))
    clear_trouble(session, account.id)
    pause_account(session, account.id, LOGIN)
    session.refresh(account)
    assert notices(session) == 0  # told less than an hour ago
    assert latest_notice(session, account) is None
