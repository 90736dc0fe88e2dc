"""XLSX files written while they are sent: no temporary file, and memory for one piece at a time.

The few parts of ECMA-376 (SpreadsheetML) that a plain table needs. Text is written as inline
strings, which no program takes for a formula.
"""

import io
import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, islice
from typing import IO, Final
from xml.sax.saxutils import escape
from zipfile import ZIP_DEFLATED, ZipFile

CONTENT_TYPE: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
# What a sheet holds with its header, and a cell.
ROWS_PER_SHEET: Final = 1_048_575
CHARS_PER_CELL: Final = 32_767
ROWS_PER_PIECE: Final = 500
_NOT_IN_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_LINKS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_PARTS = "application/vnd.openxmlformats-officedocument.spreadsheetml"


class _Pieces(io.RawIOBase):
    """Where the archive is written: what has come is taken away again and again."""

    def __init__(self) -> None:
        self._held = bytearray()

    def writable(self) -> bool:
        return True

    def write(self, content: bytes) -> int:  # type: ignore[override]
        self._held += content
        return len(content)

    def take(self) -> bytes:
        taken = bytes(self._held)
        self._held.clear()
        return taken


def xlsx_pieces(
    header: Sequence[str],
    rows: Iterable[Sequence[object]],
    *,
    rows_per_sheet: int = ROWS_PER_SHEET,
) -> Iterator[bytes]:
    """Yield a workbook in pieces; numbers stay numbers. A full sheet is followed by another."""
    pieces = _Pieces()
    left, sheets = iter(rows), 0
    with ZipFile(pieces, "w", ZIP_DEFLATED, compresslevel=4) as archive:
        following: list[Sequence[object]] | None = []
        while following is not None:
            sheets += 1
            of_sheet = islice(chain(following, left), rows_per_sheet)
            with archive.open(f"xl/worksheets/sheet{sheets}.xml", "w") as part:
                for _ in _write_sheet(part, header, of_sheet):
                    yield pieces.take()
            first = next(left, None)
            following = None if first is None else [first]
        for name, content in _frame(sheets):
            archive.writestr(name, _HEAD + content)
    yield pieces.take()


def _write_sheet(
    part: IO[bytes], header: Sequence[str], rows: Iterator[Sequence[object]]
) -> Iterator[None]:
    part.write(f'{_HEAD}<worksheet xmlns="{_MAIN}"><sheetData>{_row(header)}'.encode())
    while piece := "".join(_row(row) for row in islice(rows, ROWS_PER_PIECE)):
        part.write(piece.encode())
        yield
    part.write(b"</sheetData></worksheet>")


def _row(cells: Sequence[object]) -> str:
    return f"<row>{''.join(_cell(value) for value in cells)}</row>"


def _cell(value: object) -> str:
    if value is None or value == "":
        return "<c/>"
    if isinstance(value, int):
        return f"<c><v>{int(value)}</v></c>"
    text = escape(_NOT_IN_XML.sub("", str(value))[:CHARS_PER_CELL])
    return f'<c t="inlineStr"><is><t xml:space="preserve">{text}</t></is></c>'


def _frame(sheets: int) -> Iterator[tuple[str, str]]:
    numbers = range(1, sheets + 1)
    yield (
        "[Content_Types].xml",
        f'<Types xmlns="{_PACKAGE}/content-types"><Default Extension="rels" ContentType='
        f'"application/vnd.openxmlformats-package.relationships+xml"/><Override PartName='
        f'"/xl/workbook.xml" ContentType="{_PARTS}.sheet.main+xml"/>'
        + "".join(
            f'<Override PartName="/xl/worksheets/sheet{n}.xml"'
            f' ContentType="{_PARTS}.worksheet+xml"/>'
            for n in numbers
        )
        + "</Types>",
    )
    yield "_rels/.rels", _relations([("rId1", "officeDocument", "xl/workbook.xml")])
    yield (
        "xl/workbook.xml",
        f'<workbook xmlns="{_MAIN}" xmlns:r="{_LINKS}"><sheets>'
        + "".join(f'<sheet name="Mails {n}" sheetId="{n}" r:id="rId{n}"/>' for n in numbers)
        + "</sheets></workbook>",
    )
    yield (
        "xl/_rels/workbook.xml.rels",
        _relations([(f"rId{n}", "worksheet", f"worksheets/sheet{n}.xml") for n in numbers]),
    )


def _relations(targets: Sequence[tuple[str, str, str]]) -> str:
    return (
        f'<Relationships xmlns="{_PACKAGE}/relationships">'
        + "".join(
            f'<Relationship Id="{name}" Type="{_LINKS}/{kind}" Target="{target}"/>'
            for name, kind, target in targets
        )
        + "</Relationships>"
    )
