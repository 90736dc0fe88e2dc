"""`make run`: the whole system on one machine, with its data in one folder."""

import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from dakiya_dev.children import Child, ChildRecord
from dakiya_dev.console import Console
from dakiya_dev.embedded import EmbeddedPostgres, EmbeddedValkey
from dakiya_dev.environment import as_web_role, child_environment, given
from dakiya_dev.ports import HOST, first_free_port, read_port
from dakiya_dev.probes import answers, check_redis, may_create_roles
from dakiya_dev.secret_files import kept_secret
from dakiya_dev.seed import DEMO_EMAIL
from dakiya_dev.supervisor import StopSignals, Supervisor
from dakiya_dev.trouble import ServerTrouble

WEB_PORT = 5000
SMTP_PORT = 1025
INBOX_PORT = 8025
# Senders finish the mails in their hands; a server may take its time with the last reply.
DRAIN_PATIENCE_S = 60.0
PATIENCE_S = 20.0
DEATHS_AT_START = 3


@dataclass(frozen=True)
class Addresses:
    """Where the running installation is reached."""

    web_port: int
    inbox_port: int
    smtp_port: int

    @property
    def web_url(self) -> str:
        return f"http://localhost:{self.web_port}"

    @property
    def inbox_url(self) -> str:
        return f"http://localhost:{self.inbox_port}"


@dataclass(frozen=True)
class Login:
    """How to log in to the demo account."""

    email: str
    password: str


@dataclass(frozen=True)
class Running:
    """What people need to know of the running installation."""

    addresses: Addresses
    login: Login


