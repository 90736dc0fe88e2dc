"""Work one import off: parse its file in a child, store its rows chunk by chunk."""

import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass, field

from sqlalchemy.exc import SQLAlchemyError

from dakiya.contacts.checks import RawRecipient, show_address
from dakiya.contacts.import_turns import LEASE_S, next_import
from dakiya.contacts.imports import (
    MAX_FAILED_TAKES,
    MAX_TAKES,
    TakenImport,
    finish_import,
    load_content,
    put_back_import,
    record_format,
    refuse_import,
    renew_lease,
    store_rows,
    take_import,
    wait_for_user,
)
from dakiya.contacts.recipients import Rejection, remember_rows
from dakiya.db import SessionFactory
from dakiya.errors import IllegalState
from dakiya.log import get_logger
from dakiya.models import ImportStatus
from dakiya_scheduler.imports.mapped import cells_of, map_row
from dakiya_scheduler.imports.parsed import (
    BadRow,
    Column,
    FileLimits,
    FileRefused,
    Header,
    Parsed,
    Row,
)
from dakiya_scheduler.imports.process import parse_in_child
from dakiya_scheduler.imports.wire import ParserFailed

ROWS_PER_CHUNK = 1_000
PREVIEW_ROWS = 20
PREVIEW_CELL_CHARS = 200
# A workbook takes 8 s per 40,000 rows: nobody waits for the number of its rows so long.
COUNT_FOR_S = 3.0
# Another worker may take the same import first.
_TRIES = 5

_log = get_logger(__name__)
_BREAKS_US = (
    "The file broke its reader several times: open it in your spreadsheet program, save it "
    "again as .xlsx or CSV and upload that."
)


@dataclass(slots=True)
class _Chunk:
    rows: list[RawRecipient] = field(default_factory=list)
    bad_rows: list[Rejection] = field(default_factory=list)
    # By their row: as they stood in the file.
    originals: dict[int, Row | BadRow] = field(default_factory=dict)
    up_to_row: int = 0

    def __len__(self) -> int:
        return len(self.rows) + len(self.bad_rows)

    def add(self, item: Row | BadRow, original: Row | BadRow) -> None:
        if isinstance(item, Row):
            self.rows.append(RawRecipient(item.row, item.email, item.name, item.fields))
        else:
            self.bad_rows.append(Rejection(item.row, show_address(item.email), item.error))
        self.originals[item.row] = original
        self.up_to_row = item.row


def run_next_import(session_factory: SessionFactory, limits: FileLimits) -> int | None:
    """Run the import whose turn it is; return one that may be run then, for the caller to ring.

    Raises ParserFailed, as `run_import` does.
    """
    for _ in range(_TRIES):
        with session_factory() as session:
            import_id = next_import(session)
        if import_id is None or run_import(session_factory, import_id, limits) is not None:
            break
    with session_factory() as session:
        return next_import(session)


def run_import(
    session_factory: SessionFactory,
    import_id: int,
    limits: FileLimits,
    *,
    lease_s: float = LEASE_S,
) -> ImportStatus | None:
    """Take an import, read its file to the end, and say how it ended.

    None when it was not to be taken, or when it was cancelled or taken over meanwhile.
    May be called again at any time and by anybody: rows are stored once. Raises ParserFailed
    when the fault is ours; the import then waits for the next try.
    """
    with session_factory.begin() as session:
        taken = take_import(session, import_id, lease_s=lease_s)
    if taken is None:
        return None
    log = _log.bind(import_id=import_id, campaign_id=taken.campaign_id, fence=taken.fence)
    log.info("import_taken", rows_done=taken.rows_done)
    try:
        with _kept_lease(session_factory, taken, lease_s=lease_s):
            outcome = _read(session_factory, taken, limits)
    except FileRefused as refusal:
        log.info("import_refused", damage=refusal.damage)
        outcome = _refuse(session_factory, taken, str(refusal))
    except IllegalState as refusal:
        outcome = _refuse(session_factory, taken, str(refusal))
    except ParserFailed as failure:
        if taken.fence >= MAX_FAILED_TAKES:
            outcome = _refuse(session_factory, taken, _BREAKS_US)
        else:
            log.warning("import_parser_failed", cause=str(failure))
            with session_factory.begin() as session:
                put_back_import(session, taken)
            raise
    log.info("import_ended", outcome=outcome)
    return outcome


