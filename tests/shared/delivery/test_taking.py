"""Taking a batch: one sender only, at its time, within the pace of what has really started."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from dakiya.db import SessionFactory
from dakiya.delivery.counters import Moves
from dakiya.delivery.ledger import Intent, intend, load_emails
from dakiya.delivery.pacing import Slot
from dakiya.delivery.taking import database_now, hand_back_batch, return_batch
from dakiya.delivery.usage import add_usage, move_usage
from dakiya.models import (
    Batch,
    BatchState,
    Campaign,
    CampaignStatus,
    EmailState,
    PaceUsage,
    SmtpAccount,
)
from tests.engine.world import make_account, make_sending, make_workspace, miscounted, states_of
from tests.shared.delivery.conftest import SLOT, claim_all, take


def claimed_batches(session: Session, mails: int, **values: Any) -> tuple[Campaign, list[Batch]]:
    account = make_account(session, make_workspace(session), 2525, **values)
    campaign = make_sending(session, account, mails)
    claim_all(session)
    return campaign, list(session.scalars(select(Batch).order_by(Batch.start_at, Batch.id)))


def used(session: Session) -> list[tuple[Any, int]]:
    rows = session.execute(
        select(PaceUsage.start_at, PaceUsage.mails)
        .where(PaceUsage.mails > 0)
        .order_by(PaceUsage.start_at)
    )
    return [(start_at, mails) for start_at, mails in rows]


def move(session: Session, batch: Batch, *, by_s: float) -> None:
    """Pretend that a batch and its share of the pace were planned for another instant."""
    start_at = batch.start_at + timedelta(seconds=by_s)
    session.execute(
        update(PaceUsage).where(PaceUsage.start_at == batch.start_at).values(start_at=start_at)
    )
    session.execute(update(Batch).where(Batch.id == batch.id).values(start_at=start_at))
    session.refresh(batch)


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
    campaign, [batch] = claimed_batches(session, 5, per_minute=100)
    session.execute(update(Campaign).values(status=status))
    session.expire_all()
    assert take(session, batch.id) is None
    assert states_of(session, campaign) == {EmailState.PENDING: 5}
    assert not miscounted(session, campaign)
    session.refresh(batch)
    assert batch.state is BatchState.DONE
    assert used(session) == []


def test_batch_of_a_paused_account_goes_back(session: Session) -> None:
    campaign, [batch] = claimed_batches(session, 5)
    session.execute(
        update(SmtpAccount).values(paused_at=database_now(session), pause_reason="auth")
    )
    session.expire_all()
    assert take(session, batch.id) is None
    assert states_of(session, campaign) == {EmailState.PENDING: 5}


def test_late_paced_batch_counts_from_when_it_was_taken(session: Session) -> None:
    _, [batch] = claimed_batches(session, 5, per_second=5)
    move(session, batch, by_s=-30)
    taken = take(session, batch.id)
    assert taken is not None
    [(start_at, mails)] = used(session)
    assert mails == 5
    assert start_at == taken.claim.start_at
    assert abs(database_now(session) - start_at) < timedelta(seconds=10)


def test_late_paced_batch_that_meets_the_next_one_is_moved(session: Session) -> None:
    # Both were planned for instants that have passed: only one may start now.
    _, batches = claimed_batches(session, 10, per_second=5)
    for batch in batches:
        move(session, batch, by_s=-30)
    first = take(session, batches[0].id)
    assert first is not None
    # The machine is slow: keep the first one's instant within the second.
    add_usage(session, first.claim.smtp_account_id, Slot(database_now(session), 5))
    assert take(session, batches[1].id) is None
    session.refresh(batches[1])
    assert batches[1].state is BatchState.READY
    assert batches[1].rung_at is None
    assert batches[1].start_at >= first.claim.start_at + timedelta(seconds=1)
    assert (batches[1].start_at, 5) in used(session)


def test_plans_for_later_do_not_hold_up_a_batch_whose_time_has_come(session: Session) -> None:
    _, batches = claimed_batches(session, 5, per_minute=25)
    assert len(batches) == 1
    add_usage(
        session,
        batches[0].smtp_account_id,
        Slot(database_now(session) + timedelta(seconds=30), 25),
    )
    assert take(session, batches[0].id) is not None


def test_handed_back_batch_takes_its_share_of_the_pace_along(session: Session) -> None:
    _, [batch] = claimed_batches(session, 5, per_minute=25)
    taken = take(session, batch.id)
    assert taken is not None
    hand_back_batch(session, taken, wait_s=0.5)
    session.refresh(batch)
    assert batch.start_at > taken.claim.start_at
    assert used(session) == [(batch.start_at, 5)]


def test_unsent_mails_return_their_share_of_the_pace(session: Session) -> None:
    campaign, [batch] = claimed_batches(session, 5, per_minute=50)
    taken = take(session, batch.id)
    assert taken is not None
    mails = load_emails(session, taken.claim)
    moves = Moves()
    assert intend(session, taken.claim, mails[0].id, moves) is Intent.GO
    moves.store(session, campaign_id=campaign.id, slot=SLOT)
    assert return_batch(session, taken.claim, unused=4, slot=SLOT) == 4
    assert [mails for _, mails in used(session)] == [1]
    assert not miscounted(session, campaign)


def test_slow_batch_holds_back_the_next_ones_while_it_runs(session: Session) -> None:
    """Its mails go out now, however long ago it began."""
    _, batches = claimed_batches(session, 10, per_minute=5)
    first = take(session, batches[0].id)
    assert first is not None
    session.execute(delete(PaceUsage))
    batches[0].start_at = database_now(session) - timedelta(seconds=90)
    batches[0].mails = 5
    session.flush()
    assert take(session, batches[1].id) is None


def test_slow_batch_counts_from_its_end_and_a_fast_one_from_its_start(session: Session) -> None:
    account = make_account(session, make_workspace(session), 2525, per_minute=10)
    now = database_now(session)
    for seconds in (1, 30):
        started = Slot(now - timedelta(seconds=seconds), 5)
        add_usage(session, account.id, started)
        move_usage(session, account.id, started, Slot(now, 3))
    given = sorted((at, mails) for at, mails in used(session) if mails)
    assert given == [(now - timedelta(seconds=1), 3), (now, 3)]
