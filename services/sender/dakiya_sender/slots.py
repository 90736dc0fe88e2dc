"""Connection slots: a cap on each mailbox's connections that holds across all processes.

Each SMTP connection stands on a numbered PostgreSQL advisory lock of this process's own
session: kill -9 ends the session, and the locks are free. A process that loses the session
has lost its right to its connections (``generation`` moves, and they are closed).
"""

import select
import threading
from dataclasses import dataclass

import psycopg2
from psycopg2.extensions import connection as PgConnection  # noqa: N812
from sqlalchemy import make_url

from dakiya.delivery.locks import connection_lock
from dakiya.delivery.presence import slots_session

WANTED_CHANNEL = "dakiya_connection_wanted"


@dataclass(frozen=True)
class ConnectionSlot:
    """The right to one connection to a mailbox's server."""

    mailbox_id: int
    number: int
    generation: int


class ConnectionSlots:
    """Hands out the slots of one process; safe to share between its threads."""

    def __init__(self, database_url: str, *, service_id: str) -> None:
        url = make_url(database_url).set(drivername="postgresql")
        self._dsn = url.render_as_string(hide_password=False)
        self._name = slots_session(service_id)
        self._lock = threading.Lock()
        self._connection: PgConnection | None = None
        self._held: set[tuple[int, int]] = set()
        self.generation = 0

    def acquire(self, mailbox_id: int, *, cap: int) -> ConnectionSlot | None:
        """Take a free slot; None when all are taken (their holders are asked for idle ones).

        Raises psycopg2.Error when the database cannot be reached.
        """
        with self._lock:
            connection = self._open()
            try:
                with connection.cursor() as cursor:
                    for number in range(cap):
                        # A session may take its own lock twice: skip what this process holds.
                        if (mailbox_id, number) in self._held:
                            continue
                        key = connection_lock(mailbox_id, number)
                        cursor.execute("SELECT pg_try_advisory_lock(%s)", (key,))
                        row = cursor.fetchone()
                        if row and row[0]:
                            self._held.add((mailbox_id, number))
                            return ConnectionSlot(mailbox_id, number, self.generation)
                    cursor.execute("SELECT pg_notify(%s, %s)", (WANTED_CHANNEL, str(mailbox_id)))
            except psycopg2.Error:
                self._lose()
                raise
        return None

    def release(self, slot: ConnectionSlot) -> None:
        """Free a slot; nothing to do when the session that held it is gone."""
        with self._lock:
            if slot.generation != self.generation or self._connection is None:
                return
            self._held.discard((slot.mailbox_id, slot.number))
            key = connection_lock(slot.mailbox_id, slot.number)
            try:
                with self._connection.cursor() as cursor:
                    cursor.execute("SELECT pg_advisory_unlock(%s)", (key,))
            except psycopg2.Error:
                self._lose()

    def holds(self, slot: ConnectionSlot) -> bool:
        """Tell whether the session that a slot stands on still lives, as far as we know."""
        return slot.generation == self.generation

    def wanted(self) -> set[int]:
        """Return the mailboxes that some process lacks a connection for; notices a lost session."""
        with self._lock:
            if self._connection is None:
                return set()
            try:
                readable, _, _ = select.select([self._connection], [], [], 0)
                if readable:
                    self._connection.poll()
                found = {int(notice.payload) for notice in self._connection.notifies}
                self._connection.notifies.clear()
            except (psycopg2.Error, OSError, ValueError):
                self._lose()
                return set()
            return found

    def close(self) -> None:
        """Give up all slots."""
        with self._lock:
            self._lose()

    def _open(self) -> PgConnection:
        if self._connection is None:
            connection = psycopg2.connect(
                self._dsn, application_name=self._name, connect_timeout=10
            )
            connection.autocommit = True
            with connection.cursor() as cursor:
                cursor.execute(f"LISTEN {WANTED_CHANNEL}")
            self._connection = connection
        return self._connection

    def _lose(self) -> None:
        self.generation += 1
        self._held.clear()
        if self._connection is not None:
            self._connection.close()
            self._connection = None
