"""Which service processes run, as they themselves say."""

from datetime import timedelta

from sqlalchemy import delete, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from dakiya.models import Service

ALIVE_WITHIN = timedelta(seconds=60)


def say_alive(session: Session, *, service_id: str, kind: str) -> None:
    """Note that a process of this kind (``scheduler``, ``sender``) runs."""
    seen = insert(Service).values(id=service_id, kind=kind, seen_at=func.clock_timestamp())
    session.execute(
        seen.on_conflict_do_update(
            index_elements=[Service.id], set_={"seen_at": func.clock_timestamp()}
        )
    )


def say_gone(session: Session, *, service_id: str) -> None:
    """Note that a process ends."""
    session.execute(delete(Service).where(Service.id == service_id))


def count_alive(session: Session, kind: str) -> int:
    """Count the processes of a kind that were seen lately."""
    return session.scalars(
        select(func.count()).where(
            Service.kind == kind, Service.seen_at > func.clock_timestamp() - ALIVE_WITHIN
        )
    ).one()


def forget_gone(session: Session) -> None:
    """Delete the processes that were killed and never came back."""
    session.execute(
        delete(Service).where(Service.seen_at < func.clock_timestamp() - timedelta(hours=1))
    )
