"""One tick: look into PostgreSQL, move on what has to move, ring the services.

1. start the campaigns whose instant has come;
2. rescue the batches whose lease ran out;
3. pause the campaigns whose content is refused again and again, let unknown mails go again where
   that was chosen, and come to a verdict about refusals that may be meant for everybody;
4. claim due mail for every lane, each in a transaction of its own, and ring its batches;
5. settle the campaigns that have come to rest;
6. on the clock's ticks: have people told of accounts that have stopped, ring again what was
   lost (batches, preparations, imports, second chances), take the figures that have moved, and
   once a minute forget what nobody will look at again.

Every step commits before it rings. A doubled tick is harmless: claims skip locked rows.
"""

import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from dakiya.accounts.resets import WORKS_FOR
from dakiya.accounts.sessions import forget_logins
from dakiya.campaigns.figures import figures_due, take_figures
from dakiya.campaigns.lifecycle import pause_refused
from dakiya.campaigns.live import forget_samples, take_samples
from dakiya.campaigns.progress import campaigns_to_prepare, find_refused, settle, start_due
from dakiya.campaigns.removal import purge_chunk
from dakiya.contacts.import_turns import imports_to_ring
from dakiya.contacts.imports import forget_waiting
from dakiya.db import SessionFactory, database_now
from dakiya.delivery.claims import claim_lane, find_lanes
from dakiya.delivery.counters import SCHEDULER_SLOT
from dakiya.delivery.presence import end_frozen, forget_gone, say_alive
from dakiya.delivery.refusals import accounts_to_judge, judge
from dakiya.delivery.rescue import (
    batches_to_ring,
    count_rung,
    forget_set_back_clock,
    rescue_expired,
)
from dakiya.delivery.resending import campaigns_that_resend, resend_unknown
from dakiya.delivery.second_chances import chances_to_work_off
from dakiya.delivery.usage import forget_usage
from dakiya.domains.register import forget_checks, refresh_checks, waiting_checks
from dakiya.link_checks.register import keep_register, workspaces_to_ring
from dakiya.log import get_logger
from dakiya.models import (
    Batch,
    BatchState,
    Campaign,
    CampaignStatus,
    CampaignTest,
    PasswordReset,
    ResetStatus,
    SmtpTest,
    TestStatus,
    Tick,
)
from dakiya.queue import SENDER_QUEUE, Doorbell
from dakiya.smtp_accounts.causes import Cause
from dakiya.smtp_accounts.mailboxes import forget_mailboxes
from dakiya.smtp_accounts.notices import (
    forget_notices,
    give_up_notices,
    make_notices,
    waiting_notices,
)

log = get_logger(__name__)

KEEP_BATCHES = timedelta(days=7)
RING_TEST_AGAIN_AFTER = timedelta(seconds=30)
PURGES_AT_ONCE = 5
# A server may take a minute for each step.
TESTS_END_WITHIN = timedelta(minutes=15)
LOST_TEST = "The sender that ran this test is gone. Test again."
HOUSEKEEPING_EVERY = timedelta(minutes=1)
# A frozen sender may hold its intent's lock for long: no tick waits for it.
_WAIT_FOR_INTENTS = text("SET LOCAL lock_timeout = '2s'")


@dataclass
class Count:
    """What a tick did."""

    due: int = 0
    claimed: int = 0
    rung: int = 0


