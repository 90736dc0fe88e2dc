"""The first login to a mailbox that others have: what each of them has used counts for all."""

from datetime import timedelta

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from dakiya.db import database_now
from dakiya.delivery.limits import pace_of, slowed
from dakiya.delivery.trouble import slow_down
from dakiya.delivery.usage import remaining_quota
from dakiya.delivery.used_before import sent_elsewhere, set_sent_elsewhere
from dakiya.models import Email, EmailState, SmtpAccount
from dakiya.smtp_accounts.proving import prove_login
from tests.engine.world import make_account, make_sending, make_workspace
from tests.shared.delivery.conftest import claim_all

HOST, ALICE = "smtp.gmail.com", "alice@gmail.com"


def add(session: Session, person: str, **values: object) -> SmtpAccount:
    workspace_id = make_workspace(session, f"{person}@example.com")
    return make_account(session, workspace_id, 587, host=HOST, username=ALICE, **values)


def log_in(session: Session, *accounts: SmtpAccount) -> None:
    for account in accounts:
        prove_login(session, account)
        session.refresh(account)


def has_sent(session: Session, account: SmtpAccount, mails: int, *, age: timedelta) -> None:
    """Put accepted mails of an account into the ledger that nobody asked leave for."""
    campaign = make_sending(session, account, mails)
    claim_all(session)
    session.execute(
        update(Email)
        .where(Email.campaign_id == campaign.id)
        .values(state=EmailState.SENT, sent_at=database_now(session) - age, batch_id=None)
    )


def used(session: Session, account: SmtpAccount) -> dict[str, int]:
    found = remaining_quota(session, account, now=database_now(session))
    return {quota.name: quota.used for quota in found}


@pytest.mark.parametrize(
    ("mine", "his"), [({}, {"per_day": 500}), ({"per_day": 500}, {})], ids=["his", "mine"]
)
def test_limit_that_one_side_lacked_counts_what_was_sent_without_it(
    session: Session, mine: dict[str, int], his: dict[str, int]
) -> None:
    alice, bob = add(session, "alice", **mine), add(session, "bob", **his)
    log_in(session, alice)
    has_sent(session, alice, 20, age=timedelta(hours=3))
    has_sent(session, bob, 7, age=timedelta(hours=2))
    limited = alice if mine else bob
    set_sent_elsewhere(session, limited, 100)
    before = used(session, limited)["per_day"]
    log_in(session, bob)
    assert alice.mailbox_id == bob.mailbox_id
    assert used(session, limited) == {"per_day": before + (7 if mine else 20)}


def test_windows_that_both_sides_counted_in_are_added_up(session: Session) -> None:
    alice, bob = add(session, "alice", per_day=500), add(session, "bob", per_day=400)
    log_in(session, alice)
    set_sent_elsewhere(session, alice, 30)
    set_sent_elsewhere(session, bob, 5)
    log_in(session, bob)
    assert used(session, alice) == {"per_day": 35}
    now = database_now(session)
    told = [sent_elsewhere(session, one, now=now) for one in (alice, bob)]
    assert [one.mails for one in told if one is not None] == [30, 5]


@pytest.mark.parametrize(("observed", "lower"), [(40, 20), (400, 50)])
def test_slower_of_the_paces_that_both_have_learned_holds(
    session: Session, observed: int, lower: int
) -> None:
    """A server may close with 421 before anybody has logged in."""
    alice, bob = add(session, "alice"), add(session, "bob")
    log_in(session, alice)
    slow_down(session, alice.id, observed=100)
    slow_down(session, bob.id, observed=observed)
    log_in(session, bob)
    learned = slowed(session, alice)
    assert learned is not None
    assert learned.to == lower


def test_learned_pace_of_the_newcomer_holds_where_nobody_had_one(session: Session) -> None:
    alice, bob = add(session, "alice"), add(session, "bob")
    log_in(session, alice)
    slow_down(session, bob.id, observed=40)
    log_in(session, bob)
    assert pace_of(session, alice, now=database_now(session)).per_minute == 20


def test_account_as_it_was_before_the_login_has_learned_nothing(session: Session) -> None:
    """A batch or a test may hold it still: it goes on, and meets the other mailbox at its login."""
    alice, bob = add(session, "alice"), add(session, "bob")
    log_in(session, alice)
    session.expunge(bob)
    mine = session.scalars(select(SmtpAccount).where(SmtpAccount.id == bob.id)).one()
    log_in(session, mine)
    assert bob.mailbox_id != mine.mailbox_id
    assert slowed(session, bob) is None
    assert prove_login(session, bob)
