"""A whole installation for a measurement: as `make run` sets it up, nothing made impatient."""

import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from multiprocessing.process import BaseProcess
from pathlib import Path

import psutil
import psycopg2
from sqlalchemy import text

from dakiya.db import SessionFactory, make_engine, make_session_factory
from dakiya.delivery.presence import count_alive
from dakiya.migrations.run import upgrade
from dakiya_dev.embedded import EmbeddedPostgres, EmbeddedValkey
from tests.engine.installation import Installation

DATABASE = "dakiya_bench"
WEB_PASSWORD = "the-password-of-the-web-role"


@dataclass
class Usage:
    """What processes have used: CPU seconds, and their peak of resident memory in MiB."""

    cpu_s: dict[str, float] = field(default_factory=dict)
    peak_mib: dict[str, float] = field(default_factory=dict)


@dataclass
class Stack:
    """PostgreSQL (durable, on disk) and Valkey with an empty migrated database, and services."""

    environment: dict[str, str]
    sessions: SessionFactory
    installation: Installation
    directory: Path
    postgres: EmbeddedPostgres
    services: list[tuple[str, BaseProcess]] = field(default_factory=list)

    def start(self, service: str, **settings: str) -> BaseProcess:
        """Start a service; the web connects as the role that owns no table."""
        if service == "web":
            _, _, place = self.environment["DATABASE_URL"].rpartition("@")
            settings["DATABASE_URL"] = f"postgresql+psycopg2://dakiya_web:{WEB_PASSWORD}@{place}"
        process = self.installation.start(service, **settings)
        self.services.append((service, process))
        return process

    def start_engine(self, senders: int, **settings: str) -> None:
        """Start a scheduler and so many senders, and wait until all of them are there."""
        self.start("scheduler")
        for _ in range(senders):
            self.start("sender", **settings)
        until(lambda: self._alive() == senders, timeout_s=120)

    def _alive(self) -> int:
        with self.sessions() as session:
            return count_alive(session, "sender")

    def stop_services(self) -> None:
        """Stop what was started, and wait for it."""
        for _, process in self.services:
            self.installation.stop(process)
        self.services.clear()

    def usage(self) -> Usage:
        """Look at the running services (each kind added up) and at PostgreSQL."""
        usage = Usage()
        for service, process in self.services:
            cpu_s, peak_mib = _used_by(process.pid or 0)
            usage.cpu_s[service] = usage.cpu_s.get(service, 0.0) + cpu_s
            usage.peak_mib[service] = max(usage.peak_mib.get(service, 0.0), peak_mib)
        pid = int(self.postgres.pid_file.read_text().splitlines()[0])
        usage.cpu_s["postgres"], usage.peak_mib["postgres"] = _used_by(pid)
        return usage

    def database_bytes(self) -> int:
        """Return the size of the database's tables and indexes."""
        with self.sessions() as session:
            size = session.execute(text("SELECT pg_database_size(current_database())"))
            return int(size.scalar_one())

    def settle(self) -> None:
        """Write everything to disk and gather statistics, so that nobody pays for it later."""
        admin = psycopg2.connect(self.postgres.url_for(DATABASE, admin=True))
        try:
            admin.autocommit = True
            with admin.cursor() as cursor:
                cursor.execute("VACUUM (ANALYZE)")
                cursor.execute("CHECKPOINT")
        finally:
            admin.close()


def _used_by(pid: int) -> tuple[float, float]:
    """Return CPU seconds and peak MiB of a process with its children, also ended ones."""
    root = psutil.Process(pid)
    times = root.cpu_times()
    cpu_s = times.user + times.system + times.children_user + times.children_system
    peaks = [_peak_mib(pid)]
    for child in root.children(recursive=True):
        try:
            own = child.cpu_times()
            cpu_s += own.user + own.system
            peaks.append(_peak_mib(child.pid))
        except (psutil.NoSuchProcess, FileNotFoundError):
            continue
    return cpu_s, max(peaks)


def _peak_mib(pid: int) -> float:
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) / 1024
    return 0.0


@contextmanager
def started_stack() -> Iterator[Stack]:
    """Start the servers in a folder on disk, migrated and empty; everything goes at the end."""
    directory = Path(tempfile.mkdtemp(prefix="dakiya-bench-"))
    directory.chmod(0o711)
    with ExitStack() as running:
        running.callback(shutil.rmtree, directory, ignore_errors=True)
        postgres = running.enter_context(EmbeddedPostgres(directory / "postgres"))
        valkey = running.enter_context(EmbeddedValkey(directory / "valkey"))
        url = _make_database(postgres)
        environment = {
            "DATABASE_URL": url,
            "REDIS_URL": valkey.url,
            "SECRET_KEY": "a-secret-key-that-only-the-bench-knows-0123456789",
            "DAKIYA_ALLOWED_INTERNAL_HOSTS": "127.0.0.1",
            "DAKIYA_PUBLIC_URL": "https://mail.example.org",
            "DAKIYA_LOG_FORMAT": "json",
        }
        engine = make_engine(url)
        running.callback(engine.dispose)
        logs = directory / "logs"
        logs.mkdir()
        installation = running.enter_context(Installation(environment, logs))
        yield Stack(environment, make_session_factory(engine), installation, directory, postgres)


def _make_database(postgres: EmbeddedPostgres) -> str:
    admin = psycopg2.connect(postgres.url_for("postgres", admin=True))
    try:
        admin.autocommit = True
        with admin.cursor() as cursor:
            cursor.execute(f"CREATE DATABASE {DATABASE} OWNER dakiya")
    finally:
        admin.close()
    url = postgres.url_for(DATABASE).replace("postgresql://", "postgresql+psycopg2://", 1)
    upgrade(url, WEB_PASSWORD)
    return url


def until(condition: Callable[[], object], *, timeout_s: float, every_s: float = 0.25) -> None:
    """Wait for a callable to return something true. Raises TimeoutError."""
    deadline = time.monotonic() + timeout_s
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError("what was measured did not come to its end")
        time.sleep(every_s)
