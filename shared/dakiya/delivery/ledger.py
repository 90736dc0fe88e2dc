"""The sender's side of the ledger: read a batch's mails, record, give back, close.

The order that keeps the promise, for each mail:

1. The intent (dakiya.delivery.intents) is committed immediately before the final dot. If
   anything forbids it: no dot.
2. The reply is ``record``-ed under the same fence, even after the lease was lost: the row
   is then ``unknown``, and what the sender learned is better than that.

Every function runs in the caller's transaction and takes the database's clock.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import ColumnElement, and_, func, select, text, update
from sqlalchemy.orm import Session

from dakiya.delivery.counters import Moves
from dakiya.delivery.outcomes import Outcome
from dakiya.models import Attempt, Batch, BatchState, Email, EmailState, Recipient, Suppression
from dakiya.models.ledger import REPLY_TEXT_MAX


@dataclass(frozen=True)
class Claim:
    """A batch that this sender has taken; ``fence`` tells this taking from any other.

    ``mailbox_id`` is that of the account when it was taken.
    """

    batch_id: int
    fence: int
    campaign_id: int
    workspace_id: int
    smtp_account_id: int
    mailbox_id: int


@dataclass(frozen=True)
class ClaimedEmail:
    """A mail of a batch with all that its message needs; ``age_s`` since its first attempt.

    ``suppressed``: when the batch was read; ``intend`` asks again.
    """

    id: int
    recipient_id: int
    attempts: int
    age_s: float
    email: str
    name: str
    fields: Mapping[str, str] = field(repr=False)
    suppressed: bool = False


def load_emails(session: Session, claim: Claim) -> Sequence[ClaimedEmail]:
    """Read the mails of a batch that are still to be sent, in the order of the list."""
    age = func.extract("epoch", func.clock_timestamp() - Email.first_tried_at)
    rows = session.execute(
        select(
            Email.id,
            Email.recipient_id,
            Email.attempts,
            func.coalesce(age, 0),
            Recipient.email,
            Recipient.name,
            Recipient.fields,
            select(Suppression.workspace_id)
            .where(
                Suppression.workspace_id == claim.workspace_id,
                Suppression.email_normalised == Recipient.email_normalised,
            )
            .exists(),
        )
        .join(Recipient, Recipient.id == Email.recipient_id)
        .where(Email.batch_id == claim.batch_id, Email.state == EmailState.CLAIMED)
        .order_by(Email.recipient_id)
    )
    return [
        ClaimedEmail(i, r, n, float(age_s), e, name, f, s) for i, r, n, age_s, e, name, f, s in rows
    ]


def lock_batch(session: Session, claim: Claim) -> None:
    """Lock the batch before its mails, as rescue and pause do, so that nobody deadlocks."""
    session.execute(select(Batch.id).where(Batch.id == claim.batch_id).with_for_update())


# From claimed: refused before the dot. From sending and unknown: the reply to the dot.
_RECORD = text("""
    WITH held AS (
        SELECT email.id, email.state, email.attempts FROM email
         WHERE email.id = :email_id AND email.batch_id = :batch_id
           AND (email.state IN ('sending', 'unknown') AND email.fence = :fence
                OR email.state = 'claimed' AND EXISTS (
                    SELECT FROM batch WHERE batch.id = :batch_id
                       AND batch.fence = :fence AND batch.state = 'taken'))
         FOR UPDATE)
    UPDATE email SET state = CAST(:state AS email_state),
           attempts = email.attempts
               + CASE WHEN held.state = 'claimed' THEN :charge ELSE :charge - 1 END,
           fence = :fence,
           first_tried_at = CASE WHEN :charge = 1
                                 THEN coalesce(email.first_tried_at, clock_timestamp())
                                 WHEN held.attempts > (held.state <> 'claimed')::int
                                 THEN email.first_tried_at END,
           sent_at = CASE WHEN :state = 'sent' THEN clock_timestamp() END,
           due_at = CASE WHEN :state = 'deferred'
                         THEN clock_timestamp() + make_interval(secs => :retry_in_s)
                         ELSE email.due_at END,
           reply_code = :reply_code, reply_text = :reply_text, reason = :reason
      FROM held WHERE email.id = held.id
    RETURNING held.state, email.attempts
