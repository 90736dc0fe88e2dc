"""Each measurement still measures: the short form of `make bench`, whatever its figures are."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.bench.__main__ import MEASUREMENTS, SHORT

ROOT = Path(__file__).parents[2]

pytestmark = pytest.mark.system  # smtp-sink is Postfix's


def test_every_measurement_has_a_short_form() -> None:
    assert list(SHORT) == list(MEASUREMENTS)


@pytest.mark.parametrize("name", MEASUREMENTS)
def test_measurement_gives_its_figures(name: str) -> None:
    run = subprocess.run(
        [sys.executable, "-m", "tests.bench", "--short", name],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=280,
        check=False,
    )
    assert run.returncode == 0, run.stderr[-3000:]
    rows = [line for line in run.stdout.splitlines() if line.startswith("| ")][2:]
    assert rows, run.stdout
