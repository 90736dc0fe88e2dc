"""What an embedded server needs around it: a folder, a port, a secret, a start and a stop."""

import fcntl
import os
import random
import signal
import subprocess
import time
from abc import ABC, abstractmethod
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path
from typing import Self

from dakiya_dev.embedded.unprivileged import server_identity
from dakiya_dev.ports import port_is_free
from dakiya_dev.processes import Identity, command_line, wait_for_exit
from dakiya_dev.trouble import ServerTrouble

# Below the range that systems give to outgoing connections, so that it stays ours.
PORTS = range(15_000, 30_000)
START_TIMEOUT_S = 60.0
START_ATTEMPTS = 4
LOG_LIMIT_BYTES = 10_000_000


class EmbeddedServer(ABC):
    """A server from a wheel with its data in a folder of ours.

    Start it from a thread that lives as long as the server should. A server that an
    earlier owner of the folder left running is stopped first: its data is ours to use.
    """

    name: str
    death_signal: signal.Signals
    # Tried in this order, each with a patience in seconds, before SIGKILL.
    stop_signals: tuple[tuple[signal.Signals, float], ...]

    def __init__(self, data_dir: Path, port: int | None = None) -> None:
        self.data_dir = data_dir.resolve()
        self.log_file = self.data_dir / f"{self.name}.log"
        self._wanted_port = port
        self._port = 0
        self._lock_fd: int | None = None
        self._process: subprocess.Popen[bytes] | None = None

    @property
    @abstractmethod
    def program(self) -> Path:
        """Absolute path of the server's program."""

    @property
    @abstractmethod
    def pid_file(self) -> Path:
        """Where the server writes its process id, alone on the first line."""

    @abstractmethod
    def _prepare(self) -> None:
        """Make what the first start needs."""

    @abstractmethod
    def _launch(self) -> subprocess.Popen[bytes]:
        """Start the program, its output in the log file."""

    @abstractmethod
    def _answers(self) -> bool:
        """Whether the started server is ready; called until it is."""

    @property
    def port(self) -> int:
        """The port on 127.0.0.1; 0 before the first start."""
        return self._port

    @property
    def pid(self) -> int | None:
        """The server's process id while it runs."""
        return self._process.pid if self._process and self.runs() else None

    def runs(self) -> bool:
        """Whether the process is alive."""
        return self._process is not None and self._process.poll() is None

    def start(self) -> Self:
        """Start and wait until the server answers; after a crash, on the same port.

        Raises ServerTrouble with the end of the server's log when it cannot.
        """
        if self.runs():
            return self
        self._take_folder()
        try:
            self._stop_orphan()
            self._prepare()
            for attempt in range(1, START_ATTEMPTS + 1):
                self._choose_port()
                if self._try_start():
                    # Whoever has our URL must find us there again after a crash.
                    self._wanted_port = self._port
                    return self
                if attempt < START_ATTEMPTS:
                    time.sleep(attempt * 0.5)
            raise ServerTrouble(
                f"{self.name} does not start. Its last words:\n{self._last_words()}"
            )
        except BaseException:
            self.stop(force=True)
            raise

    @property
    def patience_s(self) -> float:
        """How long a clean stop may take."""
        return self.stop_signals[0][1]

    def exit_words(self) -> str:
        """How it ended, for people."""
        return f"has ended, see {self.log_file}"

    def ask_to_stop(self) -> None:
        """Begin a clean stop without waiting for its end; ``stop`` waits."""
        if self._process is not None and self.runs():
            self._process.send_signal(self.stop_signals[0][0])

    def stop(self, *, force: bool = False) -> None:
        """Stop cleanly, or at once with ``force``; may be repeated."""
        process, self._process = self._process, None
        if process is not None:
            self._end(process, force=force)
        if self._lock_fd is not None:
            os.close(self._lock_fd)
            self._lock_fd = None

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *exc_info: object) -> None:
        self.stop()

    def identity(self) -> Identity | None:
        """The user the server runs as; None when that is ourselves."""
        return server_identity(self.program, self.data_dir)

    def own_folder(self, path: Path) -> None:
        """Make a folder that only the server's user may enter. Raises ServerTrouble."""
        identity = self.identity()
        try:
            path.mkdir(mode=0o700, exist_ok=True)
            if identity:
                os.chown(path, identity.uid, identity.gid)
        except OSError as error:
            raise ServerTrouble(
                f"cannot make {path} for the user of {self.name}: {error.strerror}",
                "Run this as an ordinary user.",
            ) from error

    def open_log(self) -> int:
        """Open the log for a child; begins anew when it has grown too large."""
        mode = os.O_WRONLY | os.O_CREAT | os.O_APPEND
        with suppress(FileNotFoundError):
            if self.log_file.stat().st_size > LOG_LIMIT_BYTES:
                mode |= os.O_TRUNC
        return os.open(self.log_file, mode, 0o600)

    def _take_folder(self) -> None:
        if self._lock_fd is not None:
            return
        try:
            self.data_dir.mkdir(parents=True, exist_ok=True)
            # Others may pass through, and see nothing: each thing inside has its own mode.
            self.data_dir.chmod(0o711)
            fd = os.open(self.data_dir / "lock", os.O_RDWR | os.O_CREAT, 0o600)
        except OSError as error:
            raise ServerTrouble(
                f"cannot write to {self.data_dir}: {error.strerror}",
                "Make the folder writable, or put the checkout where you may write.",
            ) from error
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            os.close(fd)
            raise ServerTrouble(f"{self.data_dir} is in use by another process") from error
        self._lock_fd = fd

    def _stop_orphan(self) -> None:
        try:
            pid = int(self.pid_file.read_text(encoding="ascii").split()[0])
        except (OSError, ValueError, IndexError):
            return
        for number, patience_s in (*self.stop_signals, (signal.SIGKILL, 10.0)):
            if not self._is_ours(pid):
                break
            with suppress(ProcessLookupError):
                os.kill(pid, number)
            deadline = time.monotonic() + patience_s
            while self._is_ours(pid) and time.monotonic() < deadline:
                time.sleep(0.05)
        # The number may belong to somebody else by now, which would hold up the start.
        self.pid_file.unlink(missing_ok=True)

    def _is_ours(self, pid: int) -> bool:
        return str(self.data_dir) in (command_line(pid) or "")

    def _choose_port(self) -> None:
        memory = self.data_dir / "port"
        if self._wanted_port is not None:
            self._port = self._wanted_port
            if not port_is_free(self._port):
                raise ServerTrouble(f"port {self._port} for {self.name} is taken")
        else:
            with suppress(OSError, ValueError):
                self._port = int(memory.read_text(encoding="ascii"))
            while self._port not in PORTS or not port_is_free(self._port):
                self._port = random.choice(PORTS)
        memory.write_text(f"{self._port}\n", encoding="ascii")

    def _try_start(self) -> bool:
        self._process = process = self._launch()
        deadline = time.monotonic() + START_TIMEOUT_S
        while time.monotonic() < deadline:
            if process.poll() is not None:
                return False
            if self._answers():
                return True
            time.sleep(0.02)
        self._end(process, force=True)
        return False

    def _end(self, process: subprocess.Popen[bytes], *, force: bool) -> None:
        for number, patience_s in self.stop_signals[-1:] if force else self.stop_signals:
            if process.poll() is None:
                process.send_signal(number)
                wait_for_exit(process, patience_s)
        if process.poll() is None:
            process.kill()
            process.wait()

    def _last_words(self) -> str:
        with suppress(OSError):
            text = self.log_file.read_text(encoding="utf-8", errors="replace")
            return "\n".join(text.splitlines()[-12:])
        return f"(none in {self.log_file})"


def folder_of(package: str) -> Path:
    """Where a package is installed, without importing it.

    Raises ServerTrouble when it is not installed.
    """
    spec = find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        raise ServerTrouble(f"{package} is not installed", "Run make run, which installs it.")
    return Path(spec.submodule_search_locations[0])
