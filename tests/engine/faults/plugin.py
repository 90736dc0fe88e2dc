"""The fault suite's dice, and its table at the end of a run.

KILLS (6) is how many processes the random runs kill; SEED (printed) says which ones and when.
"""

import os
import random

import pytest

from tests.engine.faults.table import in_markdown, rows_of

FOLDER = "tests/engine/faults/"
# In the environment: the processes that share a run inherit it.
SEED = int(os.environ.get("SEED") or random.SystemRandom().randrange(1_000_000))
os.environ["SEED"] = str(SEED)
KILLS = int(os.environ.get("KILLS") or 6)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print the table, and how to have the same kills again."""
    reports = [
        report
        for outcome in ("passed", "failed", "error")
        for report in terminalreporter.stats.get(outcome, ())
        if report.nodeid.startswith(FOLDER)
    ]
    if reports:
        terminalreporter.section(f"faults, KILLS={KILLS} SEED={SEED}")
        terminalreporter.write_line(in_markdown(rows_of(reports)))
