"""Trouble with what a campaign says: after some refusals in a row it stops, and spares the list.

Nobody writes anything for a mail that is accepted: each refusal compares how many mails the
kept counters had accepted at the refusal before, so that a row ends with any acceptance, of
whatever sender.
"""

from typing import Final

from sqlalchemy import ColumnElement, and_, select, text
from sqlalchemy.orm import Session

from dakiya.delivery.outcomes import Reason
from dakiya.mail.verdict import Reason as ReplyReason
from dakiya.models import Attempt, Campaign, ContentVersion, Email, EmailState
from dakiya.models.ledger import REPLY_TEXT_MAX

# Enough to tell the campaign's content from that of a few recipients, few enough not to burn
# a list; see docs/decisions/0008-refused-content.md.
REFUSALS_IN_A_ROW = 10
# What its owner can mend by changing the content.
CONTENT_REASONS: Final[tuple[str, ...]] = (
    ReplyReason.CONTENT.value,
    ReplyReason.TOO_LARGE.value,
    Reason.TEMPLATE.value,
)

_NOTE = text("""
    UPDATE campaign
       SET refused_in_a_row = CASE WHEN accepted_when_refused = counted.accepted
                                   THEN refused_in_a_row ELSE 0 END + 1,
           accepted_when_refused = counted.accepted, refusal = :words
      FROM (SELECT coalesce(sum(sent + bounced), 0) AS accepted
              FROM campaign_counter WHERE campaign_id = :campaign_id) AS counted
     WHERE id = :campaign_id
    RETURNING refused_in_a_row
""")


def note_refusal(session: Session, campaign_id: int, *, words: str) -> int:
    """Count one refusal of the content; returns how many there were since the last acceptance.

    In a transaction of its own, after the one that recorded the refused mail: whoever holds
    a mail's row may not wait for its campaign's.
    """
    given = {"campaign_id": campaign_id, "words": words[:REPLY_TEXT_MAX]}
    return int(session.scalars(_NOTE, given).one())


def is_refused(campaign: Campaign) -> bool:
    """Whether the campaign's content was refused so often that no more of it may go out."""
    return campaign.refused_in_a_row >= REFUSALS_IN_A_ROW


def begin_anew(campaign: Campaign) -> None:
    """Forget the refusals so far: somebody has looked at them."""
    campaign.refused_in_a_row = 0
    campaign.refusal = None


def failed_with_another_content(campaign: Campaign) -> ColumnElement[bool]:
    """Which failed mails were refused for a content that has been changed since."""
    changed_at = (
        select(ContentVersion.created_at)
        .where(ContentVersion.id == campaign.content_version_id)
        .scalar_subquery()
    )
    as_it_is_now = select(Attempt.id).where(
        Attempt.email_id == Email.id, Attempt.ended_at >= changed_at
    )
    return and_(
        Email.state == EmailState.FAILED,
        Email.reason.in_(CONTENT_REASONS),
        ~as_it_is_now.exists(),
    )
