"""Whose recipient file is read next: workspaces take turns, and each has one read at a time."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, func, or_, select, update
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.orm import Session, aliased

from dakiya.errors import IllegalState
from dakiya.models import ImportStatus, RecipientImport, Workspace

OPEN = (ImportStatus.QUEUED, ImportStatus.RUNNING)
LEASE_S = 60.0
RING_AGAIN_AFTER = timedelta(seconds=30)
# Each keeps its bytes in the database until it has ended.
MAX_OPEN_IMPORTS = 20
# A lease that lies this many times its length ahead was written under a stepped clock.
_ABSURD_LEASES = 10

_Import = type[RecipientImport]


def require_room(session: Session, workspace_id: int) -> None:
    """Raise IllegalState when the workspace has as many unfinished imports as it may."""
    kept = session.scalar(
        select(func.count())
        .select_from(RecipientImport)
        .where(
            RecipientImport.workspace_id == workspace_id,
            RecipientImport.status.in_((*OPEN, ImportStatus.WAITING)),
        )
    )
    if kept is not None and kept >= MAX_OPEN_IMPORTS:
        raise IllegalState(
            f"{kept} recipient files are unfinished, the most there may be at a time: wait until "
            "some are done, or stop some."
        )


def next_import(session: Session, *, lease_s: float = LEASE_S) -> int | None:
    """Return the import whose turn it is; None when nothing waits that may be read now.

    First comes the workspace whose last import ended the longest ago, and of it the oldest.
    """
    ended = aliased(RecipientImport)
    last_ended_at = (
        select(func.max(ended.finished_at))
        .where(ended.workspace_id == RecipientImport.workspace_id)
        .correlate(RecipientImport)
        .scalar_subquery()
    )
    return session.scalar(
        _waiting(lease_s).order_by(last_ended_at.asc().nulls_first(), RecipientImport.id).limit(1)
    )


def imports_to_ring(session: Session, *, now: datetime, lease_s: float = LEASE_S) -> Sequence[int]:
    """Return the imports that wait for a worker and were not rung lately; marks them as rung.

    One per workspace, and none while another of the same workspace is read. The caller
    commits, then rings.
    """
    due = (
        _waiting(lease_s)
        .where(RecipientImport.rung_at < now - RING_AGAIN_AFTER)
        .ext(distinct_on(RecipientImport.workspace_id))
        .order_by(RecipientImport.workspace_id, RecipientImport.id)
    )
    return session.scalars(
        update(RecipientImport)
        .where(RecipientImport.id.in_(due), takeable(RecipientImport, lease_s))
        .values(rung_at=func.clock_timestamp())
        .returning(RecipientImport.id)
    ).all()


def lock_turn(session: Session, import_id: int) -> None:
    """Hold the turn of an import's workspace until the end of the transaction.

    Two workers that take two imports of one workspace at once would not see each other.
    """
    owner = select(RecipientImport.workspace_id).where(RecipientImport.id == import_id)
    session.execute(
        select(Workspace.id)
        .where(Workspace.id == owner.scalar_subquery())
        .with_for_update(key_share=True)
    )


def takeable(found: _Import, lease_s: float) -> ColumnElement[bool]:
    """Whether an import waits, or is held by a worker whose lease is over."""
    lease = found.lease_expires_at
    return or_(
        found.status == ImportStatus.QUEUED,
        and_(
            found.status == ImportStatus.RUNNING,
            or_(lease < func.clock_timestamp(), lease > from_now(lease_s * _ABSURD_LEASES)),
        ),
    )


def is_turn(lease_s: float) -> ColumnElement[bool]:
    """Whether no other import of the workspace is being read."""
    other = aliased(RecipientImport)
    return ~(
        select(other.id)
        .where(
            other.workspace_id == RecipientImport.workspace_id,
            other.id != RecipientImport.id,
            other.status == ImportStatus.RUNNING,
            ~takeable(other, lease_s),
        )
        .correlate(RecipientImport)
        .exists()
    )


def from_now(seconds: float) -> ColumnElement[Any]:
    """Return an instant so many seconds ahead, by the database's clock."""
    return func.clock_timestamp() + timedelta(seconds=seconds)


def _waiting(lease_s: float) -> Select[int]:
    return select(RecipientImport.id).where(
        RecipientImport.status.in_(OPEN), takeable(RecipientImport, lease_s), is_turn(lease_s)
    )
