"""Spreadsheets as downloads: CSV that Excel reads and that no spreadsheet takes for a formula."""

import csv
import io
import re
from collections.abc import Iterable, Iterator, Sequence

from flask import Response

# What a spreadsheet would run, after blanks too (OWASP, "CSV Injection").
_FORMULA = re.compile(r"\s*[=+\-@]|[\t\r\n]")
_NUMBER = re.compile(r"-?[0-9]+(\.[0-9]+)?", re.ASCII)
_NOT_IN_A_NAME = re.compile(r"[^A-Za-z0-9]+")
ROWS_PER_WRITE = 500


def neutral(value: object) -> str:
    """Return a cell as text that no spreadsheet runs."""
    text = "" if value is None else str(value)
    return f"'{text}" if _FORMULA.match(text) and not _NUMBER.fullmatch(text) else text


def csv_lines(header: Sequence[str], rows: Iterable[Sequence[object]]) -> Iterator[bytes]:
    """Yield a CSV file in pieces; Excel needs the byte order mark to read UTF-8."""
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    buffer.write("\ufeff")
    writer.writerow([neutral(title) for title in header])
    for number, row in enumerate(rows, start=1):
        writer.writerow([neutral(value) for value in row])
        if number % ROWS_PER_WRITE == 0:
            yield _taken(buffer)
    yield _taken(buffer)


def csv_download(name: str, header: Sequence[str], rows: Iterable[Sequence[object]]) -> Response:
    """Answer with a CSV file, written while it is sent; ``rows`` must not need the request."""
    return download(csv_lines(header, rows), f"{file_stem(name)}.csv", "text/csv; charset=utf-8")


def download(content: Iterable[bytes], filename: str, content_type: str) -> Response:
    """Answer with a file that the browser saves; ``filename`` is plain ASCII."""
    response = Response(content, content_type=content_type)
    response.headers["Content-Disposition"] = f'attachment; filename="{filename}"'
    return response


def file_stem(name: str) -> str:
    """Make a plain file name of anything: "Diwali offer!" → "diwali-offer"."""
    return _NOT_IN_A_NAME.sub("-", name).strip("-").lower()[:60] or "dakiya"


def _taken(buffer: io.StringIO) -> bytes:
    content = buffer.getvalue().encode()
    buffer.seek(0)
    buffer.truncate()
    return content