""")
# Unconditional, for the lock: a campaign that is being settled is waited for.
_GO_ON = text("""
    UPDATE campaign
       SET status = CASE status WHEN 'finished' THEN 'sending' WHEN 'cancelled' THEN 'cancelling'
                                ELSE status END,
           finished_at = CASE WHEN status NOT IN ('finished', 'cancelled') THEN finished_at END
     WHERE id = :campaign_id
""")
_WITH_A_STORY = (EmailState.DEFERRED, EmailState.FAILED, EmailState.UNKNOWN)
_UNTRIED = (EmailState.SUPPRESSED, EmailState.CANCELLED)


def record(session: Session, claim: Claim, email_id: int, outcome: Outcome, moves: Moves) -> bool:
    """Write an outcome; False when the row is no longer this sender's to write.

    Repeating it after a commit whose success is uncertain changes nothing. An unknown mail
    that turns out to be deferred sets a campaign that has ended since going again.
    """
    words = outcome.reply_text[:REPLY_TEXT_MAX] if outcome.reply_text else None
    row = session.execute(
        _RECORD,
        {
            "email_id": email_id,
            "batch_id": claim.batch_id,
            "fence": claim.fence,
            "state": outcome.state.value,
            "charge": int(outcome.charged and outcome.state not in _UNTRIED),
            "retry_in_s": outcome.retry_in_s,
            "reply_code": outcome.reply_code,
            "reply_text": words,
            "reason": outcome.reason,
        },
    ).one_or_none()
    if row is None:
        return False
    moves.add(EmailState(row.state), outcome.state)
    if row.state == EmailState.UNKNOWN and outcome.state is EmailState.DEFERRED:
        session.execute(_GO_ON, {"campaign_id": claim.campaign_id})
    if outcome.state in _WITH_A_STORY:
        session.add(
            Attempt(
                email_id=email_id,
                number=row.attempts,
                outcome=outcome.state,
                phase=outcome.phase,
                reply_code=outcome.reply_code,
                reply_text=words,
                reason=outcome.reason,
            )
        )
    return True


def give_back(session: Session, claim: Claim, moves: Moves) -> int:
    """Return the batch's unsent mails to pending; costs no attempt. Returns how many."""
    returned = session.execute(
        update(Email)
        .where(
            Email.batch_id == claim.batch_id,
            Email.state == EmailState.CLAIMED,
            select(Batch.id).where(_is_held(claim)).exists(),
        )
        .values(state=EmailState.PENDING, batch_id=None)
    ).rowcount  # type: ignore[attr-defined]
    moves.add(EmailState.CLAIMED, EmailState.PENDING, returned)
    return int(returned)


def close_batch(session: Session, claim: Claim) -> bool:
    """End a batch that holds no claimed mail any more; False when it was rescued before."""
    closed = session.execute(
        update(Batch)
        .where(_is_held(claim))
        .values(state=BatchState.DONE, lease_expires_at=None, finished_at=func.clock_timestamp())
    )
    return bool(closed.rowcount == 1)  # type: ignore[attr-defined]


def hand_back(session: Session, claim: Claim, *, start_at: datetime) -> None:
    """Make a taken batch ready again for a later instant, with the mails that it still holds."""
    session.execute(
        update(Batch)
        .where(_is_held(claim))
        .values(
            state=BatchState.READY,
            lease_expires_at=None,
            taken_by=None,
            rung_at=None,
            start_at=start_at,
        )
    )


def renew_leases(session: Session, claims: Sequence[Claim], *, lease_s: float) -> None:
    """Move the leases of the batches that this process still holds.

    One that has run out stays so, though nobody has noticed yet: its holder stood still.
    """
    for claim in sorted(claims, key=lambda held: held.batch_id):
        session.execute(
            update(Batch)
            .where(_is_held(claim), Batch.lease_expires_at > func.clock_timestamp())
            .values(
                lease_expires_at=func.clock_timestamp()
                + func.make_interval(0, 0, 0, 0, 0, 0, lease_s)
            )
        )


def _is_held(claim: Claim) -> ColumnElement[bool]:
    """Whether the batch is still in the hands of this taking."""
    return and_(
        Batch.id == claim.batch_id, Batch.fence == claim.fence, Batch.state == BatchState.TAKEN
    )
