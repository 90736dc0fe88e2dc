"""The doorbell: small messages on Redis that tell a service to look into PostgreSQL.

Nothing depends on a message: each is rung again by the tick when it was lost.
Services do not import each other, so the names of their actors stand here.
"""

from typing import Any

import dramatiq
import redis
from dramatiq.brokers.redis import RedisBroker
from dramatiq.middleware import AgeLimit, Middleware, Retries

SCHEDULER_QUEUE = "scheduler"
IMPORTS_QUEUE = "imports"
SENDER_QUEUE = "sender"
# Batches of workspaces that nobody works for: a few threads of each sender stand ready for them.
NEWCOMERS_QUEUE = "newcomers"
# Single mails that somebody waits for: tests, and what the installation itself has to say.
ERRANDS_QUEUE = "errands"
# Visits to the addresses in mails: servers of strangers take their time.
LINKS_QUEUE = "links"

TICK_ACTOR = "tick"
PREPARE_ACTOR = "prepare_campaign"
SECOND_CHANCES_ACTOR = "give_second_chances"
IMPORT_ACTOR = "import_recipients"
DELIVER_ACTOR = "deliver_batch"
NEWCOMER_ACTOR = "deliver_newcomer"
SMTP_TEST_ACTOR = "run_smtp_test"
CAMPAIGN_TEST_ACTOR = "run_campaign_test"
PASSWORD_RESET_ACTOR = "mail_password_reset"
CHECK_LINKS_ACTOR = "check_links"
TROUBLE_NOTICE_ACTOR = "mail_trouble_notice"
DOMAIN_CHECK_ACTOR = "check_domain"

# redis-py 8 times out after 5 s, and a time-out in `ack` strands a finished message.
SOCKET_TIMEOUT_S = 30
EARLY_TICK_KEY = "dakiya:tick:early"
# After this long a lost early tick may be asked for again; the clock ticks in any case.
EARLY_TICK_TTL_MS = 10_000


def redis_url_with_timeout(url: str) -> str:
    """Add the socket time-out that Dramatiq needs; an explicit one is kept."""
    if "socket_timeout" in url:
        return url
    return f"{url}{'&' if '?' in url else '?'}socket_timeout={SOCKET_TIMEOUT_S}"


def make_broker(redis_url: str, *extra: Middleware) -> RedisBroker:
    """Make the broker with every queue declared; connects lazily.

    ``url=`` and not ``host=``: the latter retries by itself and can enqueue twice. No
    TimeLimit and no ShutdownNotifications: both raise between two bytecodes, perhaps
    between a server's 250 and our commit; actors keep soft deadlines of their own.
    """
    broker = RedisBroker(
        url=redis_url_with_timeout(redis_url),
        middleware=[AgeLimit(), Retries(), *extra],
        maintenance_chance=100_000,
        heartbeat_timeout=60_000,
    )
    for name in (
        SCHEDULER_QUEUE,
        IMPORTS_QUEUE,
        SENDER_QUEUE,
        NEWCOMERS_QUEUE,
        ERRANDS_QUEUE,
        LINKS_QUEUE,
    ):
        broker.declare_queue(name)
    return broker


class Doorbell:
    """Rings the services; every method may be repeated without harm."""

    def __init__(self, broker: RedisBroker) -> None:
        self._broker = broker

    @property
    def redis(self) -> redis.Redis:
        """The client underneath, for locks and health checks."""
        client: redis.Redis = self._broker.client
        return client

    def ring_batch(self, batch_id: int) -> None:
        """Ask a sender to take the batch."""
        self._ring(SENDER_QUEUE, DELIVER_ACTOR, batch_id)

    def ring_newcomer(self, batch_id: int) -> None:
        """Ask a sender to take the batch of a workspace that has none in its process."""
        self._ring(NEWCOMERS_QUEUE, NEWCOMER_ACTOR, batch_id)

    def ring_smtp_test(self, test_id: int) -> None:
        """Ask a sender to run a test of an SMTP account."""
        self._ring(ERRANDS_QUEUE, SMTP_TEST_ACTOR, test_id)

    def ring_campaign_test(self, test_id: int) -> None:
        """Ask a sender to send a campaign's mail to one address."""
        self._ring(ERRANDS_QUEUE, CAMPAIGN_TEST_ACTOR, test_id)

    def ring_password_reset(self, reset_id: int) -> None:
        """Ask a sender to mail a link for a new password."""
        self._ring(ERRANDS_QUEUE, PASSWORD_RESET_ACTOR, reset_id)

    def ring_trouble_notice(self, notice_id: int) -> None:
        """Ask a sender to tell an account's people that it has stopped."""
        self._ring(ERRANDS_QUEUE, TROUBLE_NOTICE_ACTOR, notice_id)

    def ring_link_checks(self, workspace_id: int) -> None:
        """Ask a sender to visit the addresses that a workspace's mails hold."""
        self._ring(LINKS_QUEUE, CHECK_LINKS_ACTOR, workspace_id)

    def ring_domain_check(self, check_id: int) -> None:
        """Ask a sender to look a sender domain up."""
        self._ring(ERRANDS_QUEUE, DOMAIN_CHECK_ACTOR, check_id)

    def ring_import(self, import_id: int) -> None:
        """Ask the import worker to read a recipient file."""
        self._ring(IMPORTS_QUEUE, IMPORT_ACTOR, import_id)

    def ring_prepare(self, campaign_id: int) -> None:
        """Ask the scheduler to write a campaign's ledger rows."""
        self._ring(SCHEDULER_QUEUE, PREPARE_ACTOR, campaign_id)

    def ring_second_chances(self) -> None:
        """Ask the scheduler to move mails by their owners' word."""
        self._ring(SCHEDULER_QUEUE, SECOND_CHANCES_ACTOR)

    def ring_tick(self) -> None:
        """Ask for a tick before the clock's next one; asked twice, rung once."""
        if self.redis.set(EARLY_TICK_KEY, "1", nx=True, px=EARLY_TICK_TTL_MS):
            self._ring(SCHEDULER_QUEUE, TICK_ACTOR, "early")

    def count_messages(self, queue: str) -> int:
        """Count a queue's messages, waiting and running (KEDA reads the same hash)."""
        return int(self.redis.hlen(f"dramatiq:{queue}.msgs"))

    def answer_tick(self) -> None:
        """Say that a tick has begun, so that a later wish gets a tick of its own."""
        self.redis.delete(EARLY_TICK_KEY)

    def _ring(self, queue: str, actor: str, *args: Any) -> None:
        message: dramatiq.Message[Any] = dramatiq.Message(
            queue_name=queue, actor_name=actor, args=args, kwargs={}, options={}
        )
        self._broker.enqueue(message)
