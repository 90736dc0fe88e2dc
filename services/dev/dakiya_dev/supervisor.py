"""Keeps parts running in an order, restarts what dies, stops them in the reverse order."""

import signal
import time
from collections.abc import Callable
from types import FrameType
from typing import Protocol

from dakiya_dev.console import Console
from dakiya_dev.trouble import ServerTrouble

POLL_S = 0.1
# A terminal's Ctrl-C may come twice: from the terminal, and from make.
SAME_PRESS_S = 1.0
FIRST_BACK_OFF_S = 1.0
LONGEST_BACK_OFF_S = 30.0
# Alive for this long, a part has recovered and its back-off begins anew.
STEADY_S = 60.0


class Part(Protocol):
    """Something that runs: an embedded server or a service."""

    name: str

    @property
    def patience_s(self) -> float:
        """How long a clean stop may take."""

    def start(self) -> object:
        """Start; raises ServerTrouble."""

    def runs(self) -> bool:
        """Whether it is alive."""

    def exit_words(self) -> str:
        """How it ended, for people."""

    def ask_to_stop(self) -> None:
        """Begin a clean stop without waiting."""

    def stop(self, *, force: bool = False) -> None:
        """Stop and wait."""


class StopRequested(Exception):
    """Somebody pressed Ctrl-C, or sent SIGTERM or SIGHUP."""


class StopSignals:
    """Counts the wishes to stop: one means in order, two mean at once.

    The handler only counts. Raising from it could lose a child between its start and the
    line that notes it.
    """

    def __init__(self) -> None:
        self.count = 0
        self._last_at = float("-inf")

    def install(self) -> None:
        """Take over SIGINT, SIGTERM and SIGHUP; in the main thread."""
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._note)

    def raise_if_any(self) -> None:
        """Raise StopRequested when somebody wishes us to stop."""
        if self.count:
            raise StopRequested

    def _note(self, number: int, frame: FrameType | None) -> None:
        now = time.monotonic()
        if now - self._last_at >= SAME_PRESS_S:
            self.count += 1
        self._last_at = now


class _Watch:
    """A part with its back-off."""

    def __init__(self, part: Part) -> None:
        self.part = part
        self._started_at = time.monotonic()
        self._back_off_s = FIRST_BACK_OFF_S
        self._restart_at: float | None = None
        self.deaths = 0

    def look(self, console: Console) -> None:
        """Say that the part has died, and start it again when its time has come."""
        now = time.monotonic()
        if self.part.runs():
            if now - self._started_at > STEADY_S:
                self._back_off_s, self.deaths = FIRST_BACK_OFF_S, 0
        elif self._restart_at is None:
            self.deaths += 1
            console.say(
                f"{self.part.name} {self.part.exit_words()}; again in {self._back_off_s:.0f} s"
            )
            self._restart_at = now + self._back_off_s
            self._back_off_s = min(2 * self._back_off_s, LONGEST_BACK_OFF_S)
        elif now >= self._restart_at:
            self._restart_at = None
            self._started_at = now
            try:
                self.part.start()
            except ServerTrouble as trouble:
                console.say(str(trouble))


class Supervisor:
    """Runs parts in stages; call from the main thread only (see ``processes.spawn``)."""

    def __init__(self, console: Console, signals: StopSignals) -> None:
        self._console = console
        self._signals = signals
        self._stages: list[list[_Watch]] = []

    def start(self, *parts: Part) -> None:
        """Start the parts of one stage, which later stop together.

        Raises ServerTrouble, and StopRequested before the first of them.
        """
        self._signals.raise_if_any()
        stage: list[_Watch] = []
        self._stages.append(stage)
        for part in parts:
            stage.append(_Watch(part))
            part.start()

    def watch_until(self, done: Callable[[], bool], *, deaths_allowed: int | None = None) -> None:
        """Keep every part running until ``done``; raises StopRequested when asked to stop.

        Raises ServerTrouble when a part died more often than ``deaths_allowed``.
        """
        while not done():
            self._signals.raise_if_any()
            for watch in self._watches():
                watch.look(self._console)
                if deaths_allowed is not None and watch.deaths > deaths_allowed:
                    raise ServerTrouble(
                        f"{watch.part.name} does not start", "Its own words stand above."
                    )
            time.sleep(POLL_S)

    def stop(self) -> None:
        """Stop the stages in reverse order; at once when asked to stop a second time."""
        asked_before = min(self._signals.count, 1)
        while self._stages:
            stage = [watch.part for watch in self._stages.pop()]
            for part in reversed(stage):
                part.ask_to_stop()
            deadline = time.monotonic() + max((part.patience_s for part in stage), default=0)
            while (
                any(part.runs() for part in stage)
                and time.monotonic() < deadline
                and self._signals.count <= asked_before
            ):
                time.sleep(POLL_S / 2)
            for part in stage:
                if part.runs():
                    self._console.say(f"{part.name} is stopped by force")
                part.stop(force=True)

    def _watches(self) -> list[_Watch]:
        return [watch for stage in self._stages for watch in stage]
