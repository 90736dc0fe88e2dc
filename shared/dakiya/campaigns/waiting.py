"""Why a campaign's mail does not move, in plain words."""

from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from dakiya.campaigns.drafts import OPEN_IMPORT
from dakiya.campaigns.lifecycle import on_the_wire
from dakiya.campaigns.times import describe_instant, describe_soon
from dakiya.delivery.counters import read_counts
from dakiya.delivery.presence import count_alive
from dakiya.delivery.reached import reached_limit
from dakiya.delivery.taking import is_open
from dakiya.models import (
    Campaign,
    CampaignStatus,
    Email,
    EmailState,
    PauseReason,
    RecipientImport,
    SmtpAccount,
    Tick,
)

# What lets the next mail go within this time is no reason to wait.
WORTH_SAYING = timedelta(seconds=60)
_ON_ITS_WAY = (EmailState.PENDING, EmailState.CLAIMED, EmailState.SENDING)
_STOPPING = {CampaignStatus.PAUSING: "paused", CampaignStatus.CANCELLING: "cancelled"}


def why_waiting(session: Session, campaign: Campaign, *, now: datetime) -> str | None:
    """Return one reason, the strongest; None when mail moves or there is none to move."""
    if campaign.status is CampaignStatus.DRAFT:
        return _why_draft_waits(session, campaign)
    if campaign.status in _STOPPING:
        return _say_stopping(session, campaign)
    if campaign.status is CampaignStatus.PAUSED:
        by_itself = campaign.pause_reason == PauseReason.CONTENT
        return _say_refused(campaign) if by_itself else "You paused it. Resume it to go on."
    if campaign.status in (CampaignStatus.FINISHED, CampaignStatus.CANCELLED):
        return None
    if campaign.scheduled_at is not None and campaign.scheduled_at > now:
        return f"It is scheduled for {describe_instant(campaign.scheduled_at, campaign.timezone)}."
    reasons = (
        _why_account_waits(session, campaign, now=now),
        _why_services_wait(session, now=now),
        _why_ledger_waits(session, campaign, now=now),
    )
    return next((reason for reason in reasons if reason is not None), None)


def _say_stopping(session: Session, campaign: Campaign) -> str:
    mails = on_the_wire(session, campaign.id)
    if mails == 1:
        wire = "1 mail is on the wire; its server still has to answer."
    elif mails:
        wire = f"{mails:,} mails are on the wire; their servers still have to answer."
    else:
        wire = "The servers have answered for every mail; the rest is being put in order."
    return f"It is being {_STOPPING[campaign.status]}: nothing new goes out. {wire}"


def _say_refused(campaign: Campaign) -> str:
    """Say why a campaign has paused by itself, in the server's words, and what to do."""
    words = (campaign.refusal or "").rstrip(".")
    said = f": “{words}”" if words else ""
    return (
        f"It has paused by itself: {campaign.refused_in_a_row} mails in a row failed for their "
        f"content{said}. Change the content, then resume it and retry those that failed."
    )


def _why_draft_waits(session: Session, campaign: Campaign) -> str | None:
    filename = session.scalar(
        select(RecipientImport.filename)
        .where(RecipientImport.campaign_id == campaign.id, RecipientImport.status.in_(OPEN_IMPORT))
        .limit(1)
    )
    return f"The recipient file “{filename}” is being read." if filename is not None else None


def _why_account_waits(session: Session, campaign: Campaign, *, now: datetime) -> str | None:
    account = campaign.smtp_account
    if account is None:
        return None
    if account.paused_at is not None and not is_open(account, now=now):
        return _say_pause(account, campaign.timezone, now=now)
    reached = reached_limit(session, account, now=now)
    if reached is None or reached.next_at - now < WORTH_SAYING:
        return None
    until = describe_soon(reached.next_at, campaign.timezone, now=now)
    return f"The account “{account.name}” has reached {reached.words}; it continues {until}."


def _say_pause(account: SmtpAccount, timezone: str, *, now: datetime) -> str:
    words = account.pause_detail or (account.pause_reason or "").replace("_", " ")
    then = (
        f"It tries again {describe_soon(account.paused_until, timezone, now=now)}."
        if account.paused_until is not None
        else "It goes on when you have changed the account or a test has passed."
    )
    return f"The account “{account.name}” waits: {words.rstrip('.')}. {then}"


def _why_services_wait(session: Session, *, now: datetime) -> str | None:
    ticked_at = session.scalar(select(Tick.ticked_at))
    if ticked_at is None or now - ticked_at > WORTH_SAYING:
        return "The scheduler is not running. Ask the operator of this installation."
    if count_alive(session, "sender") == 0:
        return "No sender is running. Ask the operator of this installation."
    return None


def _why_ledger_waits(session: Session, campaign: Campaign, *, now: datetime) -> str | None:
    """The last mails may all have been put off by their servers."""
    counts = read_counts(session, [campaign.id])[campaign.id]
    deferred = counts[EmailState.DEFERRED]
    if deferred <= 0 or any(counts[state] > 0 for state in _ON_ITS_WAY):
        return None
    next_at = session.scalar(
        select(func.min(Email.due_at)).where(
            Email.campaign_id == campaign.id,
            Email.state.in_((EmailState.PENDING, EmailState.DEFERRED)),
        )
    )
    if next_at is None or next_at - now < WORTH_SAYING:
        return None
    mails = "The last mail was" if deferred == 1 else f"The last {deferred:,} mails were"
    return (
        f"{mails} put off by the recipients' servers; "
        f"next attempt {describe_instant(next_at, campaign.timezone)}."
    )
