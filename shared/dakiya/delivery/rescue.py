"""What the tick mends: leases that ran out, and rings that were lost."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, or_, select, text, update
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from dakiya.delivery.counters import SCHEDULER_SLOT, Moves
from dakiya.delivery.outcomes import Reason
from dakiya.models import Attempt, Batch, BatchState, Email, EmailState

# A stepped clock must not hold a batch for hours: no honest lease is this far ahead.
ABSURD_LEASES = 10
RING_AGAIN_AFTER = timedelta(seconds=30)
ABSURD_START = timedelta(minutes=5)
ABSURD_PAUSE = timedelta(minutes=90)
BATCHES_AT_ONCE = 200
LOCK_NOT_AVAILABLE = "55P03"


@dataclass(frozen=True)
class Rescued:
    """What came back from senders that are gone."""

    batches: int
    returned: int
    unknown: int


_EXPIRED = text("""
    SELECT id, campaign_id FROM batch
     WHERE state = 'taken'
       AND (lease_expires_at < clock_timestamp()
            OR lease_expires_at > clock_timestamp() + make_interval(secs => :absurd_s))
     ORDER BY id LIMIT :most FOR UPDATE SKIP LOCKED
""")


def rescue_expired(session: Session, *, lease_s: float) -> Rescued:
    """Close batches whose lease ran out: claimed mails wait again, ``sending`` is unknown.

    Never back to pending from ``sending``: its final dot may have been sent. A batch whose
    rows a frozen sender has locked is left for later, and nobody waits for it.
    """
    expired = session.execute(
        _EXPIRED, {"absurd_s": ABSURD_LEASES * lease_s, "most": BATCHES_AT_ONCE}
    ).all()
    batches = returned = unknown = 0
    for batch_id, campaign_id in expired:
        if not _lock_mails(session, batch_id):
            continue
        batches += 1
        moves = Moves()
        returned += return_claimed(session, batch_id, moves)
        unknown += _give_up_on_sending(session, batch_id, moves)
        moves.store(session, campaign_id=campaign_id, slot=SCHEDULER_SLOT)
        session.execute(
            update(Batch)
            .where(Batch.id == batch_id)
            .values(
                state=BatchState.DONE, lease_expires_at=None, finished_at=text("clock_timestamp()")
            )
        )
    return Rescued(batches, returned, unknown)


def _lock_mails(session: Session, batch_id: int) -> bool:
    """Lock what a batch still holds; False when somebody else has locked some of it."""
    held = select(Email.id).where(
        Email.batch_id == batch_id, Email.state.in_((EmailState.CLAIMED, EmailState.SENDING))
    )
    try:
        with session.begin_nested():
            session.execute(held.order_by(Email.id).with_for_update(nowait=True))
    except OperationalError as error:
        if getattr(error.orig, "pgcode", None) != LOCK_NOT_AVAILABLE:
            raise
        return False
    return True


def return_claimed(session: Session, batch_id: int, moves: Moves) -> int:
    """Move a batch's claimed mails back to pending, whoever holds the batch."""
    returned = session.execute(
        update(Email)
        .where(Email.batch_id == batch_id, Email.state == EmailState.CLAIMED)
        .values(state=EmailState.PENDING, batch_id=None)
    ).rowcount  # type: ignore[attr-defined]
    moves.add(EmailState.CLAIMED, EmailState.PENDING, returned)
    return int(returned)


def _give_up_on_sending(session: Session, batch_id: int, moves: Moves) -> int:
    lost = session.execute(
        update(Email)
        .where(Email.batch_id == batch_id, Email.state == EmailState.SENDING)
        .values(state=EmailState.UNKNOWN, reason=Reason.SENDER_LOST.value)
        .returning(Email.id, Email.attempts)
    ).all()
    for email_id, attempts in lost:
        session.add(
            Attempt(
                email_id=email_id,
                number=attempts,
                outcome=EmailState.UNKNOWN,
                phase="dot",
                reason=Reason.SENDER_LOST.value,
            )
        )
    moves.add(EmailState.SENDING, EmailState.UNKNOWN, len(lost))
    return len(lost)


_MEND_BATCHES = text("""
    UPDATE batch SET start_at = least(start_at, :now), rung_at = NULL
     WHERE state = 'ready' AND (start_at > :absurd_start OR rung_at > :absurd_ring)
""")
_MEND_PAUSES = text("""
    UPDATE smtp_account SET paused_until = :now WHERE paused_until > :absurd_pause
""")


def forget_set_back_clock(session: Session, *, now: datetime) -> None:
    """Let what the present waits for come now, if it was to come at an absurd instant.

    A clock that was wrong by hours, and is right again, has left instants that lie further ahead
    than any that is given: a batch starts within seconds, an account pauses for an hour at most.
    """
    session.execute(
        _MEND_BATCHES,
        {"now": now, "absurd_start": now + ABSURD_START, "absurd_ring": now + RING_AGAIN_AFTER},
    )
    session.execute(_MEND_PAUSES, {"now": now, "absurd_pause": now + ABSURD_PAUSE})


def batches_to_ring(session: Session, *, now: datetime, all_of_them: bool = False) -> Sequence[int]:
    """Return the ready batches whose ring is due or was lost, marking them as rung now.

    ``all_of_them``: Redis holds fewer messages than there are untaken batches.
    """
    lost = (
        []
        if all_of_them
        else [or_(Batch.rung_at.is_(None), Batch.rung_at < now - RING_AGAIN_AFTER)]
    )
    due = (
        select(Batch.id)
        .where(Batch.state == BatchState.READY, Batch.start_at <= now, *lost)
        .order_by(Batch.id)
        .with_for_update(skip_locked=True)
    )
    return session.scalars(
        update(Batch).where(Batch.id.in_(due)).values(rung_at=now).returning(Batch.id)
    ).all()


def count_rung(session: Session) -> int:
    """Count the untaken batches for which a message should stand in Redis."""
    return session.scalars(
        select(func.count()).where(Batch.state == BatchState.READY, Batch.rung_at.is_not(None))
    ).one()


def next_start(session: Session) -> datetime | None:
    """Return the earliest instant of a batch that was not rung yet."""
    return session.scalar(
        select(Batch.start_at)
        .where(Batch.state == BatchState.READY, Batch.rung_at.is_(None))
        .order_by(Batch.start_at)
        .limit(1)
    )
