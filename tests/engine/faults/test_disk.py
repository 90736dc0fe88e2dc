"""PostgreSQL's disk is full in mid-run, until somebody makes room."""

import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from dakiya.migrations.run import upgrade
from dakiya_dev.embedded import EmbeddedPostgres
from tests.conftest import WEB_PASSWORD
from tests.databases import for_sqlalchemy
from tests.engine.faults.trial import Trial
from tests.recorder import Behaviour
from tests.recorder.plugin import StartRecorder

pytestmark = [pytest.mark.system, pytest.mark.timeout(600)]

SIZE_MB = 160
FULL_S = 5


@pytest.fixture
def disk() -> Iterator[Path]:
    """A small disk of its own."""
    place = Path(tempfile.mkdtemp(prefix="dakiya-disk-"))
    subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={SIZE_MB}m,mode=711", "tmpfs", place], check=True
    )
    yield place
    subprocess.run(["umount", place], check=True)
    place.rmdir()


@pytest.fixture
def postgres(disk: Path) -> Iterator[EmbeddedPostgres]:
    """A PostgreSQL on the small disk."""
    with EmbeddedPostgres(disk / "postgres") as server:
        upgrade(for_sqlalchemy(server.url), WEB_PASSWORD)
        yield server


def _fill(file: Path) -> None:
    with file.open("wb", buffering=0) as filler:
        try:
            while True:
                filler.write(b"\0" * 65_536)
        except OSError:
            return


def test_disk_of_the_database_is_full_for_a_while(
    trial: Trial, recorder: StartRecorder, disk: Path, postgres: EmbeddedPostgres
) -> None:
    server = recorder(behaviour=Behaviour(delays={"dot": 0.02}))
    campaign = trial.running(server, 1_200)
    assert trial.wait_for_mails(server, 100)
    filler = disk / "filler"
    _fill(filler)
    deadline = time.monotonic() + 60
    while _says_full(postgres) == 0 and time.monotonic() < deadline:
        time.sleep(0.2)
        _fill(disk / "more")
    assert _says_full(postgres), "the disk was never full"
    time.sleep(FULL_S)
    for file in (filler, disk / "more"):
        file.unlink(missing_ok=True)
    postgres.start()  # it may have given up
    found = trial.judge("disk of PostgreSQL full", campaign, server, timeout_s=300)
    assert found.received == 1_200


def _says_full(postgres: EmbeddedPostgres) -> int:
    return postgres.log_file.read_text(errors="replace").count("No space left on device")
