"""The suite in several processes: how many, in which order, and what stays together.

Each process has servers of its own, so that any two tests may run beside each other.
"""

import os

import pytest
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling

# The engine's wait more than they compute: what computes fills the gaps, and ends at the same
# time. The other one goes through every page hundreds of times.
FIRST = (
    "tests/engine/",
    "tests/web/texts/test_templates.py::test_each_look_up_would_be_missed",
)
# Files whose tests share what is expensive to make.
TOGETHER = ("tests/system/test_containers.py",)


class Lanes(LoadScopeScheduling):  # type: ignore[misc]
    """Gives tests one by one to whoever is free, and some files as a whole."""

    def _split_scope(self, nodeid: str) -> str:
        path = nodeid.partition("::")[0]
        return path if path in TOGETHER else nodeid


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> Lanes:
    """Distribute the tests, whatever --dist says."""
    return Lanes(config, log)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers(config: pytest.Config) -> int:
    """Answer ``-n auto``: tests that were named run in this process, where -s and --pdb work."""
    if config.args_source is not pytest.Config.ArgsSource.TESTPATHS:
        return 0
    return (os.cpu_count() or 1) + 1


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the tests that take longest."""
    items.sort(key=lambda item: not item.nodeid.startswith(FIRST))
