"""Open SMTP connections, kept for the next batch of the same mailbox."""

import threading
import time
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass

from dakiya.log import get_logger
from dakiya_sender.slots import ConnectionSlot, ConnectionSlots
from dakiya_sender.smtp import (
    Certificate,
    Connection,
    LineListener,
    Phase,
    Server,
    SmtpTrouble,
    Step,
    look_at_certificate,
)

log = get_logger(__name__)

# Servers close idle connections after minutes; ours go first.
CLOSE_IDLE_AFTER_S = 15.0
# Idle longer than this, a connection is asked (NOOP) before it is used: a closed one shows
# as 421 at MAIL FROM.
ASK_AFTER_S = 3.0
# A server that offered PIPELINING and lost its step is spoken to one command at a time for so long.
PLAINLY_FOR_S = 600.0
# A test does without a campaign's batches for so long.
WAIT_FOR_SLOT_S = 20.0
ASK_FOR_SLOT_EVERY_S = 0.25


@dataclass
class PooledConnection:
    """A connection, the slot it stands on, and the server it was made for."""

    connection: Connection
    slot: ConnectionSlot
    server: Server


class ConnectionPool:
    """Lends connections to the threads of one process, within each mailbox's cap."""

    def __init__(self, slots: ConnectionSlots) -> None:
        self._slots = slots
        self._lock = threading.Lock()
        self._idle: dict[int, list[PooledConnection]] = defaultdict(list)
        self._plainly_until: dict[int, float] = {}

    def borrow(
        self, mailbox_id: int, server: Server, *, cap: int, mails_per_connection: int
    ) -> PooledConnection | None:
        """Lend an open connection, a new one if need be; None when no slot is free.

        Raises SmtpTrouble when the server cannot be connected to.
        """
        while (pooled := self._take_idle(mailbox_id)) is not None:
            connection = pooled.connection
            worn_out = connection.mails_sent >= mails_per_connection
            if worn_out or pooled.server != server or not self._slots.holds(pooled.slot):
                self.discard(pooled)
            elif connection.idle_s < ASK_AFTER_S or connection.check():
                return pooled
            else:
                self.discard(pooled)
        slot = self._slots.acquire(mailbox_id, cap=cap)
        if slot is None:
            return None
        return self._open(slot, server)

    def borrow_alone(
        self,
        mailbox_id: int,
        server: Server,
        *,
        cap: int,
        on_step: Callable[[Step], None] | None = None,
        on_line: LineListener | None = None,
    ) -> PooledConnection:
        """Lend a connection of its own, within the cap; ``discard`` it. Waits for a free slot.

        With ``on_line`` it is spoken to one command at a time. Raises SmtpTrouble when no slot
        becomes free, or the server cannot be connected to.
        """
        slot = self._wait_for_slot(mailbox_id, cap=cap)
        return self._open(slot, server, on_step, on_line)

    def look_at(self, mailbox_id: int, server: Server, *, cap: int) -> Certificate | None:
        """Return the certificate that a server shows to anybody, within the cap.

        None when it shows none. Raises SmtpTrouble when no slot becomes free.
        """
        slot = self._wait_for_slot(mailbox_id, cap=cap)
        try:
            return look_at_certificate(server)
        finally:
            self._slots.release(slot)

    def _wait_for_slot(self, mailbox_id: int, *, cap: int) -> ConnectionSlot:
        deadline = time.monotonic() + WAIT_FOR_SLOT_S
        while (slot := self._slots.acquire(mailbox_id, cap=cap)) is None:
            if time.monotonic() > deadline:
                raise SmtpTrouble(
                    Phase.CONNECT,
                    None,
                    f"All {cap} connections that this account may have are in use."
                    " Try again when its campaigns have moved on, or pause them.",
                )
            time.sleep(ASK_FOR_SLOT_EVERY_S)
        return slot

    def _open(
        self,
        slot: ConnectionSlot,
        server: Server,
        on_step: Callable[[Step], None] | None = None,
        on_line: LineListener | None = None,
    ) -> PooledConnection:
        try:
            connection = Connection.open(
                server,
                on_step=on_step,
                on_line=on_line,
                pipelining=on_line is None and self._may_pipeline(slot.mailbox_id),
            )
        except BaseException:
            self._slots.release(slot)
            raise
        log.info(
            "connection_opened",
            mailbox=slot.mailbox_id,
            slot=slot.number,
            extensions=sorted(connection.extensions),
        )
        return PooledConnection(connection, slot, server)

    def give(self, pooled: PooledConnection) -> None:
        """Keep a connection for the next batch; one that has a mail under way is closed."""
        if not pooled.connection.is_idle or not self._slots.holds(pooled.slot):
            self.discard(pooled)
            return
        with self._lock:
            self._idle[pooled.slot.mailbox_id].append(pooled)

    def discard(self, pooled: PooledConnection) -> None:
        """Close a connection and free its slot."""
        if pooled.connection.lost_step:
            log.warning("pipelining_lost_step", mailbox=pooled.slot.mailbox_id)
            with self._lock:
                until = time.monotonic() + PLAINLY_FOR_S
                self._plainly_until[pooled.slot.mailbox_id] = until
        pooled.connection.close()
        self._slots.release(pooled.slot)
        log.info(
            "connection_closed",
            mailbox=pooled.slot.mailbox_id,
            slot=pooled.slot.number,
            mails=pooled.connection.mails_sent,
        )

    def may_go_on(self, pooled: PooledConnection, *, mails_per_connection: int) -> bool:
        """Tell whether a lent connection may carry another mail."""
        connection = pooled.connection
        return (
            connection.is_open
            and connection.mails_sent < mails_per_connection
            and self._slots.holds(pooled.slot)
        )

    def tend(self) -> None:
        """Close what is idle too long, what others wait for, and what lost its slot."""
        wanted = self._slots.wanted()
        with self._lock:
            ended = [
                pooled
                for idle in self._idle.values()
                for pooled in idle
                if pooled.connection.idle_s > CLOSE_IDLE_AFTER_S
                or pooled.slot.mailbox_id in wanted
                or not self._slots.holds(pooled.slot)
            ]
            for pooled in ended:
                self._idle[pooled.slot.mailbox_id].remove(pooled)
        for pooled in ended:
            self.discard(pooled)

    def close(self) -> None:
        """Close every idle connection."""
        with self._lock:
            idle = [pooled for several in self._idle.values() for pooled in several]
            self._idle.clear()
        for pooled in idle:
            self.discard(pooled)

    def _may_pipeline(self, mailbox_id: int) -> bool:
        with self._lock:
            until = self._plainly_until.get(mailbox_id)
            if until is not None and time.monotonic() >= until:
                del self._plainly_until[mailbox_id]
                until = None
            return until is None

    def _take_idle(self, mailbox_id: int) -> PooledConnection | None:
        with self._lock:
            idle = self._idle[mailbox_id]
            return idle.pop() if idle else None
