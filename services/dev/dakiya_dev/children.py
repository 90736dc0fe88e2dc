"""The services as children: started, followed, stopped, and found again after a crash."""

import json
import os
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from dakiya_dev.console import Console
from dakiya_dev.processes import command_line, spawn, wait_for_exit

SWEEP_PATIENCE_S = 5.0


class Child:
    """A service in a session of its own; its workers share its process group.

    SIGTERM goes to the service alone, which drains and stops its workers: a second one
    would make them drop what they hold. Only a forced stop reaches the group.
    """

    def __init__(
        self,
        name: str,
        command: Sequence[str | Path],
        *,
        env: Mapping[str, str],
        console: Console,
        patience_s: float,
        record: "ChildRecord",
        marker: str = "",
    ) -> None:
        self.name = name
        self.patience_s = patience_s
        self._command = tuple(command)
        self._env = env
        self._console = console
        self._record = record
        self._marker = marker or str(self._command[0])
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int | None:
        """The process id of the last start."""
        return self._process.pid if self._process else None

    def start(self) -> "Child":
        """Start, after ending workers that a dead service left behind."""
        self._kill_group()
        self._process = process = spawn(
            self._command,
            death_signal=signal.SIGTERM,
            env=self._env,
            stdout=subprocess.PIPE,
        )
        self._record.add(self.name, process.pid, self._marker)
        if process.stdout is not None:
            self._console.follow(self.name, process.stdout)
        return self

    def runs(self) -> bool:
        """Whether the service itself is alive."""
        return self._process is not None and self._process.poll() is None

    def exit_words(self) -> str:
        """How it ended, for people."""
        code = self._process.returncode if self._process else None
        if code is None:
            return "has not ended"
        return f"was killed by signal {-code}" if code < 0 else f"ended with status {code}"

    def ask_to_stop(self) -> None:
        """Begin a clean stop without waiting for its end."""
        if self._process is not None and self.runs():
            self._process.terminate()

    def stop(self, *, force: bool = False) -> None:
        """Stop and wait, or kill at once with ``force``; may be repeated."""
        if self._process is not None and not force:
            self.ask_to_stop()
            wait_for_exit(self._process, self.patience_s)
        self._kill_group()

    def _kill_group(self) -> None:
        if self._process is not None:
            # The number stays ours while any process of the group lives.
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
            self._process = None


class ChildRecord:
    """A file that names the running children, for the supervisor that follows a killed one."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._children: dict[str, tuple[int, str]] = {}

    def add(self, name: str, pid: int, marker: str) -> None:
        """Note a child; ``marker`` is part of its command line."""
        self._children[name] = pid, marker
        self._path.write_text(json.dumps(self._children), encoding="utf-8")

    def clear(self) -> None:
        """Forget all: every child has ended."""
        self._children.clear()
        self._path.unlink(missing_ok=True)

    def sweep(self) -> int:
        """End what an earlier supervisor left running; returns how many there were.

        A number that another program has by now is left alone.
        """
        try:
            noted: dict[str, tuple[int, str]] = json.loads(self._path.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return 0
        left = [(pid, marker) for pid, marker in noted.values() if _is(pid, marker)]
        # They got SIGTERM when their supervisor died, and are given a moment to end.
        deadline = time.monotonic() + SWEEP_PATIENCE_S
        while any(_is(pid, marker) for pid, marker in left) and time.monotonic() < deadline:
            time.sleep(0.05)
        for pid, _ in left:
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(pid, signal.SIGKILL)
        self.clear()
        return len(left)


def _is(pid: int, marker: str) -> bool:
    return marker in (command_line(pid) or "")
