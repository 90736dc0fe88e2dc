"""What people see of campaigns: lists, counts, the ledger, and why nothing moves."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session, aliased, joinedload

from dakiya.accounts.users import visible_to
from dakiya.campaigns.drafts import OPEN_IMPORT
from dakiya.campaigns.times import describe_instant
from dakiya.delivery.pacing import Limits, Pace, Slot
from dakiya.delivery.usage import limits_of
from dakiya.errors import NotFound
from dakiya.mail.links import message_id
from dakiya.models import (
    Campaign,
    CampaignStatus,
    Email,
    EmailState,
    PaceUsage,
    Recipient,
    RecipientImport,
    SmtpAccount,
)

# A pace that lets the next mail go within this time is no reason to wait.
WORTH_SAYING = timedelta(seconds=60)
_LIMIT_WORDS = {
    "per_day": "daily limit of {:,} mails",
    "per_hour": "hourly limit of {:,} mails",
    "per_minute": "limit of {:,} mails a minute",
    "per_second": "limit of {:,} mails a second",
}
_PAUSE_WORDS = {
    "auth": "the server does not accept the user name or password",
    "connection": "the server cannot be reached",
    "tls": "no safe connection to the server is possible",
    "quota": "the provider's quota is used up",
    "rate": "the provider asks for a slower pace",
    "sender_refused": "the server does not let this account send from its address",
    "blocked": "the server blocks this account or this installation",
}


@dataclass(frozen=True)
class LedgerLine:
    """What became of one recipient's mail."""

    recipient_id: int
    email: str
    state: EmailState
    attempts: int
    reply_code: int | None
    reply_text: str | None
    reason: str | None
    due_at: datetime
    sent_at: datetime | None
    message_id: str


def find_campaign(
    session: Session, campaign_id: int, *, user_id: int, lock: bool = False
) -> Campaign:
    """Return a campaign that the user may see. Raises NotFound."""
    query = select(Campaign).where(
        Campaign.id == campaign_id, visible_to(user_id, Campaign.workspace_id)
    )
    if lock:
        query = query.with_for_update(key_share=True)
    campaign = session.scalar(query)
    if campaign is None:
        raise NotFound("There is no such campaign.")
    return campaign


def list_campaigns(
    session: Session, *, user_id: int, before_id: int | None = None, limit: int = 100
) -> Sequence[Campaign]:
    """Return the user's campaigns, newest first, below ``before_id`` if it is given."""
    query = select(Campaign).where(visible_to(user_id, Campaign.workspace_id))
    if before_id is not None:
        query = query.where(Campaign.id < before_id)
    return session.scalars(query.order_by(Campaign.id.desc()).limit(limit)).all()


def count_recipients(session: Session, campaign_ids: Sequence[int]) -> Mapping[int, int]:
    """Count recipients; for campaigns whose ledger is not written yet, and only for them."""
    rows = session.execute(
        select(Recipient.campaign_id, func.count())
        .where(Recipient.campaign_id.in_(campaign_ids))
        .group_by(Recipient.campaign_id)
    )
    counted = {campaign_id: count for campaign_id, count in rows}  # noqa: C416 - typed rows
    return {key: counted.get(key, 0) for key in campaign_ids}


def find_import(session: Session, import_id: int, *, user_id: int) -> RecipientImport:
    """Return a recipient file's import that the user may see. Raises NotFound."""
    found = session.scalar(
        select(RecipientImport).where(
            RecipientImport.id == import_id, visible_to(user_id, RecipientImport.workspace_id)
        )
    )
    if found is None:
        raise NotFound("There is no such import.")
    return found


def list_emails(
    session: Session,
    campaign: Campaign,
    *,
    state: EmailState | None = None,
    after_recipient_id: int = 0,
    limit: int = 100,
) -> Sequence[LedgerLine]:
    """Return a page of a campaign's ledger in the recipients' order.

    The next page begins after the last line's ``recipient_id``.
    """
    page = select(Email).where(
        Email.campaign_id == campaign.id, Email.recipient_id > after_recipient_id
    )
    if state is not None:
        page = page.where(Email.state == state)
    # The limit inside: without fresh statistics the planner joined the whole campaign first.
    line = aliased(Email, page.order_by(Email.recipient_id).limit(limit).subquery())
    query = (
        select(line, Recipient.email)
        .join(Recipient, Recipient.id == line.recipient_id)
        .order_by(line.recipient_id)
    )
    domain = _sender_domain(campaign)
    return [
        LedgerLine(
            recipient_id=email.recipient_id,
            email=address,
            state=email.state,
            attempts=email.attempts,
            reply_code=email.reply_code,
            reply_text=email.reply_text,
            reason=email.reason,
            due_at=email.due_at,
            sent_at=email.sent_at,
            message_id=message_id(
                token=campaign.token,
                campaign_id=campaign.id,
                recipient_id=email.recipient_id,
                domain=domain,
            ),
        )
        for email, address in session.execute(query)
    ]