class Ticker:
    """Runs ticks, one at a time in this process."""

    def __init__(
        self,
        session_factory: SessionFactory,
        doorbell: Doorbell,
        *,
        batch_size: int,
        lease_s: float,
        resend_after_s: float,
        service_id: str,
    ) -> None:
        self._sessions = session_factory
        self._doorbell = doorbell
        self._batch_size = batch_size
        self._lease_s = lease_s
        self._resend_after_s = resend_after_s
        self._service_id = service_id
        self._one_at_a_time = threading.Lock()
        self._housekept_at: datetime | None = None

    def tick(self, *, by_clock: bool) -> Count:
        """Run one tick; returns how many mails were due and claimed, and batches rung."""
        with self._one_at_a_time:
            self._doorbell.answer_tick()
            count = Count()
            now = self._move_on()
            self._pause_refused()
            self._resend_unknown()
            self._judge_refusals()
            self._claim(now, count)
            self._settle()
            if by_clock:
                self._tell_trouble(now)
                self._ring_again(count)
                self._note(now, count)
                self._take_figures(now)
                self._keep_house(now)
            if by_clock or count.claimed:
                log.info(
                    "tick", due=count.due, claimed=count.claimed, rung=count.rung, clock=by_clock
                )
            return count

    def _move_on(self) -> datetime:
        with self._sessions() as session:
            now = database_now(session)
            started = start_due(session, now=now)
            session.commit()
            rescued = rescue_expired(session, lease_s=self._lease_s)
            session.commit()
        for campaign_id in started:
            log.info("campaign_started", campaign=campaign_id)
        if rescued.batches:
            log.warning(
                "batches_rescued",
                batches=rescued.batches,
                returned=rescued.returned,
                unknown=rescued.unknown,
            )
        return now

    def _pause_refused(self) -> None:
        with self._sessions() as session:
            refused = find_refused(session)
            session.commit()
            for campaign_id in refused:
                try:
                    session.execute(_WAIT_FOR_INTENTS)
                    paused = pause_refused(session, session.get_one(Campaign, campaign_id))
                    session.commit()
                except OperationalError as error:
                    # Claims pass it over meanwhile; the next tick tries again.
                    session.rollback()
                    log.warning("pause_failed", campaign=campaign_id, error=type(error).__name__)
                else:
                    if paused:
                        log.warning("campaign_paused", campaign=campaign_id, reason="content")

    def _resend_unknown(self) -> None:
        with self._sessions() as session:
            chosen = campaigns_that_resend(session)
            session.commit()
            for campaign_id in chosen:
                again = resend_unknown(session, campaign_id, after_s=self._resend_after_s)
                session.commit()
                if again:
                    log.info("unknown_sent_again", campaign=campaign_id, mails=again)

    def _judge_refusals(self) -> None:
        with self._sessions() as session:
            smtp_account_ids = accounts_to_judge(session)
            session.commit()
            for smtp_account_id in smtp_account_ids:
                stopped = judge(session, smtp_account_id, slot=SCHEDULER_SLOT, skip_locked=True)
                session.commit()
                if stopped is not None:
                    log.warning("account_paused", account=stopped.id, reason=stopped.pause_reason)

    def _claim(self, now: datetime, count: Count) -> None:
        with self._sessions() as session:
            lanes = find_lanes(session, now=now)
            session.commit()
            for lane in lanes:
                count.due += lane.due
                claimed = claim_lane(session, lane, now=now, batch_size=self._batch_size)
                session.commit()
                count.claimed += claimed.mails
                for batch_id in claimed.ring_now:
                    self._doorbell.ring_batch(batch_id)
                    count.rung += 1

    def _settle(self) -> None:
        with self._sessions() as session:
            moved = settle(session)
            session.commit()
        for campaign_id, status in moved:
            if status is CampaignStatus.CANCELLING:
                self._doorbell.ring_tick()
            else:
                log.info("campaign_settled", campaign=campaign_id, status=status.value)

    def _tell_trouble(self, now: datetime) -> None:
        with self._sessions() as session:
            notices = make_notices(session, now=now)
            session.commit()
        for notice_id in notices:
            self._doorbell.ring_trouble_notice(notice_id)

    def _ring_again(self, count: Count) -> None:
        with self._sessions() as session:
            now = database_now(session)
            forget_set_back_clock(session, now=now)
            emptied = count_rung(session) > self._doorbell.count_messages(SENDER_QUEUE)
            batch_ids = batches_to_ring(session, now=now, all_of_them=emptied)
            campaign_ids = campaigns_to_prepare(session)
            import_ids = imports_to_ring(session, now=now)
            chances = chances_to_work_off(session)
            lost = rings_lost(session, now=now)
            session.commit()
        for batch_id in batch_ids:
            self._doorbell.ring_batch(batch_id)
        for campaign_id in campaign_ids:
            self._doorbell.ring_prepare(campaign_id)
        for import_id in import_ids:
            self._doorbell.ring_import(import_id)
        if chances:
            self._doorbell.ring_second_chances()
        for ring, key in lost:
            ring(self._doorbell, key)
        count.rung += len(batch_ids)

    def _note(self, now: datetime, count: Count) -> None:
        with self._sessions() as session:
            values = {
                "ticked_at": now,
                "due": count.due,
                "claimed": count.claimed,
                "rung": count.rung,
            }
            session.execute(
                insert(Tick)
                .values(id=1, **values)
                .on_conflict_do_update(index_elements=[Tick.id], set_=values)
            )
            take_samples(session, now=now)
            say_alive(session, service_id=self._service_id, kind="scheduler")
            session.commit()

    def _take_figures(self, now: datetime) -> None:
        with self._sessions() as session:
            due = figures_due(session, now=now)
            session.commit()
            for campaign_id in due:
                take_figures(session, campaign_id, now=now)
                session.commit()

    def _keep_house(self, now: datetime) -> None:
        if self._housekept_at and abs(now - self._housekept_at) < HOUSEKEEPING_EVERY:
            return
        self._housekept_at = now
        with self._sessions() as session:
            keep_house(session, now=now)
            session.commit()
            for _ in range(PURGES_AT_ONCE):
                if not purge_chunk(session, now=now):
                    break
                session.commit()


