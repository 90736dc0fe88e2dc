"""Mails that count in an account's limits though no sender asked leave for them.

Those that somebody sent through the server by other means, and those that Dakiya sent while the
account had no such limit yet.
"""

from datetime import datetime

from sqlalchemy import text, update
from sqlalchemy.orm import Session

from dakiya.delivery.locks import pace_lock
from dakiya.delivery.pacing import BUCKETS, Window
from dakiya.delivery.usage import count_mails, limits_of
from dakiya.errors import InvalidInput
from dakiya.models import PaceUsage, SmtpAccount

# Shorter windows have passed before anybody has saved a form.
WORTH_COUNTING_S = 3_600

_LOCK = text("SELECT pg_advisory_xact_lock(:key)")
_COUNT_SENT = text("""
    INSERT INTO pace_usage (smtp_account_id, window_s, start_at, mails)
    SELECT :smtp_account_id, :window_s,
           date_bin(make_interval(secs => :window_s / (1.0 * :buckets)), sent_at, 'epoch')
               AS bucket, count(*)
      FROM email
     WHERE campaign_id IN (SELECT campaign_id FROM batch WHERE smtp_account_id = :smtp_account_id
                              AND created_at > clock_timestamp() - interval '2 days')
       AND sent_at > clock_timestamp() - make_interval(secs => :window_s)
     GROUP BY bucket
    ON CONFLICT DO NOTHING
""")


def set_sent_elsewhere(session: Session, account: SmtpAccount, mails: int) -> None:
    """Count mails that were sent by other means of late, in place of what was said before.

    They count in the account's longest limit, and as sent now: nobody knows when they were, and
    the provider's day (or hour) may not be exceeded. Raises InvalidInput for an account without a
    limit an hour or a day.
    """
    window = counting_window(account)
    if window is None:
        raise InvalidInput(
            "This account has no limit an hour or a day that they could count in.", "mails"
        )
    session.execute(_LOCK, {"key": pace_lock(account.id)})
    if account.sent_elsewhere is not None and account.elsewhere_at is not None:
        session.execute(
            update(PaceUsage)
            .where(
                PaceUsage.smtp_account_id == account.id,
                PaceUsage.window_s == window.seconds,
                PaceUsage.start_at == account.elsewhere_at,
                PaceUsage.mails >= account.sent_elsewhere,
            )
            .values(mails=PaceUsage.mails - account.sent_elsewhere)
        )
    account.sent_elsewhere = account.elsewhere_at = None
    if mails:
        [bucket] = count_mails(session, account, mails, windows_s=[window.seconds])
        account.sent_elsewhere, account.elsewhere_at = mails, bucket


def sent_elsewhere(account: SmtpAccount, *, now: datetime) -> int:
    """Return how many mails sent by other means still count."""
    if account.sent_elsewhere is None or account.elsewhere_at is None:
        return 0
    leaves_at = elsewhere_leaves_at(account)
    return account.sent_elsewhere if leaves_at is not None and now < leaves_at else 0


def elsewhere_leaves_at(account: SmtpAccount) -> datetime | None:
    """Return when mails sent by other means do not count any more; None without any."""
    window = counting_window(account)
    if window is None or account.elsewhere_at is None:
        return None
    return account.elsewhere_at + window.leaves_after


def counting_window(account: SmtpAccount) -> Window | None:
    """Return the limit that mails sent by other means count in: the longest, an hour at least."""
    windows = [one for one in limits_of(account).windows if one.seconds >= WORTH_COUNTING_S]
    return windows[-1] if windows else None


def count_sent(session: Session, account: SmtpAccount, window: Window) -> None:
    """Count what the ledger says was sent within a window whose limit is new."""
    if window.seconds < WORTH_COUNTING_S:
        return
    session.execute(_LOCK, {"key": pace_lock(account.id)})
    session.execute(
        _COUNT_SENT,
        {"smtp_account_id": account.id, "window_s": window.seconds, "buckets": BUCKETS},
    )
