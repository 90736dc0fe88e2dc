"""The ``dakiya-web`` command as a real process: when it starts, and when it must not."""

import socket
import subprocess
import sys
from contextlib import closing

import pytest
import requests
from sqlalchemy import text

from dakiya.db import SessionFactory
from tests.engine.installation import wait_until_it_answers

START_S = 30
COMMAND = (sys.executable, "-m", "dakiya_web.serve")


def refused(environment: dict[str, str]) -> str:
    """Start the web, which must refuse, and return what it says."""
    ended = subprocess.run(
        COMMAND,
        env=environment,
        check=False,
        capture_output=True,
        text=True,
        timeout=START_S,
    )
    assert ended.returncode == 2
    assert ended.stdout == ""
    assert "Traceback" not in ended.stderr
    return ended.stderr


def test_started_web_serves_logs_json_and_ends_on_sigterm(web_environment: dict[str, str]) -> None:
    url = f"http://127.0.0.1:{web_environment['DAKIYA_PORT']}"
    with subprocess.Popen(
        COMMAND, env=web_environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        try:
            wait_until_it_answers(url)
            assert requests.get(f"{url}/login", timeout=10).status_code == 200
            assert requests.get(f"{url}/api/v1/campaigns", timeout=10).status_code == 401
        finally:
            process.terminate()
            out, err = process.communicate(timeout=START_S)
    assert process.returncode == 0
    assert out == ""
    lines = err.splitlines()
    assert all(line.startswith("{") and line.endswith("}") for line in lines), err
    assert any('"event": "web_starting"' in line for line in lines)


def test_start_is_refused_without_a_good_secret_key(web_environment: dict[str, str]) -> None:
    assert "SECRET_KEY is too weak" in refused(web_environment | {"SECRET_KEY": "changeme"})
    del web_environment["SECRET_KEY"]
    assert "SECRET_KEY is not set" in refused(web_environment)


def test_start_is_refused_as_the_owner_of_the_tables(
    web_environment: dict[str, str], database_url: str
) -> None:
    said = refused(web_environment | {"DATABASE_URL": database_url})
    assert "owns the tables" in said
    assert "dakiya_web" in said


def test_start_is_refused_on_another_schema(
    web_environment: dict[str, str], session_factory: SessionFactory
) -> None:
    with session_factory() as session:
        session.execute(text("UPDATE alembic_version SET version_num = '0000'"))
        session.commit()
    assert "dakiya migrate" in refused(web_environment)
    with session_factory() as session:
        session.execute(text("DROP TABLE alembic_version"))
        session.commit()
    assert "dakiya migrate" in refused(web_environment)


def test_start_is_refused_when_the_port_is_taken(web_environment: dict[str, str]) -> None:
    with closing(socket.socket()) as taken:
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        taken.bind(("127.0.0.1", int(web_environment["DAKIYA_PORT"])))
        taken.listen()
        said = refused(web_environment)
    assert f"port {web_environment['DAKIYA_PORT']} is taken" in said
    assert "DAKIYA_PORT" in said


def test_start_is_refused_without_a_database_and_the_password_stays_unsaid(
    web_environment: dict[str, str],
) -> None:
    url = "postgresql://dakiya_web:secret-word@127.0.0.1:1/none"
    said = refused(web_environment | {"DATABASE_URL": url})
    assert "cannot be reached" in said
    assert "secret-word" not in said


def test_database_role_of_the_web_cannot_rewrite_history(
    web_environment: dict[str, str], web_database_url: str
) -> None:
    from sqlalchemy.exc import ProgrammingError

    from dakiya.db import make_engine

    engine = make_engine(web_database_url)
    for statement in ("DROP TABLE campaign", "UPDATE recipient SET email = 'x'", "TRUNCATE email"):
        with engine.connect() as connection, pytest.raises(ProgrammingError):
            connection.execute(text(statement))
    engine.dispose()
