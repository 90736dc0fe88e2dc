"""Addresses that a workspace must not write to. Every function is idempotent."""

from sqlalchemy import delete
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from dakiya.mail.addresses import parse_address
from dakiya.models import Suppression, SuppressionReason


def suppress(
    session: Session,
    workspace_id: int,
    address: str,
    reason: SuppressionReason,
    *,
    campaign_id: int | None = None,
) -> bool:
    """Suppress an address; False if it was already, and then the first reason stays.

    Raises AddressError.
    """
    added = session.scalar(
        insert(Suppression)
        .values(
            workspace_id=workspace_id,
            email_normalised=parse_address(address).normalised,
            reason=reason,
            campaign_id=campaign_id,
        )
        .on_conflict_do_nothing()
        .returning(Suppression.workspace_id)
    )
    return added is not None


def is_suppressed(session: Session, workspace_id: int, address: str) -> bool:
    """Whether the workspace must not write to the address. Raises AddressError."""
    return session.get(Suppression, (workspace_id, parse_address(address).normalised)) is not None


def unsuppress(session: Session, workspace_id: int, address: str) -> bool:
    """Allow mail to an address again; False if it was allowed. Raises AddressError."""
    removed = session.scalar(
        delete(Suppression)
        .where(
            Suppression.workspace_id == workspace_id,
            Suppression.email_normalised == parse_address(address).normalised,
        )
        .returning(Suppression.workspace_id)
    )
    return removed is not None
