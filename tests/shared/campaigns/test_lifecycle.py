"""Schedule, pause, resume and cancel, and that pause and cancel answer truthfully."""

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import select, text, update
from sqlalchemy.orm import Session

from dakiya.campaigns.lifecycle import cancel, on_the_wire, pause, resume, schedule
from dakiya.campaigns.progress import settle
from dakiya.db import SessionFactory, database_now
from dakiya.delivery.counters import Moves
from dakiya.delivery.intents import Intent, intend, lock_for_intent
from dakiya.delivery.ledger import record
from dakiya.delivery.outcomes import Outcome
from dakiya.delivery.rescue import rescue_expired
from dakiya.errors import IllegalState
from dakiya.models import Batch, BatchState, Campaign, CampaignStatus, EmailState
from tests.engine.world import (
    make_account,
    make_campaign,
    make_workspace,
    miscounted,
    states_of,
)
from tests.shared.delivery.conftest import LEASE_S, Scene, expire, set_scene

Stop = Callable[[Session, Campaign], int]

RUNNING = (CampaignStatus.PREPARING, CampaignStatus.SCHEDULED, CampaignStatus.SENDING)
WAITING_FOR_LOCK = text("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted")


def intend_in(session: Session, scene: Scene, number: int = 0) -> Intent:
    moves = Moves()
    lock_for_intent(session, scene.claim)
    intent = intend(session, scene.claim, scene.mails[number].id, moves)
    # A slot per thread, as senders have: one for all would make them wait.
    moves.store(session, campaign_id=scene.campaign.id, slot=20 + number)
    return intent


def record_in(session: Session, scene: Scene, outcome: Outcome, number: int = 0) -> None:
    moves = Moves()
    assert record(session, scene.claim, scene.mails[number].id, outcome, moves)
    moves.store(session, campaign_id=scene.campaign.id, slot=20)


def wait_for_a_waiter(session: Session) -> None:
    deadline = time.monotonic() + 30
    while not session.scalar(WAITING_FOR_LOCK):
        assert time.monotonic() < deadline, "nobody waits for the campaign's lock"
        session.rollback()


@pytest.fixture
def scene(session_factory: SessionFactory) -> Scene:
    with session_factory.begin() as session:
        return set_scene(session)


@pytest.mark.parametrize(
    ("stop", "status", "waiting"),
    [
        (pause, CampaignStatus.PAUSING, EmailState.PENDING),
        (cancel, CampaignStatus.CANCELLING, EmailState.CANCELLED),
    ],
)
def test_stop_waits_for_an_open_intent_and_counts_it_on_the_wire(
    scene: Scene,
    session_factory: SessionFactory,
    stop: Stop,
    status: CampaignStatus,
    waiting: EmailState,
) -> None:
    def stop_it() -> int:
        with session_factory.begin() as session:
            return stop(session, session.get_one(Campaign, scene.campaign.id))

    with session_factory() as sender, session_factory() as watcher, ThreadPoolExecutor() as pool:
        assert intend_in(sender, scene) is Intent.GO
        stopping = pool.submit(stop_it)
        wait_for_a_waiter(watcher)
        assert not stopping.done()
        sender.commit()
        assert stopping.result(timeout=60) == 1
    with session_factory() as session:
        campaign = session.get_one(Campaign, scene.campaign.id)
        assert campaign.status is status
        assert states_of(session, campaign) == {EmailState.SENDING: 1, waiting: 4}
        assert not miscounted(session, campaign)


@pytest.mark.parametrize("stop", [pause, cancel])
def test_intent_that_comes_during_a_stop_waits_and_is_refused(
    scene: Scene, session_factory: SessionFactory, stop: Stop
) -> None:
    began = threading.Event()

    def intend_it() -> Intent:
        with session_factory.begin() as session:
            began.set()
            return intend_in(session, scene)

    with session_factory() as web, session_factory() as watcher, ThreadPoolExecutor() as pool:
        assert stop(web, web.get_one(Campaign, scene.campaign.id)) == 0
        intending = pool.submit(intend_it)
        wait_for_a_waiter(watcher)
        assert not intending.done()
        web.commit()
        assert intending.result(timeout=60) is Intent.HALTED
    with session_factory() as session:
        assert states_of(session, scene.campaign)[EmailState.SENDING] == 0


def test_two_intents_of_a_campaign_do_not_wait_for_each_other(
    scene: Scene, session_factory: SessionFactory
) -> None:
    with session_factory() as one, session_factory() as other:
        assert intend_in(one, scene, 0) is Intent.GO
        other.execute(text("SET LOCAL lock_timeout = '2s'"))
        assert intend_in(other, scene, 1) is Intent.GO


def test_pause_with_nothing_on_the_wire_is_paused_at_once(session: Session) -> None:
    scene = set_scene(session)
    assert pause(session, scene.campaign) == 0
    assert scene.campaign.status is CampaignStatus.PAUSED
    assert states_of(session, scene.campaign) == {EmailState.PENDING: 5}
    assert scene.batch().state is BatchState.DONE
    assert not miscounted(session, scene.campaign)
    assert pause(session, scene.campaign) == 0


