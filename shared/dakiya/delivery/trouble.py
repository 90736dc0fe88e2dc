"""Trouble with an SMTP account: it pauses with a reason, and no recipient is charged.

A breaker per cause: the pause grows with each failure in a row for the same reason, and then one
batch finds out whether the trouble is over (``claims``). A mail that the server takes ends it.
"""

from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import and_, case, func, not_, or_, select, text, true, update
from sqlalchemy.orm import Session

from dakiya.db import database_now
from dakiya.delivery.ledger import Claim
from dakiya.delivery.limits import shared_limits, slowed
from dakiya.delivery.slowing import halve
from dakiya.models import Batch, BatchState, Email, EmailState, Mailbox, SmtpAccount

FIRST_PAUSE_S = 15.0
LONGEST_PAUSE_S = 1800.0
DETAIL_MAX = 500
# An account that is told so pauses for longer; its mailbox may have others.
TOLD_TOGETHER = timedelta(seconds=10)
_MINUTE_S = 60
_ON_ITS_WAY = (EmailState.CLAIMED, EmailState.SENDING)
_NONE = {
    "paused_at": None,
    "paused_until": None,
    "pause_reason": None,
    "pause_detail": None,
    "trouble_count": 0,
    "trouble_since": None,
    "noticed_at": None,
}


@dataclass(frozen=True)
class AccountTrouble:
    """Why an account cannot send; it waits for its owner, or tries again by itself.

    ``reason`` is a word of ``dakiya.mail.replies.Reason``, ``detail`` plain words with what
    the server said. ``pause_s`` of 0 backs off with each failure in a row. ``slows``: the server
    asks for less speed too, and the account's pace is halved.
    """

    reason: str
    detail: str
    needs_owner: bool = False
    pause_s: float = 0
    slows: bool = False


def meet_trouble(
    session: Session,
    claim: Claim,
    trouble: AccountTrouble,
    *,
    accepted: int,
    mended: int,
) -> None:
    """Pause the account of a batch, of which so many mails were accepted; learn from a throttle.

    ``mended``: as `pause_account` has it, when the batch was taken.
    """
    paused = pause_account(session, claim.smtp_account_id, trouble, mended=mended)
    if paused and trouble.slows:
        slow_down(
            session,
            claim.smtp_account_id,
            observed=_mails_of_late(session, claim) + accepted,
        )


def pause_account(
    session: Session, smtp_account_id: int, trouble: AccountTrouble, *, mended: int | None = None
) -> bool:
    """Pause an account; False when it is paused already (several threads meet the same wall).

    ``mended``: how often it had been mended when the trouble was met; False if it was since.
    """
    now = func.clock_timestamp()
    again = and_(SmtpAccount.pause_reason == trouble.reason, SmtpAccount.trouble_count > 0)
    in_a_row = case((again, SmtpAccount.trouble_count), else_=0)
    pause_s = func.greatest(
        trouble.pause_s,
        func.least(FIRST_PAUSE_S * func.power(2.0, func.least(in_a_row, 16)), LONGEST_PAUSE_S),
    )
    result = session.execute(
        update(SmtpAccount)
        .where(
            SmtpAccount.id == smtp_account_id,
            or_(SmtpAccount.paused_at.is_(None), SmtpAccount.paused_until <= now),
            true() if mended is None else SmtpAccount.mended == mended,
        )
        .values(
            paused_at=now,
            paused_until=None
            if trouble.needs_owner
            else now + func.make_interval(0, 0, 0, 0, 0, 0, pause_s),
            pause_reason=trouble.reason,
            pause_detail=trouble.detail[:DETAIL_MAX],
            trouble_count=in_a_row + 1,
            trouble_since=case((again, func.coalesce(SmtpAccount.trouble_since, now)), else_=now),
            noticed_at=case((again, SmtpAccount.noticed_at), else_=None),
        )
    )
    return bool(result.rowcount)  # type: ignore[attr-defined]


def clear_trouble(session: Session, smtp_account_id: int) -> None:
    """End an account's pause: it works again. What it has learned of its pace stays."""
    session.execute(
        update(SmtpAccount)
        .where(SmtpAccount.id == smtp_account_id)
        .values(**_NONE, mended=SmtpAccount.mended + 1)
    )


def end_trouble(session: Session, smtp_account_id: int) -> None:
    """End an account's trouble, since a mail was accepted.

    Not what waits for its owner: that began after the accepted mail's batch was taken.
    """
    waits_for_owner = and_(SmtpAccount.paused_at.is_not(None), SmtpAccount.paused_until.is_(None))
    session.execute(
        update(SmtpAccount)
        .where(SmtpAccount.id == smtp_account_id, not_(waits_for_owner))
        .values(_NONE)
    )


def slow_down(session: Session, smtp_account_id: int, *, observed: int) -> None:
    """Halve the pace of an account's mailbox: its server has asked for less.

    ``observed``: mails a minute. Accounts that are told at the same time count as one.
    """
    account = session.get_one(SmtpAccount, smtp_account_id)
    session.execute(
        select(Mailbox.id).where(Mailbox.id == account.mailbox_id).with_for_update(key_share=True)
    )
    before, now = slowed(session, account), database_now(session)
    if before is not None and timedelta(0) <= now - before.at < TOLD_TOGETHER:
        return
    learned = halve(before, observed=observed, own=shared_limits(session, account), now=now)
    session.execute(
        update(Mailbox)
        .where(Mailbox.id == account.mailbox_id)
        .values(slowed_to=learned.to, slowed_from=learned.back_to, slowed_at=learned.at)
    )


def _mails_of_late(session: Session, claim: Claim) -> int:
    """Count the mailbox's mails of the last minute, roughly: those of its other batches.

    Of batches that a sender has at this moment, those that have left it; the longer it has had
    one, the less of it was in the last minute.
    """
    mailbox = select(SmtpAccount.mailbox_id).where(SmtpAccount.id == claim.smtp_account_id)
    on_it = select(SmtpAccount.id).where(SmtpAccount.mailbox_id == mailbox.scalar_subquery())
    others = and_(Batch.smtp_account_id.in_(on_it), Batch.id != claim.batch_id)
    done = session.scalars(
        select(func.coalesce(func.sum(Batch.mails), 0)).where(
            others,
            Batch.state == BatchState.DONE,
            Batch.finished_at > func.clock_timestamp() - text("interval '1 minute'"),
        )
    ).one()
    left = (
        select(func.count())
        .where(Email.batch_id == Batch.id, Email.state.in_(_ON_ITS_WAY))
        .scalar_subquery()
    )
    age_s = func.extract("epoch", func.clock_timestamp() - Batch.start_at)
    share = func.least(1, _MINUTE_S / func.greatest(age_s, 1))
    going = session.scalars(
        select(func.coalesce(func.sum((Batch.mails - left) * share), 0)).where(
            others, Batch.state == BatchState.TAKEN
        )
    ).one()
    return done + int(going)
