"""The keeper: a thread that renews leases, shows that the process lives, and tends the pool."""

import threading
import time
from collections import Counter
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
# So long a thread that one batch gave up is kept for a workspace that has none here.
KEEP_FREE_S = 2.0


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
        self._giving_way: set[int] = set()
        self._kept_free_until = 0.0
        self._ended = threading.Event()

    def hold(self, claim: Claim, *, connections: int, newcomer: bool = False) -> bool:
        """Keep a batch's lease alive from now on.

        False if the ``connections`` of its mailbox have batches here already; for a ``newcomer``
        whose workspace has one; and, where one has just given way, for everybody else whose
        workspace has.
        """
        with self._lock:
            held = self._claims.values()
            if sum(one.mailbox_id == claim.mailbox_id for one in held) >= connections:
                return False
            has_one = any(one.workspace_id == claim.workspace_id for one in held)
            if has_one and (newcomer or time.monotonic() < self._kept_free_until):
                return False
            self._claims[claim.batch_id] = claim
            return True

    def give_way(self, claim: Claim) -> bool:
        """Tell whether a batch is to end for another workspace's: no other one does at present.

        It is one of a workspace that has most of the batches here.
        """
        with self._lock:
            held = Counter(one.workspace_id for one in self._claims.values())
            if self._giving_way or held[claim.workspace_id] < max(held.values(), default=0):
                return False
            self._giving_way.add(claim.batch_id)
            return True

    def let_go(self, claim: Claim) -> None:
        """Stop renewing a batch's lease, if it is held; another thread may have taken it anew."""
        with self._lock:
            if self._claims.get(claim.batch_id) != claim:
                return
            del self._claims[claim.batch_id]
            if claim.batch_id in self._giving_way:
                self._giving_way.remove(claim.batch_id)
                self._kept_free_until = time.monotonic() + KEEP_FREE_S

    def active(self, **whose: int) -> int:
        """Count the batches that this process works on, all or those of somebody."""
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
