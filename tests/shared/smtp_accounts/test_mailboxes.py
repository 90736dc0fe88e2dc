"""Accounts of one mailbox share what their provider counts; nobody learns of another workspace."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from dakiya.config import Settings
from dakiya.db import database_now
from dakiya.delivery.claims import claim_lane, find_lanes
from dakiya.delivery.limits import (
    connections_of,
    pace_of,
    shared_limits,
    slowed,
    standing_of,
    told_limits,
)
from dakiya.delivery.pacing import Limits
from dakiya.delivery.reached import reached_limit
from dakiya.delivery.trouble import TOLD_TOGETHER, slow_down
from dakiya.delivery.usage import load_usage, remaining_quota
from dakiya.delivery.used_before import counting_window, sent_elsewhere, set_sent_elsewhere
from dakiya.models import Batch, Mailbox, Security, SmtpAccount
from dakiya.smtp_accounts.accounts import (
    AccountValues,
    change_account,
    create_account,
    delete_account,
)
from dakiya.smtp_accounts.mailboxes import (
    accounts_on,
    forget_mailboxes,
    is_used_elsewhere,
    mailbox_key,
    same_mailbox,
)
from dakiya.smtp_accounts.proving import prove_login
from dakiya.smtp_accounts.secrets import SecretBox
from tests.engine.world import leave_for_one, make_account, make_sending, make_workspace, use_pace

ALICE = "alice@gmail.com"
VALUES = AccountValues(
    "Gmail", "smtp.gmail.com", 587, Security.STARTTLS, ALICE, ALICE, None,
    None, None, None, 10, 4, 100,
)  # fmt: skip


def account_of(
    session: Session, workspace_id: int, *, proved: bool = True, **values: object
) -> SmtpAccount:
    account = make_account(
        session, workspace_id, 587, **{"host": VALUES.host, "username": ALICE, **values}
    )
    if proved:
        prove_login(session, account)
        session.refresh(account)
    return account


@pytest.fixture
def here(session: Session) -> int:
    return make_workspace(session)


@pytest.fixture
def there(session: Session) -> int:
    return make_workspace(session, "bob@example.com")


def begin(session: Session, account: SmtpAccount) -> int:
    begun = 0
    while leave_for_one(session, account) is None:
        begun += 1
    return begun


@pytest.mark.parametrize(
    ("host", "username", "same"),
    [
        ("SMTP.Gmail.com.", " Alice@gmail.com", True),
        ("smtp.gmail.com", "bob@gmail.com", False),
        ("smtp.zoho.in", ALICE, False),
    ],
)
def test_mailbox_is_a_user_of_a_host_however_they_are_typed(
    host: str, username: str, same: bool
) -> None:
    assert (mailbox_key(host, username) == mailbox_key("smtp.gmail.com", ALICE)) is same


@pytest.mark.parametrize("username", [None, "", "apikey", "Resend"])
def test_accounts_that_name_no_user_of_their_own_share_nothing(
    session: Session, here: int, username: str | None
) -> None:
    one, other = (account_of(session, here, username=username, per_day=3) for _ in range(2))
    assert begin(session, one) == 3
    assert begin(session, other) == 3
    assert same_mailbox(session, one) == []


def test_mailbox_that_was_added_twice_has_one_day_and_the_stricter_limit(
    session: Session, here: int
) -> None:
    one = account_of(session, here, per_day=10)
    other = account_of(session, here, per_day=4, per_hour=9, connections=1)
    assert shared_limits(session, one) == Limits(per_hour=9, per_day=4)
    assert connections_of(session, one, now=database_now(session)) == 1
    assert leave_for_one(session, one) is None
    assert begin(session, other) == 3
    assert leave_for_one(session, one) is not None
    assert [(q.name, q.left) for q in remaining_quota(session, one, now=database_now(session))] == [
        ("per_hour", 5),
        ("per_day", 0),
    ]
    assert same_mailbox(session, one) == [other]
    reached = reached_limit(session, one, now=database_now(session))
    assert reached is not None
    assert (
        reached.words == "the limit of 4 mails a day that another account of the same mailbox has"
    )


def test_deleted_and_added_again_it_has_no_second_day(
    session: Session, here: int, settings: Settings
) -> None:
    box, now = SecretBox(settings), database_now(session)
    first = create_account(session, VALUES, workspace_id=here, password="p", box=box)
    assert begin(session, first) == 10
    set_sent_elsewhere(session, first, 0)
    delete_account(session, first, now=now)
    again = create_account(session, VALUES, workspace_id=here, password="p", box=box)
    assert begin(session, again) == 0
    higher = replace(VALUES, per_day=12)
    change_account(session, again, higher, password=None, box=box)
    assert begin(session, again) == 2


def test_account_that_changes_its_user_leaves_the_day_behind(
    session: Session, here: int, settings: Settings
) -> None:
    """Nobody gets a second day by writing another user name and adding the first one again."""
    box = SecretBox(settings)
    account = create_account(session, VALUES, workspace_id=here, password="p", box=box)
    slow_down(session, account.id, observed=40)
    assert begin(session, account) == 10
    bob = replace(VALUES, username="bob@gmail.com")
    change_account(session, account, bob, password="p", box=box)
    assert slowed(session, account) is None
    assert begin(session, account) == 10
    again = create_account(session, VALUES, workspace_id=here, password="p", box=box)
    assert begin(session, again) == 0
    assert slowed(session, again) is not None


def test_mailbox_of_two_workspaces_has_one_day_once_both_have_logged_in(
    session: Session, here: int, there: int
) -> None:
    one = account_of(session, here, per_day=10)
    other = account_of(session, there, per_day=6)
    assert one.mailbox_id == other.mailbox_id
    assert begin(session, other) == 6
    assert begin(session, one) == 0
    assert is_used_elsewhere(session, one)
    # Nothing of what the other one has set is told, though it holds.
    assert shared_limits(session, one) == Limits(per_day=6)
    assert told_limits(session, one) == Limits()
    assert same_mailbox(session, one) == []
    reached = reached_limit(session, one, now=database_now(session))
    assert reached is not None
    assert reached.words == "a limit of its mailbox, which is used elsewhere too"


def test_mails_sent_elsewhere_count_in_the_own_limits_and_never_tell_those_of_others(
    session: Session, here: int, there: int
) -> None:
    one = account_of(session, here, per_minute=10)
    account_of(session, there, per_day=6)
    assert counting_window(session, one) is None
    account_of(session, here, per_hour=9)
    window = counting_window(session, one)
    assert window is not None
    assert (window.name, window.limit) == ("per_hour", 9)
    set_sent_elsewhere(session, one, 4)
    # They hold in the other's day too, which nobody here is told.
    used = load_usage(session, one, limits=Limits(per_hour=9, per_day=6), now=database_now(session))
    assert [[slot.mails for slot in slots] for slots in used.values()] == [[4], [4]]
    told = sent_elsewhere(session, one, now=database_now(session))
    assert told is not None
    assert told.until - database_now(session) < timedelta(hours=2)


def test_login_that_somebody_only_types_tells_and_slows_nothing(
    session: Session, here: int, there: int
) -> None:
    mine = account_of(session, here, per_day=10)
    assert leave_for_one(session, mine) is None
    typed = account_of(session, there, proved=False, per_day=1, connections=1)
    set_sent_elsewhere(session, typed, 1)
    slow_down(session, typed.id, observed=10)
    assert not standing_of(session, typed).is_proved
    assert not is_used_elsewhere(session, typed)
    assert not is_used_elsewhere(session, mine)
    assert mine.mailbox_id != typed.mailbox_id
    now = database_now(session)
    assert pace_of(session, mine, now=now) == Limits(per_day=10)
    [day] = remaining_quota(session, typed, now=now)
    assert (day.used, day.left) == (1, 0)
    [day] = remaining_quota(session, mine, now=now)
    assert day.used == 1


def test_first_login_joins_what_was_claimed_with_what_others_have_proved(
    session: Session, here: int, there: int
) -> None:
    mine = account_of(session, here, per_day=10)
    typed = account_of(session, there, proved=False, per_day=10)
    twin = account_of(session, there, proved=False, per_day=10)
    set_sent_elsewhere(session, typed, 4)
    assert prove_login(session, typed)
    assert not prove_login(session, mine)
    session.refresh(typed)
    session.refresh(twin)
    assert mine.mailbox_id == typed.mailbox_id == twin.mailbox_id
    assert begin(session, mine) == 6
    assert len(session.scalars(select(Mailbox.id).where(Mailbox.key.is_not(None))).all()) == 1
    # The second one of the workspace was told with the first.
    assert account_of(session, there, proved=False).mailbox_id == mine.mailbox_id


def test_first_login_that_nobody_had_before_keeps_the_mailbox(session: Session, here: int) -> None:
    account = account_of(session, here, proved=False)
    before = account.mailbox_id
    assert not standing_of(session, account).is_proved
    assert not prove_login(session, account)
    session.refresh(account)
    assert account.mailbox_id == before
    assert standing_of(session, account).is_proved


def test_login_at_a_server_that_only_the_workspace_trusts_proves_nothing_to_others(
    session: Session, here: int, there: int
) -> None:
    mine = account_of(session, here, per_day=10)
    trusted = account_of(session, there, per_day=1, certificate_sha256="0" * 64)
    set_sent_elsewhere(session, trusted, 1)
    assert mine.mailbox_id != trusted.mailbox_id
    assert begin(session, mine) == 10
    assert not is_used_elsewhere(session, mine)
    # All its connections are its own from the first one on.
    assert connections_of(session, trusted, now=database_now(session)) == trusted.connections > 1


def test_what_was_sent_elsewhere_is_told_once_for_a_mailbox(session: Session, here: int) -> None:
    one, other = (account_of(session, here, per_day=10) for _ in range(2))
    set_sent_elsewhere(session, one, 8)
    set_sent_elsewhere(session, other, 7)
    told = sent_elsewhere(session, one, now=database_now(session))
    assert told is not None
    assert told.mails == 7
    assert begin(session, one) == 3


def test_learned_pace_is_that_of_the_mailbox_and_learned_once(session: Session, here: int) -> None:
    one, other = (account_of(session, here) for _ in range(2))
    slow_down(session, one.id, observed=40)
    slow_down(session, other.id, observed=40)  # its server says so at the same time
    learned = slowed(session, other)
    assert learned is not None
    assert learned.to == 20
    session.execute(update(Mailbox).values(slowed_at=Mailbox.slowed_at - TOLD_TOGETHER))
    slow_down(session, other.id, observed=40)
    learned = slowed(session, one)
    assert learned is not None
    assert learned.to == 10


def test_accounts_of_one_mailbox_take_turns_at_its_pace(
    session: Session, here: int, there: int
) -> None:
    accounts = [account_of(session, workspace, per_minute=6) for workspace in (here, there)]
    for account in accounts:
        make_sending(session, account, 50)
    taken: list[int] = []
    for _ in range(4):
        now = database_now(session)
        for lane in find_lanes(session, now=now):
            if claim_lane(session, lane, now=now, batch_size=50).mails:
                taken.append(lane.smtp_account_id)
        # A minute later all of it was sent.
        session.execute(update(Batch).values(state="done", finished_at=now))
    assert taken == [accounts[0].id, accounts[1].id] * 2


def test_batches_of_one_account_leave_no_room_for_the_other(session: Session, here: int) -> None:
    one, other = (account_of(session, here, per_minute=6) for _ in range(2))
    for account in (one, other):
        make_sending(session, account, 50)
    now = database_now(session)
    claimed = [
        claim_lane(session, lane, now=now, batch_size=50).mails
        for lane in find_lanes(session, now=now)
    ]
    assert claimed == [6, 0]


def test_workspace_is_told_which_of_its_accounts_have_a_mailbox(
    session: Session, here: int, there: int
) -> None:
    account = account_of(session, here)
    typed = {"host": "SMTP.gmail.com", "username": "ALICE@gmail.com"}
    assert accounts_on(session, workspace_id=here, **typed) == [account]
    assert accounts_on(session, workspace_id=there, **typed) == []
    delete_account(session, account, now=database_now(session))
    assert accounts_on(session, workspace_id=here, **typed) == []


def test_mailbox_is_forgotten_when_nobody_has_it_and_its_day_is_over(
    session: Session, here: int
) -> None:
    kept, gone, used = (
        account_of(session, here, username=name, per_day=5) for name in ("a", "b", "c")
    )
    use_pace(session, used, mails=1, age=timedelta(hours=1))
    session.execute(update(Mailbox).values(created_at=Mailbox.created_at - timedelta(days=2)))
    for account in (gone, used):
        session.delete(account)
    session.flush()
    assert forget_mailboxes(session) == 1
    left = set(session.scalars(select(Mailbox.id)))
    assert left == {kept.mailbox_id, used.mailbox_id}
