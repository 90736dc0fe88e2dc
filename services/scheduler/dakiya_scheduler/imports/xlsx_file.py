"""Read a workbook row by row; every cell becomes the text that its reader expects."""

import datetime as dt
import errno
import math
import zipfile
import zlib
from collections.abc import Iterator
from decimal import Decimal
from typing import Any, BinaryIO
from xml.etree.ElementTree import ParseError

import openpyxl

from dakiya_scheduler.imports.encoding import UNREADABLE
from dakiya_scheduler.imports.parsed import FileLimits, FileRefused, Record, Table
from dakiya_scheduler.imports.sheet import walk

_MAX_SHEETS = 20
_SPREADSHEET_ERRORS = frozenset(
    {"#N/A", "#REF!", "#VALUE!", "#DIV/0!", "#NAME?", "#NULL!", "#NUM!"}
)
# What a damaged sheet makes zipfile, expat and openpyxl raise, and what else the parts around it
# do (a part that is missing, packed in an unknown way, or an index beyond all bounds). A test shows
# each.
_DAMAGED_SHEET = (
    EOFError, IndexError, ParseError, TypeError, ValueError, zipfile.BadZipFile, zlib.error,
)  # fmt: skip
_DAMAGED_BOOK = (*_DAMAGED_SHEET, KeyError, NotImplementedError, OverflowError)
_BROKEN = (
    "The workbook is damaged: open it in your spreadsheet program, save it again as .xlsx "
    "and upload it."
)


def open_xlsx(file: BinaryIO, limits: FileLimits) -> Iterator[Table]:
    """Yield the visible sheets, in order. Raises FileRefused, also while records are read.

    The archive's sizes have been checked before (`check_archive`).
    """
    try:
        book = openpyxl.load_workbook(file, read_only=True, data_only=True, keep_links=False)
        sheets = [sheet for sheet in book.worksheets if sheet.sheet_state == "visible"]
    except _DAMAGED_BOOK as error:
        raise FileRefused(_BROKEN, type(error).__name__) from error
    except OSError as error:
        # openpyxl's "no valid workbook part", and a place before the file's beginning; else the
        # disk's trouble, which is not the file's.
        if error.errno not in (None, errno.EINVAL):
            raise
        raise FileRefused(_BROKEN, type(error).__name__) from error
    if not sheets:
        raise FileRefused("The workbook has no visible sheet: unhide the one with the list.")
    for sheet in sheets[:_MAX_SHEETS]:
        yield Table(_records(sheet, limits), sheet=sheet.title)


def _records(sheet: Any, limits: FileLimits) -> Iterator[Record]:
    rows = 0
    for row, values in _walk(sheet, limits):
        cells = [cell_text(value) for value in values]
        while cells and not cells[-1]:
            cells.pop()
        if not cells:
            continue
        rows += 1
        if rows > limits.rows + 1:
            raise FileRefused(
                f"The sheet has more than {limits.rows:,} rows: split it into several files."
            )
        yield Record(row, cells)


def _walk(sheet: Any, limits: FileLimits) -> Iterator[tuple[int, list[object]]]:
    try:
        yield from walk(sheet, max_columns=limits.columns)
    except _DAMAGED_SHEET as error:
        raise FileRefused(_BROKEN, type(error).__name__) from error


def cell_text(value: object) -> str:
    """Write a cell's value as text: whole numbers without ".0", dates as 2026-11-24.

    A spreadsheet error (#N/A) is an empty cell, a number beyond all bounds `UNREADABLE`.
    Text is left as it is.
    """
    if isinstance(value, str):
        return "" if value in _SPREADSHEET_ERRORS else value
    if value is None:
        return ""
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, float):
        return _number(value)
    if isinstance(value, dt.datetime | dt.time):
        return _moment(value)
    return str(value)


def _number(value: float) -> str:
    if math.isinf(value):
        return UNREADABLE
    if math.isnan(value):
        return ""
    if value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    # 15 digits are what a spreadsheet keeps and shows: 0.1 + 0.2 is 0.3 there.
    return format(Decimal(format(value, ".15g")), "f")


def _moment(value: dt.datetime | dt.time) -> str:
    if isinstance(value, dt.time):
        return value.isoformat("minutes" if not value.second else "seconds")
    value = (value + dt.timedelta(microseconds=500_000)).replace(microsecond=0)
    if value.time() == dt.time():
        return value.date().isoformat()
    return value.isoformat(" ", "minutes" if not value.second else "seconds")
