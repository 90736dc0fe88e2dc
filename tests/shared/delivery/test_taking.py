"""Taking a batch: one sender only, at its time; and leave for its mails, one by one."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from dakiya.db import SessionFactory, database_now
from dakiya.delivery.counters import Moves
from dakiya.delivery.intents import Intent, intend
from dakiya.delivery.ledger import load_emails
from dakiya.delivery.limits import limits_of
from dakiya.delivery.taking import hand_back_batch, park_batch, return_batch
from dakiya.delivery.usage import remaining_quota
from dakiya.models import (
    Batch,
    BatchState,
    Campaign,
    CampaignStatus,
    EmailState,
    SmtpAccount,
)
from tests.engine.world import (
    leave_for_one,
    make_account,
    make_sending,
    make_workspace,
    miscounted,
    states_of,
    use_pace,
)
from tests.shared.delivery.conftest import SLOT, claim_all, take


def claimed_batches(session: Session, mails: int, **values: Any) -> tuple[Campaign, list[Batch]]:
    account = make_account(session, make_workspace(session), 2525, **values)
    campaign = make_sending(session, account, mails)
    claim_all(session)
    return campaign, list(session.scalars(select(Batch).order_by(Batch.start_at, Batch.id)))


def test_second_message_for_a_batch_does_nothing(session: Session) -> None:
    _, [batch] = claimed_batches(session, 5)
    taken = take(session, batch.id)
    assert taken is not None
    assert (taken.claim.fence, taken.mails) == (1, 5)
    assert take(session, batch.id, by="sender-2") is None
    session.refresh(batch)
    assert (batch.fence, batch.taken_by) == (1, "sender-1")


def test_one_of_two_senders_gets_the_batch(session_factory: SessionFactory) -> None:
    with session_factory.begin() as session:
        _, [batch] = claimed_batches(session, 5)
    with session_factory() as one, session_factory() as other:
        assert take(one, batch.id, by="one") is not None
        one.commit()
        assert take(other, batch.id, by="other") is None


def test_message_for_a_batch_that_does_not_exist_does_nothing(session: Session) -> None:
    assert take(session, 12345) is None


def test_batch_is_not_taken_before_its_instant(session: Session) -> None:
    _, batches = claimed_batches(session, 10, per_second=5)
    assert take(session, batches[1].id) is None
    session.refresh(batches[1])
    assert batches[1].state is BatchState.READY


@pytest.mark.parametrize(
    "status", [s for s in CampaignStatus if s not in (CampaignStatus.SENDING, CampaignStatus.DRAFT)]
)
def test_batch_of_a_stopped_campaign_goes_back(session: Session, status: CampaignStatus) -> None:
    campaign, [batch] = claimed_batches(session, 5)
    session.execute(update(Campaign).values(status=status))
    session.expire_all()
    assert take(session, batch.id) is None
    assert states_of(session, campaign) == {EmailState.PENDING: 5}
    assert not miscounted(session, campaign)
    session.refresh(batch)
    assert batch.state is BatchState.DONE


def test_batch_of_a_paused_account_goes_back(session: Session) -> None:
    campaign, [batch] = claimed_batches(session, 5)
    session.execute(
        update(SmtpAccount).values(paused_at=database_now(session), pause_reason="auth")
    )
    session.expire_all()
    assert take(session, batch.id) is None
    assert states_of(session, campaign) == {EmailState.PENDING: 5}


def begin(session: Session, account: SmtpAccount) -> int:
    """Begin as many mails as the account's pace lets go now."""
    begun = 0
    while leave_for_one(session, account) is None:
        begun += 1
    return begun


@pytest.mark.parametrize("name", ["per_minute", "per_hour", "per_day"])
def test_pace_lets_as_many_mails_begin_as_its_window_holds(session: Session, name: str) -> None:
    account = make_account(session, make_workspace(session), 2525, **{name: 7})
    assert begin(session, account) == 7
    wait = leave_for_one(session, account)
    [window] = limits_of(account).windows
    assert wait is not None
    assert 0.9 * window.length < wait <= 1.01 * window.length


def test_pace_counts_a_mail_in_every_window_or_in_none(session: Session) -> None:
    account = make_account(session, make_workspace(session), 2525, per_hour=3, per_day=5)
    assert begin(session, account) == 3
    counted = {
        quota.name: quota.used
        for quota in remaining_quota(session, account, now=database_now(session))
    }
    assert counted == {"per_hour": 3, "per_day": 3}


def test_pace_of_another_account_is_not_touched(session: Session) -> None:
    workspace_id = make_workspace(session)
    one, other = (make_account(session, workspace_id, 2525, per_day=2) for _ in range(2))
    assert begin(session, one) == 2
    assert begin(session, other) == 2


def test_clock_set_back_stops_no_short_window_for_hours(session: Session) -> None:
    account = make_account(session, make_workspace(session), 2525, per_minute=2, per_day=10)
    use_pace(session, account, mails=2, age=timedelta(hours=-2))
    assert begin(session, account) == 2
    [_, day] = remaining_quota(session, account, now=database_now(session))
    assert day.used == 4


def test_two_senders_at_once_share_what_is_left(session_factory: SessionFactory) -> None:
    with session_factory.begin() as session:
        account = make_account(session, make_workspace(session), 2525, per_hour=60)

    def ask_often(_: int) -> int:
        given = 0
        for _ in range(30):
            with session_factory.begin() as session:
                given += leave_for_one(session, account) is None
        return given

    with ThreadPoolExecutor(4) as threads:
        assert sum(threads.map(ask_often, range(4))) == 60


def test_handed_back_batch_keeps_its_mails(session: Session) -> None:
    campaign, [batch] = claimed_batches(session, 5)
    taken = take(session, batch.id)
    assert taken is not None
    hand_back_batch(session, taken, wait_s=30)
    session.refresh(batch)
    assert batch.start_at > database_now(session) + timedelta(seconds=20)
    assert states_of(session, campaign) == {EmailState.CLAIMED: 5}


def test_parked_batch_waits_for_its_pace_behind_the_others(session: Session) -> None:
    _, batches = claimed_batches(session, 10, per_second=5)
    taken = take(session, batches[0].id)
    assert taken is not None
    assert begin(session, taken.account) >= 5
    assert park_batch(session, taken.claim, taken.account)
    for batch in batches:
        session.refresh(batch)
    assert batches[0].state is BatchState.READY
    assert batches[0].start_at >= batches[1].start_at + timedelta(seconds=1)


def test_batch_is_not_parked_beyond_the_horizon(session: Session) -> None:
    _, [batch] = claimed_batches(session, 5, per_hour=5)
    taken = take(session, batch.id)
    assert taken is not None
    assert begin(session, taken.account) == 5
    assert not park_batch(session, taken.claim, taken.account)


def test_unsent_mails_go_back_when_a_batch_is_returned(session: Session) -> None:
    campaign, [batch] = claimed_batches(session, 5)
    taken = take(session, batch.id)
    assert taken is not None
    mails = load_emails(session, taken.claim)
    moves = Moves()
    assert intend(session, taken.claim, mails[0].id, moves) is Intent.GO
    moves.store(session, campaign_id=campaign.id, slot=SLOT)
    assert return_batch(session, taken.claim, slot=SLOT) == 4
    assert not miscounted(session, campaign)
