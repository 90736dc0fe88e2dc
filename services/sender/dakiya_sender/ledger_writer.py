"""The ledger writer: a thread that commits together what several connections have to commit.

It knows no timers: while one commit is under way, what the other connections submit queues up,
and goes into the next. A connection that is alone waits for nobody but the disk.
"""

import threading
from collections.abc import Sequence
from queue import Empty, SimpleQueue
from typing import Any

from psycopg2 import extensions
from sqlalchemy import Engine, PoolProxiedConnection

from dakiya.delivery.rounds import Step, Written, begin_round, commit_round, prepare_rounds
from dakiya.log import get_logger

log = get_logger(__name__)


class CommitUncertain(Exception):
    """Nobody knows whether a step was committed: no dot may be sent."""


Answer = Written | CommitUncertain | None
_Asked = tuple[Step, "SimpleQueue[Answer]"]


class LedgerWriter(threading.Thread):
    """Commits the steps of a process's connections, in rounds, on a connection of its own."""

    def __init__(self, engine: Engine, *, slot: int) -> None:
        super().__init__(name="ledger-writer", daemon=True)
        self._engine = engine
        self._connection: PoolProxiedConnection | None = None
        self._cursor: extensions.cursor | None = None
        self._slot = slot
        self._lock = threading.Lock()
        self._ended = False
        self._asked: SimpleQueue[_Asked | None] = SimpleQueue()

    @property
    def waiting(self) -> int:
        """How many steps wait for the next round, about."""
        return self._asked.qsize()

    def write(self, step: Step) -> Written | None:
        """Commit a step together with those of others; None: nothing was done, write alone.

        Raises CommitUncertain when nobody knows whether it was committed.
        """
        answer: SimpleQueue[Answer] = SimpleQueue()
        with self._lock:
            if self._ended:
                return None
            self._asked.put((step, answer))
        written = answer.get()
        if isinstance(written, CommitUncertain):
            raise written
        return written

    def end(self) -> None:
        """Serve what was submitted, and end; later steps are written alone."""
        with self._lock:
            self._ended = True
            self._asked.put(None)
        self.join()

    def run(self) -> None:
        goes_on = True
        while goes_on:
            asked = self._all_that_waits()
            goes_on = None not in asked
            waiting = [one for one in asked if one is not None]
            answers = self._commit([step for step, _ in waiting]) if waiting else []
            for (_, answer), written in zip(waiting, answers, strict=True):
                answer.put(written)
        self._disconnect()

    def _all_that_waits(self) -> list[_Asked | None]:
        """Wait for a step, and take along whatever has queued up."""
        asked = [self._asked.get()]
        try:
            while True:
                asked.append(self._asked.get_nowait())
        except Empty:
            return asked

    def _commit(self, steps: Sequence[Step]) -> Sequence[Answer]:
        committing = False
        try:
            cursor = self._cursor or self._connect()
            written = begin_round(cursor, steps, slot=self._slot)
            committing = True
            commit_round(cursor)
        except Exception as error:  # noqa: BLE001 - whoever waits has to hear of it
            log.warning("round_failed", error=type(error).__name__, steps=len(steps))
            self._disconnect()
            # Only one step may be to blame: without a commit, each can be tried alone.
            answer = CommitUncertain(type(error).__name__) if committing else None
            return [answer] * len(steps)
        return written

    def _connect(self) -> extensions.cursor:
        self._connection = self._engine.raw_connection()
        driver: Any = self._connection.driver_connection
        driver.autocommit = True
        cursor: extensions.cursor = driver.cursor()
        prepare_rounds(cursor)
        self._cursor = cursor
        return cursor

    def _disconnect(self) -> None:
        connection, self._connection, self._cursor = self._connection, None, None
        if connection is not None:
            connection.invalidate()  # what is prepared on it is for nobody else
