"""Mails that count in an account's limits though no sender asked leave for them.

Those that somebody sent through the server by other means, and those that Dakiya sent while the
account had no such limit yet.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, func, select, text, update
from sqlalchemy.orm import Session

from dakiya.db import database_now
from dakiya.delivery.limits import shared_limits
from dakiya.delivery.locks import lock_pace
from dakiya.delivery.pacing import BUCKETS, Limits, Window
from dakiya.errors import InvalidInput
from dakiya.models import PaceUsage, SmtpAccount

# Shorter windows have passed before anybody has saved a form.
WORTH_COUNTING_S = 3_600

_COUNT_SENT = text("""
    INSERT INTO pace_usage (mailbox_id, window_s, start_at, mails)
    SELECT :mailbox_id, :window_s,
           date_bin(make_interval(secs => :window_s / (1.0 * :buckets)), sent_at, 'epoch')
               AS bucket, count(*)
      FROM email
     WHERE campaign_id IN (SELECT campaign_id FROM batch WHERE smtp_account_id = ANY(:account_ids)
                              AND created_at > clock_timestamp() - interval '2 days')
       AND sent_at > clock_timestamp() - make_interval(secs => :window_s)
     GROUP BY bucket
    ON CONFLICT DO NOTHING
""")
_COUNT_TOLD = text("""
    INSERT INTO pace_usage (mailbox_id, window_s, start_at, mails)
    SELECT :mailbox_id, :window_s, elsewhere_at, sum(sent_elsewhere)
      FROM smtp_account
     WHERE id = ANY(:account_ids)
       AND elsewhere_at > clock_timestamp() - make_interval(secs => :window_s)
     GROUP BY elsewhere_at
    ON CONFLICT DO NOTHING
""")


@dataclass(frozen=True)
class Elsewhere:
    """So many mails were sent by other means, and count until this instant."""

    mails: int
    until: datetime


def set_sent_elsewhere(session: Session, account: SmtpAccount, mails: int) -> None:
    """Count mails that were sent by other means of late, in place of what was said before.

    What the workspace has said of another account of the same mailbox is replaced too. They count
    in the longest limit, and as sent now: nobody knows when they were, and
    the provider's day (or hour) may not be exceeded. Raises InvalidInput for an account without a
    limit an hour or a day.
    """
    told = _told(session, account, lock=True)
    lock_pace(session, account.mailbox_id)
    window = counting_window(session, account)
    if window is None:
        raise InvalidInput(
            "This account has no limit an hour or a day that they could count in.", "mails"
        )
    for one in told:
        session.execute(
            update(PaceUsage)
            .where(*_counted_as(one), PaceUsage.mails >= one.sent_elsewhere)
            .values(mails=PaceUsage.mails - one.sent_elsewhere)
        )
        one.sent_elsewhere = one.elsewhere_at = None
    if mails:
        now = database_now(session)
        # Another workspace's limit may be longer: it holds, and nobody here is told.
        longest = shared_limits(session, account).windows[-1]
        session.add_all(
            PaceUsage(mailbox_id=account.mailbox_id, window_s=seconds, start_at=now, mails=mails)
            for seconds in {window.seconds, longest.seconds}
        )
        account.sent_elsewhere, account.elsewhere_at = mails, now
    session.flush()


def sent_elsewhere(session: Session, account: SmtpAccount, *, now: datetime) -> Elsewhere | None:
    """Return what the workspace has said of mails sent by other means, while they count."""
    limits = shared_limits(session, account, workspace_id=account.workspace_id)
    windows = {one.seconds: one for one in limits.windows}
    for told in _told(session, account):
        counted = select(func.max(PaceUsage.window_s)).where(
            *_counted_as(told), PaceUsage.window_s.in_(windows)
        )
        longest = session.scalar(counted)
        if longest is None or told.sent_elsewhere is None or told.elsewhere_at is None:
            continue
        until = told.elsewhere_at + windows[longest].leaves_after
        if now < until:
            return Elsewhere(told.sent_elsewhere, until)
    return None


def counting_window(session: Session, account: SmtpAccount) -> Window | None:
    """Return the limit that mails sent by other means count in: the longest, an hour at least.

    Of those that the workspace has set: its pages tell which one it is.
    """
    limits = shared_limits(session, account, workspace_id=account.workspace_id)
    windows = [one for one in limits.windows if one.seconds >= WORTH_COUNTING_S]
    return windows[-1] if windows else None


def _told(session: Session, account: SmtpAccount, *, lock: bool = False) -> Sequence[SmtpAccount]:
    """Return the workspace's accounts of a mailbox that say so, deleted ones too."""
    query = (
        select(SmtpAccount)
        .where(
            SmtpAccount.mailbox_id == account.mailbox_id,
            SmtpAccount.workspace_id == account.workspace_id,
            SmtpAccount.sent_elsewhere.is_not(None),
            SmtpAccount.elsewhere_at.is_not(None),
        )
        .order_by(SmtpAccount.id)
    )
    if lock:
        query = query.with_for_update(key_share=True).execution_options(populate_existing=True)
    return session.scalars(query).all()


def _counted_as(told: SmtpAccount) -> Sequence[ColumnElement[bool]]:
    """Return where the mails count that an account says of: in buckets of their own instant."""
    return (
        PaceUsage.mailbox_id == told.mailbox_id,
        PaceUsage.window_s >= WORTH_COUNTING_S,
        PaceUsage.start_at == told.elsewhere_at,
    )


def count_new_limits(
    session: Session,
    mailbox_id: int,
    account_ids: Sequence[int],
    *,
    before: Limits,
    limits: Limits,
) -> None:
    """Count what accounts of a mailbox have sent within the windows that nobody counted in so far.

    By the ledger; a mail at the edge of a bucket that was counted before may count twice: less is
    sent, not more. And in the longest window what was told of mails sent by other means.
    """
    counted = {window.name for window in before.windows}
    for window in limits.windows:
        if window.name in counted or window.seconds < WORTH_COUNTING_S:
            continue
        lock_pace(session, mailbox_id)
        new = {
            "mailbox_id": mailbox_id,
            "account_ids": list(account_ids),
            "window_s": window.seconds,
        }
        session.execute(_COUNT_SENT, {**new, "buckets": BUCKETS})
        if window.name == limits.windows[-1].name:
            session.execute(_COUNT_TOLD, new)
