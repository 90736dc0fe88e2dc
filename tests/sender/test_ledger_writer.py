"""The ledger writer: one commit for many connections, and nobody waits for another's trouble."""

import threading
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import psycopg2
import pytest
from psycopg2 import extensions
from sqlalchemy import Engine, select, text

from dakiya.db import SessionFactory
from dakiya.delivery.intents import Intent
from dakiya.delivery.ledger import Claim, load_emails
from dakiya.delivery.locks import campaign_lock
from dakiya.delivery.outcomes import Outcome
from dakiya.delivery.rounds import Sent, Step, Written
from dakiya.models import Campaign, Email, EmailState
from dakiya_sender.ledger_writer import CommitUncertain, LedgerWriter
from dakiya_sender.recording import Recorder
from tests.engine.world import make_account, make_sending, make_workspace, miscounted
from tests.sender.scene import at_commit
from tests.shared.delivery.conftest import claim_all, expire, take

GOES = Written(frozenset(), goes=True)
SLOT = 21
EXCLUSIVE = text("SELECT pg_advisory_xact_lock(:key)")
SHARED = text("SELECT pg_advisory_xact_lock_shared(:key)")
WAITING = text("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted")


@dataclass
class Lane:
    """A campaign's taken batch, as one connection has it."""

    campaign: Campaign
    claim: Claim
    mails: list[Any]

    def step(self, number: int = 0, *sent: Sent) -> Step:
        return Step(self.claim, sent, self.mails[number].id)


@pytest.fixture
def lanes(session_factory: SessionFactory) -> list[Lane]:
    """Two campaigns with a taken batch each."""
    lanes = []
    with session_factory.begin() as session:
        account = make_account(session, make_workspace(session), 2525)
        for _ in range(2):
            campaign = make_sending(session, account, 6)
            [batch_id] = claim_all(session)
            taken = take(session, batch_id)
            assert taken is not None
            lanes.append(Lane(campaign, taken.claim, list(load_emails(session, taken.claim))))
    return lanes


@pytest.fixture
def writer(engine: Engine) -> Iterator[LedgerWriter]:
    writer = LedgerWriter(engine, slot=SLOT)
    writer.start()
    yield writer
    writer.end()


@pytest.fixture
def threads() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(8) as threads:
        yield threads


def state(sessions: SessionFactory, lane: Lane, number: int = 0) -> EmailState:
    with sessions() as session:
        return session.scalars(select(Email.state).where(Email.id == lane.mails[number].id)).one()


def gather(
    writer: LedgerWriter,
    threads: ThreadPoolExecutor,
    first: Step,
    *steps: Step,
) -> tuple[list[Future[Written | None]], int]:
    """Submit steps while the first one's commit is under way; returns them and the commits."""
    begun, let_go, commits = threading.Event(), threading.Event(), [0]

    def hold_the_first(_: extensions.cursor) -> None:
        commits[0] += 1
        if commits[0] == 1:
            begun.set()
            assert let_go.wait(60)

    with at_commit(hold_the_first):
        going = threads.submit(writer.write, first)
        try:
            assert begun.wait(60)
            waiting = [threads.submit(writer.write, step) for step in steps]
            while writer.waiting < len(steps):
                pass
        finally:
            let_go.set()
        wait([going, *waiting], timeout=60)
    return [going, *waiting], commits[0]


def test_steps_that_queued_up_during_a_commit_share_the_next_one(
    session_factory: SessionFactory,
    writer: LedgerWriter,
    threads: ThreadPoolExecutor,
    lanes: list[Lane],
) -> None:
    one, other = lanes
    answers, commits = gather(
        writer,
        threads,
        one.step(0),
        *(one.step(number) for number in range(1, 4)),
        *(other.step(number) for number in range(3)),
    )
    assert [answer.result() for answer in answers] == [GOES] * 7
    assert commits == 2
    for lane in lanes:
        assert state(session_factory, lane) is EmailState.SENDING
        with session_factory() as session:
            assert not miscounted(session, lane.campaign)


@pytest.mark.parametrize("pausing", ["holds", "waits"])
def test_campaign_that_is_being_paused_holds_up_no_other(
    session_factory: SessionFactory,
    writer: LedgerWriter,
    threads: ThreadPoolExecutor,
    lanes: list[Lane],
    pausing: str,
) -> None:
    one, other = lanes
    key = {"key": campaign_lock(one.campaign.id)}
    with session_factory() as holder, session_factory() as watcher:
        holder.execute(EXCLUSIVE if pausing == "holds" else SHARED, key)

        def wait_for_it() -> None:
            with session_factory() as session:
                session.execute(EXCLUSIVE, key)

        paused = threads.submit(wait_for_it) if pausing == "waits" else None
        while paused and not watcher.scalar(WAITING):
            watcher.rollback()
        assert writer.write(one.step()) == Written(frozenset(), goes=False)
        assert writer.write(other.step()) == GOES
        holder.rollback()
    assert state(session_factory, one) is EmailState.CLAIMED
    if paused:
        paused.result(timeout=60)
    assert writer.write(one.step()) == GOES


