"""The clock of PostgreSQL, by which every lease and instant is measured, steps by two hours."""

import shutil
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from dakiya.migrations.run import upgrade
from dakiya.models import EmailState
from dakiya_dev.embedded import EmbeddedPostgres
from tests.conftest import WEB_PASSWORD
from tests.databases import for_sqlalchemy
from tests.engine.faults.trial import Trial
from tests.engine.world import states_of, wait_until
from tests.recorder import Behaviour
from tests.recorder.plugin import StartRecorder

pytestmark = [pytest.mark.system, pytest.mark.timeout(600)]

# Debian's libfaketime: https://github.com/wolfcw/libfaketime
FAKETIME = "/usr/lib/*/faketime/libfaketime.so.1"


@pytest.fixture
def clock() -> Iterator[Path]:
    """A file that says by how much PostgreSQL's clock is off."""
    directory = Path(tempfile.mkdtemp(prefix="dakiya-clock-"))
    directory.chmod(0o755)
    file = directory / "offset"
    _set(file, "+0")
    yield file
    shutil.rmtree(directory)


class SteppedPostgres(EmbeddedPostgres):
    """A PostgreSQL, made before, whose clock is off by what a file says."""

    wrapper: Path

    @property
    def program(self) -> Path:
        return self.wrapper

    def _prepare(self) -> None:
        """It was made by one with the right clock."""


@pytest.fixture
def postgres(clock: Path) -> Iterator[EmbeddedPostgres]:
    """A PostgreSQL that believes the file."""
    [library] = Path("/").glob(FAKETIME.lstrip("/"))
    with EmbeddedPostgres(clock.parent / "postgres") as right:
        upgrade(for_sqlalchemy(right.url), WEB_PASSWORD)
    stepped = SteppedPostgres(right.data_dir, right.port)
    stepped.wrapper = clock.with_name("stepped-postgres")
    # Preloaded by the server's own user: it makes a semaphore that only its maker may open.
    stepped.wrapper.write_text(
        "#!/bin/sh\n"
        f"export FAKETIME_TIMESTAMP_FILE={clock} FAKETIME_NO_CACHE=1\n"
        f"export FAKETIME_DONT_FAKE_MONOTONIC=1 LD_PRELOAD={library}\n"
        f'exec {right.program} "$@"\n'
    )
    stepped.wrapper.chmod(0o755)
    with stepped:
        yield stepped


def _set(file: Path, offset: str) -> None:
    written = file.with_suffix(".new")
    written.write_text(offset)
    written.chmod(0o644)
    written.rename(file)


def test_clock_stepped_by_two_hours_forward_and_back(
    trial: Trial, recorder: StartRecorder, clock: Path
) -> None:
    server = recorder(behaviour=Behaviour(delays={"dot": 0.05}))
    campaign = trial.running(server, 600)
    for offset in ("+2h", "+0", "-2h"):
        assert trial.wait_for_mails(server, 60)
        _set(clock, offset)
    # Two hours early nothing is due; what is on its way goes out, and nothing twice.
    time.sleep(6)
    _set(clock, "+0")
    # A mail whose lease ran out by the step is unknown until its reply is recorded.
    wait_until(trial.sessions, lambda s: set(states_of(s, campaign)) == {EmailState.SENT})
    found = trial.judge("clock stepped by two hours, both ways", campaign, server)
    assert found.received == 600
