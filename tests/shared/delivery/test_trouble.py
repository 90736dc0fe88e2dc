"""Trouble of an account: it pauses with a reason, backs off, and starts anew when it is over."""

from datetime import timedelta

from sqlalchemy import update
from sqlalchemy.orm import Session

from dakiya.db import database_now
from dakiya.delivery.taking import is_open
from dakiya.delivery.trouble import (
    FIRST_PAUSE_S,
    LONGEST_PAUSE_S,
    AccountTrouble,
    clear_trouble,
    pause_account,
)
from dakiya.models import SmtpAccount
from tests.engine.world import make_account, make_workspace

REFUSED = AccountTrouble("connection", "the server refuses connections on this port")


def pause_s(session: Session, account: SmtpAccount) -> float:
    session.refresh(account)
    assert account.paused_at is not None
    assert account.paused_until is not None
    return (account.paused_until - account.paused_at) / timedelta(seconds=1)


def test_pause_grows_with_each_failure_in_a_row_up_to_a_bound(session: Session) -> None:
    account = make_account(session, make_workspace(session), 2525)
    pauses = []
    for _ in range(12):
        assert pause_account(session, account.id, REFUSED)
        pauses.append(round(pause_s(session, account)))
        session.execute(update(SmtpAccount).values(paused_until=database_now(session)))
    assert pauses[:3] == [FIRST_PAUSE_S, 2 * FIRST_PAUSE_S, 4 * FIRST_PAUSE_S]
    assert pauses[-1] == LONGEST_PAUSE_S


def test_threads_that_meet_the_same_wall_pause_the_account_once(session: Session) -> None:
    account = make_account(session, make_workspace(session), 2525)
    assert pause_account(session, account.id, REFUSED)
    assert not pause_account(session, account.id, REFUSED)
    session.refresh(account)
    assert account.trouble_count == 1


def test_account_that_needs_its_owner_stays_paused(session: Session) -> None:
    account = make_account(session, make_workspace(session), 2525)
    pause_account(session, account.id, AccountTrouble("auth", "535 5.7.8 no", needs_owner=True))
    session.refresh(account)
    assert (account.pause_reason, account.paused_until) == ("auth", None)
    assert not is_open(account, now=database_now(session) + timedelta(days=365))
    clear_trouble(session, account.id)
    session.refresh(account)
    assert is_open(account, now=database_now(session))
    assert (account.pause_reason, account.trouble_count) == (None, 0)


def test_longer_pause_that_a_quota_asks_for_is_kept(session: Session) -> None:
    account = make_account(session, make_workspace(session), 2525)
    pause_account(session, account.id, AccountTrouble("quota", "550 5.4.5", pause_s=3600))
    assert pause_s(session, account) == 3600
