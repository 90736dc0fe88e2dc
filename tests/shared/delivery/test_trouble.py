"""Trouble of an account: it pauses with a reason, backs off, and starts anew when it is over."""

from datetime import timedelta

from sqlalchemy import update
from sqlalchemy.orm import Session

from dakiya.db import database_now
from dakiya.delivery.ledger import load_emails
from dakiya.delivery.limits import connections_of, pace_of, slowed
from dakiya.delivery.pacing import Limits
from dakiya.delivery.slowing import STEP, STEPS
from dakiya.delivery.taking import is_open
from dakiya.delivery.trouble import (
    FIRST_PAUSE_S,
    LONGEST_PAUSE_S,
    AccountTrouble,
    clear_trouble,
    meet_trouble,
    pause_account,
)
from dakiya.models import Email, EmailState, SmtpAccount
from dakiya.smtp_accounts.accounts import end_pause
from tests.engine.world import make_account, make_sending, make_workspace
from tests.shared.delivery.conftest import Scene, claim_all, take

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


def test_trouble_that_was_met_before_somebody_mended_the_account_does_not_pause_it_again(
    session: Session,
) -> None:
    account = make_account(session, make_workspace(session), 2525)
    login = AccountTrouble("auth", "535 5.7.8 no", needs_owner=True)
    before = account.mended
    assert pause_account(session, account.id, login, mended=before)
    clear_trouble(session, account.id)
    assert not pause_account(session, account.id, login, mended=before)
    session.refresh(account)
    end_pause(account)
    session.flush()
    assert not pause_account(session, account.id, login, mended=before + 1)
    assert pause_account(session, account.id, login, mended=before + 2)


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
    assert round(pause_s(session, account)) == 3600


def test_another_cause_begins_its_own_back_off(session: Session) -> None:
    account = make_account(session, make_workspace(session), 2525)
    for _ in range(3):
        assert pause_account(session, account.id, REFUSED)
        session.execute(update(SmtpAccount).values(paused_until=database_now(session)))
    session.refresh(account)
    since = account.trouble_since
    assert pause_account(session, account.id, AccountTrouble("tls", "no trust"))
    assert round(pause_s(session, account)) == FIRST_PAUSE_S
    assert account.trouble_count == 1
    assert since is not None
    assert account.trouble_since is not None
    assert account.trouble_since > since


def test_trouble_is_said_to_last_since_its_first_failure(session: Session) -> None:
    account = make_account(session, make_workspace(session), 2525)
    for _ in range(3):
        pause_account(session, account.id, REFUSED)
        session.execute(update(SmtpAccount).values(paused_until=database_now(session)))
    session.refresh(account)
    assert account.trouble_since is not None
    assert account.paused_at is not None
    assert account.trouble_since < account.paused_at
    clear_trouble(session, account.id)
    session.refresh(account)
    assert account.trouble_since is None


def test_throttle_slows_the_account_down_once_for_all_threads(scene: Scene) -> None:
    slow = AccountTrouble("rate", "421 4.7.0 slow down", pause_s=60, slows=True)
    for _ in range(4):  # connections that hear it at the same time
        meet_trouble(scene.session, scene.claim, slow, accepted=40, mended=0)
    account = scene.session.get_one(SmtpAccount, scene.account.id, populate_existing=True)
    learned = slowed(scene.session, account)
    assert learned is not None
    assert (learned.to, learned.back_to) == (20, 40)
    now = database_now(scene.session)
    assert pace_of(scene.session, account, now=now) == Limits(per_second=1, per_minute=20)
    assert pace_of(scene.session, account, now=now + STEPS * STEP) == Limits()
    assert [
        connections_of(scene.session, account, now=now + step * STEP) for step in range(STEPS + 1)
    ] == [
        2, 2, 3, 3, 4,
    ]  # fmt: skip
    clear_trouble(scene.session, account.id)
    scene.session.refresh(account)
    assert slowed(scene.session, account) == learned  # the server has not said that it takes more


def test_throttle_sees_the_mails_of_batches_that_other_threads_have(session: Session) -> None:
    account = make_account(session, make_workspace(session), 2525)
    make_sending(session, account, 100)
    mine, theirs = [take(session, batch_id) for batch_id in claim_all(session)]
    assert mine is not None
    assert theirs is not None
    gone = [mail.id for mail in load_emails(session, theirs.claim)][:40]
    sent = {"state": EmailState.SENT, "sent_at": database_now(session)}
    session.execute(update(Email).where(Email.id.in_(gone)).values(sent))
    slow = AccountTrouble("rate", "421 4.7.0 slow down", pause_s=60, slows=True)
    meet_trouble(session, mine.claim, slow, accepted=20, mended=0)
    learned = slowed(session, account)
    assert learned is not None
    assert (learned.to, learned.back_to) == (30, 60)


def test_other_trouble_does_not_slow_the_account_down(scene: Scene) -> None:
    meet_trouble(scene.session, scene.claim, REFUSED, accepted=40, mended=0)
    scene.session.refresh(scene.account)
    assert slowed(scene.session, scene.account) is None
    assert scene.account.pause_reason == "connection"
