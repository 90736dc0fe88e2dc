"""Which service processes run, as they themselves say."""

from datetime import timedelta

from sqlalchemy import delete, func, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from dakiya.models import Service

ALIVE_WITHIN = timedelta(seconds=60)
# Servers close what says nothing for five minutes (RFC 5321, 4.5.3.2.7): a sender that stands still
# for longer has lost its SMTP connections, and nothing but its session holds their slots.
FROZEN_FOR = timedelta(minutes=6)
# PostgreSQL keeps 63 bytes of a name.
_NAME_BYTES = 50


_END_FROZEN = text("""
    SELECT pg_terminate_backend(activity.pid)
      FROM pg_stat_activity activity
      JOIN service ON activity.application_name = 'slots ' || right(service.id, :bytes)
     WHERE service.kind = 'sender' AND service.seen_at < clock_timestamp() - :frozen_for
       AND activity.usename = current_user AND activity.datname = current_database()
""")


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


def slots_session(service_id: str) -> str:
    """Name the session that holds a sender's connection slots."""
    return f"slots {service_id[-_NAME_BYTES:]}"


def end_frozen(session: Session) -> int:
    """End the sessions whose locks are the slots of senders that stand still; returns how many.

    Such a sender finds its session lost when it wakes, and closes its connections.
    """
    ended = session.execute(_END_FROZEN, {"bytes": _NAME_BYTES, "frozen_for": FROZEN_FOR})
    return len(ended.all())


def forget_gone(session: Session) -> None:
    """Delete the processes that were killed and never came back."""
    session.execute(
        delete(Service).where(Service.seen_at < func.clock_timestamp() - timedelta(hours=1))
    )
