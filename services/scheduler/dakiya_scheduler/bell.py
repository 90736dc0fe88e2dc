"""The bell: rings paced batches at their instant, between two ticks."""

import threading
from datetime import timedelta

import redis
from sqlalchemy.exc import SQLAlchemyError

from dakiya.db import SessionFactory, database_now
from dakiya.delivery.rescue import batches_to_ring, next_start
from dakiya.log import get_logger
from dakiya.queue import Doorbell

log = get_logger(__name__)

# Longest wait between two looks: a batch claimed meanwhile may start this much late.
LOOK_EVERY_S = 0.2
SHORTEST_WAIT_S = 0.01
AFTER_ERROR_S = 1.0


class Bell(threading.Thread):
    """Looks for batches whose instant has come, and rings them."""

    def __init__(
        self, session_factory: SessionFactory, doorbell: Doorbell, stop: threading.Event
    ) -> None:
        super().__init__(name="bell", daemon=True)
        self._sessions = session_factory
        self._doorbell = doorbell
        self._stop_event = stop

    def run(self) -> None:
        wait_s = LOOK_EVERY_S
        while not self._stop_event.wait(wait_s):
            try:
                wait_s = self.ring_due()
            except (SQLAlchemyError, redis.RedisError) as error:
                log.warning("bell_failed", error=type(error).__name__)
                wait_s = AFTER_ERROR_S

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
