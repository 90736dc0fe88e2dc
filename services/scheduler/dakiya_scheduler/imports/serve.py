"""The import worker's process: recipient files of two workspaces at a time, beside the ticks."""

import dramatiq

from dakiya.config import Settings
from dakiya.db import make_engine, make_session_factory
from dakiya.log import get_logger
from dakiya.queue import IMPORT_ACTOR, IMPORTS_QUEUE, Doorbell, make_broker
from dakiya.worker import make_worker, stop_event_on_signals, stop_with_parent
from dakiya_scheduler.imports.parsed import FileLimits
from dakiya_scheduler.imports.worker import run_next_import

log = get_logger(__name__)

# One slow file holds nobody else up; each parser may take a whole memory cap.
THREADS = 2
DRAIN_MS = 15_000


def run_worker(settings: Settings, parent_pid: int) -> None:
    """Run until SIGTERM, or until the process that started us is gone."""
    stop = stop_event_on_signals()
    stop_with_parent(stop, parent_pid)
    broker = make_broker(settings.redis_url.get_secret_value())
    doorbell = Doorbell(broker)
    sessions = make_session_factory(
        make_engine(settings.database_url.get_secret_value(), application_name="dakiya-imports")
    )
    limits = FileLimits(size_bytes=settings.max_upload_mb * 1024 * 1024)

    def import_recipients(_import_id: int) -> None:
        # Whoever rang: workspaces take turns.
        following = run_next_import(sessions, limits)
        if following is not None:
            doorbell.ring_import(following)

    # No retries: the tick rings an import again while it is open.
    dramatiq.actor(broker=broker, actor_name=IMPORT_ACTOR, queue_name=IMPORTS_QUEUE, max_retries=0)(
        import_recipients
    )
    worker = make_worker(broker, queues={IMPORTS_QUEUE}, threads=THREADS)
    worker.start()
    log.info("import_worker_started")
    stop.wait()
    worker.stop(timeout=DRAIN_MS)
    log.info("import_worker_stopped")
