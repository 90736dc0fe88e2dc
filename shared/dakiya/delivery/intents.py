"""The intent to send a final dot: the last look at everything that could forbid it.

It matches only a row that is still ``claimed`` in this batch, under this fence and a live lease,
in a campaign that is still ``sending``, to an address that is not suppressed; and it is committed
immediately before the dot. Every function runs in the caller's transaction.
"""

from collections.abc import Sequence
from enum import StrEnum

from sqlalchemy import text
from sqlalchemy.orm import Session

from dakiya.delivery.counters import Moves
from dakiya.delivery.ledger import Claim
from dakiya.delivery.locks import campaign_lock
from dakiya.models import EmailState


class Intent(StrEnum):
    """Whether the dot may be sent; everything but GO closes the socket without it."""

    GO = "go"
    SUPPRESSED = "suppressed"
    HALTED = "halted"
    LOST = "lost"


# The three lists, and what else must hold, are put in as they are written where it is used.
INTEND = """
    UPDATE email SET state = 'sending', fence = asked.fence, attempts = attempts + 1,
           first_tried_at = coalesce(first_tried_at, clock_timestamp())
      FROM unnest(CAST({email_ids} AS bigint[]), CAST({batch_ids} AS bigint[]),
                  CAST({fences} AS integer[])) AS asked (email_id, batch_id, fence),
           batch, campaign
     WHERE email.id = asked.email_id AND email.state = 'claimed'
       AND email.batch_id = asked.batch_id
       AND batch.id = asked.batch_id AND batch.fence = asked.fence AND batch.state = 'taken'
       AND batch.lease_expires_at > clock_timestamp()
       AND campaign.id = batch.campaign_id AND campaign.status = 'sending'
       AND NOT EXISTS (
           SELECT FROM suppression, recipient
            WHERE recipient.id = email.recipient_id
              AND suppression.workspace_id = batch.workspace_id
              AND suppression.email_normalised = recipient.email_normalised)
       AND {more}
    RETURNING email.id, email.campaign_id
"""
_INTEND = text(
    INTEND.format(email_ids=":email_ids", batch_ids=":batch_ids", fences=":fences", more="true")
)
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


def intend(session: Session, claim: Claim, email_id: int, moves: Moves) -> Intent:
    """Write that the final dot is about to be sent; commit before sending it.

    Call ``lock_for_intent`` before it in a statement of its own: the snapshot that this one
    looks at must come after the lock.
    """
    if intend_each(session, [(claim, email_id)]):
        moves.add(EmailState.CLAIMED, EmailState.SENDING)
        return Intent.GO
    keys = {
        "email_id": email_id,
        "batch_id": claim.batch_id,
        "fence": claim.fence,
        "campaign_id": claim.campaign_id,
    }
    # A later look: a lease may have been renewed since. Only what is seen is said.
    why = session.execute(_WHY_NOT, keys).one_or_none()
    if why is not None and not why.sending:
        return Intent.HALTED
    return Intent.SUPPRESSED if why is not None and why.suppressed else Intent.LOST


def intend_each(session: Session, asked: Sequence[tuple[Claim, int]]) -> set[int]:
    """Write the intents of several mails, in the order of ids; returns those that may go.

    The campaign's lock is the caller's care, as with ``intend``.
    """
    asked = sorted(asked, key=lambda one: one[1])
    lists = {
        "email_ids": [email_id for _, email_id in asked],
        "batch_ids": [claim.batch_id for claim, _ in asked],
        "fences": [claim.fence for claim, _ in asked],
    }
    return set(session.execute(_INTEND, lists).scalars())
