"""What the user may decide about mails that have ended: failed ones again, unknown ones either way.

Only mails that nobody else has locked are moved: a sender that is just learning what became
of an unknown mail knows better than its owner. Counters and the campaign's status follow.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from sqlalchemy import ColumnElement, func, select, update
from sqlalchemy.orm import Session

from dakiya.delivery.counters import WEB_SLOT, Moves
from dakiya.delivery.locks import lock_exclusively
from dakiya.delivery.outcomes import Reason
from dakiya.errors import IllegalState
from dakiya.mail.verdict import Reason as ReplyReason
from dakiya.models import Attempt, Campaign, CampaignStatus, Email, EmailState, SmtpAccount

# What may pass later without anybody changing the mail: see the rules of dakiya.mail.replies.
# An unknown user, a dead mailbox, a refused content or a broken template will not.
RETRYABLE: Final[tuple[str, ...]] = (
    Reason.GAVE_UP.value,
    Reason.CONNECTION.value,
    ReplyReason.MAILBOX_FULL.value,
    ReplyReason.MAILBOX_BUSY.value,
    ReplyReason.GREYLISTED.value,
    ReplyReason.POLICY.value,
    ReplyReason.OTHER_TEMPORARY.value,
    ReplyReason.OTHER_PERMANENT.value,
)
_SENDS_AGAIN: Final = (
    CampaignStatus.SENDING,
    CampaignStatus.PAUSING,
    CampaignStatus.PAUSED,
    CampaignStatus.FINISHED,
)


def count_retryable(session: Session, campaign: Campaign) -> int:
    """Count the failed mails that may pass when they are tried again."""
    return session.scalars(
        select(func.count()).where(
            Email.campaign_id == campaign.id,
            Email.state == EmailState.FAILED,
            Email.reason.in_(RETRYABLE),
        )
    ).one()


def retry_failed(session: Session, campaign: Campaign) -> int:
    """Let the failed mails that may pass wait for their turn again; returns how many.

    A finished campaign sends again. Raises IllegalState. The caller commits and rings a tick.
    """
    _lock_to_send(session, campaign)
    failed = (Email.state == EmailState.FAILED, Email.reason.in_(RETRYABLE))
    return _send_again(session, campaign, EmailState.FAILED, failed)


def resolve_unknown(
    session: Session, campaign: Campaign, *, recipient_ids: Sequence[int] | None, as_sent: bool
) -> int:
    """Count unknown mails as sent, or send them again, by their owner's word; returns how many.

    ``recipient_ids`` None means all of them; ids of other mails are passed over. What is sent
    again may arrive twice. Raises IllegalState. The caller commits and rings a tick.
    """
    unknown = [Email.state == EmailState.UNKNOWN]
    if recipient_ids is not None:
        unknown.append(Email.recipient_id.in_(recipient_ids))
    if not as_sent:
        _lock_to_send(session, campaign)
        return _send_again(session, campaign, EmailState.UNKNOWN, unknown)
    lock_exclusively(session, campaign)
    # It was sent when its reply was lost, not when its owner said so.
    lost_at = select(func.max(Attempt.ended_at)).where(
        Attempt.email_id == Email.id, Attempt.outcome == EmailState.UNKNOWN
    )
    said = {
        "state": EmailState.SENT,
        "reason": Reason.SAID_BY_USER.value,
        "sent_at": func.coalesce(lost_at.scalar_subquery(), func.clock_timestamp()),
    }
    return _move(session, campaign, EmailState.UNKNOWN, unknown, values=said)


def _lock_to_send(session: Session, campaign: Campaign) -> None:
    lock_exclusively(session, campaign)
    if campaign.status not in _SENDS_AGAIN:
        raise IllegalState(f"The campaign is {campaign.status}; it cannot send a mail again.")
    account = session.get(SmtpAccount, campaign.smtp_account_id)
    if account is None or account.deleted_at is not None:
        raise IllegalState("The campaign's SMTP account was deleted; it cannot send a mail again.")


def _send_again(
    session: Session,
    campaign: Campaign,
    source: EmailState,
    which: Sequence[ColumnElement[bool]],
) -> int:
    # The attempts stay counted; the clock of giving up starts anew.
    waits = {
        "state": EmailState.PENDING,
        "due_at": func.clock_timestamp(),
        "first_tried_at": None,
        "batch_id": None,
    }
    moved = _move(session, campaign, source, which, values=waits)
    if moved and campaign.status is CampaignStatus.FINISHED:
        campaign.status = CampaignStatus.SENDING
        campaign.finished_at = None
        session.flush()
    return moved


def _move(
    session: Session,
    campaign: Campaign,
    source: EmailState,
    which: Sequence[ColumnElement[bool]],
    *,
    values: Mapping[str, Any],
) -> int:
    held = (
        select(Email.id)
        .where(Email.campaign_id == campaign.id, *which)
        .order_by(Email.id)
        .with_for_update(skip_locked=True)
        .cte("held")
    )
    result = session.execute(
        update(Email)
        .where(Email.id == held.c.id)
        .values(**values)
        .execution_options(synchronize_session=False)
    )
    moved = int(result.rowcount)  # type: ignore[attr-defined]
    moves = Moves()
    moves.add(source, values["state"], moved)
    moves.store(session, campaign_id=campaign.id, slot=WEB_SLOT)
    return moved