class Installation:
    """Everything that `make run` starts, in the order in which it starts."""

    def __init__(
        self,
        var_dir: Path,
        environ: Mapping[str, str],
        *,
        console: Console,
        signals: StopSignals,
        senders: int = 2,
    ) -> None:
        self._var_dir = var_dir
        self._environ = environ
        self._console = console
        self._signals = signals
        self._senders = senders
        self._supervisor = Supervisor(console, signals)
        self._record = ChildRecord(var_dir / "children.json")

    def start(self) -> Running:
        """Start everything and wait until the web answers.

        Raises ServerTrouble, and StopRequested when asked to stop on the way.
        """
        if left := self._record.sweep():
            self._console.say(f"Ended {left} processes that the last run had left.")
        database_url, redis_url = self._start_databases()
        addresses = self._choose_ports()
        env = child_environment(
            self._environ,
            database_url=database_url,
            redis_url=redis_url,
            secret_key=given(self._environ, "SECRET_KEY")
            or kept_secret(self._var_dir / "secret_key"),
            web_port=addresses.web_port,
            smtp_port=addresses.smtp_port,
            media_dir=self._var_dir / "media",
        )
        self._start_inbox(env, addresses)
        web_env = self._migrate(env)
        login = self._seed(env, smtp_port=addresses.smtp_port)
        web_env.setdefault("DAKIYA_DEMO_INBOX_URL", addresses.inbox_url)
        web_env.setdefault("DAKIYA_DEMO_INBOX_SMTP_PORT", str(addresses.smtp_port))
        self._start_services(env, web_env)
        self._console.say("Waiting for the web ...")
        self._supervisor.watch_until(
            lambda: answers(self._web_host(), addresses.web_port),
            deaths_allowed=DEATHS_AT_START,
        )
        return Running(addresses, login)

    def watch(self) -> None:
        """Keep everything running; raises StopRequested when asked to stop."""
        self._supervisor.watch_until(lambda: False)

    def stop(self) -> None:
        """Stop everything in order: web, scheduler, senders, inbox, Valkey, PostgreSQL."""
        self._supervisor.stop()
        self._record.clear()

    def _start_databases(self) -> tuple[str, str]:
        database_url = given(self._environ, "DATABASE_URL")
        if database_url is None:
            self._console.say("Starting PostgreSQL ...")
            postgres = EmbeddedPostgres(self._var_dir / "postgres")
            self._supervisor.start(postgres)
            database_url = postgres.url
        redis_url = given(self._environ, "REDIS_URL")
        if redis_url is None:
            self._console.say("Starting Valkey ...")
            valkey = EmbeddedValkey(self._var_dir / "valkey")
            self._supervisor.start(valkey)
            redis_url = valkey.url
        else:
            check_redis(redis_url)
        return database_url, redis_url

    def _choose_ports(self) -> Addresses:
        wanted = read_port(self._environ.get("DAKIYA_PORT") or str(WEB_PORT))
        chosen = first_free_port(wanted, self._web_host())
        if chosen != wanted:
            self._console.say(f"Port {wanted} is taken: the web uses {chosen} instead.")
        return Addresses(
            web_port=chosen,
            inbox_port=first_free_port(INBOX_PORT, spoken_for={chosen}),
            smtp_port=first_free_port(SMTP_PORT, spoken_for={chosen}),
        )

    def _web_host(self) -> str:
        bind = self._environ.get("DAKIYA_BIND") or HOST
        return HOST if bind in {"0.0.0.0", "::"} else bind  # noqa: S104 - compared, not bound

    def _start_inbox(self, env: Mapping[str, str], addresses: Addresses) -> None:
        folder = str(self._var_dir / "inbox")
        options = ("--smtp-port", addresses.smtp_port, "--http-port", addresses.inbox_port)
        inbox = Child(
            "inbox",
            [sys.executable, "-m", "dakiya_dev.inbox", "--dir", folder, *map(str, options)],
            env=env,
            console=self._console,
            patience_s=PATIENCE_S,
            record=self._record,
            marker=folder,
        )
        self._supervisor.start(inbox)

    def _migrate(self, env: Mapping[str, str]) -> dict[str, str]:
        """Bring the schema up to date; returns the environment of the web."""
        self._console.say("Migrating the database ...")
        password = given(self._environ, "DAKIYA_WEB_DB_PASSWORD")
        may_create = may_create_roles(env["DATABASE_URL"])
        if password is None and may_create:
            password = kept_secret(self._var_dir / "web_db_password")
        run_once(
            [script("dakiya"), "migrate"],
            env={**env, "DAKIYA_WEB_DB_PASSWORD": password or ""},
            failure="the migration failed",
        )
        if password is None:
            self._console.say(
                "The web connects as the owner of the tables, since the user of DATABASE_URL"
                " may not create roles. Set DAKIYA_WEB_DB_PASSWORD once there is one."
            )
            return dict(env)
        return {**env, "DATABASE_URL": as_web_role(env["DATABASE_URL"], password)}

    def _seed(self, env: Mapping[str, str], *, smtp_port: int) -> Login:
        password = kept_secret(self._var_dir / "demo_password", size_bytes=9)
        run_once(
            [sys.executable, "-m", "dakiya_dev.seed", "--smtp-port", str(smtp_port)],
            env=env,
            stdin=f"{password}\n",
            failure="the demo account could not be made",
        )
        return Login(DEMO_EMAIL, password)

    def _start_services(self, env: Mapping[str, str], web_env: Mapping[str, str]) -> None:
        numbers = range(1, self._senders + 1)
        # One stage: none waits for another's end, which may take a tick or a mail on the wire.
        self._supervisor.start(
            *(self._service(f"sender-{n}", "dakiya-sender", env) for n in numbers),
            self._service("scheduler", "dakiya-scheduler", env),
            self._service("web", "dakiya-web", web_env),
        )

    def _service(self, name: str, program: str, env: Mapping[str, str]) -> Child:
        return Child(
            name,
            [script(program)],
            env=env,
            console=self._console,
            patience_s=DRAIN_PATIENCE_S if program == "dakiya-sender" else PATIENCE_S,
            record=self._record,
        )


def script(name: str) -> Path:
    """A console script of this virtual environment. Raises ServerTrouble when missing."""
    path = Path(sys.executable).with_name(name)
    if not os.access(path, os.X_OK):
        raise ServerTrouble(f"{path} is missing", "Run make run, which installs it.")
    return path


def run_once(
    command: Sequence[str | Path], *, env: Mapping[str, str], failure: str, stdin: str = ""
) -> None:
    """Run a command to its end. Raises ServerTrouble with its output when it fails."""
    done = subprocess.run(
        command,
        env=dict(env),
        input=stdin,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        # Out of reach of the terminal's Ctrl-C: a migration is not cut in the middle.
        start_new_session=True,
    )
    if done.returncode:
        raise ServerTrouble(f"{failure}:\n{done.stdout.strip()}")
