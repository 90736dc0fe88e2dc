"""Redis is a doorbell: whatever becomes of it, PostgreSQL knows what is to be sent."""

import time
from collections.abc import Callable

import pytest
import redis
from sqlalchemy import select

from dakiya.models import Batch
from dakiya.queue import Doorbell, make_broker
from dakiya_dev.embedded import EmbeddedValkey
from tests.engine.faults.plugin import KILLS
from tests.engine.faults.trial import Trial
from tests.recorder import Behaviour
from tests.recorder.plugin import StartRecorder

SLOW = Behaviour(delays={"dot": 0.05})
# A minute in the long suite.
GONE_S = 60 if KILLS >= 100 else 10


def empty(server: EmbeddedValkey) -> None:
    with redis.Redis.from_url(server.url) as client:
        client.flushall()


def kill(server: EmbeddedValkey) -> None:
    server.stop(force=True)
    server.start()


def leave_for_a_while(server: EmbeddedValkey) -> None:
    """What senders have taken goes out meanwhile; the rest when it is back."""
    server.stop()
    time.sleep(GONE_S)
    server.start()


@pytest.mark.parametrize(
    ("fault", "happens", "each_after"),
    [
        ("Redis emptied", empty, (50, 200)),
        ("kill -9 of Redis", kill, (80, 80)),
        (f"Redis gone for {GONE_S} s", leave_for_a_while, (80,)),
    ],
    ids=["emptied", "killed", "gone-for-a-while"],
)
def test_redis_in_trouble_in_mid_run(
    trial: Trial,
    recorder: StartRecorder,
    valkey: EmbeddedValkey,
    fault: str,
    happens: Callable[[EmbeddedValkey], None],
    each_after: tuple[int, ...],
) -> None:
    server = recorder(behaviour=SLOW)
    campaign = trial.running(server, 600)
    for more in each_after:
        assert trial.wait_for_mails(server, more)
        happens(valkey)
    trial.judge(fault, campaign, server)


def test_each_message_delivered_three_times(
    trial: Trial, recorder: StartRecorder, redis_url: str
) -> None:
    server = recorder(behaviour=SLOW)
    campaign = trial.running(server, 400)
    doorbell = Doorbell(make_broker(redis_url))
    seen = 0
    while seen < 4 and trial.wait_for_mails(server, 40, timeout_s=20):
        with trial.sessions() as session:
            for batch_id in session.scalars(select(Batch.id)):
                doorbell.ring_batch(batch_id)
                doorbell.ring_batch(batch_id)
        seen += 1
    trial.judge("each message delivered three times", campaign, server)
