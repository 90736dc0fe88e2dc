"""A tick and a claim with 0.1, 1 and 10 million rows in the ledger."""

import statistics
import time
from collections.abc import Iterator
from datetime import timedelta

from sqlalchemy import text

from dakiya.db import database_now
from dakiya.delivery.claims import claim_lane, find_lanes
from dakiya.queue import Doorbell, make_broker
from dakiya_scheduler.ticking import Ticker
from tests.bench.figures import Figure
from tests.bench.material import add_account, add_campaign
from tests.bench.stack import Stack

ROWS = (100_000, 1_000_000, 10_000_000)
DUE = 1_000_000
BATCH = 50
CLAIMS = 200
TICKS = 20
CLAIM_P95_MS = 10.0
FLAT = 2.0

_HISTORY = text("""
    INSERT INTO email (campaign_id, recipient_id, due_at, state, sent_at, first_tried_at, batch_id,
                       fence, attempts, reply_code, reply_text)
    SELECT campaign_id, id, clock_timestamp() - interval '3 days', 'sent',
           clock_timestamp() - interval '3 days', clock_timestamp() - interval '3 days', 1,
           1, 1, 250, '2.0.0 Ok: queued as 4F1A2B3C4D'
      FROM recipient WHERE campaign_id = :campaign_id
""")
_FINISH = text("""
    UPDATE campaign SET status = 'finished', scheduled_at = clock_timestamp() - interval '3 days',
           message_domain = 'example.com'
     WHERE id = :campaign_id
""")
_PUT_BACK = text("""
    WITH ended AS (
        UPDATE batch SET state = 'done', finished_at = clock_timestamp() WHERE state = 'ready'
        RETURNING id)
    UPDATE email SET state = 'pending', batch_id = NULL FROM ended
     WHERE batch_id = ended.id AND state = 'claimed'
""")


def measure(stack: Stack, *, rows: tuple[int, ...] = ROWS, due: int = DUE) -> Iterator[Figure]:
    """Fill the ledger with mails that were sent long ago, the last of them with many due."""
    first: tuple[float, float] | None = None
    filled = 0
    for number, wanted in enumerate(rows):
        account_id = add_account(stack.sessions, 1, f"rows{number}@example.com", connections=1)
        fresh = min(due, wanted // 10)
        _add_history(stack, account_id, wanted - filled - fresh)
        add_campaign(stack.sessions, account_id, fresh, ahead=timedelta(seconds=0))
        filled = wanted
        stack.settle()
        tick_ms = _ticks(stack)
        claims_ms = _claims(stack)
        claim_ms = statistics.median(claims_ms)
        p95_ms = statistics.quantiles(claims_ms, n=20)[-1]
        first = first or (tick_ms, claim_ms)
        name = f"{wanted:,} rows"
        against = f"with {rows[0]:,}"
        yield Figure(f"a tick, {name}", tick_ms, "ms", first[0], against, at_most=FLAT)
        yield Figure(f"a claim of {BATCH}, {name}", claim_ms, "ms", first[1], against, at_most=FLAT)
        yield Figure(f"its p95, {name}", p95_ms, "ms", at_most=CLAIM_P95_MS)


def _add_history(stack: Stack, account_id: int, rows: int) -> None:
    while rows > 0:
        part = min(rows, 500_000)
        campaign_id = add_campaign(stack.sessions, account_id, part, ahead=None)
        with stack.sessions.begin() as session:
            session.execute(_HISTORY, {"campaign_id": campaign_id})
            session.execute(_FINISH, {"campaign_id": campaign_id})
        rows -= part


def _ticks(stack: Stack) -> float:
    """Return the median of whole ticks by the clock, in ms; the lanes are full after the first."""
    doorbell = Doorbell(make_broker(stack.environment["REDIS_URL"]))
    ticker = Ticker(
        stack.sessions,
        doorbell,
        batch_size=BATCH,
        lease_s=60,
        resend_after_s=600,
        service_id="bench",
    )
    took = []
    for _ in range(TICKS + 1):
        began_at = time.perf_counter()
        ticker.tick(by_clock=True)
        took.append((time.perf_counter() - began_at) * 1000)
    return statistics.median(took[1:])


def _claims(stack: Stack) -> list[float]:
    """Claim for one lane and put its mails back, again and again; ms per batch."""
    took = []
    with stack.sessions() as session:
        for _ in range(CLAIMS):
            session.execute(_PUT_BACK)
            session.commit()
            now = database_now(session)
            lane = find_lanes(session, now=now)[-1]
            session.commit()
            began_at = time.perf_counter()
            claimed = claim_lane(session, lane, now=now, batch_size=BATCH)
            session.commit()
            took.append((time.perf_counter() - began_at) * 1000 / claimed.batches)
    return took
