"""What the tick mends: expired leases become pending or unknown, lost rings are rung again."""

from datetime import timedelta

import pytest
from sqlalchemy import select, text, update
from sqlalchemy.orm import Session

from dakiya.db import SessionFactory, database_now
from dakiya.delivery.counters import Moves
from dakiya.delivery.intents import Intent, intend, lock_for_intent
from dakiya.delivery.ledger import close_batch
from dakiya.delivery.rescue import (
    ABSURD_LEASES,
    Rescued,
    batches_to_ring,
    count_rung,
    forget_set_back_clock,
    next_start,
    rescue_expired,
)
from dakiya.models import Attempt, Batch, BatchState, EmailState
from tests.engine.world import make_account, make_sending, make_workspace, miscounted, states_of
from tests.shared.delivery.conftest import LEASE_S, Scene, claim_all, expire, set_scene


def intend_first(scene: Scene) -> None:
    moves = Moves()
    lock_for_intent(scene.session, scene.claim)
    assert intend(scene.session, scene.claim, scene.mails[0].id, moves) is Intent.GO
    scene.store(moves)


def test_expired_batch_is_closed_and_only_the_mail_on_the_wire_is_unknown(scene: Scene) -> None:
    intend_first(scene)
    expire(scene.session, scene.claim.batch_id)
    assert rescue_expired(scene.session, lease_s=LEASE_S) == Rescued(1, 4, 1)
    assert states_of(scene.session, scene.campaign) == {
        EmailState.UNKNOWN: 1,
        EmailState.PENDING: 4,
    }
    assert scene.batch().state is BatchState.DONE
    assert scene.row(1).attempts == 0
    [attempt] = scene.session.scalars(select(Attempt))
    assert (attempt.outcome, attempt.reason) == (EmailState.UNKNOWN, "sender_lost")
    assert not miscounted(scene.session, scene.campaign)
    assert rescue_expired(scene.session, lease_s=LEASE_S) == Rescued(0, 0, 0)
    assert not close_batch(scene.session, scene.claim)


def test_live_lease_is_left_alone(scene: Scene) -> None:
    intend_first(scene)
    assert rescue_expired(scene.session, lease_s=LEASE_S) == Rescued(0, 0, 0)


@pytest.mark.parametrize(("factor", "batches"), [(0.9, 0), (1.1, 1)])
def test_lease_absurdly_far_ahead_counts_as_expired(
    scene: Scene, factor: float, batches: int
) -> None:
    ahead_s = ABSURD_LEASES * LEASE_S * factor
    scene.session.execute(
        update(Batch).values(
            lease_expires_at=text("clock_timestamp() + make_interval(secs => :s)").bindparams(
                s=ahead_s
            )
        )
    )
    assert rescue_expired(scene.session, lease_s=LEASE_S).batches == batches


def test_batch_that_a_frozen_sender_has_locked_holds_nobody_up(
    session_factory: SessionFactory,
) -> None:
    with session_factory.begin() as session:
        frozen = set_scene(session)
        account = make_account(session, make_workspace(session, "bob@example.com"), 2525)
        make_sending(session, account, 3)
        [other_id] = claim_all(session)
        session.execute(
            update(Batch)
            .where(Batch.id == other_id)
            .values(state="taken", fence=1)
            .values(lease_expires_at=text("clock_timestamp()"))
        )
        expire(session, other_id)
    with session_factory() as asleep:
        frozen.session = asleep
        intend_first(frozen)  # its process stops here: the transaction stays open
        with session_factory.begin() as session:
            expire(session, frozen.claim.batch_id)
        with session_factory.begin() as session:
            session.execute(text("SET LOCAL lock_timeout = 0"))
            session.execute(text("SET LOCAL statement_timeout = '5s'"))
            assert rescue_expired(session, lease_s=LEASE_S) == Rescued(1, 3, 0)
        asleep.commit()  # it wakes up
    with session_factory.begin() as session:
        assert rescue_expired(session, lease_s=LEASE_S) == Rescued(1, 4, 1)
        assert not miscounted(session, frozen.campaign)


def test_intent_under_way_at_the_rescue_becomes_unknown_and_not_pending(
    session_factory: SessionFactory,
) -> None:
    with session_factory.begin() as session:
        scene = set_scene(session, 1)
    with session_factory() as sender:
        scene.session = sender
        intend_first(scene)
        with session_factory.begin() as session:
            expire(session, scene.claim.batch_id)
        with session_factory.begin() as session:
            assert rescue_expired(session, lease_s=LEASE_S).batches == 0
        sender.commit()
    with session_factory.begin() as session:
        assert rescue_expired(session, lease_s=LEASE_S) == Rescued(1, 0, 1)
        assert states_of(session, scene.campaign) == {EmailState.UNKNOWN: 1}


def ready_batches(session: Session) -> list[int]:
    make_sending(session, make_account(session, make_workspace(session), 2525), 4)
    return claim_all(session, batch_size=2)


def test_batch_is_rung_again_when_its_ring_is_old(session: Session) -> None:
    batch_ids = ready_batches(session)
    now = database_now(session)
    assert batches_to_ring(session, now=now) == []
    later = now + timedelta(seconds=31)
    assert sorted(batches_to_ring(session, now=later)) == batch_ids
    assert batches_to_ring(session, now=later) == []


def test_all_untaken_batches_are_rung_when_the_queue_was_emptied(session: Session) -> None:
    batch_ids = ready_batches(session)
    assert count_rung(session) == 2
    session.execute(
        update(Batch)
        .where(Batch.id == batch_ids[0])
        .values(state="taken", lease_expires_at=text("clock_timestamp()"))
    )
    assert count_rung(session) == 1
    assert batches_to_ring(session, now=database_now(session), all_of_them=True) == batch_ids[1:]


def test_batch_is_rung_at_its_instant_and_not_before(session: Session) -> None:
    now = database_now(session)
    start_at = now + timedelta(seconds=5)
    for batch_id in ready_batches(session):
        session.execute(
            update(Batch).where(Batch.id == batch_id).values(start_at=start_at, rung_at=None)
        )
    assert next_start(session) == start_at
    assert batches_to_ring(session, now=now, all_of_them=True) == []
    assert len(batches_to_ring(session, now=start_at)) == 2
    assert next_start(session) is None


def test_instants_of_a_clock_that_was_wrong_by_hours_come_now(session: Session) -> None:
    account = make_account(session, make_workspace(session), 2525)
    make_sending(session, account, 5)
    [batch_id] = claim_all(session)
    now = database_now(session)
    batch = session.get_one(Batch, batch_id)
    batch.start_at = batch.rung_at = account.paused_until = now + timedelta(hours=2)
    session.flush()
    assert not batches_to_ring(session, now=now)
    forget_set_back_clock(session, now=now)
    assert batches_to_ring(session, now=now) == [batch_id]
    session.refresh(account)
    assert account.paused_until == now


def test_instants_that_are_near_stay(session: Session) -> None:
    account = make_account(session, make_workspace(session), 2525)
    make_sending(session, account, 5)
    [batch_id] = claim_all(session)
    now = database_now(session)
    batch = session.get_one(Batch, batch_id)
    batch.start_at = soon = now + timedelta(seconds=20)
    account.paused_until = later = now + timedelta(hours=1)
    session.flush()
    forget_set_back_clock(session, now=now)
    session.refresh(batch)
    session.refresh(account)
    assert (batch.start_at, account.paused_until) == (soon, later)