@pytest.mark.parametrize(
    ("outcome", "state"),
    [
        (Outcome(EmailState.SENT, "dot", 250), EmailState.SENT),
        (Outcome(EmailState.DEFERRED, "dot", 451, retry_in_s=5), EmailState.DEFERRED),
    ],
)
def test_pausing_is_paused_when_the_last_reply_is_there(
    session: Session, outcome: Outcome, state: EmailState
) -> None:
    scene = set_scene(session)
    intend_in(session, scene)
    assert pause(session, scene.campaign) == 1
    assert pause(session, scene.campaign) == 1
    assert settle(session) == []
    record_in(session, scene, outcome)
    assert on_the_wire(session, scene.campaign.id) == 0
    session.execute(
        update(Batch).where(Batch.state == "taken").values(state="done", lease_expires_at=None)
    )
    assert settle(session) == [(scene.campaign.id, CampaignStatus.PAUSED)]
    assert states_of(session, scene.campaign) == {state: 1, EmailState.PENDING: 4}


def test_pausing_whose_sender_was_killed_is_paused_with_the_unknown_said(session: Session) -> None:
    scene = set_scene(session)
    intend_in(session, scene)
    pause(session, scene.campaign)
    expire(session, scene.claim.batch_id)
    rescue_expired(session, lease_s=LEASE_S)
    assert settle(session) == [(scene.campaign.id, CampaignStatus.PAUSED)]
    assert states_of(session, scene.campaign) == {EmailState.UNKNOWN: 1, EmailState.PENDING: 4}


@pytest.mark.parametrize("status", RUNNING)
def test_paused_campaign_resumes_where_it_stood(session: Session, status: CampaignStatus) -> None:
    account = make_account(session, make_workspace(session), 2525)
    campaign = make_campaign(session, account, 3)
    now = database_now(session)
    campaign.status = status
    campaign.prepared_at = None if status is CampaignStatus.PREPARING else now
    campaign.started_at = now if status is CampaignStatus.SENDING else None
    session.flush()
    pause(session, campaign)
    assert campaign.status is CampaignStatus.PAUSED
    resume(session, campaign)
    assert campaign.status is status


def test_resume_while_pausing_sends_the_rest_again_and_not_what_is_on_the_wire(
    session: Session,
) -> None:
    scene = set_scene(session)
    intend_in(session, scene)
    pause(session, scene.campaign)
    resume(session, scene.campaign)
    session.flush()
    assert scene.campaign.status is CampaignStatus.SENDING
    assert intend_in(session, scene, 1) is Intent.LOST
    record_in(session, scene, Outcome(EmailState.SENT, "dot", 250))
    assert states_of(session, scene.campaign) == {EmailState.SENT: 1, EmailState.PENDING: 4}
    assert not miscounted(session, scene.campaign)


def test_cancel_takes_the_claimed_mails_and_leaves_the_rest_to_the_scheduler(
    session: Session,
) -> None:
    scene = set_scene(session)
    assert cancel(session, scene.campaign) == 0
    assert cancel(session, scene.campaign) == 0
    assert scene.campaign.status is CampaignStatus.CANCELLING
    assert states_of(session, scene.campaign) == {EmailState.CANCELLED: 5}
    assert not miscounted(session, scene.campaign)


ACTIONS = {"pause": pause, "resume": resume, "cancel": cancel}
LEGAL = {
    "pause": {*RUNNING, CampaignStatus.PAUSING, CampaignStatus.PAUSED},
    "resume": {CampaignStatus.PAUSING, CampaignStatus.PAUSED},
    "cancel": {
        *RUNNING,
        CampaignStatus.PAUSING,
        CampaignStatus.PAUSED,
        CampaignStatus.CANCELLING,
        CampaignStatus.CANCELLED,
    },
}


@pytest.mark.parametrize(
    ("action", "status"),
    [(a, s) for a, legal in LEGAL.items() for s in CampaignStatus if s not in legal],
)
def test_illegal_action_is_refused_and_changes_nothing(
    session: Session, action: str, status: CampaignStatus
) -> None:
    scene = set_scene(session)
    session.execute(update(Campaign).values(status=status))
    with pytest.raises(IllegalState, match=status.value):
        ACTIONS[action](session, scene.campaign)
    session.refresh(scene.campaign)
    assert scene.campaign.status is status
    assert states_of(session, scene.campaign) == {EmailState.CLAIMED: 5}


@pytest.mark.parametrize("status", [s for s in CampaignStatus if s is not CampaignStatus.DRAFT])
def test_only_a_draft_can_be_scheduled(session: Session, status: CampaignStatus) -> None:
    account = make_account(session, make_workspace(session), 2525)
    campaign = make_campaign(session, account, 1)
    session.flush()
    session.execute(update(Campaign).values(status=status))
    now = database_now(session)
    with pytest.raises(IllegalState, match=status.value):
        schedule(session, campaign, at=now, timezone="Asia/Kolkata", now=now)


def test_schedule_fixes_the_instant_and_the_domain(session: Session) -> None:
    account = make_account(session, make_workspace(session), 2525)
    campaign = make_campaign(session, account, 1, start=False)
    now = database_now(session)
    schedule(session, campaign, at=now - timedelta(hours=1), timezone="Europe/Berlin", now=now)
    session.flush()
    row = session.execute(
        select(Campaign.status, Campaign.scheduled_at, Campaign.message_domain, Campaign.timezone)
    ).one()
    assert row == (CampaignStatus.PREPARING, now, "example.com", "Europe/Berlin")
