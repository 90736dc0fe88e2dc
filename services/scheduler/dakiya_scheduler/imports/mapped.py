"""Rows by the user's word on their columns, where it differs from what was recognised. Pure."""

from collections.abc import Sequence

from dakiya.contacts.columns import EMAIL, FIELD_PREFIX, NAME
from dakiya_scheduler.imports.parsed import Column, Role, Row


def cells_of(row: Row, columns: Sequence[Column]) -> list[str]:
    """Return what the row has in each column."""
    return [_cell(row, column) for column in columns]


def map_row(row: Row, columns: Sequence[Column], mapping: Sequence[str]) -> Row:
    """Return the recipient that the row is by the user's mapping.

    A name made of first and last name stays, unless the user chose columns for it.
    """
    cells = cells_of(row, columns)
    chosen = list(zip(mapping, cells, strict=True))
    recognised = any(column.role is Role.NAME for column in columns)
    if NAME in mapping:
        name = " ".join(cell for role, cell in chosen if role == NAME and cell) or None
    else:
        name = None if recognised else row.name
    fields = {
        role.removeprefix(FIELD_PREFIX): cell
        for role, cell in chosen
        if role.startswith(FIELD_PREFIX) and cell
    }
    return Row(row.row, cells[mapping.index(EMAIL)], name, fields)


def _cell(row: Row, column: Column) -> str:
    match column.role:
        case Role.EMAIL:
            return row.email
        case Role.NAME:
            return row.name or ""
        case _:
            return row.fields.get(column.field or "", "")
