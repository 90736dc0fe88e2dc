"""Mails that count in an account's limits though no sender asked leave for them.

Those that somebody sent through the server by other means, and those that Dakiya sent while the
account had no such limit yet.
"""

from datetime import datetime

from sqlalchemy import text, update
from sqlalchemy.orm import Session

from dakiya.delivery.locks import pace_lock
from dakiya.delivery.pacing import BUCKETS, Limits, Window
from dakiya.delivery.usage import count_mails
from dakiya.errors import InvalidInput
from dakiya.models import PaceUsage, SmtpAccount

DAY_S = 86_400
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
    """Count mails that were sent by other means today, in place of what was said before.

    They count as sent now: nobody knows when they were, and the provider's day may not be
    exceeded. Raises InvalidInput for an account without a limit a day.
    """
    if account.per_day is None:
        raise InvalidInput("This account has no limit a day that they could count in.", "mails")
    session.execute(_LOCK, {"key": pace_lock(account.id)})
    if account.sent_elsewhere is not None and account.elsewhere_at is not None:
        session.execute(
            update(PaceUsage)
            .where(
                PaceUsage.smtp_account_id == account.id,
                PaceUsage.window_s == DAY_S,
                PaceUsage.start_at == account.elsewhere_at,
                PaceUsage.mails >= account.sent_elsewhere,
            )
            .values(mails=PaceUsage.mails - account.sent_elsewhere)
        )
    account.sent_elsewhere = account.elsewhere_at = None
    if mails:
        [bucket] = count_mails(session, account, mails, windows_s=[DAY_S])
        account.sent_elsewhere, account.elsewhere_at = mails, bucket


def sent_elsewhere(account: SmtpAccount, *, now: datetime) -> int:
    """Return how many mails sent by other means still count."""
    if account.sent_elsewhere is None or account.elsewhere_at is None:
        return 0
    return account.sent_elsewhere if now < leaves_at(account.elsewhere_at) else 0


def leaves_at(start_at: datetime) -> datetime:
    """Return when mails of a bucket of the day do not count any more."""
    [day] = Limits(per_day=1).windows
    return start_at + day.leaves_after


def count_sent(session: Session, account: SmtpAccount, window: Window) -> None:
    """Count what the ledger says was sent within a window whose limit is new."""
    if window.seconds < WORTH_COUNTING_S:
        return
    session.execute(_LOCK, {"key": pace_lock(account.id)})
    session.execute(
        _COUNT_SENT,
        {"smtp_account_id": account.id, "window_s": window.seconds, "buckets": BUCKETS},
    )
