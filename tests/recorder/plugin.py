"""Fixtures: `recorder` starts recording SMTP servers, `authority` makes their certificates."""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Protocol

import pytest

from .authority import Authority
from .behaviour import Behaviour, Rule
from .journal import Sync
from .recorder import Certificate, Recorder


class StartRecorder(Protocol):
    """Start a server with rules, or with a whole behaviour; it is stopped after the test."""

    def __call__(
        self,
        *rules: Rule,
        behaviour: Behaviour | None = None,
        certificate: Certificate | None = None,
        sync: Sync = Sync.GROUPED,
        keep_bodies: bool = False,
    ) -> Recorder: ...


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    """One certificate authority for the run."""
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture
def recorder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StartRecorder]:
    """A function that starts recording servers."""
    with ExitStack() as running:

        def start(
            *rules: Rule,
            behaviour: Behaviour | None = None,
            certificate: Certificate | None = None,
            sync: Sync = Sync.GROUPED,
            keep_bodies: bool = False,
        ) -> Recorder:
            directory: Path = tmp_path_factory.mktemp("recorder")
            return running.enter_context(
                Recorder(
                    directory,
                    behaviour or Behaviour(rules=rules),
                    certificate=certificate,
                    sync=sync,
                    keep_bodies=keep_bodies,
                )
            )

        yield start
