"""No account holds more than half of a process's threads while another one waits."""

import time

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from dakiya.db import SessionFactory
from dakiya.models import Batch, BatchState
from dakiya_sender.keeper import Keeper

# A batch at a slow server takes minutes: so often it looks whether others wait for its thread.
LOOK_EVERY_S = 5.0


def others_wait(session: Session, smtp_account_id: int) -> bool:
    """Tell whether another account has a batch that may start and that nobody has taken."""
    others = select(Batch.id).where(
        Batch.state == BatchState.READY,
        Batch.smtp_account_id != smtp_account_id,
        Batch.start_at <= func.clock_timestamp(),
    )
    return bool(session.scalar(select(others.exists())))


class Share:
    """An account's share of this process's threads, as one of its batches sees it."""

    def __init__(
        self, session_factory: SessionFactory, keeper: Keeper, smtp_account_id: int, *, threads: int
    ) -> None:
        self._sessions = session_factory
        self._keeper = keeper
        self._account_id = smtp_account_id
        self._half = max(1, threads // 2)
        self._look_at = time.monotonic() + LOOK_EVERY_S

    def is_used_up(self, session: Session) -> bool:
        """Tell whether one more batch of the account would be too much."""
        return self._keeper.active(self._account_id) >= self._half and others_wait(
            session, self._account_id
        )

    def must_yield(self) -> bool:
        """Tell, between two mails, whether the account has too much; looks now and then only."""
        if time.monotonic() < self._look_at:
            return False
        self._look_at = time.monotonic() + LOOK_EVERY_S
        if self._keeper.active(self._account_id) <= self._half:
            return False
        with self._sessions() as session:
            return others_wait(session, self._account_id)