def _read(
    session_factory: SessionFactory, taken: TakenImport, limits: FileLimits
) -> ImportStatus | None:
    if taken.fence > MAX_TAKES:
        raise FileRefused(_BREAKS_US)
    with session_factory() as session:
        content = load_content(session, taken)
    if content is None:
        return None
    with closing(parse_in_child(content, taken.filename, limits)) as items:
        header = next(items, None)
        if not isinstance(header, Header):
            raise ParserFailed("no header")
        if not _record_format(session_factory, taken, header):
            return None
        if taken.look_first:
            return _show_first_rows(session_factory, taken, header.columns, items)
        if not _store_all(session_factory, taken, header.columns, items):
            return None
    with session_factory.begin() as session:
        return ImportStatus.DONE if finish_import(session, taken) else None


def _store_all(
    session_factory: SessionFactory,
    taken: TakenImport,
    columns: Sequence[Column],
    items: Iterator[Parsed],
) -> bool:
    """Store the rows chunk by chunk, by the user's word on the columns where there is one.

    False when the import is no longer ours.
    """
    chunk = _Chunk()
    first_rows: dict[str, int] = {}
    for item in items:
        if isinstance(item, Header):
            continue
        if isinstance(item, Row) and taken.mapping is not None:
            chunk.add(map_row(item, columns, taken.mapping), item)
        else:
            chunk.add(item, item)
        if len(chunk) >= ROWS_PER_CHUNK:
            if not _store(session_factory, taken, columns, chunk, first_rows):
                return False
            chunk = _Chunk()
    return not len(chunk) or _store(session_factory, taken, columns, chunk, first_rows)


def _show_first_rows(
    session_factory: SessionFactory,
    taken: TakenImport,
    columns: Sequence[Column],
    items: Iterator[Parsed],
) -> ImportStatus | None:
    """Keep the first rows for the user to look at, and count the others if that is quick."""
    preview: list[list[str]] = []
    rows = 0
    until = time.monotonic() + COUNT_FOR_S
    for item in items:
        rows += 1
        if isinstance(item, Row) and len(preview) < PREVIEW_ROWS:
            preview.append([cell[:PREVIEW_CELL_CHARS] for cell in cells_of(item, columns)])
        if rows >= PREVIEW_ROWS and time.monotonic() > until:
            break
    counted = next(items, None) is None
    with session_factory.begin() as session:
        waits = wait_for_user(session, taken, preview=preview, rows=rows if counted else None)
    return ImportStatus.WAITING if waits else None


def _record_format(session_factory: SessionFactory, taken: TakenImport, header: Header) -> bool:
    with session_factory.begin() as session:
        return record_format(
            session,
            taken,
            columns=[asdict(column) for column in header.columns],
            file_format={
                "encoding": header.encoding,
                "delimiter": header.delimiter,
                "sheet": header.sheet,
                **({"warning": header.warning} if header.warning else {}),
            },
        )


def _store(
    session_factory: SessionFactory,
    taken: TakenImport,
    columns: Sequence[Column],
    chunk: _Chunk,
    first_rows: dict[str, int],
) -> bool:
    """Store a chunk in one transaction; what an earlier worker stored is only remembered.

    False when the import is no longer ours.
    """
    if chunk.up_to_row <= taken.rows_done:
        remember_rows(chunk.rows, first_rows)
        return True
    done = [row for row in chunk.rows if row.row <= taken.rows_done]
    remember_rows(done, first_rows)
    with session_factory.begin() as session:
        intake = store_rows(
            session,
            taken,
            chunk.rows[len(done) :],
            bad_rows=[bad for bad in chunk.bad_rows if bad.row > taken.rows_done],
            up_to_row=chunk.up_to_row,
            first_rows=first_rows,
            original=lambda row: _cells(chunk.originals[row], columns),
        )
    return intake is not None


def _cells(item: Row | BadRow, columns: Sequence[Column]) -> Sequence[str]:
    return cells_of(item, columns) if isinstance(item, Row) else item.cells


def _refuse(session_factory: SessionFactory, taken: TakenImport, error: str) -> ImportStatus | None:
    with session_factory.begin() as session:
        return ImportStatus.REFUSED if refuse_import(session, taken, error=error) else None


@contextmanager
def _kept_lease(
    session_factory: SessionFactory, taken: TakenImport, *, lease_s: float
) -> Iterator[None]:
    """Renew the lease every third of its length while the block runs.

    A lease that cannot be renewed is found out by the next chunk, which the fence stops.
    """
    stop = threading.Event()

    def renew() -> None:
        while not stop.wait(lease_s / 3):
            try:
                with session_factory.begin() as session:
                    if not renew_lease(session, taken, lease_s=lease_s):
                        return
            except SQLAlchemyError as error:
                _log.warning("import_lease_not_renewed", cause=type(error).__name__)

    thread = threading.Thread(target=renew, name="import-lease", daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()
