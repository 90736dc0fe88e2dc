"""The bell: rings paced batches at their instant, between two ticks, and for newcomers."""

import threading
import time
from datetime import timedelta

import redis
from sqlalchemy.exc import SQLAlchemyError

from dakiya.db import SessionFactory, database_now
from dakiya.delivery.newcomers import newcomers
from dakiya.delivery.rescue import batches_to_ring, next_start
from dakiya.log import get_logger
from dakiya.queue import Doorbell

log = get_logger(__name__)

# Longest wait between two looks: a batch claimed meanwhile may start this much late.
LOOK_EVERY_S = 0.2
SHORTEST_WAIT_S = 0.01
AFTER_ERROR_S = 1.0
# How often it looks for workspaces that nobody works for, and rings again for the same batch.
NEWCOMERS_EVERY_S = 1.0
NEWCOMER_AGAIN_AFTER_S = 5.0


class Bell(threading.Thread):
    """Looks for batches whose instant has come, and rings them."""

    def __init__(
        self, session_factory: SessionFactory, doorbell: Doorbell, stop: threading.Event
    ) -> None:
        super().__init__(name="bell", daemon=True)
        self._sessions = session_factory
        self._doorbell = doorbell
        self._stop_event = stop
        self._newcomers_at = 0.0
        self._rung_newcomers: dict[int, float] = {}

    def run(self) -> None:
        wait_s = LOOK_EVERY_S
        while not self._stop_event.wait(wait_s):
            try:
                wait_s = self.ring_due()
                if time.monotonic() >= self._newcomers_at:
                    self._newcomers_at = time.monotonic() + NEWCOMERS_EVERY_S
                    self.ring_newcomers()
            except (SQLAlchemyError, redis.RedisError) as error:
                log.warning("bell_failed", error=type(error).__name__)
                wait_s = AFTER_ERROR_S

    def ring_newcomers(self) -> None:
        """Ring for a batch of each workspace that nobody works for, though it has mail to start."""
        with self._sessions() as session:
            batch_ids = newcomers(session)
        now = time.monotonic()
        rung = {
            batch_id: at
            for batch_id, at in self._rung_newcomers.items()
            if now - at < NEWCOMER_AGAIN_AFTER_S
        }
        for batch_id in batch_ids:
            if batch_id not in rung:
                self._doorbell.ring_newcomer(batch_id)
                rung[batch_id] = now
        self._rung_newcomers = rung

    def ring_due(self) -> float:
        """Ring what is due; returns the seconds until the next look."""
        with self._sessions() as session:
            now = database_now(session)
            batch_ids = batches_to_ring(session, now=now)
            upcoming = next_start(session)
            session.commit()
        for batch_id in batch_ids:
            self._doorbell.ring_batch(batch_id)
        if upcoming is None:
            return LOOK_EVERY_S
        until_s = (upcoming - now) / timedelta(seconds=1)
        return min(max(until_s, SHORTEST_WAIT_S), LOOK_EVERY_S)