def test_step_that_cannot_be_written_fails_no_neighbour(
    session_factory: SessionFactory,
    writer: LedgerWriter,
    threads: ThreadPoolExecutor,
    lanes: list[Lane],
) -> None:
    one, other = lanes
    impossible = one.step(1, Sent(one.mails[0].id, 10**6, "no reply code"))
    answers, commits = gather(writer, threads, one.step(0), impossible, other.step(0))
    assert [answer.result() for answer in answers] == [GOES, None, None]
    assert commits == 1
    assert state(session_factory, other) is EmailState.CLAIMED
    assert writer.write(other.step(0)) == GOES


@pytest.mark.parametrize("arrived", [True, False], ids=["committed", "not-committed"])
def test_commit_without_an_answer_is_everybodys_uncertainty(
    session_factory: SessionFactory,
    writer: LedgerWriter,
    threads: ThreadPoolExecutor,
    lanes: list[Lane],
    arrived: bool,
) -> None:
    one, other = lanes

    begun = threading.Event()

    def cut(cursor: extensions.cursor) -> None:
        if not begun.is_set():  # the first one's round
            begun.set()
            return
        if arrived:
            cursor.execute("COMMIT")
        with suppress(psycopg2.Error):
            cursor.execute("SELECT pg_terminate_backend(pg_backend_pid())")

    with at_commit(cut):
        answers, _ = gather(writer, threads, one.step(0), one.step(1), other.step(0))
    assert answers[0].result() == GOES
    assert all(isinstance(answer.exception(), CommitUncertain) for answer in answers[1:])
    became = EmailState.SENDING if arrived else EmailState.CLAIMED
    assert state(session_factory, other) is became
    assert writer.write(other.step(1)) == GOES


def test_writer_that_has_ended_leaves_steps_to_the_connections(
    engine: Engine, session_factory: SessionFactory, lanes: list[Lane]
) -> None:
    writer = LedgerWriter(engine, slot=SLOT)
    writer.start()
    writer.end()
    assert writer.write(lanes[0].step()) is None
    assert state(session_factory, lanes[0]) is EmailState.CLAIMED


def record_through(sessions: SessionFactory, lane: Lane, writer: LedgerWriter) -> Recorder:
    return Recorder(sessions, lane.claim, writer=writer, slot=22, stop=threading.Event())


def test_intent_of_a_campaign_whose_pause_was_undone_waits_and_goes_alone(
    session_factory: SessionFactory,
    writer: LedgerWriter,
    threads: ThreadPoolExecutor,
    lanes: list[Lane],
) -> None:
    lane = lanes[0]
    recorder = record_through(session_factory, lane, writer)
    with session_factory() as holder, session_factory() as watcher:
        holder.execute(EXCLUSIVE, {"key": campaign_lock(lane.campaign.id)})
        going = threads.submit(recorder.intend, lane.mails[0])
        while not watcher.scalar(WAITING):
            watcher.rollback()
        assert not going.done()
        holder.rollback()
    assert going.result(timeout=60) is Intent.GO
    assert state(session_factory, lane) is EmailState.SENDING


def test_outcome_other_than_sent_is_committed_alone_with_the_next_intent(
    session_factory: SessionFactory, writer: LedgerWriter, lanes: list[Lane]
) -> None:
    lane = lanes[0]
    recorder = record_through(session_factory, lane, writer)
    recorder.learn(lane.mails[0], Outcome(EmailState.FAILED, "rcpt", 550, "5.1.1 nobody"))
    assert recorder.intend(lane.mails[1]) is Intent.GO
    assert state(session_factory, lane, 0) is EmailState.FAILED
    assert state(session_factory, lane, 1) is EmailState.SENDING
    with session_factory() as session:
        assert not miscounted(session, lane.campaign)


def test_outcome_is_written_though_the_next_intent_is_refused(
    session_factory: SessionFactory, writer: LedgerWriter, lanes: list[Lane]
) -> None:
    lane = lanes[0]
    recorder = record_through(session_factory, lane, writer)
    assert recorder.intend(lane.mails[0]) is Intent.GO
    recorder.learn(lane.mails[0], Outcome(EmailState.SENT, "dot", 250, "2.0.0 Ok"))
    with session_factory.begin() as session:
        expire(session, lane.claim.batch_id)
    assert recorder.intend(lane.mails[1]) is Intent.LOST
    assert state(session_factory, lane, 0) is EmailState.SENT
    assert state(session_factory, lane, 1) is EmailState.CLAIMED
    with session_factory() as session:
        assert not miscounted(session, lane.campaign)
