"""Walk a sheet's XML row by row, whatever its row numbers and single cells say.

Not by openpyxl's own walk: that makes every blank row of a gap, every cell up to a row's
last one (XFD is the 16,384th), drops rows out of order, and gives up at a number it cannot
read.
"""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from openpyxl.utils.cell import coordinate_to_tuple
from openpyxl.worksheet._reader import WorkSheetParser

from dakiya_scheduler.imports.encoding import UNREADABLE
from dakiya_scheduler.imports.parsed import FileRefused

# The last row that a spreadsheet program has.
MAX_ROW = 1_048_576
# From here on nobody reads all digits of a row number.
_ENDLESS = 10**15


def walk(sheet: Any, *, max_columns: int) -> Iterator[tuple[int, list[object]]]:
    """Yield the number and the values of every row that the XML holds, in ascending order.

    A value beyond ``max_columns`` stands in the cell after the last one; a cell that cannot
    be read holds `UNREADABLE`. Raises FileRefused for a row number that no sheet has, and
    ValueError for rows out of order.
    """
    book = sheet.parent
    with sheet._get_source() as source:  # noqa: SLF001
        parser = _CellReader(
            source,
            sheet._shared_strings,  # noqa: SLF001
            data_only=True,
            epoch=book.epoch,
            date_formats=book._date_formats,  # noqa: SLF001
            timedelta_formats=book._timedelta_formats,  # noqa: SLF001
        )
        before = 0
        for row, cells in parser.parse():
            if row > MAX_ROW:
                number = f"{row:,}" if row < _ENDLESS else f"{Decimal(row).normalize():.15g}"
                raise FileRefused(
                    f"The sheet says that it has a row number {number}, but a spreadsheet ends"
                    f" at row {MAX_ROW:,}: copy the list into a new workbook and upload that."
                )
            if row <= before:
                raise ValueError(f"row {row} after row {before}")
            before = row
            yield row, _place(cells, max_columns + 1)


def _place(cells: list[dict[str, Any]], width: int) -> list[object]:
    filled = [cell for cell in cells if cell["value"] is not None]
    if not filled:
        return []
    values: list[object] = [None] * min(max(cell["column"] for cell in filled), width)
    for cell in filled:
        values[min(cell["column"], width) - 1] = cell["value"]
    return values


class _CellReader(WorkSheetParser):  # type: ignore[misc]
    """openpyxl's parser, to which one cell that it cannot read is not the whole workbook."""

    col_counter: int

    def parse_row(self, row: Any) -> tuple[int, list[dict[str, Any]]]:
        number, cells = super().parse_row(row)
        self.row_dimensions.clear()  # heights and styles, kept for nobody
        return number, cells

    def parse_cell(self, element: Any) -> dict[str, Any]:
        before = self.col_counter
        try:
            cell: dict[str, Any] = super().parse_cell(element)
        except (ValueError, ArithmeticError):
            # Raises again when it is the cell's place that cannot be read.
            coordinate = element.get("r")
            column = coordinate_to_tuple(coordinate)[1] if coordinate else before + 1
            self.col_counter = column
            return {"column": column, "value": UNREADABLE}
        return cell
