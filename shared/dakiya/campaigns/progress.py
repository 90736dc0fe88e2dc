"""How the scheduler moves campaigns on: prepare, start, and settle."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, func, or_, select, text, update
from sqlalchemy.orm import Session

from dakiya.delivery.content_trouble import REFUSALS_IN_A_ROW
from dakiya.delivery.counters import SCHEDULER_SLOT, Moves
from dakiya.delivery.resending import goes_again
from dakiya.models import (
    Batch,
    BatchState,
    Campaign,
    CampaignStatus,
    Email,
    EmailState,
    SecondChance,
)

CHUNK = 5_000

_WAITING = Email.state.in_((EmailState.PENDING, EmailState.DEFERRED))

_PREPARE = text("""
    INSERT INTO email (campaign_id, recipient_id, due_at, state, reason)
    SELECT chunk.campaign_id, chunk.id, :due_at,
           CASE WHEN suppression.email_normalised IS NULL THEN 'pending'
                ELSE 'suppressed' END::email_state,
           suppression.reason::text
      FROM (SELECT id, campaign_id, workspace_id, email_normalised FROM recipient
             WHERE campaign_id = :campaign_id AND id > :after ORDER BY id LIMIT :most) AS chunk
      LEFT JOIN suppression ON suppression.workspace_id = chunk.workspace_id
                           AND suppression.email_normalised = chunk.email_normalised
     ORDER BY chunk.id
    RETURNING recipient_id, state
""")


def prepare_chunk(session: Session, campaign_id: int) -> int | None:
    """Write the next ledger rows of a campaign in preparation; returns how many.

    With 0 its preparation is complete and it is ``scheduled``. None: there is nothing to
    prepare here (another status), or somebody else is at it.
    """
    campaign = session.scalar(
        select(Campaign)
        .where(Campaign.id == campaign_id, Campaign.status == CampaignStatus.PREPARING)
        .with_for_update(key_share=True, skip_locked=True)
    )
    if campaign is None:
        return None
    rows = session.execute(
        _PREPARE,
        {
            "campaign_id": campaign_id,
            "after": campaign.prepared_up_to,
            "most": CHUNK,
            "due_at": campaign.scheduled_at,
        },
    ).all()
    if rows:
        campaign.prepared_up_to = max(row.recipient_id for row in rows)
        moves = Moves()
        for row in rows:
            moves.add(None, EmailState(row.state))
        moves.store(session, campaign_id=campaign_id, slot=SCHEDULER_SLOT)
    else:
        campaign.prepared_at = func.clock_timestamp()
        campaign.status = CampaignStatus.SCHEDULED
    return len(rows)


def campaigns_to_prepare(session: Session) -> Sequence[int]:
    """Return the campaigns whose ledger rows are not all written."""
    return session.scalars(
        select(Campaign.id).where(Campaign.status == CampaignStatus.PREPARING).order_by(Campaign.id)
    ).all()


def start_due(session: Session, *, now: datetime) -> Sequence[int]:
    """Start the prepared campaigns whose instant has come."""
    return session.scalars(
        update(Campaign)
        .where(Campaign.status == CampaignStatus.SCHEDULED, Campaign.scheduled_at <= now)
        .values(status=CampaignStatus.SENDING, started_at=func.clock_timestamp())
        .returning(Campaign.id)
    ).all()


def find_refused(session: Session) -> Sequence[int]:
    """Return the sending campaigns whose content is refused, and that have mail left to spare."""
    left = select(Email.id).where(
        Email.campaign_id == Campaign.id, or_(_WAITING, Email.state == EmailState.CLAIMED)
    )
    return session.scalars(
        select(Campaign.id)
        .where(
            Campaign.status == CampaignStatus.SENDING,
            Campaign.refused_in_a_row >= REFUSALS_IN_A_ROW,
            left.exists(),
        )
        .order_by(Campaign.id)
    ).all()


def settle(session: Session) -> Sequence[tuple[int, CampaignStatus]]:
    """Move on the campaigns that have come to rest: finished, paused, cancelled.

    Returns those moved, with their new status; ``cancelling`` says that some mails were
    cancelled and more may wait: come again soon.
    """
    moved: list[tuple[int, CampaignStatus]] = []
    unsettled = select(Campaign).where(
        Campaign.status.in_(
            (CampaignStatus.SENDING, CampaignStatus.PAUSING, CampaignStatus.CANCELLING)
        )
    )
    for campaign in session.scalars(
        unsettled.order_by(Campaign.id).with_for_update(key_share=True, skip_locked=True)
    ).all():
        if not _at_rest(session, campaign):
            continue
        if campaign.status is CampaignStatus.CANCELLING:
            if cancel_chunk(session, campaign):
                moved.append((campaign.id, campaign.status))
                continue
            campaign.status = CampaignStatus.CANCELLED
        elif campaign.status is CampaignStatus.PAUSING:
            campaign.status = CampaignStatus.PAUSED
        else:
            campaign.status = CampaignStatus.FINISHED
        if campaign.status is not CampaignStatus.PAUSED:
            campaign.finished_at = func.clock_timestamp()
        moved.append((campaign.id, campaign.status))
    return moved


def cancel_chunk(session: Session, campaign: Campaign) -> int:
    """Mark the next waiting mails of a campaign as cancelled; returns how many.

    Recipients without a ledger row yet (cancelled while preparing) get one, so that the
    ledger tells of everybody.
    """
    if campaign.prepared_at is None:
        campaign.status = CampaignStatus.PREPARING
        session.flush()
        prepared = prepare_chunk(session, campaign.id)
        campaign.status = CampaignStatus.CANCELLING
        if prepared:
            return prepared
    chunk = (
        select(Email.id, Email.state)
        .where(
            Email.campaign_id == campaign.id,
            _WAITING,
        )
        .order_by(Email.due_at, Email.id)
        .limit(CHUNK)
        .with_for_update()
        .cte("chunk")
    )
    sources = session.scalars(
        update(Email)
        .where(Email.id == chunk.c.id)
        .values(state=EmailState.CANCELLED)
        .returning(chunk.c.state)
    ).all()
    moves = Moves()
    for source in sources:
        moves.add(EmailState(source), EmailState.CANCELLED)
    moves.store(session, campaign_id=campaign.id, slot=SCHEDULER_SLOT)
    return len(sources)


def _at_rest(session: Session, campaign: Campaign) -> bool:
    """Tell whether no mail is on its way and, while sending, none waits or is to be sent again.

    One statement, one snapshot: a mail that is claimed between two looks would be missed.
    """
    open_batch = select(Batch.id).where(
        Batch.campaign_id == campaign.id, Batch.state.in_((BatchState.READY, BatchState.TAKEN))
    )
    waiting = select(Email.id).where(Email.campaign_id == campaign.id, _WAITING)
    busy: ColumnElement[bool] = open_batch.exists()
    if campaign.status is CampaignStatus.SENDING:
        more = select(SecondChance.campaign_id).where(SecondChance.campaign_id == campaign.id)
        busy = or_(busy, waiting.exists(), more.exists())
        if campaign.resend_unknown:
            again = select(Email.id).where(Email.campaign_id == campaign.id, goes_again())
            busy = or_(busy, again.exists())
    return not session.scalar(select(busy))
