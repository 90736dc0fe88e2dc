"""Starts services as forks of one process that has imported them already.

Each is a process of its own that runs the console script's ``main``. Importing costs a second
of CPU, and a test starts half a dozen.
"""

import ctypes
import importlib
import multiprocessing
import os
import signal
import sys
from collections.abc import Mapping
from multiprocessing.process import BaseProcess
from pathlib import Path

MODULES = {
    "scheduler": "dakiya_scheduler.serve",
    "sender": "dakiya_sender.serve",
    "web": "dakiya_web.serve",
}
PR_SET_PDEATHSIG = 1

_context = multiprocessing.get_context("forkserver")
_context.set_forkserver_preload([*MODULES.values(), __name__])


def start_service(service: str, environment: Mapping[str, str], log: Path) -> BaseProcess:
    """Start ``scheduler``, ``sender`` or ``web``; it ends with the tests' process."""
    process = _context.Process(target=_run, args=(service, dict(environment), str(log)))
    process.start()
    return process


def _run(service: str, environment: dict[str, str], log: str) -> None:
    os.setsid()  # Ctrl-C is for the tests
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
    to = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    for stream in (1, 2):
        os.dup2(to, stream)
    os.close(to)
    os.environ.clear()
    os.environ.update(environment)
    importlib.import_module(MODULES[service]).main()