def why_waiting(session: Session, campaign: Campaign, *, now: datetime) -> str | None:
    """Say in plain words why a campaign's mail does not move; None when there is no reason."""
    if campaign.status is CampaignStatus.DRAFT:
        return _why_draft_waits(session, campaign)
    if campaign.status is CampaignStatus.PAUSED:
        return "You paused it. Resume it to go on."
    if campaign.status is CampaignStatus.PAUSING:
        return "It is being paused: the servers still have to answer for the last mails."
    if campaign.status is CampaignStatus.CANCELLING:
        return "It is being cancelled: the servers still have to answer for the last mails."
    if campaign.status in (CampaignStatus.FINISHED, CampaignStatus.CANCELLED):
        return None
    if campaign.scheduled_at is not None and campaign.scheduled_at > now:
        return f"It is scheduled for {describe_instant(campaign.scheduled_at, campaign.timezone)}."
    if campaign.smtp_account is None:
        return None
    return _why_account_waits(session, campaign.smtp_account, campaign.timezone, now=now)


def campaigns_with_accounts(session: Session, campaign_ids: Sequence[int]) -> Sequence[Campaign]:
    """Load campaigns together with their accounts, for `why_waiting` of many at once."""
    return session.scalars(
        select(Campaign)
        .where(Campaign.id.in_(campaign_ids))
        .options(joinedload(Campaign.smtp_account))
    ).all()


def _why_draft_waits(session: Session, campaign: Campaign) -> str | None:
    filename = session.scalar(
        select(RecipientImport.filename)
        .where(RecipientImport.campaign_id == campaign.id, RecipientImport.status.in_(OPEN_IMPORT))
        .limit(1)
    )
    return f"The recipient file “{filename}” is being read." if filename is not None else None


def _why_account_waits(
    session: Session, account: SmtpAccount, timezone: str, *, now: datetime
) -> str | None:
    if account.paused_at is not None and not (
        account.paused_until is not None and account.paused_until <= now
    ):
        return _say_pause(account, timezone)
    limit, next_at = _reached_limit(session, account, now=now)
    if next_at - now < WORTH_SAYING:
        return None
    until = describe_instant(next_at, timezone)
    return f"The account “{account.name}” has reached its {limit}; the next mail goes {until}."


def _reached_limit(
    session: Session, account: SmtpAccount, *, now: datetime
) -> tuple[str, datetime]:
    """Find the limit that lets the next mail go last, in words, and when that is."""
    set_limits = {
        name: limit for name in _LIMIT_WORDS if (limit := getattr(account, name)) is not None
    }
    if not set_limits:
        return "", now
    usage = [
        Slot(start_at, mails)
        for start_at, mails in session.execute(
            select(PaceUsage.start_at, PaceUsage.mails).where(
                PaceUsage.smtp_account_id == account.id,
                PaceUsage.start_at > now - limits_of(account).longest,
            )
        )
    ]
    waits = []
    for name, limit in set_limits.items():
        slot = Pace(Limits(**{name: limit}), usage).next_slot(now, at_most=1)
        waits.append((slot.start_at if slot else now, _LIMIT_WORDS[name].format(limit)))
    next_at, words = max(waits)
    return words, next_at


def _say_pause(account: SmtpAccount, timezone: str) -> str:
    reason = account.pause_reason or ""
    words = _PAUSE_WORDS.get(reason) or reason.replace("_", " ")
    detail = f" ({account.pause_detail})" if account.pause_detail else ""
    then = (
        f"It tries again {describe_instant(account.paused_until, timezone)}."
        if account.paused_until is not None
        else "It goes on when you have changed the account or a test has passed."
    )
    return f"The account “{account.name}” waits: {words}{detail}. {then}"


def _sender_domain(campaign: Campaign) -> str:
    account = campaign.smtp_account
    return account.from_email.rpartition("@")[2] if account is not None else "localhost"
