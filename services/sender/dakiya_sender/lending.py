"""The one connection that a batch has at a time: borrowed when needed, given back at its end."""

from collections.abc import Callable

from dakiya.delivery.taking import Taken
from dakiya_sender.pool import ConnectionPool, PooledConnection
from dakiya_sender.smtp import Connection, Server


class NoConnectionFree(Exception):
    """Other batches hold all of the account's connections."""


class MailboxMoved(Exception):
    """The first login has shown that others have the mailbox: their limits and slots hold too."""


class BatchConnection:
    """Borrows from the pool, and replaces what is worn out or broken.

    ``note_login`` notes the first login to a mailbox; True if it is another one now.
    """

    def __init__(
        self,
        pool: ConnectionPool,
        taken: Taken,
        server: Server,
        *,
        note_login: Callable[[], bool],
    ) -> None:
        self._pool = pool
        self._account = taken.account
        self._connections = taken.connections
        self._server = server
        self._lent: PooledConnection | None = None
        self._note_login = note_login
        self._is_proved = taken.is_proved

    @property
    def is_lent(self) -> bool:
        """Whether there is a connection, whatever its state."""
        return self._lent is not None

    @property
    def has_offer(self) -> bool:
        """Whether the next mail was offered on it already."""
        return self._lent is not None and self._lent.connection.has_offer

    def may_carry(self, mails: int) -> bool:
        """Whether it may carry so many more mails."""
        most = self._account.mails_per_connection + 1 - mails
        return self._lent is not None and self._pool.may_go_on(
            self._lent, mails_per_connection=most
        )

    def borrow(self) -> Connection:
        """Return the connection, another one if need be.

        Raises NoConnectionFree, SmtpTrouble, and at the first login MailboxMoved or DBAPIError.
        """
        if self._lent is not None and self.may_carry(1):
            return self._lent.connection
        self.drop()
        lent = self._pool.borrow(
            self._account.mailbox_id,
            self._server,
            cap=self._connections,
            mails_per_connection=self._account.mails_per_connection,
        )
        if lent is None:
            raise NoConnectionFree
        self._lent = lent
        if not self._is_proved:
            self._is_proved = not self._note_login()
            if not self._is_proved:
                self.drop()
                raise MailboxMoved
        return lent.connection

    def drop(self) -> None:
        """Close it, if there is one."""
        if self._lent is not None:
            self._pool.discard(self._lent)
            self._lent = None

    def give_back(self) -> None:
        """Let the next batch have it; one that has a mail under way is closed."""
        if self._lent is not None:
            lent, self._lent = self._lent, None
            self._pool.give(lent)
