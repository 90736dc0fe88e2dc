"""What a user may do with a campaign once its content stands.

Schedule it and take that back, pause, resume, cancel.

Pause and cancel answer truthfully: they take the campaign's lock exclusively, so every
intent to send is either committed before (and counted as "on the wire") or sees the new
status and is not made.
"""

from datetime import datetime, timedelta

from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from dakiya.delivery.content_trouble import begin_anew, is_refused
from dakiya.delivery.counters import WEB_SLOT, Moves
from dakiya.delivery.locks import lock_exclusively
from dakiya.errors import IllegalState
from dakiya.models import (
    Batch,
    BatchState,
    Campaign,
    CampaignCounter,
    CampaignStatus,
    Email,
    EmailState,
    PauseReason,
    SmtpAccount,
)

RUNNING = (CampaignStatus.PREPARING, CampaignStatus.SCHEDULED, CampaignStatus.SENDING)
NOT_BEGUN = (CampaignStatus.PREPARING, CampaignStatus.SCHEDULED, CampaignStatus.PAUSED)
# How long "send now" waits on the pages for its owner to think again.
UNDO_FOR = timedelta(seconds=60)
PAUSABLE = (*RUNNING, CampaignStatus.PAUSING, CampaignStatus.PAUSED)


def schedule(
    session: Session,
    campaign: Campaign,
    *,
    at: datetime,
    timezone: str,
    now: datetime,
    hold: timedelta = timedelta(0),
) -> None:
    """Set the instant of a complete draft; its recipients cannot change from here on.

    ``hold`` keeps what would go out sooner for so long, and notes that as ``undo_until``.
    Raises IllegalState, also for the second of two clicks. The caller has checked content,
    account and recipients, commits, and rings the scheduler.
    """
    session.refresh(campaign, with_for_update={"key_share": True})
    if campaign.status is not CampaignStatus.DRAFT:
        raise IllegalState(
            f"The campaign is {campaign.status} already; only a draft can be scheduled."
        )
    account = session.get_one(SmtpAccount, campaign.smtp_account_id)
    campaign.message_domain = account.from_email.rpartition("@")[2]
    campaign.scheduled_at = max(at, now + hold)
    campaign.undo_until = now + hold if at < now + hold else None
    campaign.timezone = timezone
    campaign.status = CampaignStatus.PREPARING


def unschedule(session: Session, campaign: Campaign) -> None:
    """Make a campaign a draft again that has not begun to send; content and recipients stay.

    The second of two clicks, and one that comes too late, get IllegalState. The ledger's
    rows go in the caller's transaction (100,000: about 2 s, mostly foreign keys).
    """
    lock_exclusively(session, campaign)
    if campaign.status is CampaignStatus.DRAFT:
        raise IllegalState("The campaign is a draft already.")
    if campaign.started_at is not None or campaign.status not in NOT_BEGUN:
        raise IllegalState(
            f"The campaign is {campaign.status}; once it has begun to send it can be paused or "
            "cancelled, not taken back."
        )
    session.execute(delete(Email).where(Email.campaign_id == campaign.id))
    session.execute(delete(CampaignCounter).where(CampaignCounter.campaign_id == campaign.id))
    campaign.status = CampaignStatus.DRAFT
    campaign.scheduled_at = None
    campaign.undo_until = None
    campaign.message_domain = None
    campaign.prepared_at = None
    campaign.prepared_up_to = 0
    session.flush()


def pause(session: Session, campaign: Campaign) -> int:
    """Stop a campaign. Returns how many mails are on the wire and may still arrive.

    With 0 it is ``paused`` and nothing more goes out; otherwise ``pausing`` until the
    servers have answered for those. Pausing twice is no error. Raises IllegalState.
    """
    lock_exclusively(session, campaign)
    if campaign.status in (CampaignStatus.PAUSING, CampaignStatus.PAUSED):
        return on_the_wire(session, campaign.id)
    if campaign.status not in RUNNING:
        raise IllegalState(f"The campaign is {campaign.status}; only a running one can be paused.")
    sending = _recall(session, campaign, to=EmailState.PENDING)
    campaign.pause_reason = None
    campaign.status = CampaignStatus.PAUSING if sending else CampaignStatus.PAUSED
    return sending


