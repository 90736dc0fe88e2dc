"""Imports of recipient files: who works on one, how far it is, and how it ended.

A worker takes an import under a lease and a fence, and moves ``rows_done`` in the
transaction that stores the rows. Killed at any point, it is taken up again where it stood.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Update, func, select, update
from sqlalchemy.orm import Session

from dakiya.campaigns.drafts import require_draft
from dakiya.contacts.columns import read_mapping
from dakiya.contacts.import_turns import OPEN, from_now, is_turn, lock_turn, require_room, takeable
from dakiya.contacts.recipients import Intake, RawRecipient, Rejection, add_recipients
from dakiya.errors import IllegalState
from dakiya.mail.addresses import clean_header
from dakiya.models import Campaign, ImportRejection, ImportStatus, RecipientImport

# A file whose workers have died so often would end the next one too; a worker also dies of
# a restart, so a parser that fails by itself gets fewer tries.
MAX_TAKES = 10
MAX_FAILED_TAKES = 3
WAITS_AT_MOST = timedelta(days=2)
_MAX_FILENAME_CHARS = 200


@dataclass(frozen=True, slots=True)
class TakenImport:
    """An import under a lease. Nothing is written for it once the fence has moved on."""

    import_id: int
    campaign_id: int
    fence: int
    filename: str
    # the last row of the file, as a spreadsheet counts, that was dealt with
    rows_done: int
    # Read the first rows only, for the user to look at.
    look_first: bool = False
    # The user's word on each column, see contacts.columns.
    mapping: Sequence[str] | None = None


def create_import(
    session: Session,
    campaign: Campaign,
    *,
    filename: str,
    content: bytes,
    look_first: bool = False,
) -> RecipientImport:
    """Keep a recipient file until a worker has read it.

    Raises IllegalState unless a draft, and when the workspace has too many unfinished
    imports. With ``look_first`` it waits for the user's word on its columns after the first
    rows. The caller has locked the campaign, commits, and rings the import worker.
    """
    require_draft(campaign, "given recipients")
    require_room(session, campaign.workspace_id)
    name = clean_header(filename.replace("\\", "/").rpartition("/")[2]) or "file"
    new = RecipientImport(
        workspace_id=campaign.workspace_id,
        campaign_id=campaign.id,
        filename=name[:_MAX_FILENAME_CHARS],
        content=content,
        look_first=look_first,
    )
    session.add(new)
    session.flush()
    return new


def take_import(session: Session, import_id: int, *, lease_s: float) -> TakenImport | None:
    """Take an import that waits, or whose worker's lease has expired; None if it is neither.

    None, too, while another import of its workspace is being read.
    """
    lock_turn(session, import_id)
    row = session.execute(
        update(RecipientImport)
        .where(
            RecipientImport.id == import_id,
            takeable(RecipientImport, lease_s),
            is_turn(lease_s),
        )
        .values(
            status=ImportStatus.RUNNING,
            fence=RecipientImport.fence + 1,
            lease_expires_at=from_now(lease_s),
        )
        .returning(
            RecipientImport.id,
            RecipientImport.campaign_id,
            RecipientImport.fence,
            RecipientImport.filename,
            RecipientImport.rows_done,
            RecipientImport.look_first,
            RecipientImport.mapping,
        )
    ).one_or_none()
    return TakenImport(*row) if row is not None else None


def load_content(session: Session, taken: TakenImport) -> bytes | None:
    """Return the file's bytes; None when they are gone or the import is another worker's."""
    return session.scalar(
        select(RecipientImport.content).where(
            RecipientImport.id == taken.import_id, RecipientImport.fence == taken.fence
        )
    )


def renew_lease(session: Session, taken: TakenImport, *, lease_s: float) -> bool:
    """Keep the import for another lease; False when it is no longer ours or was cancelled."""
    return _write(session, _ours(taken).values(lease_expires_at=from_now(lease_s)))


def record_format(
    session: Session,
    taken: TakenImport,
    *,
    columns: Sequence[dict[str, Any]],
    file_format: dict[str, Any],
) -> bool:
    """Note how the file is read, for its owner to check; False when it is no longer ours."""
    return _write(session, _ours(taken).values(columns=list(columns), file_format=file_format))


def wait_for_user(
    session: Session, taken: TakenImport, *, preview: Sequence[Sequence[str]], rows: int | None
) -> bool:
    """Keep the first rows, cell by cell, and wait; False when it is no longer ours.

    ``rows`` tells how many the file has, None when counting them would take too long.
    """
    return _write(
        session,
        _ours(taken).values(
            status=ImportStatus.WAITING,
            preview=[list(cells) for cells in preview],
            file_format=RecipientImport.file_format.concat({"rows": rows} if rows else {}),
            lease_expires_at=None,
        ),
    )


def start_import(session: Session, found: RecipientImport, *, mapping: Sequence[str]) -> None:
    """Let a waiting import run with the user's word on its columns.

    ``mapping`` has one of "email", "name", "field:<name>" and "skip" per column. Raises
    WrongColumns, and IllegalState when it does not wait, or no longer.
    """
    cleaned = read_mapping(mapping, columns=len(found.columns))
    started = _write(
        session,
        update(RecipientImport)
        .where(RecipientImport.id == found.id, RecipientImport.status == ImportStatus.WAITING)
        .values(
            status=ImportStatus.QUEUED,
            look_first=False,
            mapping=list(cleaned),
            preview=None,
            rung_at=func.clock_timestamp(),
        ),
    )
    if not started:
        raise IllegalState("The import does not wait for its columns any more.")


def forget_waiting(session: Session, *, now: datetime) -> int:
    """Cancel the imports that nobody has come back to, and drop their files; returns how many."""
    return len(
        session.scalars(
            update(RecipientImport)
            .where(
                RecipientImport.status == ImportStatus.WAITING,
                RecipientImport.created_at < now - WAITS_AT_MOST,
            )
            .values(status=ImportStatus.CANCELLED, **_ended())
            .returning(RecipientImport.id)
        ).all()
    )


def store_rows(
    session: Session,
    taken: TakenImport,
    rows: Sequence[RawRecipient],
    *,
    bad_rows: Sequence[Rejection],
    up_to_row: int,
    first_rows: dict[str, int],
    original: Callable[[int], Sequence[str]] | None = None,
) -> Intake | None:
    """Store a part of the file and move the import on, in the caller's transaction.

    ``original`` returns the cells of a row, which are kept with one that is not taken.
    None when the import is no longer ours or was cancelled: nothing is stored then. Raises
    IllegalState when the campaign is no draft any more.
    """
    moved = _write(
        session,
        _ours(taken).where(RecipientImport.rows_done < up_to_row).values(rows_done=up_to_row),
    )
    if not moved:
        return None
    campaign = session.scalars(
        select(Campaign)
        .where(Campaign.id == taken.campaign_id)
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    ).one()
    require_draft(campaign, "given recipients")
    intake = add_recipients(session, campaign, rows, first_rows=first_rows)
    intake.rejected = sorted([*intake.rejected, *bad_rows], key=lambda rejection: rejection.row)
    session.execute(
        _ours(taken).values(
            accepted=RecipientImport.accepted + intake.accepted,
            rejected=RecipientImport.rejected + len(intake.rejected),
        )
    )
    session.add_all(
        ImportRejection(
            import_id=taken.import_id,
            row=r.row,
            email=r.email,
            error=r.error,
            cells=list(original(r.row)) if original else None,
        )
        for r in intake.rejected
    )
    return intake


def finish_import(session: Session, taken: TakenImport) -> bool:
    """The whole file was read: drop its bytes. False when it is no longer ours."""
    return _write(session, _ours(taken).values(status=ImportStatus.DONE, **_ended()))


def refuse_import(session: Session, taken: TakenImport, *, error: str) -> bool:
    """The file cannot be read, or not read on; ``error`` tells its owner how to mend it.

    What was accepted before stays, and is counted.
    """
    return _write(
        session, _ours(taken).values(status=ImportStatus.REFUSED, error=error, **_ended())
    )


def put_back_import(session: Session, taken: TakenImport) -> bool:
    """Let another worker take the import at once."""
    return _write(session, _ours(taken).values(status=ImportStatus.QUEUED, lease_expires_at=None))


def cancel_import(session: Session, import_id: int) -> None:
    """Stop an import; recipients that it has added stay. Raises IllegalState if it has ended."""
    statement = (
        update(RecipientImport)
        .where(
            RecipientImport.id == import_id,
            RecipientImport.status.in_((*OPEN, ImportStatus.WAITING)),
        )
        .values(status=ImportStatus.CANCELLED, **_ended())
    )
    if not _write(session, statement):
        raise IllegalState("The import has ended already; there is nothing to cancel.")


def list_rejections(
    session: Session, import_id: int, *, after_row: int = 0, limit: int = 1_000
) -> Sequence[Rejection]:
    """Return a page of the rows that were not taken, in their order."""
    found = session.scalars(
        select(ImportRejection)
        .where(ImportRejection.import_id == import_id, ImportRejection.row > after_row)
        .order_by(ImportRejection.row)
        .limit(limit)
    )
    return [Rejection(line.row, line.email, line.error, line.cells) for line in found]


def _ours(taken: TakenImport) -> Update:
    return update(RecipientImport).where(
        RecipientImport.id == taken.import_id,
        RecipientImport.fence == taken.fence,
        RecipientImport.status == ImportStatus.RUNNING,
    )


def _write(session: Session, statement: Update) -> bool:
    """Run a guarded update; True when it found its row."""
    return session.scalar(statement.returning(RecipientImport.id)) is not None


def _ended() -> dict[str, Any]:
    return {
        "content": None,
        "preview": None,
        "lease_expires_at": None,
        "finished_at": func.clock_timestamp(),
    }
