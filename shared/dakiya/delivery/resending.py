"""Unknown mails that are sent again by themselves, in campaigns whose owner has chosen that.

Once each: a mail whose reply is lost a second time waits for its owner, so that a cut
connection costs at most one duplicate. The sender's own word is worth waiting for:

- it has written that no reply came: nobody will ever know more, the mail goes again at once;
- it was given up for lost: it may still wake, or reach the database again, and write what
  it learned. Only after ``after_s`` it is not waited for any more; a word that comes even
  later finds another batch in the row, and changes nothing.
"""

from collections.abc import Sequence

from sqlalchemy import ColumnElement, and_, func, or_, select, update
from sqlalchemy.orm import Session

from dakiya.delivery.counters import SCHEDULER_SLOT, Moves
from dakiya.delivery.outcomes import Reason
from dakiya.models import Attempt, Campaign, CampaignStatus, Email, EmailState

CHUNK = 1_000


def campaigns_that_resend(session: Session) -> Sequence[int]:
    """Return the sending campaigns that have an unknown mail to send again, now or later."""
    return session.scalars(
        select(Campaign.id)
        .where(
            Campaign.status == CampaignStatus.SENDING,
            Campaign.resend_unknown,
            select(Email.id)
            .where(Email.campaign_id == Campaign.id, goes_again())
            .correlate(Campaign)
            .exists(),
        )
        .order_by(Campaign.id)
    ).all()


def resend_unknown(session: Session, campaign_id: int, *, after_s: float) -> int:
    """Let a campaign's unknown mails wait for their turn again; returns how many.

    Rows that a sender has locked are passed over: it is just writing what it learned.
    """
    chosen = select(Campaign.id).where(
        Campaign.id == campaign_id,
        Campaign.status == CampaignStatus.SENDING,
        Campaign.resend_unknown,
    )
    # Its status stays as it is until commit; somebody who is changing it is not waited for.
    if session.scalar(chosen.with_for_update(key_share=True, skip_locked=True)) is None:
        return 0
    held = (
        select(Email.id)
        .where(Email.campaign_id == campaign_id, goes_again(), _nobody_will_know(after_s))
        .order_by(Email.id)
        .limit(CHUNK)
        .with_for_update(skip_locked=True)
        .cte("held")
    )
    result = session.execute(
        update(Email)
        .where(Email.id == held.c.id, Email.state == EmailState.UNKNOWN)
        .values(
            state=EmailState.PENDING,
            due_at=func.clock_timestamp(),
            first_tried_at=None,
            batch_id=None,
        )
        .execution_options(synchronize_session=False)
    )
    moved = int(result.rowcount)  # type: ignore[attr-defined]
    moves = Moves()
    moves.add(EmailState.UNKNOWN, EmailState.PENDING, moved)
    moves.store(session, campaign_id=campaign_id, slot=SCHEDULER_SLOT)
    return moved


def goes_again() -> ColumnElement[bool]:
    """Which mails are unknown for the first time; a late record may tell of one attempt twice."""
    lost = select(func.count(Attempt.number.distinct())).where(
        Attempt.email_id == Email.id, Attempt.outcome == EmailState.UNKNOWN
    )
    return and_(Email.state == EmailState.UNKNOWN, lost.scalar_subquery() <= 1)


def _nobody_will_know(after_s: float) -> ColumnElement[bool]:
    given_up_at = select(func.max(Attempt.ended_at)).where(
        Attempt.email_id == Email.id, Attempt.outcome == EmailState.UNKNOWN
    )
    long_ago = func.clock_timestamp() - func.make_interval(0, 0, 0, 0, 0, 0, after_s)
    return or_(
        Email.reason == Reason.NO_REPLY.value,
        func.coalesce(given_up_at.scalar_subquery(), Email.due_at) < long_ago,
    )
