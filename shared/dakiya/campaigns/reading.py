"""What people see of campaigns: lists, counts and the ledger."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session, aliased

from dakiya.accounts.users import visible_to
from dakiya.campaigns.message_ids import message_id_of
from dakiya.errors import NotFound
from dakiya.models import (
    Campaign,
    Email,
    EmailState,
    Recipient,
    RecipientImport,
)


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
        Campaign.id == campaign_id,
        visible_to(user_id, Campaign.workspace_id),
        Campaign.deleted_at.is_(None),
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
    query = select(Campaign).where(
        visible_to(user_id, Campaign.workspace_id), Campaign.deleted_at.is_(None)
    )
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
        select(RecipientImport)
        .join(Campaign, Campaign.id == RecipientImport.campaign_id)
        .where(
            RecipientImport.id == import_id,
            visible_to(user_id, RecipientImport.workspace_id),
            Campaign.deleted_at.is_(None),
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
            message_id=message_id_of(
                token=campaign.token,
                campaign_id=campaign.id,
                recipient_id=email.recipient_id,
                domain=domain,
            ),
        )
        for email, address in session.execute(query)
    ]


def _sender_domain(campaign: Campaign) -> str:
    """The domain that the campaign's Message-IDs had, or would have, when it was scheduled."""
    if campaign.message_domain is not None:
        return campaign.message_domain
    account = campaign.smtp_account
    return account.from_email.rpartition("@")[2] if account is not None else "localhost"
