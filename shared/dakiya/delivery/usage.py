"""What a mailbox has used of its accounts' pace, in the database, and leave for its next mail.

Accounts of one mailbox (``dakiya.smtp_accounts.mailboxes``) use up the same pace.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import case, delete, func, select, text
from sqlalchemy.orm import Session

from dakiya.db import database_now
from dakiya.delivery.limits import pace_of, shared_limits
from dakiya.delivery.locks import lock_pace
from dakiya.delivery.pacing import BUCKETS, Limits, Pace, Slot, Usage
from dakiya.models import Batch, BatchState, Email, EmailState, PaceUsage, SmtpAccount

# The sums of all windows must be below their limits; then each gets one mail more. A bucket that
# lies further ahead than its window is long was written before the clock was set back.
_TAKE = text("""
    WITH clock AS MATERIALIZED (SELECT clock_timestamp() AS now),
         used AS MATERIALIZED (
        SELECT window_s, most, now, (
               SELECT coalesce(sum(mails), 0) FROM pace_usage
                WHERE mailbox_id = :mailbox_id AND window_s = asked.window_s
                  AND start_at > now - make_interval(secs => window_s * (1 + 1.0 / :buckets))
                  AND start_at < now + make_interval(secs => window_s)) AS mails
          FROM unnest(CAST(:windows_s AS integer[]), CAST(:limits AS integer[]))
               AS asked (window_s, most), clock)
    INSERT INTO pace_usage (mailbox_id, window_s, start_at, mails)
    SELECT :mailbox_id, window_s,
           date_bin(make_interval(secs => window_s / (1.0 * :buckets)), now, 'epoch'), 1
      FROM used WHERE (SELECT bool_and(mails < most) FROM used)
    ON CONFLICT (mailbox_id, window_s, start_at) DO UPDATE SET mails = pace_usage.mails + 1
    RETURNING mails
""")
# The intent that follows is committed to disk, and this before it.
_COMMIT_QUICKLY = text("SET LOCAL synchronous_commit = off")


@dataclass(frozen=True)
class Quota:
    """One limit of an account and what is left of it; ``frees_at`` when the next mail leaves it.

    ``name`` is per_second, per_minute, per_hour or per_day.
    """

    name: str
    limit: int
    used: int
    frees_at: datetime | None

    @property
    def left(self) -> int:
        """How many more mails may go now."""
        return max(self.limit - self.used, 0)


def take_leave(session: Session, account: SmtpAccount, *, limits: Limits) -> timedelta | None:
    """Count one mail that begins now; or return how long its limits want it to wait.

    Commit at once: until then the account's other mails wait. All senders ask here before
    each mail of an account with limits, so together they never exceed one. ``limits`` are those
    that hold now (``pace_of``).
    """
    windows = limits.windows
    if not windows:
        return None
    session.execute(_COMMIT_QUICKLY)
    lock_pace(session, account.mailbox_id)
    taken = session.execute(
        _TAKE,
        {
            "mailbox_id": account.mailbox_id,
            "windows_s": [window.seconds for window in windows],
            "limits": [window.limit for window in windows],
            "buckets": BUCKETS,
        },
    ).first()
    return None if taken is not None else look_ahead(session, account)


def look_ahead(session: Session, account: SmtpAccount) -> timedelta:
    """Return how long an account's pace wants its next mail to wait; zero without limits."""
    now = database_now(session)
    limits = pace_of(session, account, now=now)
    if not limits.windows:
        return timedelta(0)
    usage = load_usage(session, account, limits=limits, now=now)
    slot = Pace(limits, usage).next_slot(now, at_most=1)
    return slot.start_at - now if slot else timedelta(0)


def load_pace(
    session: Session,
    account: SmtpAccount,
    *,
    limits: Limits,
    now: datetime,
    but: int | None = None,
) -> Pace:
    """Read an account's pace with what its mailbox's batches (``but`` one) still have to send.

    ``limits`` are those that hold now (``pace_of``).
    What a taken one has not begun counts from when it was to: it is slow, others may use the pace.
    """
    ready = Batch.state == BatchState.READY
    batches = session.execute(
        select(
            case((ready, func.greatest(Batch.start_at, now)), else_=Batch.start_at), func.count()
        )
        .join(Email, Email.batch_id == Batch.id)
        .where(
            Batch.smtp_account_id.in_(
                select(SmtpAccount.id).where(SmtpAccount.mailbox_id == account.mailbox_id)
            ),
            Batch.state.in_((BatchState.READY, BatchState.TAKEN)),
            Batch.id != (but or 0),
            Email.state == EmailState.CLAIMED,
        )
        .group_by(Batch.id)
    )
    planned = [Slot(start_at, mails) for start_at, mails in batches]
    return Pace(limits, load_usage(session, account, limits=limits, now=now), planned)


def load_usage(session: Session, account: SmtpAccount, *, limits: Limits, now: datetime) -> Usage:
    """Read the mails that have begun within each window of an account's limits."""
    usage: dict[int, list[Slot]] = {}
    for window in limits.windows:
        rows = session.execute(
            select(PaceUsage.start_at, PaceUsage.mails)
            .where(
                PaceUsage.mailbox_id == account.mailbox_id,
                PaceUsage.window_s == window.seconds,
                PaceUsage.start_at > now - window.leaves_after,
                PaceUsage.start_at < now + window.length,
            )
            .order_by(PaceUsage.start_at)
        )
        usage[window.seconds] = [Slot(start_at, mails) for start_at, mails in rows]
    return usage


def forget_usage(session: Session, *, now: datetime) -> int:
    """Delete what no window can see any more; returns the rows deleted."""
    result = session.execute(
        delete(PaceUsage).where(
            PaceUsage.start_at < now - 2 * func.make_interval(0, 0, 0, 0, 0, 0, PaceUsage.window_s)
        )
    )
    return int(result.rowcount)  # type: ignore[attr-defined]


def remaining_quota(session: Session, account: SmtpAccount, *, now: datetime) -> Sequence[Quota]:
    """Return what is left of each of the account's limits, the shortest window first.

    As far as its workspace has set them; mails that others send through the mailbox count.
    """
    limits = shared_limits(session, account, workspace_id=account.workspace_id)
    used = load_usage(session, account, limits=limits, now=now)
    return [
        Quota(
            window.name,
            window.limit,
            sum(slot.mails for slot in used[window.seconds]),
            min(
                (slot.start_at + window.leaves_after for slot in used[window.seconds]),
                default=None,
            ),
        )
        for window in limits.windows
    ]
