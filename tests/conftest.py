"""Fixtures on real servers: PostgreSQL and Valkey from wheels, one of each per session.

``session``       one transaction that is rolled back; for code that only needs a session
``database_url``  an empty database of the test's own, for code that commits or runs elsewhere;
                  ``engine`` and ``session_factory`` are connected to it
``redis_url``     an empty Valkey
``environment``   both of them as settings, in os.environ and as a dict for child processes

``session`` and ``database_url`` are different databases: a test uses one of the two.
"""

import itertools
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
import redis
from hypothesis import settings as property_settings
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from dakiya.config import Settings
from dakiya.db import SessionFactory, make_engine, make_session_factory
from dakiya.migrations.run import upgrade
from dakiya_dev.embedded import EmbeddedPostgres, EmbeddedValkey
from tests.databases import as_admin, copy_database, drop_database, for_sqlalchemy

pytest_plugins = ["tests.engine.faults.plugin", "tests.lanes", "tests.recorder.plugin"]

TEMPLATE_DATABASE = "dakiya_template"
SHARED_DATABASE = "dakiya_shared"
WEB_PASSWORD = "the-password-of-the-web-role"
SECRET_KEY = "a-secret-key-that-only-the-tests-know-0123456789"
SETTING_NAMES = ("DATABASE_URL", "REDIS_URL", "SECRET_KEY")

# Time on a busy machine says nothing about the code.
property_settings.register_profile("dakiya", deadline=None)
property_settings.load_profile("dakiya")

MEMORY = Path("/dev/shm")
MEMORY_BYTES = 4 * 1024**3

_numbers = itertools.count(1)


@pytest.fixture(scope="session", autouse=True)
def _no_settings_from_outside() -> Iterator[None]:
    """Keep a developer's own settings out of the tests."""
    with pytest.MonkeyPatch.context() as patch:
        for name in list(os.environ):
            if name.startswith("DAKIYA_") or name.removesuffix("_FILE") in SETTING_NAMES:
                patch.delenv(name)
        yield


@pytest.fixture(scope="session")
def _server_dir() -> Iterator[Path]:
    # Not below pytest's own folder, which other users may not enter.
    path = Path(tempfile.mkdtemp(prefix=f"dakiya-tests-{os.getpid()}-", dir=_memory()))
    path.chmod(0o711)
    yield path
    shutil.rmtree(path)


def _memory() -> Path | None:
    """Return a folder in memory, emptied of what killed runs left there; None if it is small.

    A database is copied and dropped in 30 ms there, and in 50 to 160 ms on a disk.
    """
    if not os.access(MEMORY, os.W_OK) or shutil.disk_usage(MEMORY).free < MEMORY_BYTES:
        return None
    for left in MEMORY.glob("dakiya-tests-*"):
        if not psutil.pid_exists(int(left.name.split("-")[2])):
            shutil.rmtree(left, ignore_errors=True)
    return MEMORY


@pytest.fixture(scope="session")
def postgres_server(_server_dir: Path) -> Iterator[EmbeddedPostgres]:
    """The session's PostgreSQL; not safe against power cuts, and faster for it."""
    with EmbeddedPostgres(_server_dir / "postgres", durable=False) as server:
        yield server


@pytest.fixture(scope="session")
def valkey_server(_server_dir: Path) -> Iterator[EmbeddedValkey]:
    """The session's Valkey."""
    with EmbeddedValkey(_server_dir / "valkey") as server:
        yield server


@pytest.fixture(scope="session")
def _template_database(postgres_server: EmbeddedPostgres) -> str:
    """A migrated database that the others are copied from."""
    as_admin(postgres_server, "CREATE DATABASE {} OWNER dakiya", TEMPLATE_DATABASE)
    upgrade(for_sqlalchemy(postgres_server.url_for(TEMPLATE_DATABASE)), WEB_PASSWORD)
    return TEMPLATE_DATABASE


@pytest.fixture(scope="session")
def _shared_engine(postgres_server: EmbeddedPostgres, _template_database: str) -> Iterator[Engine]:
    engine = make_engine(copy_database(postgres_server, _template_database, SHARED_DATABASE))
    yield engine
    engine.dispose()


@pytest.fixture
def session(_shared_engine: Engine) -> Iterator[Session]:
    """A session whose commits and rollbacks stay inside one transaction, undone at the end."""
    with _shared_engine.connect() as connection, connection.begin() as transaction:
        with Session(
            connection, join_transaction_mode="create_savepoint", expire_on_commit=False
        ) as session:
            yield session
        transaction.rollback()


@pytest.fixture
def template(_template_database: str) -> str:
    """The database that the test's own is copied from: an empty one, unless overridden."""
    return _template_database


@pytest.fixture
def database_url(postgres_server: EmbeddedPostgres, template: str) -> Iterator[str]:
    """The URL, as its owner, of a migrated database of this test's own."""
    name = f"dakiya_test_{next(_numbers)}"
    yield copy_database(postgres_server, template, name)
    drop_database(postgres_server, name)


@pytest.fixture
def web_database_url(database_url: str) -> str:
    """The test's own database as the role of the web, which owns no table."""
    _, _, place = database_url.rpartition("@")
    return f"postgresql+psycopg2://dakiya_web:{WEB_PASSWORD}@{place}"


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    """An engine on the test's own database."""
    engine = make_engine(database_url)
    yield engine
    engine.dispose()


@pytest.fixture
def session_factory(engine: Engine) -> SessionFactory:
    """A factory of sessions on the test's own database, which really commit."""
    return make_session_factory(engine)


@pytest.fixture
def redis_url(valkey_server: EmbeddedValkey) -> str:
    """The URL of an empty Valkey."""
    with redis.Redis.from_url(valkey_server.url) as client:
        client.flushall()
    return valkey_server.url


@pytest.fixture
def environment(
    database_url: str, redis_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> dict[str, str]:
    """os.environ with the settings of this test's servers; also given as a whole."""
    monkeypatch.setenv("DATABASE_URL", database_url)
    monkeypatch.setenv("REDIS_URL", redis_url)
    monkeypatch.setenv("SECRET_KEY", SECRET_KEY)
    monkeypatch.setenv("DAKIYA_LOG_FORMAT", "json")
    monkeypatch.setenv("DAKIYA_MEDIA_DIR", str(tmp_path / "media"))
    return dict(os.environ)


@pytest.fixture
def settings(environment: dict[str, str]) -> Settings:
    """The settings that every service shares, read from ``environment``."""
    return Settings.load()
