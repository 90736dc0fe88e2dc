"""Fixtures of the fault suite: servers that may be killed, and the dice."""

import itertools
import random
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis

from dakiya.db import SessionFactory
from dakiya.migrations.run import upgrade
from dakiya_dev.embedded import EmbeddedPostgres, EmbeddedValkey
from tests.conftest import WEB_PASSWORD
from tests.databases import as_admin, drop_database, for_sqlalchemy
from tests.engine.faults.plugin import KILLS, SEED
from tests.engine.faults.trial import Trial
from tests.engine.installation import Installation

_numbers = itertools.count(1)


@pytest.fixture(scope="session")
def kills() -> int:
    """How many processes a random run kills."""
    return KILLS


@pytest.fixture(scope="session")
def _fault_dir() -> Iterator[Path]:
    # Not below pytest's own folder, which other users may not enter.
    path = Path(tempfile.mkdtemp(prefix="dakiya-faults-"))
    path.chmod(0o711)
    yield path
    shutil.rmtree(path)


@pytest.fixture(scope="session")
def _fault_postgres(_fault_dir: Path) -> Iterator[EmbeddedPostgres]:
    with EmbeddedPostgres(_fault_dir / "postgres") as server:
        upgrade(for_sqlalchemy(server.url), WEB_PASSWORD)
        yield server


@pytest.fixture
def postgres(_fault_postgres: EmbeddedPostgres) -> EmbeddedPostgres:
    """A PostgreSQL that may be killed: it keeps what it has committed."""
    return _fault_postgres.start()


@pytest.fixture(scope="session")
def _fault_valkey(_fault_dir: Path) -> Iterator[EmbeddedValkey]:
    with EmbeddedValkey(_fault_dir / "valkey") as server:
        yield server


@pytest.fixture
def valkey(_fault_valkey: EmbeddedValkey) -> EmbeddedValkey:
    """A Valkey that may be killed."""
    return _fault_valkey.start()


@pytest.fixture
def database_url(postgres: EmbeddedPostgres) -> Iterator[str]:
    """A migrated and empty database on the PostgreSQL that may be killed."""
    name = f"faults_{next(_numbers)}"
    as_admin(postgres, "CREATE DATABASE {} OWNER dakiya TEMPLATE dakiya", name)
    yield for_sqlalchemy(postgres.url_for(name))
    postgres.start()
    drop_database(postgres, name)


@pytest.fixture
def redis_url(valkey: EmbeddedValkey) -> str:
    """The URL of an empty Valkey that may be killed."""
    with redis.Redis.from_url(valkey.url) as client:
        client.flushall()
    return valkey.url


@pytest.fixture
def trial(
    installation: Installation, session_factory: SessionFactory, request: pytest.FixtureRequest
) -> Trial:
    """A trial with dice of this run's seed."""
    return Trial(installation, session_factory, request, random.Random(SEED))
