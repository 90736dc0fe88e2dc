"""Keeps the import worker running: a process that forks it, and forks it again when it dies.

A fork starts at once and shares the memory of what is loaded; an interpreter of its own took 1.3 s
of CPU and 65 MiB. Only a process without threads forks safely, so the scheduler makes this one
before it starts any.
"""

import multiprocessing
import os
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.process import BaseProcess
from typing import Final

from dakiya.config import Settings
from dakiya.log import get_logger
from dakiya.worker import stop_event_on_signals
from dakiya_scheduler.imports.serve import run_worker

log = get_logger(__name__)

LOOK_EVERY_S: Final = 0.5
RESTART_AFTER_S: Final = 2.0
# An import ends its chunk, at most.
DRAIN_S: Final = 20.0

_fork = multiprocessing.get_context("fork")


@contextmanager
def imports_kept(settings: Settings) -> Iterator[BaseProcess]:
    """Keep imports running meanwhile; gives the keeper. Begin before any thread is started."""
    keeper = _fork.Process(target=_keep, args=(settings, os.getpid()), name="imports-keeper")
    keeper.start()
    try:
        yield keeper
    finally:
        keeper.terminate()
        keeper.join()


def _keep(settings: Settings, parent_pid: int) -> None:
    stop = stop_event_on_signals()
    while not stop.is_set():
        worker = _fork.Process(target=run_worker, args=(settings, os.getpid()), name="imports")
        worker.start()
        while worker.is_alive() and not stop.wait(LOOK_EVERY_S):
            if os.getppid() != parent_pid:
                stop.set()
        if stop.is_set():
            _end(worker)
        else:
            log.warning("import_worker_died", exit_code=worker.exitcode)
            stop.wait(RESTART_AFTER_S)


def _end(worker: BaseProcess) -> None:
    worker.terminate()
    worker.join(DRAIN_S)
    worker.kill()
    worker.join()
