"""``dakiya-scheduler``: the clock, the bell and the worker; imports in a process of their own."""

import threading
from multiprocessing.process import BaseProcess

from periodiq import PeriodiqMiddleware

from dakiya.config import Settings
from dakiya.db import make_engine, make_session_factory
from dakiya.errors import ConfigurationError
from dakiya.log import configure_logging, get_logger
from dakiya.queue import SCHEDULER_QUEUE, Doorbell, make_broker
from dakiya.worker import make_worker, service_id, stop_event_on_signals
from dakiya_scheduler.actors import OLDEST_TICK_S, SchedulerContext, declare_actors
from dakiya_scheduler.bell import Bell
from dakiya_scheduler.clock import run_clock
from dakiya_scheduler.imports.keeper import imports_kept
from dakiya_scheduler.ticking import Ticker

log = get_logger(__name__)

# Ticks, and preparations beside them.
THREADS = 3
DRAIN_MS = 20_000


def main() -> None:
    """Run the scheduler until SIGTERM."""
    try:
        settings = Settings.load()
    except ConfigurationError as error:
        raise SystemExit(f"dakiya-scheduler: {error}") from None
    configure_logging(settings.log_format, settings.log_level)
    with imports_kept(settings) as keeper:
        _run(settings, keeper)


def _run(settings: Settings, keeper: BaseProcess) -> None:
    stop = stop_event_on_signals()
    broker = make_broker(
        settings.redis_url.get_secret_value(),
        PeriodiqMiddleware(skip_delay=max(settings.tick_seconds, OLDEST_TICK_S)),
    )
    doorbell = Doorbell(broker)
    sessions = make_session_factory(
        make_engine(settings.database_url.get_secret_value(), application_name="dakiya-scheduler")
    )
    ticker = Ticker(
        sessions,
        doorbell,
        batch_size=settings.batch_size,
        lease_s=settings.lease_seconds,
        resend_after_s=settings.resend_after_seconds,
        service_id=service_id("scheduler"),
    )
    tick = declare_actors(
        broker, SchedulerContext(sessions, doorbell, ticker, settings.tick_seconds)
    )
    worker = make_worker(broker, queues={SCHEDULER_QUEUE}, threads=THREADS)
    worker.start()
    Bell(sessions, doorbell, stop).start()
    threading.Thread(target=_stop_with, args=(keeper, stop), name="imports", daemon=True).start()
    log.info("scheduler_started", tick_s=settings.tick_seconds)
    run_clock(tick, stop)
    keeper.terminate()
    worker.stop(timeout=DRAIN_MS)
    log.info("scheduler_stopped")


def _stop_with(keeper: BaseProcess, stop: threading.Event) -> None:
    """Stop when nobody keeps the imports running any more: whoever started us does so again."""
    keeper.join()
    if not stop.is_set():
        log.error("imports_keeper_died", exit_code=keeper.exitcode)
        stop.set()
