"""A running installation for tests: real scheduler and sender processes."""

import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from contextlib import ExitStack, suppress
from pathlib import Path
from types import TracebackType
from typing import IO, Self

import psutil

STOP_TIMEOUT_S = 90


class Installation:
    """Starts, stops and kills services; their logs go to files in ``log_dir``."""

    def __init__(self, environment: Mapping[str, str], log_dir: Path) -> None:
        self._environment = dict(environment)
        self._log_dir = log_dir
        self._processes: list[subprocess.Popen[bytes]] = []
        self._files = ExitStack()

    def start(self, service: str, **settings: str) -> subprocess.Popen[bytes]:
        """Start ``scheduler`` or ``sender`` by its console script."""
        number = len(self._processes)
        log: IO[bytes] = self._files.enter_context(
            (self._log_dir / f"{number}-{service}.log").open("wb")
        )
        process = subprocess.Popen(
            [str(Path(sys.executable).parent / f"dakiya-{service}")],
            env={**self._environment, **settings},
            stdout=log,
            stderr=subprocess.STDOUT,
        )
        self._processes.append(process)
        return process

    def logs(self) -> str:
        """Return everything that was logged, for a failing test's message."""
        return "\n".join(
            f"--- {path.name}\n{path.read_text(errors='replace')}"
            for path in sorted(self._log_dir.glob("*.log"))
        )

    def kill(self, process: subprocess.Popen[bytes]) -> None:
        """kill -9, and wait for the end."""
        process.kill()
        process.wait()

    def kill_with_children(self, process: subprocess.Popen[bytes]) -> None:
        """kill -9 of a service and of its worker processes."""
        victims = [
            *psutil.Process(process.pid).children(recursive=True),
            psutil.Process(process.pid),
        ]
        for victim in victims:
            with suppress(psutil.NoSuchProcess):
                victim.kill()
        process.wait()

    def stop(self, process: subprocess.Popen[bytes]) -> int:
        """SIGTERM, and wait for the end; returns the exit code."""
        process.terminate()
        return process.wait(timeout=STOP_TIMEOUT_S)

    def freeze(self, process: subprocess.Popen[bytes]) -> None:
        """SIGSTOP."""
        os.kill(process.pid, signal.SIGSTOP)

    def thaw(self, process: subprocess.Popen[bytes]) -> None:
        """SIGCONT."""
        os.kill(process.pid, signal.SIGCONT)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        for process in self._processes:
            if process.poll() is None:
                os.kill(process.pid, signal.SIGCONT)
                process.terminate()
        for process in self._processes:
            try:
                process.wait(timeout=STOP_TIMEOUT_S)
            except subprocess.TimeoutExpired:
                self.kill(process)
        self._files.close()
        if kind is not None:
            sys.stderr.write(self.logs()[-20_000:])
