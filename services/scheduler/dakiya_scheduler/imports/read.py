"""Read a recipient file, whatever its kind, into a header and rows."""

import itertools
from collections.abc import Iterator
from typing import BinaryIO

from dakiya_scheduler.imports.columns import Layout, NoEmailColumn, recognise
from dakiya_scheduler.imports.encoding import UNREADABLE
from dakiya_scheduler.imports.kind import Kind, recognise_kind
from dakiya_scheduler.imports.parsed import (
    BadRow,
    FileLimits,
    Header,
    Parsed,
    Record,
    Role,
    Row,
    Table,
)

_SAMPLE_ROWS = 200
# A cell of a bad row is repeated in the report only so far.
_SHOWN_CHARS = 320


def read_file(file: BinaryIO, limits: FileLimits) -> Iterator[Parsed]:
    """Yield the header, then every row that is not blank.

    Of a workbook, the first visible sheet with an e-mail column is read. Raises FileRefused,
    for a damaged workbook also after some rows.
    """
    tables = _open_tables(file, limits)
    first_problem: NoEmailColumn | None = None
    for table in tables:
        records = (record for record in map(_trim, table.records) if any(record.cells))
        sample = list(itertools.islice(records, _SAMPLE_ROWS))
        try:
            layout = recognise(sample, limits)
        except NoEmailColumn as problem:
            first_problem = first_problem or problem
            continue
        yield Header(layout.columns, table.encoding, table.delimiter, table.sheet, table.warning)
        for record in itertools.chain(sample, records):
            if record.row > layout.header_row:
                yield _read_row(record, layout, limits)
        return
    if first_problem is not None:
        raise first_problem


def _open_tables(file: BinaryIO, limits: FileLimits) -> Iterator[Table]:
    # pandas and openpyxl take a second to import: only a file of the right kind is worth it.
    if recognise_kind(file, limits) is Kind.XLSX:
        from dakiya_scheduler.imports.xlsx_file import open_xlsx

        yield from open_xlsx(file, limits)
    else:
        from dakiya_scheduler.imports.csv_file import open_csv

        yield open_csv(file, limits)


def _trim(record: Record) -> Record:
    return Record(record.row, [cell.strip() for cell in record.cells])


def _read_row(record: Record, layout: Layout, limits: FileLimits) -> Row | BadRow:
    cells = record.cells
    email = cells[layout.email] if layout.email < len(cells) else ""
    problem = _problem(cells, layout, limits)
    if problem is not None:
        kept = [cell[: limits.cell_chars] for cell in cells[: limits.columns]]
        return BadRow(record.row, email[:_SHOWN_CHARS], problem, kept)
    fields = {
        column.field: cell
        for column, cell in zip(layout.columns, cells, strict=False)
        if column.role is Role.FIELD and column.field and cell
    }
    return Row(record.row, email, _name(cells, layout), fields)


def _problem(cells: list[str], layout: Layout, limits: FileLimits) -> str | None:
    """Say why a row cannot be trusted.

    A row shorter than the header is fine: Excel leaves out the separators of empty cells at
    the end of a row.
    """
    width = len(layout.columns)
    for index, cell in enumerate(cells):
        if not cell:
            continue
        if index >= width or layout.columns[index].role is Role.SKIP:
            return (
                f"the row has something in column {index + 1}, which has no header: a separator "
                "too many, or a header is missing"
            )
        if len(cell) > limits.cell_chars:
            return (
                f"column {index + 1} holds {len(cell):,} characters, more than the "
                f"{limits.cell_chars:,} that are allowed"
            )
        if UNREADABLE in cell:
            return (
                f"column {index + 1} holds something that cannot be read (shown as "
                f"{UNREADABLE}): type it again, and save a CSV file as CSV UTF-8"
            )
    return None


def _name(cells: list[str], layout: Layout) -> str | None:
    if layout.name is not None:
        wanted = [layout.name]
    else:
        wanted = [i for i in (layout.first_name, layout.last_name) if i is not None]
    parts = [cells[index] for index in wanted if index < len(cells) and cells[index]]
    return " ".join(parts) or None
