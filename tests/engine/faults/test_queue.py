"""Redis is a doorbell: whatever becomes of it, PostgreSQL knows what is to be sent."""

import time

import redis
from sqlalchemy import select

from dakiya.models import Batch
from dakiya.queue import Doorbell, make_broker
from dakiya_dev.embedded import EmbeddedValkey
from tests.engine.faults.trial import Trial
from tests.recorder import Behaviour
from tests.recorder.plugin import StartRecorder

SLOW = Behaviour(delays={"dot": 0.05})
GONE_S = 10


def test_redis_emptied_in_mid_run(trial: Trial, recorder: StartRecorder, redis_url: str) -> None:
    server = recorder(behaviour=SLOW)
    campaign = trial.campaign(server, 600)
    trial.start("scheduler", "sender", "sender")
    for more in (50, 200):
        assert trial.wait_for_mails(server, more)
        with redis.Redis.from_url(redis_url) as client:
            client.flushall()
    trial.judge("Redis emptied", campaign, server)


def test_redis_killed_and_started_again(
    trial: Trial, recorder: StartRecorder, valkey: EmbeddedValkey
) -> None:
    server = recorder(behaviour=SLOW)
    campaign = trial.campaign(server, 600)
    trial.start("scheduler", "sender", "sender")
    for _ in range(2):
        assert trial.wait_for_mails(server, 80)
        valkey.stop(force=True)
        valkey.start()
    trial.judge("kill -9 of Redis", campaign, server)


def test_redis_gone_for_a_while(
    trial: Trial, recorder: StartRecorder, valkey: EmbeddedValkey
) -> None:
    """What senders have taken goes out meanwhile; the rest when it is back."""
    server = recorder(behaviour=SLOW)
    campaign = trial.campaign(server, 600)
    trial.start("scheduler", "sender", "sender")
    assert trial.wait_for_mails(server, 80)
    valkey.stop()
    time.sleep(GONE_S)
    valkey.start()
    trial.judge(f"Redis gone for {GONE_S} s", campaign, server)


def test_each_message_delivered_three_times(
    trial: Trial, recorder: StartRecorder, redis_url: str
) -> None:
    server = recorder(behaviour=SLOW)
    campaign = trial.campaign(server, 400)
    trial.start("scheduler", "sender", "sender")
    doorbell = Doorbell(make_broker(redis_url))
    seen = 0
    while seen < 4 and trial.wait_for_mails(server, 40, timeout_s=20):
        with trial.sessions() as session:
            for batch_id in session.scalars(select(Batch.id)):
                doorbell.ring_batch(batch_id)
                doorbell.ring_batch(batch_id)
        seen += 1
    trial.judge("each message delivered three times", campaign, server)
