"""The web as a real process, behind a real socket."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.engine.installation import Installation
from tests.system.compose import free_port


@pytest.fixture
def web_environment(environment: dict[str, str], web_database_url: str) -> dict[str, str]:
    return environment | {
        "DATABASE_URL": web_database_url,
        "DAKIYA_PORT": str(free_port()),
        "DAKIYA_WEB_WORKERS": "1",
    }


@pytest.fixture
def port(web_environment: dict[str, str], tmp_path: Path) -> Iterator[int]:
    """Where a started web listens on 127.0.0.1."""
    port = int(web_environment["DAKIYA_PORT"])
    with Installation(web_environment, tmp_path) as installation:
        installation.start_web(port)
        yield port
