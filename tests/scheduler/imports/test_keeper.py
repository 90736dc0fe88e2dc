"""The import worker's keeper: whoever dies comes again, and nobody stays behind."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from tests.engine.installation import Installation


@pytest.fixture
def installation(environment: dict[str, str], tmp_path: Path) -> Iterator[Installation]:
    """An installation without any service yet."""
    with Installation(environment, tmp_path) as installation:
        yield installation


def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline, "what was waited for did not happen"
        time.sleep(0.05)


def family(installation: Installation) -> list[psutil.Process]:
    """Start a scheduler; returns it, its keeper and the worker."""
    scheduler = psutil.Process(installation.start("scheduler").pid)
    until(lambda: installation.logs().count("import_worker_started") == 1)
    return [scheduler, *scheduler.children(recursive=True)]


def test_worker_that_dies_is_started_again_and_the_scheduler_goes_on(
    installation: Installation,
) -> None:
    scheduler, keeper, worker = family(installation)
    worker.kill()
    until(lambda: installation.logs().count("import_worker_started") == 2)
    assert '"event": "import_worker_died"' in installation.logs()
    assert [one.is_running() for one in (scheduler, keeper, worker)] == [True, True, False]


@pytest.mark.parametrize("victim", [0, 1], ids=["scheduler", "keeper"])
def test_nobody_works_on_alone(installation: Installation, victim: int) -> None:
    everybody = family(installation)
    everybody[victim].kill()
    # Whoever starts services starts the scheduler again, with all that belongs to it.
    until(lambda: not any(is_at_work(one) for one in everybody))


def is_at_work(process: psutil.Process) -> bool:
    """One that has ended may still wait for its parent to look."""
    return process.is_running() and process.status() != psutil.STATUS_ZOMBIE


def test_scheduler_that_cannot_start_ends(installation: Installation) -> None:
    scheduler = installation.start("scheduler", REDIS_URL="redis://127.0.0.1:1/0?db=none")
    scheduler.join(60)
    assert scheduler.exitcode not in (None, 0)
