"""Take recipients into a campaign: every one is either stored or reported with its reason."""

import itertools
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from sqlalchemy import text
from sqlalchemy.orm import Session

from dakiya.contacts.checks import (
    CheckedRecipient,
    RawRecipient,
    check_recipient,
    show_address,
)
from dakiya.errors import InvalidInput
from dakiya.models import Campaign

__all__ = ["Intake", "RawRecipient", "Rejection", "add_recipients"]

# 100,000 in one request: 1,000 at once keep memory flat, more gain nothing (measured).
ROWS_PER_INSERT = 1_000
# Arrays instead of VALUES: one short statement whatever the number of rows. Ids in file order.
_INSERT = text(
    """
    INSERT INTO recipient (workspace_id, campaign_id, email, email_normalised, name, fields)
    SELECT :workspace_id, :campaign_id, email, email_normalised, name, fields::jsonb
      FROM unnest(CAST(:emails AS text[]), CAST(:normalised AS text[]),
                  CAST(:names AS text[]), CAST(:fields AS text[]))
           WITH ORDINALITY AS given (email, email_normalised, name, fields, position)
     ORDER BY position
        ON CONFLICT (campaign_id, email_normalised) DO NOTHING
    RETURNING email_normalised
    """
)


@dataclass(frozen=True, slots=True)
class Rejection:
    """A recipient that was not taken: where it stood, its address as given, and why.

    ``cells`` is the whole row of a file, when it is known.
    """

    row: int
    email: str
    error: str
    cells: Sequence[str] | None = None


@dataclass(slots=True)
class Intake:
    """What became of the recipients of one request or one part of a file."""

    accepted: int = 0
    rejected: list[Rejection] = field(default_factory=list)


def add_recipients(
    session: Session,
    campaign: Campaign,
    raw: Iterable[RawRecipient],
    *,
    first_rows: dict[str, int] | None = None,
) -> Intake:
    """Store the valid recipients of a draft and report the others, in the order of their rows.

    Suppressed addresses are taken too: the ledger marks them when the campaign is prepared,
    so that the user sees them. The caller has locked the campaign (two intakes at once could
    deadlock), checked that it is a draft, and commits. ``first_rows`` remembers where each
    address stood across calls; it only makes the report clearer.
    """
    intake = Intake()
    first_rows = {} if first_rows is None else first_rows
    for chunk in _chunks(raw, ROWS_PER_INSERT):
        checked = []
        for recipient in chunk:
            try:
                checked.append(check_recipient(recipient))
            except InvalidInput as error:
                intake.rejected.append(
                    Rejection(recipient.row, show_address(recipient.email), str(error))
                )
        _store(session, campaign, checked, first_rows=first_rows, intake=intake)
    intake.rejected.sort(key=lambda rejection: rejection.row)
    return intake


def remember_rows(raw: Iterable[RawRecipient], first_rows: dict[str, int]) -> None:
    """Note where addresses stood that were taken before, when a file is read once more."""
    for recipient in raw:
        try:
            checked = check_recipient(recipient)
        except InvalidInput:
            continue
        first_rows.setdefault(checked.email_normalised, checked.row)


def _store(
    session: Session,
    campaign: Campaign,
    checked: Sequence[CheckedRecipient],
    *,
    first_rows: dict[str, int],
    intake: Intake,
) -> None:
    fresh = []
    for recipient in checked:
        first = first_rows.setdefault(recipient.email_normalised, recipient.row)
        if first == recipient.row:
            fresh.append(recipient)
        else:
            intake.rejected.append(
                Rejection(recipient.row, recipient.email, f"the same address as in row {first}")
            )
    if not fresh:
        return
    stored = set(
        session.scalars(
            _INSERT,
            {
                "workspace_id": campaign.workspace_id,
                "campaign_id": campaign.id,
                "emails": [recipient.email for recipient in fresh],
                "normalised": [recipient.email_normalised for recipient in fresh],
                "names": [recipient.name for recipient in fresh],
                "fields": [json.dumps(r.fields, ensure_ascii=False) for r in fresh],
            },
        )
    )
    intake.accepted += len(stored)
    for recipient in fresh:
        if recipient.email_normalised not in stored:
            intake.rejected.append(
                Rejection(recipient.row, recipient.email, "this address is already in the campaign")
            )


def _chunks(raw: Iterable[RawRecipient], size: int) -> Iterator[list[RawRecipient]]:
    rows = iter(raw)
    while chunk := list(itertools.islice(rows, size)):
        yield chunk
