"""Read a CSV file: its delimiter is detected, its cells stay the text they are."""

import csv
import io
import re
from collections.abc import Iterator
from typing import BinaryIO

from dakiya_scheduler.imports.encoding import TextSource, detect_encoding
from dakiya_scheduler.imports.parsed import (
    TOO_MUCH_MEMORY,
    FileLimits,
    FileRefused,
    Record,
    Table,
)

_DELIMITERS = (",", ";", "\t", "|")
_SAMPLE_CHARS = 64 * 1024
_ROWS_AT_ONCE = 2_000
_NARROW = 25
# Excel writes and reads this line, and never shows it. With any other sign it is a row.
_SEP_LINE = re.compile(r"sep=([,;\t|:])(?:\r?\n|\r|\Z)", re.IGNORECASE)
_OPEN_QUOTE = re.compile(r"EOF inside string starting at row (\d+)")
_TOO_WIDE = re.compile(r"Expected (\d+) fields in line (\d+), saw (\d+)")


def open_csv(file: BinaryIO, limits: FileLimits) -> Table:
    """Detect encoding and delimiter, and read the file once to the end.

    Whatever is wrong with the file as a whole is thus known before the first row is used.
    Raises FileRefused, here and never from ``records``.
    """
    encoding = detect_encoding(file)
    text = TextSource(file, encoding.name)
    sample = text.read(_SAMPLE_CHARS)
    text.detach()
    sep_line = _SEP_LINE.match(sample)
    delimiter = sep_line[1] if sep_line else find_delimiter(sample)
    skip_chars = sep_line.end() if sep_line else 0
    reader = _CsvReader(file, encoding.name, delimiter, skip_chars=skip_chars)
    width = reader.check(limits)
    return Table(
        reader.records(width),
        encoding=encoding.name,
        delimiter=delimiter,
        warning=encoding.warning,
    )


def find_delimiter(sample: str) -> str:
    """Choose the delimiter that cuts the most rows into one and the same number of cells.

    A comma for a file of one column.
    """
    best, best_score = ",", 0.0
    for delimiter in _DELIMITERS:
        rows = csv.reader(io.StringIO(sample, newline=""), delimiter=delimiter)
        try:
            widths = [len(row) for row in rows if any(row)]
        except csv.Error:
            continue
        if len(widths) > 1 and len(sample) >= _SAMPLE_CHARS:
            del widths[-1]  # probably cut in the middle
        if not widths:
            continue
        usual = max(set(widths), key=lambda width: (widths.count(width), width))
        # The header has no free text, so its width counts more than any other row's.
        score = (widths.count(usual) / len(widths)) + (0.5 if widths[0] == usual else 0)
        if usual > 1 and score > best_score + 1e-9:
            best, best_score = delimiter, score
    return best


class _CsvReader:
    """pandas' C tokenizer over a file whose rows may differ in width."""

    def __init__(self, file: BinaryIO, encoding: str, delimiter: str, *, skip_chars: int) -> None:
        self._file = file
        self._encoding = encoding
        self._delimiter = delimiter
        self._skip_chars = skip_chars

    def check(self, limits: FileLimits) -> int:
        """Read everything, raise FileRefused for what is wrong, return how wide to read.

        Reading 200 columns where 10 are filled takes three times as long (measured), so it
        begins narrow and doubles.
        """
        import pandas as pd

        width = min(_NARROW, limits.columns)
        while True:
            try:
                self._check_rows(width, limits)
                return width
            except pd.errors.ParserError as error:
                found = _TOO_WIDE.search(str(error))
                if found is None or int(found[3]) > limits.columns or width == limits.columns:
                    raise _refusal(str(error), limits) from None
                width = min(max(2 * width, int(found[3])), limits.columns)
            except (ValueError, LookupError, ArithmeticError, csv.Error) as error:
                raise _refusal(str(error), limits) from error

    def _check_rows(self, width: int, limits: FileLimits) -> None:
        rows = 0
        for record in self.records(width):
            rows += bool(record.cells)
            if rows > limits.rows + 1:
                raise FileRefused(
                    f"The file has more than {limits.rows:,} rows: split it into several files."
                )

    def records(self, width: int) -> Iterator[Record]:
        """Yield every row, blank ones too. Raises ParserError for a row wider than ``width``.

        All columns are read as text: no cell becomes a number, a date or NaN. A row of
        nothing but delimiters goes ahead of the file: pandas lets its first row set the
        width, and drops cells when that is more than the names it was given.
        """
        import pandas as pd

        text = TextSource(self._file, self._encoding)
        text.read(self._skip_chars)
        text.put_back(self._delimiter * (width - 1) + "\n")
        try:
            chunks = pd.read_csv(
                text, sep=self._delimiter, header=None, names=range(width), index_col=False,
                dtype=object, na_filter=False, skip_blank_lines=False, skipinitialspace=True,
                chunksize=_ROWS_AT_ONCE, engine="c",
            )  # fmt: skip
            row = -1
            for frame in chunks:
                table = frame.to_numpy()
                # the last filled cell of each row; 0 for a blank row
                ends = ((table != "") * range(1, width + 1)).max(axis=1)
                for cells, end in zip(table, ends, strict=True):
                    row += 1
                    if row:
                        yield Record(row, cells[:end].tolist())
        except pd.errors.EmptyDataError:
            return
        finally:
            text.detach()


def _refusal(error: str, limits: FileLimits) -> FileRefused:
    if found := _OPEN_QUOTE.search(error):
        return FileRefused(
            f'Row {found[1]} has an opening quote (") that is never closed, so where '
            "its cell ends cannot be known: close or remove the quote."
        )
    if found := _TOO_WIDE.search(error):
        return FileRefused(
            f"Row {int(found[2]) - 1} has {found[3]} columns, more than the "
            f"{limits.columns} that are allowed: delete the columns that the mail does not need."
        )
    if "out of memory" in error:
        return FileRefused(TOO_MUCH_MEMORY)
    return FileRefused(
        "The file cannot be read as CSV: open it in your spreadsheet program, save it again as "
        ".xlsx or CSV and upload that."
    )
