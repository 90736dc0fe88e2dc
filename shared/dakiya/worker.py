"""Runs a Dramatiq worker in this process until it is told to stop."""

import os
import signal
import socket
import threading
import time
import uuid
from collections.abc import Mapping
from types import FrameType

from dramatiq import Worker
from dramatiq.brokers.redis import RedisBroker

# How long an idle worker sleeps between two looks at Redis, at most.
IDLE_POLL_MS = 200
PARENT_POLL_S = 1.0


def service_id(kind: str) -> str:
    """Return a name for this process that no other has, now or later."""
    return f"{kind}-{socket.gethostname()}-{os.getpid()}-{uuid.uuid4().hex[:8]}"


def make_worker(broker: RedisBroker, *, queues: set[str], threads: int) -> Worker:
    """Make a worker that takes no more messages than it has threads.

    Dramatiq's default of twice as many let one of two processes take all of 8 batches.
    """
    worker = Worker(broker, queues=queues, worker_threads=threads, worker_timeout=IDLE_POLL_MS)
    worker.queue_prefetch = threads
    return worker


def stop_workers(timeouts_ms: Mapping[Worker, int]) -> None:
    """Stop workers of brokers of their own side by side, each within its own time."""
    threads = [
        threading.Thread(target=worker.stop, kwargs={"timeout": timeout_ms})
        for worker, timeout_ms in timeouts_ms.items()
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def stop_event_on_signals() -> threading.Event:
    """Return an event that SIGTERM and SIGINT set; call it in the main thread."""
    stop = threading.Event()

    def on_signal(_number: int, _frame: FrameType | None) -> None:
        stop.set()

    signal.signal(signal.SIGTERM, on_signal)
    signal.signal(signal.SIGINT, on_signal)
    return stop


def stop_with_parent(stop: threading.Event, parent_pid: int) -> None:
    """Set the event when the parent process is gone, so that no orphan works on.

    The parent says its pid itself: it may be gone before we could ask.
    """

    def watch() -> None:
        while not stop.is_set():
            if os.getppid() != parent_pid:
                stop.set()
            time.sleep(PARENT_POLL_S)

    threading.Thread(target=watch, name="parent-watch", daemon=True).start()
