"""Who a campaign goes to, before it does: look at the recipients, step through them, remove all."""

from collections.abc import Sequence

from sqlalchemy import and_, delete, func, select, text
from sqlalchemy.orm import Session

from dakiya.campaigns.drafts import has_open_import, require_draft
from dakiya.errors import IllegalState
from dakiya.models import Campaign, Recipient, RecipientImport, Suppression

# A file of 300 columns must not make a page of 300 buttons.
FIELDS_AT_MOST = 200


def count_audience(session: Session, campaign: Campaign) -> int:
    """Count the campaign's recipients."""
    return session.scalars(select(func.count()).where(Recipient.campaign_id == campaign.id)).one()


def count_suppressed(session: Session, campaign: Campaign) -> int:
    """Count the recipients that would get no mail, because their address is suppressed."""
    return session.scalars(
        select(func.count())
        .select_from(Recipient)
        .join(
            Suppression,
            and_(
                Suppression.workspace_id == Recipient.workspace_id,
                Suppression.email_normalised == Recipient.email_normalised,
            ),
        )
        .where(Recipient.campaign_id == campaign.id)
    ).one()


def list_audience(
    session: Session, campaign: Campaign, *, after_id: int = 0, limit: int = 50
) -> Sequence[Recipient]:
    """Return a page of the recipients in the order in which they came."""
    return session.scalars(
        select(Recipient)
        .where(Recipient.campaign_id == campaign.id, Recipient.id > after_id)
        .order_by(Recipient.id)
        .limit(limit)
    ).all()


def find_recipient(session: Session, campaign: Campaign, recipient_id: int) -> Recipient | None:
    """Return this recipient of the campaign; the first one if it has no such recipient."""
    found = session.scalar(
        select(Recipient).where(Recipient.campaign_id == campaign.id, Recipient.id == recipient_id)
    )
    return found or next(iter(list_audience(session, campaign, limit=1)), None)


def neighbours(session: Session, recipient: Recipient) -> tuple[int | None, int | None]:
    """Return the ids of the campaign's recipients before and after this one."""
    of_campaign = select(Recipient.id).where(Recipient.campaign_id == recipient.campaign_id)
    before = of_campaign.where(Recipient.id < recipient.id).order_by(Recipient.id.desc())
    after = of_campaign.where(Recipient.id > recipient.id).order_by(Recipient.id)
    return session.scalar(before.limit(1)), session.scalar(after.limit(1))


def fields_of(session: Session, campaign: Campaign) -> list[str]:
    """Return the names of the merge fields that some recipient has, beyond the built-in ones."""
    return list(
        session.scalars(
            text(
                "SELECT DISTINCT key FROM recipient, jsonb_object_keys(fields) AS key"
                " WHERE campaign_id = :campaign_id ORDER BY key LIMIT :at_most"
            ),
            {"campaign_id": campaign.id, "at_most": FIELDS_AT_MOST},
        )
    )


def count_fields(session: Session, campaign: Campaign) -> dict[str, int]:
    """Return each merge field that some recipient has, and how many have something in it.

    ``name`` is among them, ``email`` is not: everybody has one. In one scan of the recipients.
    """
    rows = session.execute(
        text(
            "SELECT key, count(*) FILTER (WHERE value <> '') AS filled FROM ("
            " SELECT 'name' AS key, name AS value FROM recipient WHERE campaign_id = :campaign_id"
            " UNION ALL SELECT key, value FROM recipient, jsonb_each_text(fields)"
            " WHERE campaign_id = :campaign_id) AS found"
            " GROUP BY key ORDER BY key LIMIT :at_most"
        ),
        {"campaign_id": campaign.id, "at_most": FIELDS_AT_MOST},
    )
    return {row.key: row.filled for row in rows}


def remove_audience(session: Session, campaign: Campaign) -> int:
    """Remove every recipient of a draft; returns how many. Raises IllegalState.

    The caller has locked the campaign.
    """
    require_draft(campaign, "emptied")
    if has_open_import(session, campaign):
        raise IllegalState("A recipient file is still being read. Remove the recipients after it.")
    removed = session.execute(delete(Recipient).where(Recipient.campaign_id == campaign.id))
    return int(removed.rowcount)  # type: ignore[attr-defined]


def list_imports(
    session: Session, campaign: Campaign, *, limit: int = 5
) -> Sequence[RecipientImport]:
    """Return the files that the campaign's recipients came from, the last one first."""
    return session.scalars(
        select(RecipientImport)
        .where(RecipientImport.campaign_id == campaign.id)
        .order_by(RecipientImport.id.desc())
        .limit(limit)
    ).all()
