"""Providers' limits over a simulated day, with senders killed and Redis emptied on the way."""

import os
import time
from bisect import bisect_left
from collections.abc import Iterator, Sequence

import pytest

from dakiya.config import Settings
from dakiya.db import SessionFactory
from dakiya.delivery.pacing import Limits
from dakiya.models import EmailState, Security
from dakiya.queue import Doorbell, make_broker
from dakiya.smtp_accounts.providers import PROVIDERS, Provider
from tests.engine.days import ShortDay
from tests.engine.installation import Installation
from tests.engine.world import make_account, make_campaign, make_workspace, states_of, wait_until
from tests.recorder.plugin import StartRecorder

pytestmark = [pytest.mark.system, pytest.mark.timeout(1800)]

DAY_S = 86_400
# A little more than a day, so that the next one has begun.
LASTS_S = 1.06 * DAY_S
EVERY_LIMIT = Provider(
    "every-limit",
    "All limits at once",
    "127.0.0.1",
    25,
    Security.NONE,
    help_url="",
    per_second=5,
    per_minute=30,
    per_hour=60,
    per_day=200,
)
LIMITED = {
    one.name: one
    for one in (EVERY_LIMIT, *PROVIDERS)
    if any((one.per_second, one.per_minute, one.per_hour, one.per_day))
}
# "all": every provider's.
CHOSEN = os.environ.get("DAKIYA_TEST_DAYS", "every-limit zoho").split()
DAYS = [*LIMITED] if CHOSEN == ["all"] else CHOSEN


@pytest.fixture
def doorbell(settings: Settings) -> Iterator[Doorbell]:
    broker = make_broker(settings.redis_url.get_secret_value())
    yield Doorbell(broker)
    broker.client.close()


def most_in(times: Sequence[float], window_s: float) -> int:
    """Return the most of these sorted instants within any span of this length."""
    return max(bisect_left(times, at + window_s) - n for n, at in enumerate(times))


def limits_of(provider: Provider) -> Limits:
    return Limits(provider.per_second, provider.per_minute, provider.per_hour, provider.per_day)


def test_there_is_a_day_and_each_is_of_a_provider_with_limits() -> None:
    """The test below is not run without any."""
    assert DAYS
    assert set(DAYS) <= set(LIMITED)


@pytest.mark.parametrize("name", DAYS)
def test_limits_of_a_provider_hold_over_a_day_and_are_used(
    installation: Installation,
    session_factory: SessionFactory,
    recorder: StartRecorder,
    doorbell: Doorbell,
    name: str,
) -> None:
    provider = LIMITED[name]
    limits = limits_of(provider)
    a_day = min(window.limit * DAY_S // window.seconds for window in limits.windows)
    mails = a_day + max(a_day // 10, 20)
    server = recorder()
    with session_factory.begin() as session:
        account = make_account(
            session,
            make_workspace(session),
            server.port,
            connections=provider.connections,
            mails_per_connection=provider.mails_per_connection,
            **{window.name: window.limit for window in limits.windows},
        )
        campaign = make_campaign(session, account, mails)
    installation.start("scheduler")
    senders = [installation.start("sender") for _ in range(3)]
    day = ShortDay(session_factory, doorbell, account.id)
    wait_until(session_factory, lambda s: states_of(s, campaign)[EmailState.SENT] > 0)

    def kill_one() -> None:
        installation.kill(senders.pop(0))
        senders.append(installation.start("sender"))

    def empty_redis() -> None:
        doorbell.redis.flushall()

    # In the middle of the day's mails, and again after them.
    disturbances = [
        (0.2 * a_day, kill_one),
        (0.4 * a_day, empty_redis),
        (0.7 * a_day, kill_one),
        (1.01 * a_day, empty_redis),
    ]
    deadline = time.monotonic() + 1500
    while len(received := server.received()) < mails:
        if received and day.simulated(time.time()) - received[0].at >= LASTS_S:
            break
        if disturbances and len(received) >= disturbances[0][0]:
            disturbances.pop(0)[1]()
        if not day.skip():
            time.sleep(0.05)
        assert time.monotonic() < deadline, "the day does not end"
    times = sorted(day.simulated(mail.at) for mail in server.received())
    for window in limits.windows:
        # At the server a mail is seen as late as its dialogue takes: one more per connection.
        assert most_in(times, window.seconds) <= window.limit + provider.connections, window
    assert server.most_connections() <= provider.connections
    within_a_day = sum(at < times[0] + DAY_S for at in times)
    print(f"{provider.name}: {within_a_day} of {a_day} in a day, {day.skips} waits taken out")
    assert 0.95 * a_day <= within_a_day <= a_day + provider.connections
    assert len(times) > within_a_day or len(times) == mails
