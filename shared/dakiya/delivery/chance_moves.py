"""Moves mails that have ended by their owner's word, a chunk at a time.

Only mails that nobody else has locked are moved: a sender that is just learning what became
of an unknown mail knows better than its owner. Counters and the campaign's status follow.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import ColumnElement, and_, func, or_, select, update
from sqlalchemy.orm import Session

from dakiya.delivery.content_trouble import begin_anew, failed_with_another_content
from dakiya.delivery.counters import Moves
from dakiya.delivery.outcomes import Reason
from dakiya.mail.verdict import Reason as ReplyReason
from dakiya.models import Attempt, Campaign, CampaignStatus, ChanceKind, Email, EmailState

# Measured: 40 ms, in which the campaign's senders wait for its lock; 100,000 mails in 5 s.
CHUNK = 1_000

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


@dataclass(frozen=True)
class Chunk:
    """How many mails were moved, and the last recipient among them."""

    moved: int
    up_to: int


def may_pass(campaign: Campaign) -> ColumnElement[bool]:
    """Which mails "retry failed" takes.

    Those whose reason passes by itself, and those refused for a content that was changed since.
    """
    passing = and_(Email.state == EmailState.FAILED, Email.reason.in_(RETRYABLE))
    return or_(passing, failed_with_another_content(campaign))


def count_mails(session: Session, campaign: Campaign, kind: ChanceKind) -> int:
    """Count the mails that a second chance of this kind would move."""
    return session.scalars(select(func.count()).where(*_which(campaign, kind))).one()


def move_mails(
    session: Session,
    campaign: Campaign,
    kind: ChanceKind,
    *,
    slot: int,
    after: int = 0,
    recipient_ids: Sequence[int] | None = None,
) -> Chunk:
    """Move the next mails behind a recipient, `CHUNK` at most, or those of some recipients.

    A finished campaign that has mails to send again is ``sending``. The caller has locked the
    campaign and commits.
    """
    which = _which(campaign, kind)
    which.append(
        Email.recipient_id > after
        if recipient_ids is None
        else Email.recipient_id.in_(recipient_ids)
    )
    held = (
        select(Email.id)
        .where(*which)
        .order_by(Email.recipient_id)
        .limit(CHUNK if recipient_ids is None else None)
        .with_for_update(skip_locked=True)
        .cte("held")
    )
    values = _values(kind)
    moved = session.scalars(
        update(Email)
        .where(Email.id == held.c.id)
        .values(**values)
        .returning(Email.recipient_id)
        .execution_options(synchronize_session=False)
    ).all()
    moves = Moves()
    moves.add(_source(kind), values["state"], len(moved))
    moves.store(session, campaign_id=campaign.id, slot=slot)
    if moved and values["state"] is EmailState.PENDING:
        _send_on(session, campaign)
    return Chunk(len(moved), max(moved, default=after))


def _source(kind: ChanceKind) -> EmailState:
    return EmailState.FAILED if kind is ChanceKind.RETRY_FAILED else EmailState.UNKNOWN


def _which(campaign: Campaign, kind: ChanceKind) -> list[ColumnElement[bool]]:
    which = [Email.campaign_id == campaign.id, Email.state == _source(kind)]
    if kind is ChanceKind.RETRY_FAILED:
        which.append(may_pass(campaign))
    return which


def _values(kind: ChanceKind) -> Mapping[str, Any]:
    if kind is ChanceKind.COUNT_SENT:
        # It was sent when its reply was lost, not when its owner said so.
        lost_at = select(func.max(Attempt.ended_at)).where(
            Attempt.email_id == Email.id, Attempt.outcome == EmailState.UNKNOWN
        )
        return {
            "state": EmailState.SENT,
            "reason": Reason.SAID_BY_USER.value,
            "sent_at": func.coalesce(lost_at.scalar_subquery(), func.clock_timestamp()),
        }
    # The attempts stay counted; the clock of giving up starts anew.
    return {
        "state": EmailState.PENDING,
        "due_at": func.clock_timestamp(),
        "first_tried_at": None,
        "batch_id": None,
    }


def _send_on(session: Session, campaign: Campaign) -> None:
    if campaign.status is CampaignStatus.FINISHED:
        campaign.status = CampaignStatus.SENDING
        campaign.finished_at = None
        begin_anew(campaign)
        session.flush()
