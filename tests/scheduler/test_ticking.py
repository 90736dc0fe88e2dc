"""One tick: what it starts, claims, rings, rescues, settles and forgets."""

from datetime import timedelta

import pytest
from sqlalchemy import func, select, text, update
from sqlalchemy.orm import Session

from dakiya.accounts.sessions import add_login
from dakiya.accounts.users import create_user
from dakiya.campaigns.lifecycle import cancel
from dakiya.db import SessionFactory, database_now
from dakiya.delivery import chance_moves, second_chances
from dakiya.delivery.content_trouble import REFUSALS_IN_A_ROW
from dakiya.delivery.counters import Moves
from dakiya.delivery.locks import campaign_lock
from dakiya.delivery.presence import count_alive
from dakiya.delivery.taking import take_batch
from dakiya.models import (
    Batch,
    BatchState,
    Campaign,
    CampaignStatus,
    Email,
    EmailState,
    LoginSession,
    PaceUsage,
    Service,
    SmtpAccount,
    SmtpTest,
    TestStatus,
    Tick,
)
from dakiya.queue import ERRANDS_QUEUE, SCHEDULER_QUEUE, SENDER_QUEUE, Doorbell
from dakiya_scheduler import ticking
from dakiya_scheduler.actors import prepare, work_off
from dakiya_scheduler.ticking import Count, Ticker, keep_house
from tests.engine.world import (
    make_account,
    make_campaign,
    make_sending,
    make_workspace,
    miscounted,
    states_of,
    use_pace,
)
from tests.scheduler.conftest import LEASE_S, RungBells


def an_account(session: Session) -> SmtpAccount:
    return make_account(session, make_workspace(session), 2525)


def batch_ids(session_factory: SessionFactory, state: BatchState = BatchState.READY) -> list[int]:
    with session_factory() as session:
        return list(
            session.scalars(select(Batch.id).where(Batch.state == state).order_by(Batch.id))
        )


def test_prepared_campaign_is_started_claimed_and_rung(
    ticker: Ticker, rung: RungBells, session_factory: SessionFactory
) -> None:
    with session_factory.begin() as session:
        campaign = make_campaign(session, an_account(session), 25)
    prepare(session_factory, campaign.id)
    assert ticker.tick(by_clock=True) == Count(due=25, claimed=25, rung=3)
    ids = batch_ids(session_factory)
    assert rung.of(SENDER_QUEUE) == [("deliver_batch", batch_id) for batch_id in ids]
    with session_factory() as session:
        assert session.get_one(Campaign, campaign.id).status is CampaignStatus.SENDING
        assert states_of(session, campaign) == {EmailState.CLAIMED: 25}
        tick = session.scalars(select(Tick)).one()
        assert (tick.due, tick.claimed, tick.rung) == (25, 25, 3)
        assert count_alive(session, "scheduler") == 1
    assert ticker.tick(by_clock=True) == Count()


def test_campaign_that_is_not_prepared_is_rung_again_by_the_clock(
    ticker: Ticker, rung: RungBells, session_factory: SessionFactory
) -> None:
    with session_factory.begin() as session:
        campaign = make_campaign(session, an_account(session), 25)
    ticker.tick(by_clock=False)
    assert rung.of(SCHEDULER_QUEUE) == []
    ticker.tick(by_clock=True)
    assert rung.of(SCHEDULER_QUEUE) == [("prepare_campaign", campaign.id)]


