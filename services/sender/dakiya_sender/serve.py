"""``dakiya-sender``: one process, so many threads, until SIGTERM; scale it by starting more."""

from dakiya.db import make_engine, make_session_factory
from dakiya.errors import ConfigurationError
from dakiya.log import configure_logging, get_logger
from dakiya.mail.links import UNSUBSCRIBE_PURPOSE, derive_key
from dakiya.queue import (
    ERRANDS_QUEUE,
    LINKS_QUEUE,
    NEWCOMERS_QUEUE,
    SENDER_QUEUE,
    Doorbell,
    make_broker,
)
from dakiya.smtp_accounts.egress import EgressRule
from dakiya.smtp_accounts.secrets import SecretBox
from dakiya.worker import make_worker, service_id, stop_event_on_signals, stop_workers
from dakiya_sender.actors import declare_actors
from dakiya_sender.batches import SenderContext, counter_slot
from dakiya_sender.domain_check import make_resolver
from dakiya_sender.fairness import SPARE_THREADS
from dakiya_sender.keeper import Keeper
from dakiya_sender.ledger_writer import LedgerWriter
from dakiya_sender.links.visiting import Visitor
from dakiya_sender.messages import MessageCache
from dakiya_sender.pool import ConnectionPool
from dakiya_sender.servers import Servers
from dakiya_sender.settings import SenderSettings
from dakiya_sender.slots import ConnectionSlots
from dakiya_sender.system_mail import SystemServer
from dakiya_sender.verdicts import RetryRule

log = get_logger(__name__)

# Beside the delivering ones: a server that does not answer a test holds up no campaign.
ERRAND_THREADS = 4
ERRANDS_DRAIN_MS = 5_000
LINK_THREADS = 2
LINKS_DRAIN_MS = 1_000


def main() -> None:
    """Run a sender until SIGTERM, then let the mails on the wire finish."""
    try:
        settings = SenderSettings.load()
        box = SecretBox(settings)
        system_server = SystemServer.parse(
            settings.system_smtp_url.get_secret_value(), public_url=settings.public_url
        )
        resolver = make_resolver(settings.dns_servers)
    except ConfigurationError as error:
        raise SystemExit(f"dakiya-sender: {error}") from None
    configure_logging(settings.log_format, settings.log_level)
    stop = stop_event_on_signals()
    broker = make_broker(settings.redis_url.get_secret_value())
    database_url = settings.database_url.get_secret_value()
    engine = make_engine(
        database_url,
        pool_size=settings.threads + SPARE_THREADS + 3,
        max_overflow=2,
        application_name="dakiya-sender",
        ask_first=False,
    )
    sessions = make_session_factory(engine)
    name = service_id("sender")
    pool = ConnectionPool(slots := ConnectionSlots(database_url, service_id=name))
    keeper = Keeper(sessions, pool, service_id=name, lease_s=settings.lease_seconds)
    writer = LedgerWriter(engine, slot=counter_slot(name, "ledger"))
    context = SenderContext(
        session_factory=sessions,
        doorbell=Doorbell(broker),
        keeper=keeper,
        writer=writer,
        pool=pool,
        servers=Servers(
            EgressRule.parse(settings.allowed_internal_hosts), box, helo_name=settings.helo_name
        ),
        messages=MessageCache(),
        retry=RetryRule(settings.retry_base_seconds, settings.give_up_hours * 3600),
        service_id=name,
        threads=settings.threads,
        lease_s=settings.lease_seconds,
        public_url=settings.public_url,
        link_key=derive_key(settings.secret_key.get_secret_value(), UNSUBSCRIBE_PURPOSE),
        system_server=system_server,
        resolver=resolver,
        visitor=Visitor(allowed=settings.internal_links),
        stop=stop,
    )
    # A broker each: a worker adds a middleware of its own to its broker.
    newcomers_broker = make_broker(settings.redis_url.get_secret_value())
    errands_broker = make_broker(settings.redis_url.get_secret_value())
    links_broker = make_broker(settings.redis_url.get_secret_value())
    for each in (broker, newcomers_broker, errands_broker, links_broker):
        declare_actors(each, context)
    worker = make_worker(broker, queues={SENDER_QUEUE}, threads=settings.threads)
    newcomers = make_worker(newcomers_broker, queues={NEWCOMERS_QUEUE}, threads=SPARE_THREADS)
    errands = make_worker(errands_broker, queues={ERRANDS_QUEUE}, threads=ERRAND_THREADS)
    links = make_worker(links_broker, queues={LINKS_QUEUE}, threads=LINK_THREADS)
    keeper.start()
    writer.start()
    worker.start()
    newcomers.start()
    errands.start()
    links.start()
    log.info("sender_started", sender=name, threads=settings.threads)
    stop.wait()
    log.info("sender_stopping", sender=name)
    drain_ms = int(settings.drain_seconds * 1000)
    stop_workers(
        {
            worker: drain_ms,
            newcomers: drain_ms,
            errands: ERRANDS_DRAIN_MS,
            # What is left of a round is taken back by the tick.
            links: LINKS_DRAIN_MS,
        }
    )
    writer.end()
    keeper.end()
    pool.close()
    slots.close()
    log.info("sender_stopped", sender=name)
