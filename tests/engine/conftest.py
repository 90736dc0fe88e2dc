"""Fixtures: a running installation on real servers, impatient enough for tests."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.engine.installation import Installation


@pytest.fixture
def installation(environment: dict[str, str], tmp_path: Path) -> Iterator[Installation]:
    """An installation without any service yet; no log of it may name a recipient."""
    impatient = {
        **environment,
        "DAKIYA_ALLOWED_INTERNAL_HOSTS": "127.0.0.1",
        "DAKIYA_TICK_SECONDS": "1",
        "DAKIYA_LEASE_SECONDS": "3",
        "DAKIYA_RETRY_BASE_SECONDS": "0.5",
        "DAKIYA_PUBLIC_URL": "https://mail.example.org",
    }
    with Installation(impatient, tmp_path) as running:
        yield running
    assert "@example.net" not in running.logs()
