"""One transaction for several connections: outcomes "sent", and the intents for their next mails.

A round waits for nobody: a campaign that is just being paused, or whatever else a plain
statement does not settle, is left to the connection that asked, which then writes alone.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from psycopg2 import extensions

from dakiya.delivery.intents import INTEND
from dakiya.delivery.ledger import Claim
from dakiya.delivery.locks import campaign_lock
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


# In the first statement of the transaction, so that the intents' look comes after the lock. Pause
# and cancel are kept out of the campaigns that it names; one that somebody has locked exclusively,
# or waits to lock so, is not among them.
_LOCK = """
    SELECT set_config('dakiya.held', coalesce(array_agg(campaign_id)::text, '{}'), true)
      FROM unnest($1, $2) AS asked (campaign_id, key)
     WHERE pg_try_advisory_xact_lock_shared(key)
"""
# (+ 0: it is a filter, no index shall find mails by it.)
_HELD = "+ 0 = ANY (current_setting('dakiya.held')::bigint[])"
# The common case of ``record``: from sending, under the same fence, the attempt counted before.
_SENT = f"""
    UPDATE email SET state = 'sent', sent_at = clock_timestamp(), reason = NULL,
           reply_code = told.reply_code, reply_text = told.reply_text
      FROM unnest($1, $2, $3, $4, $5)
           AS told (email_id, batch_id, fence, reply_code, reply_text)
     WHERE email.id = told.email_id AND email.batch_id = told.batch_id
       AND email.fence = told.fence AND email.state = 'sending'
       AND email.campaign_id {_HELD}
    RETURNING email.id, email.campaign_id
"""  # noqa: S608 - of our own constants
_INTENDED = INTEND.format(
    email_ids="$6", batch_ids="$7", fences="$8", more=f"email.campaign_id {_HELD}"
)
_ROUND = f"""
    WITH sent AS ({_SENT}),
         intended AS ({_INTENDED}),
         moved AS (
             SELECT campaign_id, sum(sent) AS sent, sum(begun) AS begun
               FROM (SELECT campaign_id, 1 AS sent, 0 AS begun FROM sent
                     UNION ALL SELECT campaign_id, 0, 1 FROM intended) AS mail
              GROUP BY campaign_id ORDER BY campaign_id),
         counted AS (
             INSERT INTO campaign_counter AS counter (campaign_id, slot, claimed, sending, sent)
             SELECT campaign_id, $9, -begun, begun - sent, sent FROM moved
             ON CONFLICT (campaign_id, slot) DO UPDATE
                SET claimed = counter.claimed + excluded.claimed,
                    sending = counter.sending + excluded.sending,
                    sent = counter.sent + excluded.sent)
    SELECT id, true FROM sent UNION ALL SELECT id, false FROM intended
"""  # noqa: S608 - of our own constants
# Where a table was small when its statement was planned, reading it as a whole is out.
_PREPARE = f"""
    SET enable_seqscan = off;
    PREPARE dakiya_lock (bigint[], bigint[]) AS {_LOCK};
    PREPARE dakiya_round (bigint[], bigint[], integer[], smallint[], text[],
                          bigint[], bigint[], integer[], smallint) AS {_ROUND};
"""
_BEGIN_ROUND = """
    BEGIN; EXECUTE dakiya_lock (%s, %s);
    EXECUTE dakiya_round (%s, %s, %s, %s, %s::text[], %s, %s, %s, %s)
"""


def prepare_rounds(cursor: extensions.cursor) -> None:
    """Make a connection ready for ``begin_round``: planning costs more than a round does."""
    cursor.execute(_PREPARE)


def begin_round(cursor: extensions.cursor, steps: Sequence[Step], *, slot: int) -> list[Written]:
    """Begin a transaction and write several connections' steps; nothing is committed yet.

    What an answer leaves out (a mail not recorded, a dot that may not go) was not written, and is
    the asker's to find out about. The cursor's connection is one that is prepared, in autocommit:
    all of it is one exchange with the server. Raises psycopg2.Error.
    """
    campaign_ids = sorted({step.claim.campaign_id for step in steps})
    told = sorted(
        ((mail, step.claim) for step in steps for mail in step.sent),
        key=lambda one: one[0].email_id,
    )
    asked = sorted(steps, key=lambda step: step.intends)
    cursor.execute(
        _BEGIN_ROUND,
        (
            _array(campaign_ids),
            _array([campaign_lock(campaign_id) for campaign_id in campaign_ids]),
            _array([mail.email_id for mail, _ in told]),
            _array([claim.batch_id for _, claim in told]),
            _array([claim.fence for _, claim in told]),
            _array([mail.reply_code or "NULL" for mail, _ in told]),
            [(mail.reply_text or "")[:REPLY_TEXT_MAX] or None for mail, _ in told],
            _array([step.intends for step in asked]),
            _array([step.claim.batch_id for step in asked]),
            _array([step.claim.fence for step in asked]),
            slot,
        ),
    )
    rows = cursor.fetchall()
    recorded = {email_id for email_id, was_sent in rows if was_sent}
    intended = {email_id for email_id, was_sent in rows if not was_sent}
    return [
        Written(
            frozenset(mail.email_id for mail in step.sent if mail.email_id in recorded),
            step.intends in intended,
        )
        for step in steps
    ]


def commit_round(cursor: extensions.cursor) -> None:
    """Commit what ``begin_round`` wrote; when it raises, nobody knows whether it did."""
    cursor.execute("COMMIT")


def _array(numbers: Collection[int | str]) -> str:
    """Write an array of numbers as PostgreSQL does: the driver takes longer over a list."""
    return "{" + ",".join(map(str, numbers)) + "}"
