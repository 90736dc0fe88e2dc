"""Finding campaigns and what belongs to them, for the user who may see them."""

from collections.abc import Collection, Mapping, Sequence

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from dakiya.accounts.users import visible_to
from dakiya.errors import NotFound
from dakiya.models import Campaign, CampaignStatus, Recipient, RecipientImport


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
    session: Session,
    *,
    user_id: int,
    name_part: str = "",
    statuses: Collection[CampaignStatus] = (),
    before_id: int | None = None,
    limit: int = 100,
) -> Sequence[Campaign]:
    """Return the user's campaigns, newest first, below ``before_id`` if it is given.

    With ``name_part`` only those whose name holds it, in any letter case; with ``statuses``
    only those in one of them.
    """
    query = select(Campaign).where(
        visible_to(user_id, Campaign.workspace_id), Campaign.deleted_at.is_(None)
    )
    if name_part:
        query = query.where(Campaign.name.icontains(name_part, autoescape=True))
    if statuses:
        query = query.where(Campaign.status.in_(statuses))
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


def list_imports(
    session: Session, campaign: Campaign, *, before_id: int | None, limit: int
) -> Sequence[RecipientImport]:
    """Return the campaign's recipient files, newest first, below ``before_id`` if it is given."""
    query = select(RecipientImport).where(RecipientImport.campaign_id == campaign.id)
    if before_id is not None:
        query = query.where(RecipientImport.id < before_id)
    return session.scalars(query.order_by(RecipientImport.id.desc()).limit(limit)).all()


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
