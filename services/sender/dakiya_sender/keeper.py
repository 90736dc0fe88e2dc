"""The keeper: a thread that renews leases, shows that the process lives, and tends the pool."""

import threading
import time
from collections.abc import Callable

from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from dakiya.db import SessionFactory
from dakiya.delivery.ledger import Claim, renew_leases
from dakiya.delivery.presence import say_alive, say_gone
from dakiya.log import get_logger
from dakiya_sender.pool import ConnectionPool

log = get_logger(__name__)

TEND_EVERY_S = 0.25
SAY_ALIVE_EVERY_S = 10.0


class Keeper(threading.Thread):
    """Renews every lease of this process each third of its length."""

    def __init__(
        self,
        session_factory: SessionFactory,
        pool: ConnectionPool,
        *,
        service_id: str,
        lease_s: float,
    ) -> None:
        super().__init__(name="keeper", daemon=True)
        self._sessions = session_factory
        self._pool = pool
        self._service_id = service_id
        self._lease_s = lease_s
        self._lock = threading.Lock()
        self._claims: dict[int, Claim] = {}
        self._ended = threading.Event()

    def hold(self, claim: Claim) -> None:
        """Keep a batch's lease alive from now on."""
        with self._lock:
            self._claims[claim.batch_id] = claim

    def let_go(self, claim: Claim) -> None:
        """Stop renewing a batch's lease."""
        with self._lock:
            self._claims.pop(claim.batch_id, None)

    def active(self, **whose: int) -> int:
        """Count the batches that this process works on, of an account or of a workspace."""
        with self._lock:
            return sum(
                all(getattr(claim, name) == key for name, key in whose.items())
                for claim in self._claims.values()
            )

    def run(self) -> None:
        renew_at = alive_at = time.monotonic()
        while not self._ended.wait(TEND_EVERY_S):
            self._pool.tend()
            now = time.monotonic()
            if now >= renew_at:
                renew_at = now + self._lease_s / 3
                self._attempt("leases_not_renewed", self._renew)
            if now >= alive_at:
                alive_at = now + SAY_ALIVE_EVERY_S
                self._attempt("presence_not_noted", self._say_alive)

    def end(self) -> None:
        """Stop the thread and sign off."""
        self._ended.set()
        self.join()
        self._attempt("presence_not_noted", self._say_gone)

    def _attempt(self, failure: str, action: Callable[[Session], None]) -> None:
        """Run an action in a transaction; a database that is away is met again soon."""
        try:
            with self._sessions() as session:
                action(session)
                session.commit()
        except SQLAlchemyError as error:
            log.warning(failure, error=type(error).__name__)

    def _renew(self, session: Session) -> None:
        with self._lock:
            claims = list(self._claims.values())
        if claims:
            renew_leases(session, claims, lease_s=self._lease_s)

    def _say_alive(self, session: Session) -> None:
        say_alive(session, service_id=self._service_id, kind="sender")

    def _say_gone(self, session: Session) -> None:
        say_gone(session, service_id=self._service_id)
