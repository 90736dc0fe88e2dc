"""`dakiya dev`, which `make run` starts: the whole system, twice over the same data."""

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg2
import pytest
import requests

from dakiya_dev.installation import script
from dakiya_dev.ports import first_free_port
from dakiya_dev.processes import command_line
from tests.conftest import WEB_PASSWORD
from tests.dev.waiting import wait_until

BANNER_LINES = 7


class Run:
    """One `dakiya dev` in a session of its own, as a terminal would start it."""

    def __init__(self, var_dir: Path, process: subprocess.Popen[str], log_file: Path) -> None:
        self.var_dir = var_dir
        self.process = process
        self.log_file = log_file
        self.banner: list[str] = []

    @property
    def url(self) -> str:
        return self.banner[0]

    @property
    def inbox_url(self) -> str:
        found = re.search(r"Demo inbox +(\S+)", "\n".join(self.banner))
        assert found
        return found[1]

    @property
    def environment(self) -> dict[str, str]:
        password = (self.var_dir / "postgres" / "dakiya.password").read_text().strip()
        port = (self.var_dir / "postgres" / "port").read_text().strip()
        return {
            **os.environ,
            "DATABASE_URL": f"postgresql://dakiya:{password}@127.0.0.1:{port}/dakiya",
            "REDIS_URL": "redis://not-needed",
            "SECRET_KEY": (self.var_dir / "secret_key").read_text().strip(),
        }

    def wait_until_ready(self) -> None:
        assert self.process.stdout is not None
        self.banner = [self.process.stdout.readline().rstrip() for _ in range(BANNER_LINES)]
        assert self.banner[0], self.log_file.read_text()

    def log(self) -> str:
        return self.log_file.read_text()

    def pids(self) -> list[int]:
        """The supervisor, its servers, its services and all their workers."""
        listed = subprocess.run(
            ["ps", "-e", "-o", "pid=,ppid="], capture_output=True, check=True, text=True
        ).stdout
        parents = {int(pid): int(parent) for pid, parent in map(str.split, listed.splitlines())}
        found = [self.process.pid]
        for pid in found:
            found += [child for child, parent in parents.items() if parent == pid]
        return found


@contextmanager
def running(var_dir: Path, log_file: Path, **environ: str) -> Iterator[Run]:
    with (
        log_file.open("w") as log,
        subprocess.Popen(
            [script("dakiya"), "dev", "--var", str(var_dir)],
            env={**os.environ, **environ},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
            start_new_session=True,
        ) as process,
    ):
        run = Run(var_dir, process, log_file)
        try:
            run.wait_until_ready()
            yield run
        finally:
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
                process.wait(60)


def call(url: str, *, token: str = "", body: Mapping[str, object] | None = None) -> Any:
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    method = "GET" if body is None else "POST"
    response = requests.request(method, url, json=body, headers=headers, timeout=30)
    response.raise_for_status()
    return response.json()


def make_token(run: Run) -> str:
    made = subprocess.run(
        [script("dakiya"), "token", "create", "demo@example.com"],
        env=run.environment,
        capture_output=True,
        check=True,
        text=True,
    )
    return made.stdout.strip()


def web_role_of(run: Run) -> set[str]:
    connection = psycopg2.connect(run.environment["DATABASE_URL"])
    try:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT DISTINCT usename FROM pg_stat_activity WHERE application_name LIKE '%web%'"
            )
            return {name for (name,) in cursor.fetchall()}
    finally:
        connection.close()


@pytest.mark.timeout(400)
def test_demo_campaign_reaches_the_inbox_and_everything_survives_two_ways_to_stop(
    tmp_path: Path,
) -> None:
    var_dir = tmp_path / "var"
    wanted = str(first_free_port(15_500))
    with running(var_dir, tmp_path / "first.log", DAKIYA_PORT=wanted) as run:
        assert run.url == f"http://localhost:{wanted}"
        assert call(f"{run.url}/api/v1/health")["status"] == "ok"
        _refuse_a_second_run(var_dir)
        token = make_token(run)
        (draft,) = call(f"{run.url}/api/v1/campaigns", token=token)["items"]
        assert (draft["status"], draft["recipients"]) == ("draft", 10)
        assert web_role_of(run) == {"dakiya_web"}
        call(f"{run.url}/api/v1/campaigns/{draft['id']}/schedule", token=token, body={"at": "now"})
        wait_until(lambda: call(f"{run.inbox_url}/api/messages")["total"] == 10, timeout_s=60)
        pids = run.pids()
        assert len(pids) >= 8
        # As a terminal does: to the whole foreground group, and make passes it on once more.
        os.killpg(run.process.pid, signal.SIGINT)
        os.killpg(run.process.pid, signal.SIGINT)
        assert run.process.wait(90) == 0
        assert "by force" not in run.log()
        wait_until(lambda: not any(map(command_line, pids)))
        assert "Log in        demo@example.com, password" in run.banner[2]
        login = run.banner[2]

    with running(var_dir, tmp_path / "second.log", DAKIYA_PORT=wanted) as run:
        assert run.banner[2] == login
        (campaign,) = call(f"{run.url}/api/v1/campaigns", token=token)["items"]
        assert campaign["counts"]["sent"] == 10
        assert call(f"{run.inbox_url}/api/messages")["total"] == 10
        pids = run.pids()
        run.process.kill()
        run.process.wait()
        # Linux tells the children that their parent died; elsewhere the next start ends them.
        if sys.platform == "linux":
            wait_until(lambda: not any(map(command_line, pids)), timeout_s=60)


def _refuse_a_second_run(var_dir: Path) -> None:
    second = subprocess.run(
        [script("dakiya"), "dev", "--var", str(var_dir)],
        capture_output=True,
        check=False,
        text=True,
        timeout=60,
    )
    assert second.returncode == 1
    assert "Dakiya already runs from this folder" in second.stderr


@pytest.mark.timeout(300)
def test_given_servers_are_used_and_a_taken_port_is_said_plainly(
    tmp_path: Path, database_url: str, redis_url: str
) -> None:
    taken = int(redis_url.rpartition(":")[2].partition("/")[0])
    with running(
        tmp_path / "other",
        tmp_path / "other.log",
        DATABASE_URL=database_url,
        REDIS_URL=redis_url,
        DAKIYA_PORT=str(taken),
        # The role is the whole server's: other tests know it by this password.
        DAKIYA_WEB_DB_PASSWORD=WEB_PASSWORD,
    ) as run:
        used = run.url.rpartition(":")[2]
        assert int(used) > taken
        assert f"Port {taken} is taken: the web uses {used} instead." in run.log()
        assert call(f"{run.url}/api/v1/health")["status"] == "ok"
        assert not (tmp_path / "other" / "postgres").exists()
        assert not (tmp_path / "other" / "valkey").exists()


@pytest.mark.parametrize("name", ["DATABASE_URL", "REDIS_URL"])
def test_given_server_that_does_not_answer_is_named_at_once(
    tmp_path: Path, database_url: str, redis_url: str, name: str
) -> None:
    given = {"DATABASE_URL": database_url, "REDIS_URL": redis_url}
    port = first_free_port(16_500)
    given[name] = re.sub(r"127\.0\.0\.1:\d+", f"127.0.0.1:{port}", given[name])
    done = subprocess.run(
        [script("dakiya"), "dev", "--var", str(tmp_path / "var")],
        env={**os.environ, **given},
        capture_output=True,
        check=False,
        text=True,
        timeout=60,
    )
    assert done.returncode == 1
    assert f"cannot use {name}" in done.stderr
    assert f"unset {name}" in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""
