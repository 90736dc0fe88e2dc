"""Leave for a batch's next mail, from the pace that all senders share."""

import threading
import time

from dakiya.db import SessionFactory
from dakiya.delivery.pacing import Limits
from dakiya.delivery.usage import look_ahead, take_leave
from dakiya.models import SmtpAccount

# Ringing a batch again takes about as long: a thread that stands still for less loses nothing.
LONGEST_WAIT_S = 0.2


class SharedPace:
    """The pace of one account, as one thread asks it."""

    def __init__(
        self,
        session_factory: SessionFactory,
        account: SmtpAccount,
        limits: Limits,
        stop: threading.Event,
    ) -> None:
        self._sessions = session_factory
        self._account = account
        self._limits = limits
        self._stop = stop

    def is_open(self) -> bool:
        """Tell whether a mail could go about now: before a connection is opened for it."""
        with self._sessions() as session:
            return look_ahead(session, self._account).total_seconds() <= LONGEST_WAIT_S

    @property
    def is_limited(self) -> bool:
        """Whether the account has any limit, of its owner or learned."""
        return bool(self._limits.windows)

    def may_go(self) -> bool:
        """Count one mail that begins now; False when its limits want it to wait for longer."""
        if not self.is_limited:
            return True
        deadline = time.monotonic() + LONGEST_WAIT_S
        while True:
            with self._sessions() as session:
                wait = take_leave(session, self._account, limits=self._limits)
                session.commit()
            if wait is None:
                return True
            wait_s = wait.total_seconds()
            if time.monotonic() + wait_s > deadline or self._stop.wait(wait_s):
                return False
