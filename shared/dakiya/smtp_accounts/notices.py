"""Mails from the installation: an account has stopped, since when, why, and what to do.

The tick finds what is worth a mail, a sender mails it. Trouble that waits for its owner is told at
once, other trouble once it has lasted; each cause once a day at most, or once an hour where
somebody has tried to mend it. A mail that the installation's own server does not take is tried
again for half a day; the account's page says how it went.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, and_, case, delete, func, or_, select, update
from sqlalchemy.orm import Session

from dakiya.campaigns.times import describe_instant
from dakiya.mail.verdict import Reason
from dakiya.models import Membership, NoticeStatus, SmtpAccount, TroubleNotice, User

LASTS = timedelta(minutes=30)
AGAIN_AFTER = timedelta(hours=24)
OWNER_AGAIN_AFTER = timedelta(hours=1)
# A notice that nobody could take for so long says nothing new any more.
WORTH_MAILING = timedelta(hours=12)
FIRST_RETRY = timedelta(minutes=1)
LONGEST_RETRY = timedelta(hours=1)
# A server may take ten minutes to answer the end of a mail.
TAKEN_FOR = timedelta(minutes=15)
ANSWER_MAX = 500

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
                due_at=now,
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
    """Return the notices that are due and that no sender has taken for so long."""
    return session.scalars(
        select(TroubleNotice.id).where(
            or_(
                and_(
                    TroubleNotice.status == NoticeStatus.QUEUED,
                    TroubleNotice.due_at < now - older_than,
                ),
                _is_lost(now),
            ),
            TroubleNotice.created_at > now - WORTH_MAILING,
        )
    ).all()


def take_notice(
    session: Session, notice_id: int, *, public_url: str, now: datetime
) -> NoticeMail | None:
    """Take a due notice and word it; None when somebody else has, or its trouble is over.

    One that was taken so long ago that its sender must be gone is taken again: it may have been
    mailed, and better twice than not at all.
    """
    is_due = and_(TroubleNotice.status == NoticeStatus.QUEUED, TroubleNotice.due_at <= now)
    notice = session.scalars(
        update(TroubleNotice)
        .where(TroubleNotice.id == notice_id, or_(is_due, _is_lost(now)))
        .values(status=NoticeStatus.MAILING, taken_at=now, tries=TroubleNotice.tries + 1)
        .returning(TroubleNotice)
        .execution_options(populate_existing=True)
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
        notice.status = NoticeStatus.NEEDLESS.value
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


def record_notice(
    session: Session,
    notice_id: int,
    *,
    mailed: bool,
    answer: str,
    now: datetime,
    again: bool = True,
) -> None:
    """Note whether a notice that was taken went out, and what the server said.

    One that did not is tried again, at growing intervals, while it is worth it; unless there is no
    server that could (``again`` False).
    """
    notice = session.get_one(TroubleNotice, notice_id, with_for_update=True, populate_existing=True)
    notice.answer = answer[:ANSWER_MAX] or None
    notice.due_at = now + min(FIRST_RETRY * 2 ** min(notice.tries - 1, 16), LONGEST_RETRY)
    if mailed:
        notice.status = NoticeStatus.MAILED.value
    elif again and notice.due_at < notice.created_at + WORTH_MAILING:
        notice.status = NoticeStatus.QUEUED.value
    else:
        notice.status = NoticeStatus.FAILED.value
    session.flush()


def give_up_notices(session: Session, *, now: datetime) -> int:
    """Let those that nobody could mail in time have failed; returns how many."""
    given_up = session.execute(
        update(TroubleNotice)
        .where(
            TroubleNotice.created_at < now - WORTH_MAILING,
            or_(TroubleNotice.status == NoticeStatus.QUEUED, _is_lost(now)),
        )
        .values(status=NoticeStatus.FAILED)
    )
    return int(given_up.rowcount)  # type: ignore[attr-defined]


def latest_notice(session: Session, account: SmtpAccount) -> TroubleNotice | None:
    """Return the mail about an account's present trouble, if there is one.

    Notices are kept for a while: one of the same reason may be about trouble that has ended.
    """
    if account.noticed_at is None:
        return None
    return session.scalar(
        select(TroubleNotice)
        .where(
            TroubleNotice.smtp_account_id == account.id,
            TroubleNotice.reason == account.pause_reason,
        )
        .order_by(TroubleNotice.id.desc())
        .limit(1)
    )


def _is_lost(now: datetime) -> ColumnElement[bool]:
    """Whether a sender took it so long ago that it must be gone."""
    return and_(
        TroubleNotice.status == NoticeStatus.MAILING,
        func.coalesce(TroubleNotice.taken_at, TroubleNotice.created_at) < now - TAKEN_FOR,
    )


def forget_notices(session: Session, *, now: datetime) -> None:
    """Delete the notices that hold no other back any more; not those of trouble that lasts."""
    lasts = select(SmtpAccount.id).where(
        SmtpAccount.id == TroubleNotice.smtp_account_id,
        SmtpAccount.pause_reason == TroubleNotice.reason,
    )
    session.execute(
        delete(TroubleNotice).where(
            TroubleNotice.created_at < now - 2 * AGAIN_AFTER, ~lasts.exists()
        )
    )