def keep_house(session: Session, *, now: datetime) -> None:
    """Delete what no window, no page and no rescue looks at any more."""
    forget_usage(session, now=now)
    forget_mailboxes(session)
    end_frozen(session)
    forget_gone(session)
    forget_samples(session, now=now)
    forget_waiting(session, now=now)
    forget_logins(session, now=now)
    fail_lost_tests(session, now=now)
    if given_up := give_up_notices(session, now=now):
        log.warning("trouble_notices_given_up", notices=given_up)
    forget_notices(session, now=now)
    forget_checks(session, now=now)
    refresh_checks(session, now=now)
    keep_register(session, now=now)
    session.execute(
        delete(Batch).where(Batch.state == BatchState.DONE, Batch.finished_at < now - KEEP_BATCHES)
    )


def fail_lost_tests(session: Session, *, now: datetime) -> None:
    """End the tests whose sender was killed: nobody will write how they went."""
    ended = {"status": TestStatus.FAILED, "finished_at": now}
    step = {"name": "send", "ok": False, "detail": LOST_TEST, "duration_s": 0}
    step["cause"] = Cause.SENDER_LOST.value
    for table, values in (
        (SmtpTest, {"steps": SmtpTest.steps.concat([step])}),
        (CampaignTest, {"detail": LOST_TEST}),
    ):
        session.execute(
            update(table)
            .where(table.status == TestStatus.RUNNING, table.started_at < now - TESTS_END_WITHIN)
            .values(**ended, **values)
        )


def rings_lost(
    session: Session, *, now: datetime
) -> list[tuple[Callable[[Doorbell, int], None], int]]:
    """Return how to ring again for tests and mails that no sender has taken."""
    waiting = now - RING_TEST_AGAIN_AFTER
    smtp_tests = select(SmtpTest.id).where(
        SmtpTest.status == TestStatus.QUEUED, SmtpTest.created_at < waiting
    )
    campaign_tests = select(CampaignTest.id).where(
        CampaignTest.status == TestStatus.QUEUED, CampaignTest.created_at < waiting
    )
    resets = select(PasswordReset.id).where(
        PasswordReset.status == ResetStatus.QUEUED,
        PasswordReset.requested_at.between(now - WORKS_FOR, waiting),
    )
    domains = waiting_checks(session, now=now, older_than=RING_TEST_AGAIN_AFTER)
    notices = waiting_notices(session, now=now, older_than=RING_TEST_AGAIN_AFTER)
    return [
        *((Doorbell.ring_trouble_notice, key) for key in notices),
        *((Doorbell.ring_domain_check, key) for key in domains),
        *((Doorbell.ring_smtp_test, key) for key in session.scalars(smtp_tests)),
        *((Doorbell.ring_campaign_test, key) for key in session.scalars(campaign_tests)),
        *((Doorbell.ring_link_checks, key) for key in workspaces_to_ring(session, now=now)),
        *((Doorbell.ring_password_reset, key) for key in session.scalars(resets)),
    ]