def test_second_chances_are_rung_by_the_clock_and_worked_off(
    ticker: Ticker,
    rung: RungBells,
    session_factory: SessionFactory,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for module in (chance_moves, second_chances):
        monkeypatch.setattr(module, "CHUNK", 2)
    with session_factory.begin() as session:
        campaigns = [make_sending(session, account, 5) for account in [an_account(session)] * 2]
        session.execute(update(Email).values(state=EmailState.FAILED, reason="mailbox_full"))
        for campaign in campaigns:
            moves = Moves()
            moves.add(EmailState.PENDING, EmailState.FAILED, 5)
            moves.store(session, campaign_id=campaign.id, slot=20)
            assert second_chances.retry_failed(session, campaign).remaining == 3
    ticker.tick(by_clock=False)
    assert rung.of(SCHEDULER_QUEUE) == []
    ticker.tick(by_clock=True)
    assert rung.of(SCHEDULER_QUEUE) == [("give_second_chances",)]
    work_off(session_factory)
    with session_factory() as session:
        assert second_chances.chances_to_work_off(session) == []
        for campaign in campaigns:
            assert states_of(session, campaign)[EmailState.FAILED] == 0
            assert not miscounted(session, campaign)


def test_emptied_queue_is_filled_again_at_the_next_tick(
    ticker: Ticker, doorbell: Doorbell, rung: RungBells, session_factory: SessionFactory
) -> None:
    with session_factory.begin() as session:
        make_sending(session, an_account(session), 25)
    ticker.tick(by_clock=True)
    doorbell.redis.flushall()
    ticker.tick(by_clock=False)
    assert rung.of(SENDER_QUEUE) == []
    assert ticker.tick(by_clock=True).rung == 3
    assert len(rung.of(SENDER_QUEUE)) == 3
    ticker.tick(by_clock=True)
    assert len(rung.of(SENDER_QUEUE)) == 3


def test_expired_batch_is_rescued_and_claimed_again_in_the_same_tick(
    ticker: Ticker, session_factory: SessionFactory
) -> None:
    with session_factory.begin() as session:
        campaign = make_sending(session, an_account(session), 5)
    ticker.tick(by_clock=True)
    [batch_id] = batch_ids(session_factory)
    with session_factory.begin() as session:
        assert take_batch(session, batch_id, taken_by="one", lease_s=LEASE_S, slot=20)
        session.execute(
            update(Batch).values(lease_expires_at=text("clock_timestamp() - interval '1 second'"))
        )
    assert ticker.tick(by_clock=False).claimed == 5
    assert batch_ids(session_factory, BatchState.DONE) == [batch_id]
    assert len(batch_ids(session_factory)) == 1
    with session_factory() as session:
        assert not miscounted(session, campaign)


def test_campaign_at_rest_is_settled(ticker: Ticker, session_factory: SessionFactory) -> None:
    with session_factory.begin() as session:
        campaign = make_sending(session, an_account(session), 2)
        session.execute(update(Email).values(state="failed"))
    ticker.tick(by_clock=False)
    with session_factory() as session:
        assert session.get_one(Campaign, campaign.id).status is CampaignStatus.FINISHED


def refused_campaign(session_factory: SessionFactory) -> Campaign:
    with session_factory.begin() as session:
        campaign = make_sending(session, an_account(session), 5)
        session.execute(update(Campaign).values(refused_in_a_row=REFUSALS_IN_A_ROW))
    return campaign


def test_campaign_whose_content_is_refused_pauses_before_anything_is_claimed(
    ticker: Ticker, session_factory: SessionFactory
) -> None:
    campaign = refused_campaign(session_factory)
    assert ticker.tick(by_clock=False).claimed == 0
    with session_factory() as session:
        found = session.get_one(Campaign, campaign.id)
        assert (found.status, found.pause_reason) == (CampaignStatus.PAUSED, "content")


def test_intent_of_a_frozen_sender_keeps_no_tick_waiting(
    ticker: Ticker, session_factory: SessionFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ticking, "_WAIT_FOR_INTENTS", text("SET LOCAL lock_timeout = '100ms'"))
    refused = refused_campaign(session_factory)
    with session_factory.begin() as session:
        account = make_account(session, make_workspace(session, "bob@example.com"), 2525)
        other = make_sending(session, account, 3)
    with session_factory() as frozen:
        frozen.execute(
            text("SELECT pg_advisory_xact_lock_shared(:key)"), {"key": campaign_lock(refused.id)}
        )
        assert ticker.tick(by_clock=False).claimed == 3
        with session_factory() as session:
            assert states_of(session, other) == {EmailState.CLAIMED: 3}
            assert session.get_one(Campaign, refused.id).status is CampaignStatus.SENDING
    ticker.tick(by_clock=False)
    with session_factory() as session:
        assert session.get_one(Campaign, refused.id).status is CampaignStatus.PAUSED


def test_cancelling_asks_for_another_tick_until_it_is_done(
    ticker: Ticker, rung: RungBells, doorbell: Doorbell, session_factory: SessionFactory
) -> None:
    with session_factory.begin() as session:
        campaign = make_sending(session, an_account(session), 5)
        cancel(session, campaign)
    ticker.tick(by_clock=False)
    assert rung.of(SCHEDULER_QUEUE) == [("tick", "early")]
    doorbell.redis.flushall()
    ticker.tick(by_clock=False)
    assert rung.of(SCHEDULER_QUEUE) == []
    with session_factory() as session:
        assert session.get_one(Campaign, campaign.id).status is CampaignStatus.CANCELLED


def test_early_tick_is_rung_once_until_it_is_answered(
    ticker: Ticker, rung: RungBells, doorbell: Doorbell
) -> None:
    doorbell.ring_tick()
    doorbell.ring_tick()
    assert len(rung.of(SCHEDULER_QUEUE)) == 1
    ticker.tick(by_clock=False)
    doorbell.ring_tick()
    assert len(rung.of(SCHEDULER_QUEUE)) == 2


def test_smtp_test_that_nobody_has_run_is_rung_again(
    ticker: Ticker, rung: RungBells, session_factory: SessionFactory
) -> None:
    with session_factory.begin() as session:
        account = an_account(session)
        tests = [SmtpTest(smtp_account_id=account.id, to_email="a@example.net") for _ in range(2)]
        session.add_all(tests)
        session.flush()
        tests[0].created_at = database_now(session) - timedelta(seconds=31)
    ticker.tick(by_clock=True)
    assert rung.of(ERRANDS_QUEUE) == [("run_smtp_test", tests[0].id)]


def test_two_tickers_at_once_claim_each_mail_once(
    ticker: Ticker, doorbell: Doorbell, session_factory: SessionFactory
) -> None:
    with session_factory.begin() as session:
        campaign = make_sending(session, an_account(session), 500)
    other = Ticker(
        session_factory,
        doorbell,
        batch_size=10,
        lease_s=LEASE_S,
        resend_after_s=900,
        service_id="two",
    )
    assert ticker.tick(by_clock=True).claimed == 80
    assert other.tick(by_clock=True).claimed == 0
    with session_factory() as session:
        assert states_of(session, campaign)[EmailState.CLAIMED] == 80
        assert not miscounted(session, campaign)


def test_housekeeping_forgets_only_what_no_window_and_no_page_needs(session: Session) -> None:
    account = make_account(session, make_workspace(session), 2525, per_day=100)
    make_sending(session, account, 1)
    now = database_now(session)
    for hours in (40, 60):
        use_pace(session, account, mails=5, age=timedelta(hours=hours))
    session.add_all(
        [
            Service(id="old", kind="sender", seen_at=now - timedelta(hours=2)),
            Service(id="new", kind="sender", seen_at=now),
        ]
    )
    user = create_user(session, email="asha@example.com", password="a long password")
    for days in (13, 15):
        add_login(session, user=user, now=now - timedelta(days=days))
    session.flush()
    keep_house(session, now=now)
    assert session.scalars(select(LoginSession.seen_at)).all() == [now - timedelta(days=13)]
    assert session.scalars(select(func.count()).select_from(PaceUsage)).one() == 1
    assert session.scalars(select(Service.id)).all() == ["new"]


def test_smtp_test_whose_sender_was_killed_fails_with_a_reason(session: Session) -> None:
    account = an_account(session)
    now = database_now(session)
    for minutes in (5, 20):
        session.add(
            SmtpTest(
                smtp_account_id=account.id,
                to_email="someone@example.com",
                status=TestStatus.RUNNING,
                started_at=now - timedelta(minutes=minutes),
                steps=[{"name": "dns", "ok": True, "detail": "found", "duration_s": 0}],
            )
        )
    session.flush()
    keep_house(session, now=now)
    session.expire_all()
    running, lost = session.scalars(select(SmtpTest).order_by(SmtpTest.id)).all()
    assert running.status is TestStatus.RUNNING
    assert lost.status is TestStatus.FAILED
    assert [step["ok"] for step in lost.steps] == [True, False]


def test_unknown_mails_go_again_in_the_tick_where_that_was_chosen(
    ticker: Ticker, session_factory: SessionFactory
) -> None:
    with session_factory.begin() as session:
        chosen = make_sending(session, an_account(session), 3)
        chosen.resend_unknown = True
        account = make_account(session, make_workspace(session, "bob@example.com"), 2525)
        other = make_sending(session, account, 3)
        moves = Moves()
        session.execute(update(Email).values(state="unknown", fence=1, reason="no_reply"))
        moves.add(EmailState.PENDING, EmailState.UNKNOWN, 3)
        for campaign in (chosen, other):
            moves.store(session, campaign_id=campaign.id, slot=20)
    ticker.tick(by_clock=False)
    assert ticker.tick(by_clock=False).claimed == 3
    with session_factory() as session:
        assert states_of(session, chosen) == {EmailState.CLAIMED: 3}
        assert states_of(session, other) == {EmailState.UNKNOWN: 3}
        assert not miscounted(session, chosen)
