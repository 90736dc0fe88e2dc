"""A doorbell on a real queue, and a ticker beside it."""

from collections.abc import Iterator
from typing import Any

import dramatiq
import pytest

from dakiya.config import Settings
from dakiya.db import SessionFactory
from dakiya.queue import Doorbell, make_broker
from dakiya_scheduler.ticking import Ticker

LEASE_S = 60.0


class RungBells:
    """Reads what stands in the queues."""

    def __init__(self, doorbell: Doorbell) -> None:
        self._redis = doorbell.redis

    def of(self, queue: str) -> list[tuple[Any, ...]]:
        """Return a queue's messages as (actor, argument...), oldest first."""
        waiting: Any = self._redis.lrange(f"dramatiq:{queue}", 0, -1)
        raw: Any = self._redis.hgetall(f"dramatiq:{queue}.msgs")
        messages = [dramatiq.Message.decode(raw[name]) for name in waiting]
        return [(message.actor_name, *message.args) for message in messages]


@pytest.fixture
def doorbell(settings: Settings) -> Iterator[Doorbell]:
    """A doorbell on an empty queue."""
    broker = make_broker(settings.redis_url.get_secret_value())
    yield Doorbell(broker)
    broker.client.close()


@pytest.fixture
def rung(doorbell: Doorbell) -> RungBells:
    """What was rung."""
    return RungBells(doorbell)


@pytest.fixture
def ticker(session_factory: SessionFactory, doorbell: Doorbell) -> Ticker:
    """A ticker with small batches."""
    return Ticker(
        session_factory,
        doorbell,
        batch_size=10,
        lease_s=LEASE_S,
        resend_after_s=900,
        service_id="scheduler-1",
    )
