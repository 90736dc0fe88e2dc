"""Builders of recipient files, good and bad."""

import io
import struct
import zipfile
from collections.abc import Iterator, Sequence

import openpyxl
import psutil

from dakiya_scheduler.imports.parsed import BadRow, FileLimits, Header, Parsed, Row
from dakiya_scheduler.imports.read import read_file

ROOT = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"


def xlsx(*rows: Sequence[object], **other_sheets: Sequence[Sequence[object]]) -> bytes:
    """A workbook as a spreadsheet program writes it; further sheets by name."""
    book = openpyxl.Workbook()
    sheet = book.worksheets[0]
    for row in rows:
        sheet.append(list(row))
    for name, content in other_sheets.items():
        other = book.create_sheet(name)
        for row in content:
            other.append(list(row))
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def replace_member(workbook: bytes, name: str, content: bytes) -> bytes:
    """The same archive with another content for one of its members."""
    out = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(workbook)) as old,
        zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new,
    ):
        for info in old.infolist():
            new.writestr(info.filename, content if info.filename == name else old.read(info))
        if name not in old.namelist():
            new.writestr(name, content)
    return out.getvalue()


def change_member(workbook: bytes, name: str, before: bytes, after: bytes) -> bytes:
    """The same archive with other words in one of its members."""
    with zipfile.ZipFile(io.BytesIO(workbook)) as old:
        content = old.read(name)
    assert before in content
    return replace_member(workbook, name, content.replace(before, after))


def change_entry(workbook: bytes, name: str, offset: int, value: int) -> bytes:
    """The same archive with other bytes in a member's entry of the directory (APPNOTE 4.3.12)."""
    data = bytearray(workbook)
    at = data.find(b"PK\x01\x02")
    while data[at + 46 : at + 46 + len(name)] != name.encode():
        at = data.index(b"PK\x01\x02", at + 4)
    struct.pack_into("<H" if offset < 16 else "<L", data, at + offset, value)
    return bytes(data)


def archive(**members: bytes) -> bytes:
    """A zip archive; "__" in a name stands for a slash, "_DOT_" for a dot."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for name, content in members.items():
            new.writestr(name.replace("__", "/").replace("_DOT_", "."), content)
    return out.getvalue()


def sheet_xml(inside: str) -> bytes:
    """The XML of a sheet around its rows, without the dimension that most programs write."""
    return f'{ROOT}<worksheet xmlns="{MAIN}"><sheetData>{inside}</sheetData></worksheet>'.encode()


def sheet_of(inside: str) -> bytes:
    """A workbook whose only sheet has these rows, given as XML."""
    return replace_member(xlsx(["Email"]), "xl/worksheets/sheet1.xml", sheet_xml(inside))


def text_cell(place: str, text: str) -> str:
    """The XML of a cell of text."""
    return f'<c r="{place}" t="inlineStr"><is><t>{text}</t></is></c>'


def bomb(unpacked_mb: int) -> bytes:
    """A well-formed workbook of a few hundred KB whose sheet unpacks to empty cells."""
    out = io.BytesIO()
    base = xlsx(["Email"], ["asha@example.com"])
    with (
        zipfile.ZipFile(io.BytesIO(base)) as old,
        zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as new,
    ):
        for info in old.infolist():
            if info.filename != "xl/worksheets/sheet1.xml":
                new.writestr(info.filename, old.read(info))
        with new.open("xl/worksheets/sheet1.xml", "w") as member:
            member.write(f'{ROOT}<worksheet xmlns="{MAIN}"><sheetData><row>'.encode())
            for _ in range(unpacked_mb):
                member.write(b"<c/>" * (1024 * 1024 // 4))
            member.write(b"</row></sheetData></worksheet>")
    return out.getvalue()


def read(data: bytes, **limits: int) -> Iterator[Parsed]:
    """Read in this process."""
    return read_file(io.BytesIO(data), FileLimits(**limits))


def header_of(data: bytes) -> Header:
    """Only the header."""
    first = next(read(data))
    assert isinstance(first, Header)
    return first


def rows_of(data: bytes) -> list[Row]:
    """Only the rows; none of them may be bad."""
    items = list(read(data))[1:]
    rows = [item for item in items if isinstance(item, Row)]
    assert len(rows) == len(items), items
    return rows


def bad_rows_of(data: bytes) -> list[BadRow]:
    """Only the bad rows."""
    return [item for item in read(data) if isinstance(item, BadRow)]


def with_shared_texts(workbook: bytes, count: int) -> bytes:
    """The same workbook with a table of shared texts, which readers keep in memory."""
    texts = "".join(f"<si><t>{number}</t></si>" for number in range(count))
    table = f'{ROOT}<sst xmlns="{MAIN}">{texts}</sst>'.encode()
    with zipfile.ZipFile(io.BytesIO(workbook)) as old:
        types = old.read("[Content_Types].xml")
    override = (
        b'<Override PartName="/xl/sharedStrings.xml" ContentType="application/'
        b'vnd.openxmlformats-officedocument.spreadsheetml.sharedStrings+xml"/></Types>'
    )
    types = types.replace(b"</Types>", override)
    workbook = replace_member(workbook, "[Content_Types].xml", types)
    return replace_member(workbook, "xl/sharedStrings.xml", table)


def parsing_children() -> list[psutil.Process]:
    """The parsing processes that this process has started."""
    return [
        child
        for child in psutil.Process().children()
        if any("imports.child" in word for word in child.cmdline())
    ]
