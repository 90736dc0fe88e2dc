"""A running installation for tests: real services as processes."""

import os
import signal
import sys
import time
from collections.abc import Mapping
from contextlib import suppress
from multiprocessing.process import BaseProcess
from pathlib import Path
from types import TracebackType
from typing import Self

import psutil
import requests

from tests.engine.services import start_service

START_TIMEOUT_S = 120
STOP_TIMEOUT_S = 90


class Installation:
    """Starts, stops and kills services; their logs go to files in ``log_dir``."""

    def __init__(self, environment: Mapping[str, str], log_dir: Path) -> None:
        self._environment = dict(environment)
        self._log_dir = log_dir
        self._processes: list[BaseProcess] = []

    def start(self, service: str, **settings: str) -> BaseProcess:
        """Start ``scheduler``, ``sender`` or ``web``."""
        log = self._log_dir / f"{len(self._processes)}-{service}.log"
        process = start_service(service, {**self._environment, **settings}, log)
        self._processes.append(process)
        return process

    def start_web(self, port: int, **settings: str) -> BaseProcess:
        """Start the web with one worker, and wait until it answers."""
        web = self.start("web", DAKIYA_PORT=str(port), DAKIYA_WEB_WORKERS="1", **settings)
        wait_until_it_answers(f"http://127.0.0.1:{port}")
        return web

    def logs(self) -> str:
        """Return everything that was logged, for a failing test's message."""
        return "\n".join(
            f"--- {path.name}\n{path.read_text(errors='replace')}"
            for path in sorted(self._log_dir.glob("*.log"))
        )

    def kill(self, process: BaseProcess) -> None:
        """kill -9, and wait for the end."""
        process.kill()
        process.join()

    def kill_with_children(self, process: BaseProcess) -> None:
        """kill -9 of a service and of its worker processes."""
        victims = [
            *psutil.Process(process.pid).children(recursive=True),
            psutil.Process(process.pid),
        ]
        for victim in victims:
            with suppress(psutil.NoSuchProcess):
                victim.kill()
        process.join()

    def stop(self, process: BaseProcess) -> int:
        """SIGTERM, and wait for the end; returns the exit code."""
        process.terminate()
        process.join(STOP_TIMEOUT_S)
        assert process.exitcode is not None, "it does not stop"
        return process.exitcode

    def freeze(self, process: BaseProcess) -> None:
        """SIGSTOP."""
        os.kill(_pid(process), signal.SIGSTOP)

    def thaw(self, process: BaseProcess) -> None:
        """SIGCONT."""
        os.kill(_pid(process), signal.SIGCONT)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        for process in self._processes:
            if process.is_alive():
                self.thaw(process)
                process.terminate()
        for process in self._processes:
            process.join(STOP_TIMEOUT_S)
            if process.is_alive():
                self.kill(process)
        if kind is not None:
            sys.stderr.write(self.logs()[-20_000:])


def wait_until_it_answers(url: str) -> None:
    """Wait until a started web is there."""
    deadline = time.monotonic() + START_TIMEOUT_S
    while True:
        try:
            requests.get(f"{url}/api/v1/health", timeout=5)
            return
        except requests.ConnectionError:
            assert time.monotonic() < deadline, f"{url} does not answer"
            time.sleep(0.05)


def _pid(process: BaseProcess) -> int:
    assert process.pid is not None
    return process.pid
