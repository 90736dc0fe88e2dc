"""The scheduler's actors: each opens what it needs and calls a plain function."""

import threading
from dataclasses import dataclass
from functools import partial
from typing import Any

import dramatiq
from dramatiq import Actor
from dramatiq.brokers.redis import RedisBroker

from dakiya.campaigns.progress import prepare_chunk
from dakiya.db import SessionFactory
from dakiya.delivery.second_chances import chances_to_work_off, work_off_chunk
from dakiya.log import get_logger
from dakiya.queue import (
    PREPARE_ACTOR,
    SCHEDULER_QUEUE,
    SECOND_CHANCES_ACTOR,
    TICK_ACTOR,
    Doorbell,
)
from dakiya_scheduler.clock import EverySeconds
from dakiya_scheduler.ticking import Ticker

log = get_logger(__name__)

# A busy machine may answer a tick late; after this the next one says the same.
OLDEST_TICK_S = 10


@dataclass(frozen=True)
class SchedulerContext:
    """What the scheduler's actors share."""

    session_factory: SessionFactory
    doorbell: Doorbell
    ticker: Ticker
    tick_seconds: int


def declare_actors(broker: RedisBroker, context: SchedulerContext) -> Actor[Any, Any]:
    """Register the scheduler's actors and return the one that the clock enqueues."""
    one_at_a_time = threading.Lock()

    def tick(kind: str = "clock") -> None:
        context.ticker.tick(by_clock=kind == "clock")

    def prepare_campaign(campaign_id: int) -> None:
        prepare(context.session_factory, campaign_id)
        context.doorbell.ring_tick()

    def give_second_chances() -> None:
        # Rung by each tick of the clock while it lasts: it must not take all threads.
        if one_at_a_time.acquire(blocking=False):
            try:
                work_off(context.session_factory)
            finally:
                one_at_a_time.release()
            context.doorbell.ring_tick()

    # No retries: the next tick is the retry. An old tick has nothing to say.
    declare = partial(dramatiq.actor, broker=broker, queue_name=SCHEDULER_QUEUE, max_retries=0)
    declare(actor_name=PREPARE_ACTOR)(prepare_campaign)
    declare(actor_name=SECOND_CHANCES_ACTOR)(give_second_chances)
    clock_tick: Actor[Any, Any] = declare(
        actor_name=TICK_ACTOR,
        max_age=max(context.tick_seconds, OLDEST_TICK_S) * 1000,
        periodic=EverySeconds(context.tick_seconds),
    )(tick)
    return clock_tick


def prepare(session_factory: SessionFactory, campaign_id: int) -> None:
    """Write a campaign's ledger rows, chunk by chunk, each committed."""
    rows = 0
    while True:
        with session_factory() as session:
            written = prepare_chunk(session, campaign_id)
            session.commit()
        rows += written or 0
        if not written:
            break
    if written == 0:
        log.info("campaign_prepared", campaign=campaign_id, rows=rows)


def work_off(session_factory: SessionFactory) -> None:
    """Move mails by their owners' word: a chunk for each campaign in turn, each committed."""
    while True:
        with session_factory() as session:
            campaign_ids = chances_to_work_off(session)
        if not campaign_ids:
            return
        for campaign_id in campaign_ids:
            with session_factory() as session:
                moved = work_off_chunk(session, campaign_id)
                session.commit()
            log.info("second_chance_moved", campaign=campaign_id, mails=moved)
