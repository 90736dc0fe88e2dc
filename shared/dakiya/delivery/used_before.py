"""Mails that count in an account's limits though no sender asked leave for them.

Those that somebody sent through the server by other means, and those that Dakiya sent while the
account had no such limit yet.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select, text, update
from sqlalchemy.orm import Session

from dakiya.delivery.limits import shared_limits
from dakiya.delivery.locks import pace_lock
from dakiya.delivery.pacing import BUCKETS, Window
from dakiya.delivery.usage import count_mails
from dakiya.errors import InvalidInput
from dakiya.models import PaceUsage, SmtpAccount

# Shorter windows have passed before anybody has saved a form.
WORTH_COUNTING_S = 3_600

_LOCK = text("SELECT pg_advisory_xact_lock(:key)")
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
    window = counting_window(session, account)
    if window is None:
        raise InvalidInput(
            "This account has no limit an hour or a day that they could count in.", "mails"
        )
    session.execute(_LOCK, {"key": pace_lock(account.mailbox_id)})
    for told in _told(session, account):
        session.execute(
            update(PaceUsage)
            .where(
                PaceUsage.mailbox_id == account.mailbox_id,
                PaceUsage.window_s == window.seconds,
                PaceUsage.start_at == told.elsewhere_at,
                PaceUsage.mails >= told.sent_elsewhere,
            )
            .values(mails=PaceUsage.mails - told.sent_elsewhere)
        )
        told.sent_elsewhere = told.elsewhere_at = None
    if mails:
        [bucket] = count_mails(session, account, mails, windows_s=[window.seconds])
        account.sent_elsewhere, account.elsewhere_at = mails, bucket


def sent_elsewhere(session: Session, account: SmtpAccount, *, now: datetime) -> Elsewhere | None:
    """Return what the workspace has said of mails sent by other means, while they count."""
    window = counting_window(session, account)
    for told in _told(session, account):
        if window is None or told.sent_elsewhere is None or told.elsewhere_at is None:
            continue
        until = told.elsewhere_at + window.leaves_after
        if now < until:
            return Elsewhere(told.sent_elsewhere, until)
    return None


def counting_window(session: Session, account: SmtpAccount) -> Window | None:
    """Return the limit that mails sent by other means count in: the longest, an hour at least."""
    limits = shared_limits(session, account)
    windows = [one for one in limits.windows if one.seconds >= WORTH_COUNTING_S]
    return windows[-1] if windows else None


def _told(session: Session, account: SmtpAccount) -> Sequence[SmtpAccount]:
    """Return the workspace's accounts of a mailbox that say so, deleted ones too."""
    return session.scalars(
        select(SmtpAccount).where(
            SmtpAccount.mailbox_id == account.mailbox_id,
            SmtpAccount.workspace_id == account.workspace_id,
            SmtpAccount.sent_elsewhere.is_not(None),
            SmtpAccount.elsewhere_at.is_not(None),
        )
    ).all()


def count_sent(
    session: Session, mailbox_id: int, account_ids: Sequence[int], window: Window
) -> None:
    """Count what accounts of a mailbox have sent by the ledger within a window that is new to it.

    A mail at the edge of a bucket that was counted before may count twice: less is sent, not more.
    """
    if window.seconds < WORTH_COUNTING_S:
        return
    session.execute(_LOCK, {"key": pace_lock(mailbox_id)})
    session.execute(
        _COUNT_SENT,
        {
            "mailbox_id": mailbox_id,
            "account_ids": list(account_ids),
            "window_s": window.seconds,
            "buckets": BUCKETS,
        },
    )
