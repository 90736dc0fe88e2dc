"""Workspaces that nobody works for: they have mail to start, and no sender has any of it."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Select, func, select, text
from sqlalchemy.orm import Session, aliased

from dakiya.models import Batch, BatchState

# Senders with a thread to spare have taken a batch by then.
UNTAKEN_FOR = text("interval '1 second'")


def newcomers(session: Session) -> Sequence[int]:
    """Return the oldest batch of each workspace that nobody works for."""
    return session.scalars(_untaken(func.min(Batch.id)).group_by(Batch.workspace_id)).all()


def others_are_left_out(session: Session, *, workspace_id: int) -> bool:
    """Tell whether nobody works for a workspace other than this one."""
    others = _untaken(Batch.id).where(Batch.workspace_id != workspace_id)
    return bool(session.scalar(select(others.exists())))


def _untaken(*columns: Any) -> Select[Any]:
    other = aliased(Batch)
    taken = select(other.id).where(
        other.workspace_id == Batch.workspace_id, other.state == BatchState.TAKEN
    )
    return select(*columns).where(
        Batch.state == BatchState.READY,
        Batch.start_at <= func.clock_timestamp() - UNTAKEN_FOR,
        ~taken.exists(),
    )