def pause_refused(session: Session, campaign: Campaign) -> bool:
    """Pause a campaign whose content is refused again and again; False if it is not, any more."""
    lock_exclusively(session, campaign)
    if campaign.status is not CampaignStatus.SENDING or not is_refused(campaign):
        return False
    pause(session, campaign)
    campaign.pause_reason = PauseReason.CONTENT.value
    return True


def resume(session: Session, campaign: Campaign) -> None:
    """Let a paused campaign go on where it stood. Raises IllegalState."""
    lock_exclusively(session, campaign)
    if campaign.status not in (CampaignStatus.PAUSING, CampaignStatus.PAUSED):
        raise IllegalState(f"The campaign is {campaign.status}; only a paused one can be resumed.")
    begin_anew(campaign)
    campaign.pause_reason = None
    if campaign.prepared_at is None:
        campaign.status = CampaignStatus.PREPARING
    elif campaign.started_at is None:
        campaign.status = CampaignStatus.SCHEDULED
    else:
        campaign.status = CampaignStatus.SENDING


def cancel(session: Session, campaign: Campaign) -> int:
    """Cancel what was not sent. Returns how many mails are on the wire and may still arrive.

    The waiting rows are marked by the scheduler, in chunks. Cancelling twice is no error.
    Raises IllegalState.
    """
    lock_exclusively(session, campaign)
    if campaign.status in (CampaignStatus.CANCELLING, CampaignStatus.CANCELLED):
        return on_the_wire(session, campaign.id)
    if campaign.status not in PAUSABLE:
        raise IllegalState(
            f"The campaign is {campaign.status}; only a scheduled or running one can be cancelled."
        )
    campaign.status = CampaignStatus.CANCELLING
    campaign.pause_reason = None
    return _recall(session, campaign, to=EmailState.CANCELLED)


def on_the_wire(session: Session, campaign_id: int) -> int:
    """Count the mails whose final dot may have been sent and whose reply is awaited."""
    return session.scalars(
        select(func.count())
        .select_from(Email)
        .join(Batch, Batch.id == Email.batch_id)
        .where(
            Batch.campaign_id == campaign_id,
            Batch.state == BatchState.TAKEN,
            Email.state == EmailState.SENDING,
        )
    ).one()


def _recall(session: Session, campaign: Campaign, *, to: EmailState) -> int:
    """Take the claimed mails out of the senders' hands; returns how many are on the wire.

    A sender that comes to one of them finds no row to intend, and sends no dot.
    """
    # Batches before mails, in the order of their ids, as everybody locks them.
    open_batches = session.scalars(
        select(Batch.id)
        .where(
            Batch.campaign_id == campaign.id, Batch.state.in_((BatchState.READY, BatchState.TAKEN))
        )
        .order_by(Batch.id)
        .with_for_update()
    ).all()
    recalled = session.execute(
        update(Email)
        .where(Email.batch_id.in_(open_batches), Email.state == EmailState.CLAIMED)
        .values(state=to, batch_id=None)
    ).rowcount  # type: ignore[attr-defined]
    moves = Moves()
    moves.add(EmailState.CLAIMED, to, recalled)
    moves.store(session, campaign_id=campaign.id, slot=WEB_SLOT)
    on_wire = select(Email.id).where(Email.batch_id == Batch.id, Email.state == EmailState.SENDING)
    session.execute(
        update(Batch)
        .where(Batch.id.in_(open_batches), ~on_wire.exists())
        .values(state=BatchState.DONE, lease_expires_at=None, finished_at=func.clock_timestamp())
    )
    return on_the_wire(session, campaign.id)
