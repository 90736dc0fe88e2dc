"""One transaction for several connections: outcomes "sent", and the intents for their next mails.

A round waits for nobody: a campaign that is just being paused, or whatever else a plain
statement does not settle, is left to the connection that asked, which then writes alone.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import text
from sqlalchemy.orm import Session

from dakiya.delivery.counters import Moves
from dakiya.delivery.intents import intend_each
from dakiya.delivery.ledger import Claim
from dakiya.delivery.locks import campaign_lock
from dakiya.models import EmailState
from dakiya.models.ledger import REPLY_TEXT_MAX


@dataclass(frozen=True)
class Sent:
    """A mail that the server took."""

    email_id: int
    reply_code: int | None
    reply_text: str | None


@dataclass(frozen=True)
class Step:
    """What one connection has to write before its next dot."""

    claim: Claim
    sent: Sequence[Sent]
    intends: int


@dataclass(frozen=True)
class Written:
    """What was written of a step: the mails recorded as sent, and whether its dot may go."""

    recorded: frozenset[int]
    goes: bool


# In the first statement of the transaction, so that the intents' look comes after the lock.
_LOCK = text("""
    SELECT key FROM unnest(CAST(:keys AS bigint[])) AS asked (key)
     WHERE pg_try_advisory_xact_lock_shared(key)
""")
# The common case of ``record``: from sending, under the same fence, the attempt counted before.
_SENT = text("""
    UPDATE email SET state = 'sent', sent_at = clock_timestamp(), reason = NULL,
           reply_code = told.reply_code, reply_text = told.reply_text
      FROM unnest(CAST(:email_ids AS bigint[]), CAST(:batch_ids AS bigint[]),
                  CAST(:fences AS integer[]), CAST(:codes AS smallint[]), CAST(:texts AS text[]))
           AS told (email_id, batch_id, fence, reply_code, reply_text)
     WHERE email.id = told.email_id AND email.batch_id = told.batch_id
       AND email.fence = told.fence AND email.state = 'sending'
    RETURNING email.id
""")


def write_round(session: Session, steps: Sequence[Step], *, slot: int) -> list[Written | None]:
    """Write several connections' steps; None for one that has to be written alone.

    What its answer leaves out (a mail not recorded, a dot that may not go) was not written
    either, and is the asker's to find out about.
    """
    held = _try_to_lock(session, {step.claim.campaign_id for step in steps})
    mine = [step for step in steps if step.claim.campaign_id in held]
    recorded = _record_sent(session, mine)
    intended = intend_each(session, [(step.claim, step.intends) for step in mine])
    moves: dict[int, Moves] = defaultdict(Moves)
    written: list[Written | None] = []
    for step in steps:
        if step.claim.campaign_id not in held:
            written.append(None)
            continue
        done = frozenset(mail.email_id for mail in step.sent if mail.email_id in recorded)
        goes = step.intends in intended
        written.append(Written(done, goes))
        moved = moves[step.claim.campaign_id]
        moved.add(EmailState.SENDING, EmailState.SENT, len(done))
        moved.add(EmailState.CLAIMED, EmailState.SENDING, int(goes))
    for campaign_id in sorted(moves):
        moves[campaign_id].store(session, campaign_id=campaign_id, slot=slot)
    return written


def _try_to_lock(session: Session, campaign_ids: set[int]) -> set[int]:
    """Keep pause and cancel out of these campaigns; returns those where that needs no wait.

    One that somebody has locked exclusively, or waits to lock so, is not among them.
    """
    by_key = {campaign_lock(campaign_id): campaign_id for campaign_id in campaign_ids}
    keys = session.execute(_LOCK, {"keys": sorted(by_key)}).scalars()
    return {by_key[key] for key in keys}


def _record_sent(session: Session, steps: Sequence[Step]) -> set[int]:
    told = sorted(
        ((mail, step.claim) for step in steps for mail in step.sent),
        key=lambda one: one[0].email_id,
    )
    if not told:
        return set()
    lists = {
        "email_ids": [mail.email_id for mail, _ in told],
        "batch_ids": [claim.batch_id for _, claim in told],
        "fences": [claim.fence for _, claim in told],
        "codes": [mail.reply_code for mail, _ in told],
        "texts": [(mail.reply_text or "")[:REPLY_TEXT_MAX] or None for mail, _ in told],
    }
    return set(session.execute(_SENT, lists).scalars())
