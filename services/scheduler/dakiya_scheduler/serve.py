"""``dakiya-scheduler``: the clock, the bell and the worker; imports in a process of their own."""

import os
import subprocess
import sys
import threading
import time

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
from dakiya_scheduler.ticking import Ticker

log = get_logger(__name__)

# Ticks, and preparations beside them.
THREADS = 3
DRAIN_MS = 20_000
RESTART_AFTER_S = 2.0
# An import ends its chunk, at most.
IMPORTS_DRAIN_S = 20.0


def main() -> None:
    """Run the scheduler until SIGTERM."""
    try:
        settings = Settings.load()
    except ConfigurationError as error:
        raise SystemExit(f"dakiya-scheduler: {error}") from None
    configure_logging(settings.log_format, settings.log_level)
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
    imports = threading.Thread(target=_keep_imports_running, args=(stop,), name="imports")
    imports.start()
    log.info("scheduler_started", tick_s=settings.tick_seconds)
    run_clock(tick, stop)
    worker.stop(timeout=DRAIN_MS)
    imports.join()
    log.info("scheduler_stopped")


def _keep_imports_running(stop: threading.Event) -> None:
    """Keep the import worker's process alive; it ends with us."""
    command = [sys.executable, "-m", "dakiya_scheduler.imports.serve", str(os.getpid())]
    while not stop.is_set():
        child = subprocess.Popen(command)
        while child.poll() is None and not stop.wait(0.2):
            pass
        if stop.is_set():
            _end(child)
        else:
            log.warning("import_worker_died", exit_code=child.returncode)
            stop.wait(RESTART_AFTER_S)


def _end(child: subprocess.Popen[bytes]) -> None:
    child.terminate()
    deadline = time.monotonic() + IMPORTS_DRAIN_S
    while child.poll() is None and time.monotonic() < deadline:
        time.sleep(0.05)
    child.kill()
    child.wait()
