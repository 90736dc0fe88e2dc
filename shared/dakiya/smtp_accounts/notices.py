"""Mails from the installation: an account has stopped, since when, why, and what to do.

The tick finds what is worth a mail, a sender mails it. Trouble that waits for its owner is told at
once, other trouble once it has lasted; each cause once a day at most, or once an hour where
somebody has tried to mend it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, and_, case, delete, or_, select, update
from sqlalchemy.orm import Session

from dakiya.campaigns.times import describe_instant
from dakiya.mail.verdict import Reason
from dakiya.models import Membership, NoticeStatus, SmtpAccount, TroubleNotice, User

LASTS = timedelta(minutes=30)
AGAIN_AFTER = timedelta(hours=24)
OWNER_AGAIN_AFTER = timedelta(hours=1)
# A notice that nobody could take for so long says nothing new any more.
WORTH_MAILING = timedelta(hours=12)

_WHY = {
    Reason.AUTH: "the server refuses the login. Check user name and password; many providers want"
    " an app password",
    Reason.SENDER_REFUSED: "the server does not let this login send from its “from” address",
    Reason.BLOCKED: "the server blocks its mail. Ask your provider why",
    Reason.POLICY: "the server refuses one recipient after the other. Its words say why, and your"
    " provider knows more",
    Reason.QUOTA: "the provider's quota is used up",
    Reason.RATE: "the server asks for less speed",
    Reason.CONNECTION: "the server cannot be reached",
    Reason.TLS: "no trusted encrypted connection to the server is possible",
}
_TEXT = """\
The SMTP account “{name}” has stopped sending: {why}.

The server's words: {detail}
Since: {since}
{then}

No mail is lost, and no recipient was charged: what has not gone out waits.

Look at the account: {link}
"""


@dataclass(frozen=True)
class NoticeMail:
    """A mail to be sent now, to each of these addresses by itself."""

    to_emails: Sequence[str]
    subject: str
    text: str


def make_notices(session: Session, *, now: datetime) -> Sequence[int]:
    """Note the mails that are due; returns them. Commit before you ring."""
    accounts = session.scalars(
        select(SmtpAccount)
        .where(_is_worth_telling(now), ~_told_lately(now))
        .with_for_update(key_share=True, skip_locked=True)
    ).all()
    notices = []
    for account in accounts:
        account.noticed_at = now
        notices.append(
            TroubleNotice(
                smtp_account_id=account.id,
                reason=account.pause_reason or "",
                detail=account.pause_detail,
                since=account.trouble_since or account.paused_at or now,
                tries_again_at=account.paused_until,
            )
        )
    session.add_all(notices)
    session.flush()
    return [notice.id for notice in notices]


def _is_worth_telling(now: datetime) -> ColumnElement[bool]:
    lasts = or_(
        SmtpAccount.paused_until.is_(None),
        SmtpAccount.trouble_since < now - LASTS,
        SmtpAccount.paused_until > now + LASTS,
    )
    return and_(
        SmtpAccount.paused_at.is_not(None),
        SmtpAccount.noticed_at.is_(None),
        SmtpAccount.deleted_at.is_(None),
        lasts,
    )


def _told_lately(now: datetime) -> ColumnElement[bool]:
    again_after = case((SmtpAccount.paused_until.is_(None), OWNER_AGAIN_AFTER), else_=AGAIN_AFTER)
    return (
        select(TroubleNotice.id)
        .where(
            TroubleNotice.smtp_account_id == SmtpAccount.id,
            TroubleNotice.reason == SmtpAccount.pause_reason,
            TroubleNotice.created_at > now - again_after,
        )
        .exists()
    )


def waiting_notices(session: Session, *, now: datetime, older_than: timedelta) -> Sequence[int]:
    """Return the notices that no sender has taken for so long."""
    return session.scalars(
        select(TroubleNotice.id).where(
            TroubleNotice.status == NoticeStatus.QUEUED,
            TroubleNotice.created_at.between(now - WORTH_MAILING, now - older_than),
        )
    ).all()


def take_notice(session: Session, notice_id: int, *, public_url: str) -> NoticeMail | None:
    """Take a queued notice and word it; None when somebody else has, or its trouble is over."""
    notice = session.scalars(
        update(TroubleNotice)
        .where(TroubleNotice.id == notice_id, TroubleNotice.status == NoticeStatus.QUEUED)
        .values(status=NoticeStatus.MAILING)
        .returning(TroubleNotice)
    ).one_or_none()
    if notice is None:
        return None
    account = session.get_one(SmtpAccount, notice.smtp_account_id)
    people = session.scalars(
        select(User)
        .join(Membership, Membership.user_id == User.id)
        .where(Membership.workspace_id == account.workspace_id, User.deactivated_at.is_(None))
        .order_by(User.id)
    ).all()
    if not people or account.pause_reason != notice.reason:
        notice.status = NoticeStatus.FAILED.value
        return None
    zone = people[0].timezone
    then = (
        "It waits for you: change the account, or test it once the trouble is mended."
        if notice.tries_again_at is None
        else f"It tries again by itself {describe_instant(notice.tries_again_at, zone)}."
    )
    text = _TEXT.format(
        name=account.name,
        why=_WHY.get(Reason(notice.reason), "the server does not take its mail"),
        detail=notice.detail or "none",
        since=describe_instant(notice.since, zone),
        then=then,
        link=f"{public_url}/smtp-accounts/{account.id}",
    )
    subject = f"Dakiya: the account “{account.name}” has stopped sending"
    return NoticeMail([user.email for user in people], subject, text)


def record_notice(session: Session, notice_id: int, *, mailed: bool) -> None:
    """Note whether a notice that was taken went out."""
    session.execute(
        update(TroubleNotice)
        .where(TroubleNotice.id == notice_id)
        .values(status=NoticeStatus.MAILED if mailed else NoticeStatus.FAILED)
    )


def forget_notices(session: Session, *, now: datetime) -> None:
    """Delete the notices that hold no other back any more."""
    session.execute(delete(TroubleNotice).where(TroubleNotice.created_at < now - 2 * AGAIN_AFTER))
