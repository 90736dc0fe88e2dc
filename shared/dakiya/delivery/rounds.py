"""One transaction for several connections: outcomes "sent", and the intents for their next mails.

A round waits for nobody: a campaign that is just being paused, or whatever else a plain
statement does not settle, is left to the connection that asked, which then writes alone.
"""

from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass

from sqlalchemy import Connection
from sqlalchemy.engine.interfaces import DBAPICursor

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


# In the first statement of the transaction, so that the intents' look comes after the lock.
_LOCK = """
    SELECT key FROM unnest($1) AS asked (key)
     WHERE pg_try_advisory_xact_lock_shared(key)
"""
# The common case of ``record``: from sending, under the same fence, the attempt counted before.
_SENT = """
    UPDATE email SET state = 'sent', sent_at = clock_timestamp(), reason = NULL,
           reply_code = told.reply_code, reply_text = told.reply_text
      FROM unnest($1, $2, $3, $4, $5)
           AS told (email_id, batch_id, fence, reply_code, reply_text)
     WHERE email.id = told.email_id AND email.batch_id = told.batch_id
       AND email.fence = told.fence AND email.state = 'sending'
    RETURNING email.id, email.campaign_id
"""
_ROUND = f"""
    WITH sent AS ({_SENT}),
         intended AS ({INTEND.format(email_ids="$6", batch_ids="$7", fences="$8")}),
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
_PREPARE = f"""
    PREPARE dakiya_lock (bigint[]) AS {_LOCK};
    PREPARE dakiya_round (bigint[], bigint[], integer[], smallint[], text[],
                          bigint[], bigint[], integer[], smallint) AS {_ROUND};
"""


def prepare_rounds(connection: Connection) -> None:
    """Make a connection ready for ``write_round``: planning costs more than a round does.

    Where a table was small when its statement was planned, reading it as a whole is out.
    """
    connection.exec_driver_sql("SET enable_seqscan = off")
    connection.exec_driver_sql(_PREPARE)


def write_round(
    connection: Connection, steps: Sequence[Step], *, slot: int
) -> list[Written | None]:
    """Write several connections' steps; None for one that has to be written alone.

    What its answer leaves out (a mail not recorded, a dot that may not go) was not written
    either, and is the asker's to find out about. The connection is one that is prepared, in a
    transaction. Raises psycopg2.Error.
    """
    with closing(connection.connection.cursor()) as cursor:  # the driver's: a third of the cost
        held = _try_to_lock(cursor, {step.claim.campaign_id for step in steps})
        mine = [step for step in steps if step.claim.campaign_id in held]
        recorded, intended = _write(cursor, mine, slot) if mine else (set(), set())
    return [
        Written(
            frozenset(mail.email_id for mail in step.sent if mail.email_id in recorded),
            step.intends in intended,
        )
        if step.claim.campaign_id in held
        else None
        for step in steps
    ]


def _try_to_lock(cursor: DBAPICursor, campaign_ids: set[int]) -> set[int]:
    """Keep pause and cancel out of these campaigns; returns those where that needs no wait.

    One that somebody has locked exclusively, or waits to lock so, is not among them.
    """
    by_key = {campaign_lock(campaign_id): campaign_id for campaign_id in campaign_ids}
    cursor.execute("EXECUTE dakiya_lock (%s)", (sorted(by_key),))
    return {by_key[key] for (key,) in cursor.fetchall()}


def _write(cursor: DBAPICursor, steps: Sequence[Step], slot: int) -> tuple[set[int], set[int]]:
    """Return the mails that were recorded as sent, and those whose dot may go."""
    told = sorted(
        ((mail, step.claim) for step in steps for mail in step.sent),
        key=lambda one: one[0].email_id,
    )
    steps = sorted(steps, key=lambda step: step.intends)
    cursor.execute(
        "EXECUTE dakiya_round (%s, %s, %s, %s::smallint[], %s::text[], %s, %s, %s, %s)",
        (
            [mail.email_id for mail, _ in told],
            [claim.batch_id for _, claim in told],
            [claim.fence for _, claim in told],
            [mail.reply_code for mail, _ in told],
            [(mail.reply_text or "")[:REPLY_TEXT_MAX] or None for mail, _ in told],
            [step.intends for step in steps],
            [step.claim.batch_id for step in steps],
            [step.claim.fence for step in steps],
            slot,
        ),
    )
    rows = cursor.fetchall()
    recorded = {email_id for email_id, was_sent in rows if was_sent}
    return recorded, {email_id for email_id, was_sent in rows if not was_sent}
