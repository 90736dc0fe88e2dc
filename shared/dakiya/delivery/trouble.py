"""Trouble with an SMTP account: it pauses with a reason, and no recipient is charged."""

from dataclasses import dataclass

from sqlalchemy import func, or_, text, update
from sqlalchemy.orm import Session

from dakiya.models import SmtpAccount

FIRST_PAUSE_S = 15.0
LONGEST_PAUSE_S = 1800.0
DETAIL_MAX = 500


@dataclass(frozen=True)
class AccountTrouble:
    """Why an account cannot send; it waits for its owner, or tries again by itself.

    ``reason`` is a word of ``dakiya.mail.replies.Reason``, ``detail`` plain words with what
    the server said. ``pause_s`` of 0 backs off with each failure in a row.
    """

    reason: str
    detail: str
    needs_owner: bool = False
    pause_s: float = 0


def pause_account(session: Session, smtp_account_id: int, trouble: AccountTrouble) -> bool:
    """Pause an account; False when it is paused already (several threads meet the same wall)."""
    pause_s = text(
        "make_interval(secs => greatest(:pause_s, least(:first_s * 2 ^ least(trouble_count, 16),"
        " :longest_s)))"
    ).bindparams(pause_s=trouble.pause_s, first_s=FIRST_PAUSE_S, longest_s=LONGEST_PAUSE_S)
    now = func.clock_timestamp()
    result = session.execute(
        update(SmtpAccount)
        .where(
            SmtpAccount.id == smtp_account_id,
            or_(SmtpAccount.paused_at.is_(None), SmtpAccount.paused_until <= now),
        )
        .values(
            paused_at=now,
            paused_until=None if trouble.needs_owner else now.op("+")(pause_s),
            pause_reason=trouble.reason,
            pause_detail=trouble.detail[:DETAIL_MAX],
            trouble_count=SmtpAccount.trouble_count + 1,
        )
    )
    return bool(result.rowcount)  # type: ignore[attr-defined]


def clear_trouble(session: Session, smtp_account_id: int) -> None:
    """End an account's pause: it works again, or its owner changed something."""
    session.execute(
        update(SmtpAccount)
        .where(SmtpAccount.id == smtp_account_id)
        .values(
            paused_at=None, paused_until=None, pause_reason=None, pause_detail=None, trouble_count=0
        )
    )
