"""The sender's side of the ledger: take a batch, intend, record, give back, close.

The order that keeps the promise, for each mail:

1. ``intend`` is committed immediately before the final dot. It matches only a row that is
   still ``claimed`` in this batch, under this fence and a live lease, in a campaign that is
   still ``sending``, to an address that is not suppressed. No match: no dot.
2. The reply is ``record``-ed under the same fence, even after the lease was lost: the row
   is then ``unknown``, and what the sender learned is better than that.

Every function runs in the caller's transaction and takes the database's clock.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from sqlalchemy import func, select, text, update
from sqlalchemy.orm import Session

from dakiya.delivery.counters import Moves
from dakiya.delivery.locks import campaign_lock
from dakiya.delivery.outcomes import Outcome
from dakiya.models import Attempt, Batch, BatchState, Email, EmailState, Recipient, Suppression
from dakiya.models.ledger import REPLY_TEXT_MAX


@dataclass(frozen=True)
class Claim:
    """A batch that this sender has taken; ``fence`` tells this taking from any other."""

    batch_id: int
    fence: int
    campaign_id: int
    workspace_id: int
    smtp_account_id: int


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


class Intent(StrEnum):
    """Whether the dot may be sent; everything but GO closes the socket without it."""

    GO = "go"
    SUPPRESSED = "suppressed"
    HALTED = "halted"
    LOST = "lost"


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


_INTEND = text("""
    UPDATE email SET state = 'sending', fence = :fence, attempts = attempts + 1,
           first_tried_at = coalesce(first_tried_at, clock_timestamp())
      FROM batch, campaign
     WHERE email.id = :email_id AND email.state = 'claimed' AND email.batch_id = :batch_id
       AND batch.id = :batch_id AND batch.fence = :fence AND batch.state = 'taken'
       AND batch.lease_expires_at > clock_timestamp()
       AND campaign.id = :campaign_id AND campaign.status = 'sending'
       AND NOT EXISTS (
           SELECT FROM suppression, recipient
            WHERE recipient.id = email.recipient_id
              AND suppression.workspace_id = batch.workspace_id
              AND suppression.email_normalised = recipient.email_normalised)
""")
_WHY_NOT = text("""
    SELECT campaign.status = 'sending' AS sending,
           batch.fence = :fence AND batch.state = 'taken'
               AND email.state = 'claimed' AND email.batch_id = :batch_id
               AND EXISTS (
                   SELECT FROM suppression, recipient
                    WHERE recipient.id = email.recipient_id
                      AND suppression.workspace_id = batch.workspace_id
                      AND suppression.email_normalised = recipient.email_normalised) AS suppressed
      FROM email, batch, campaign
     WHERE email.id = :email_id AND batch.id = :batch_id AND campaign.id = :campaign_id
""")


def lock_for_intent(session: Session, claim: Claim) -> None:
    """Keep pause and cancel out until commit; the first statement of its transaction.

    They take this lock exclusively, then the rows: whoever holds a row may not wait for it.
    """
    session.execute(
        text("SELECT pg_advisory_xact_lock_shared(:key)"), {"key": campaign_lock(claim.campaign_id)}
    )


def lock_batch(session: Session, claim: Claim) -> None:
    """Lock the batch before its mails, as rescue and pause do, so that nobody deadlocks."""
    session.execute(select(Batch.id).where(Batch.id == claim.batch_id).with_for_update())


def intend(session: Session, claim: Claim, email_id: int, moves: Moves) -> Intent:
    """Write that the final dot is about to be sent; commit before sending it.

    Call ``lock_for_intent`` before it in a statement of its own: the snapshot that this one
    looks at must come after the lock.
    """
    keys = {
        "email_id": email_id,
        "batch_id": claim.batch_id,
        "fence": claim.fence,
        "campaign_id": claim.campaign_id,
    }
    if session.execute(_INTEND, keys).rowcount == 1:  # type: ignore[attr-defined]
        moves.add(EmailState.CLAIMED, EmailState.SENDING)
        return Intent.GO
    # A later look: a lease may have been renewed since. Only what is seen is said.
    why = session.execute(_WHY_NOT, keys).one_or_none()
    if why is not None and not why.sending:
        return Intent.HALTED
    return Intent.SUPPRESSED if why is not None and why.suppressed else Intent.LOST


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
            select(Batch.id)
            .where(Batch.id == claim.batch_id, Batch.fence == claim.fence)
            .where(Batch.state == BatchState.TAKEN)
            .exists(),
        )
        .values(state=EmailState.PENDING, batch_id=None)
    ).rowcount  # type: ignore[attr-defined]
    moves.add(EmailState.CLAIMED, EmailState.PENDING, returned)
    return int(returned)


def close_batch(session: Session, claim: Claim) -> bool:
    """End a batch that holds no claimed mail any more; False when it was rescued before."""
    closed = session.execute(
        update(Batch)
        .where(
            Batch.id == claim.batch_id,
            Batch.fence == claim.fence,
            Batch.state == BatchState.TAKEN,
        )
        .values(state=BatchState.DONE, lease_expires_at=None, finished_at=func.clock_timestamp())
    )
    return bool(closed.rowcount == 1)  # type: ignore[attr-defined]


def hand_back(session: Session, claim: Claim, *, start_at: datetime) -> None:
    """Make a taken batch ready again for a later instant, with the mails that it still holds."""
    session.execute(
        update(Batch)
        .where(
            Batch.id == claim.batch_id,
            Batch.fence == claim.fence,
            Batch.state == BatchState.TAKEN,
        )
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
            .where(
                Batch.id == claim.batch_id,
                Batch.fence == claim.fence,
                Batch.state == BatchState.TAKEN,
                Batch.lease_expires_at > func.clock_timestamp(),
            )
            .values(
                lease_expires_at=func.clock_timestamp()
                + func.make_interval(0, 0, 0, 0, 0, 0, lease_s)
            )
        )
