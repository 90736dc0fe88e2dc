"""Workspaces do not wait for each other, however slow one's server is.

1. While others wait, no account and no workspace holds more than half of a process's threads.
2. Some threads more stand ready, with a queue of their own, for workspaces that nobody works for.
3. When those are at work too and a workspace is left out, one batch gives way between two mails:
   one of the workspace that has most of them here.
"""

import time

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from dakiya.db import SessionFactory
from dakiya.delivery.ledger import Claim
from dakiya.delivery.newcomers import others_are_left_out
from dakiya.models import Batch, BatchState
from dakiya_sender.keeper import Keeper

# A batch at a slow server takes minutes: so often it looks whether others wait for its thread.
LOOK_EVERY_S = 2.0
SPARE_THREADS = 2


def others_wait(session: Session, smtp_account_id: int) -> bool:
    """Tell whether another account has a batch that may start and that nobody has taken."""
    return _waits(session, Batch.smtp_account_id != smtp_account_id)


def _waits(session: Session, whose: ColumnElement[bool]) -> bool:
    waiting = select(Batch.id).where(
        Batch.state == BatchState.READY, Batch.start_at <= func.clock_timestamp(), whose
    )
    return bool(session.scalar(select(waiting.exists())))


class Share:
    """The share of this process's threads that a batch's account and workspace have."""

    def __init__(
        self, session_factory: SessionFactory, keeper: Keeper, claim: Claim, *, threads: int
    ) -> None:
        self._sessions = session_factory
        self._keeper = keeper
        self._claim = claim
        self._half = max(1, threads // 2)
        self._all = threads + SPARE_THREADS
        self._look_at = time.monotonic() + LOOK_EVERY_S

    def is_used_up(self, session: Session) -> bool:
        """Tell whether one more batch of the account or its workspace would be too much."""
        return self._has_too_much(session, self._half)

    def must_yield(self) -> bool:
        """Tell, between two mails, whether they have too much; looks now and then only."""
        if time.monotonic() < self._look_at:
            return False
        self._look_at = time.monotonic() + LOOK_EVERY_S
        with self._sessions() as session:
            return self._has_too_much(session, self._half + 1) or self._gives_way(session)

    def _gives_way(self, session: Session) -> bool:
        """Tell whether this batch is the one that makes room for a workspace nobody works for."""
        return (
            self._keeper.active() >= self._all
            and others_are_left_out(session, workspace_id=self._claim.workspace_id)
            and self._keeper.give_way(self._claim)
        )

    def _has_too_much(self, session: Session, batches: int) -> bool:
        account_id, workspace_id = self._claim.smtp_account_id, self._claim.workspace_id
        return (
            self._keeper.active(smtp_account_id=account_id) >= batches
            and others_wait(session, account_id)
        ) or (
            self._keeper.active(workspace_id=workspace_id) >= batches
            and _waits(session, Batch.workspace_id != workspace_id)
        )
