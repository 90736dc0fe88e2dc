"""Addresses that a workspace must not write to. Every function is idempotent."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import delete, func, select, tuple_
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from dakiya.accounts.users import visible_to
from dakiya.contacts.checks import show_address
from dakiya.contacts.pasted import read_pasted
from dakiya.contacts.recipients import Rejection
from dakiya.db import SessionFactory
from dakiya.errors import InvalidInput
from dakiya.mail.addresses import AddressError, parse_address
from dakiya.models import Suppression, SuppressionReason

MAX_AT_ONCE = 100_000
LINES_PER_EXPORT_PAGE = 1_000
_ADDRESSES_PER_INSERT = 1_000
# What the column of the addresses is called; anything else in a first line is reported.
_COLUMN_NAMES = re.compile("mail|addres|adress|correo|courriel|recipient|ईमेल|मेल", re.IGNORECASE)

# Where a page of the list ends: its last line's time and address.
Cursor = tuple[datetime, str]


@dataclass(frozen=True, slots=True)
class AddressRow:
    """What stands for an address, and where, for the report."""

    row: int
    email: str


@dataclass(frozen=True)
class ListIntake:
    """What became of many addresses at once."""

    added: int = 0
    known: int = 0
    rejected: list[Rejection] = field(default_factory=list)


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
            email_normalised=parse_address(address, international=True).normalised,
            reason=reason,
            campaign_id=campaign_id,
        )
        .on_conflict_do_nothing()
        .returning(Suppression.workspace_id)
    )
    return added is not None


def is_suppressed(session: Session, workspace_id: int, address: str) -> bool:
    """Whether the workspace must not write to the address. Raises AddressError."""
    return (
        session.get(
            Suppression, (workspace_id, parse_address(address, international=True).normalised)
        )
        is not None
    )


def unsuppress(session: Session, workspace_id: int, address: str) -> bool:
    """Allow mail to an address again; False if it was allowed. Raises AddressError."""
    removed = session.scalar(
        delete(Suppression)
        .where(
            Suppression.workspace_id == workspace_id,
            Suppression.email_normalised == parse_address(address, international=True).normalised,
        )
        .returning(Suppression.workspace_id)
    )
    return removed is not None


def suppress_many(
    session: Session,
    workspace_id: int,
    text: str,
    *,
    reason: SuppressionReason = SuppressionReason.MANUAL,
) -> ListIntake:
    """Suppress the addresses of a pasted text or a CSV file, and report what is none.

    The names of columns in a first line are no mistake. Raises InvalidInput for more than
    MAX_AT_ONCE entries.
    """
    pasted = read_pasted(text)
    if len(pasted.rows) > MAX_AT_ONCE:
        raise InvalidInput(
            f"These are {len(pasted.rows):,} addresses. Send at most {MAX_AT_ONCE:,} at a time."
        )
    rows = [AddressRow(raw.row, raw.email) for raw in pasted.rows]
    found = suppress_rows(session, workspace_id, rows, reason=reason)
    found.rejected.extend(
        line for line in pasted.rejected if line.row > 1 or not _COLUMN_NAMES.search(line.email)
    )
    found.rejected.sort(key=lambda line: line.row)
    return found


def suppress_rows(
    session: Session,
    workspace_id: int,
    rows: Sequence[AddressRow],
    *,
    reason: SuppressionReason = SuppressionReason.MANUAL,
) -> ListIntake:
    """Suppress addresses, and report those that are none."""
    wrong: list[Rejection] = []
    addresses: dict[str, None] = {}
    for line in rows:
        try:
            addresses[parse_address(line.email, international=True).normalised] = None
        except AddressError as error:
            wrong.append(Rejection(line.row, show_address(line.email), str(error)))
    added = sum(
        _insert(session, workspace_id, part, reason)
        for part in _parts(list(addresses), _ADDRESSES_PER_INSERT)
    )
    return ListIntake(added, len(addresses) - added, wrong)


def list_suppressions(
    session: Session,
    *,
    user_id: int,
    search: str = "",
    before: Cursor | None = None,
    limit: int = 100,
) -> list[Suppression]:
    """Return suppressions, the newest first; ``search`` is a part of the address."""
    query = select(Suppression).where(visible_to(user_id, Suppression.workspace_id))
    if search:
        query = query.where(
            Suppression.email_normalised.contains(search.strip().lower(), autoescape=True)
        )
    if before is not None:
        query = query.where(
            tuple_(Suppression.created_at, Suppression.email_normalised) < tuple_(*before)
        )
    newest = (Suppression.created_at.desc(), Suppression.email_normalised.desc())
    return list(session.scalars(query.order_by(*newest).limit(limit)))


def count_suppressions(session: Session, *, user_id: int) -> int:
    """Count the addresses that the user's workspaces must not write to."""
    return session.scalars(
        select(func.count())
        .select_from(Suppression)
        .where(visible_to(user_id, Suppression.workspace_id))
    ).one()


def export_suppressions(session_factory: SessionFactory, *, user_id: int) -> Iterator[Suppression]:
    """Yield every suppression, the newest first, with a short transaction per page."""
    before: Cursor | None = None
    while True:
        with session_factory() as session:
            page = list_suppressions(
                session, user_id=user_id, before=before, limit=LINES_PER_EXPORT_PAGE
            )
        yield from page
        if len(page) < LINES_PER_EXPORT_PAGE:
            return
        before = (page[-1].created_at, page[-1].email_normalised)


def _parts(addresses: list[str], size: int) -> Iterator[list[str]]:
    return (addresses[at : at + size] for at in range(0, len(addresses), size))


def _insert(
    session: Session, workspace_id: int, addresses: list[str], reason: SuppressionReason
) -> int:
    rows = [
        {"workspace_id": workspace_id, "email_normalised": address, "reason": reason}
        # In one order, so that two of us never wait for each other.
        for address in sorted(addresses)
    ]
    added = session.scalars(
        insert(Suppression).on_conflict_do_nothing().returning(Suppression.email_normalised),
        rows,
    )
    return len(added.all())
