"""Files that cannot be read: each is refused in words that say how to mend it."""

import io
import struct
import zipfile

import pytest

from dakiya_scheduler.imports.parsed import FileRefused
from tests.scheduler.imports.files import (
    archive,
    bomb,
    change_entry,
    change_member,
    read,
    replace_member,
    sheet_of,
    sheet_xml,
    text_cell,
    xlsx,
)

OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(512)
GOOD = xlsx(["Email"], ["asha@example.com"])
BOOK, SHEET, STYLES = "xl/workbook.xml", "xl/worksheets/sheet1.xml", "xl/styles.xml"
WIDE = ["Email", *(f"c{i}" for i in range(299))]

# Where a member's entry in the directory holds what.
_VERSION, _FLAGS, _METHOD, _CRC, _PACKED_BYTES, _UNPACKED_BYTES = 6, 8, 10, 16, 20, 24


def _encrypted_zip() -> bytes:
    data = bytearray(GOOD)
    at = data.find(b"PK\x01\x02")
    while at >= 0:
        flags = struct.unpack_from("<H", data, at + 8)[0]
        struct.pack_into("<H", data, at + 8, flags | 1)
        at = data.find(b"PK\x01\x02", at + 4)
    return bytes(data)


def _many_members() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as new:
        for number in range(3_000):
            new.writestr(f"xl/{number}.xml", b"")
    return out.getvalue()


def _entity_bomb() -> bytes:
    entities = "".join(
        f'<!ENTITY e{n} "{f"&e{n - 1};" * 10}">' if n else '<!ENTITY e0 "ha">' for n in range(10)
    )
    sheet = sheet_xml('<row r="1"><c r="A1" t="inlineStr"><is><t>&e9;</t></is></c></row>')
    return replace_member(
        GOOD,
        "xl/worksheets/sheet1.xml",
        sheet.replace(b"?>", f"?><!DOCTYPE x [{entities}]>".encode(), 1),
    )


def _without(name: str) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(GOOD)) as old, zipfile.ZipFile(out, "w") as new:
        for info in old.infolist():
            if info.filename != name:
                new.writestr(info.filename, old.read(info))
    return out.getvalue()


def _garbled(name: str) -> bytes:
    """A member whose packed bytes are no deflate stream."""
    data = bytearray(GOOD)
    with zipfile.ZipFile(io.BytesIO(GOOD)) as old:
        at = old.getinfo(name).header_offset + 30 + len(name)
    data[at : at + 6] = b"\xff" * 6
    return bytes(data)


def _named_in_no_encoding() -> bytes:
    """A member whose name is said to be UTF-8 (flag bit 11) and is not."""
    stored = change_entry(GOOD, "docProps/app.xml", _FLAGS, 0x800)
    return stored.replace(b"docProps/app.xml", b"docProps/\xff\xfe\xfd.xml")


def _longer_than_the_file(name: str) -> bytes:
    stored = change_entry(GOOD, name, _METHOD, 0)
    stored = change_entry(stored, name, _PACKED_BYTES, 10_000_000)
    return change_entry(stored, name, _UNPACKED_BYTES, 10_000_000)


# What each makes the libraries raise, in the directory, the book and the sheet.
DAMAGED = {
    ("directory", "BadZipFile"): GOOD.replace(b"PK\x01\x02", b"PK\x07\x07"),
    ("directory", "NotImplementedError"): change_entry(GOOD, BOOK, _VERSION, 99),
    ("directory", "UnicodeDecodeError"): _named_in_no_encoding(),
    ("book", "BadZipFile"): change_entry(GOOD, BOOK, _CRC, 1),
    ("book", "EOFError or BadZipFile"): _longer_than_the_file(BOOK),
    ("book", "IndexError"): change_member(GOOD, STYLES, b'fontId="0"', b'fontId="9"'),
    ("book", "KeyError"): _without("xl/_rels/workbook.xml.rels"),
    ("book", "NotImplementedError"): change_entry(GOOD, BOOK, _METHOD, 77),
    ("book", "OSError"): change_member(GOOD, "[Content_Types].xml", b"sheet.main+xml", b"x"),
    ("book", "OverflowError"): change_member(
        GOOD, STYLES, b'Xfs count="1"><xf numFmtId="0"', b'Xfs count="1"><xf numFmtId="%d"' % 10**20
    ),
    ("book", "ParseError"): replace_member(GOOD, BOOK, b"nope"),
    ("book", "TypeError"): change_member(GOOD, BOOK, b'sheetId="1"', b'sheetId="x"'),
    ("book", "ValueError"): change_member(GOOD, BOOK, b'"visible" r:id', b'"x" r:id'),
    ("book", "error"): _garbled(BOOK),
    ("sheet", "BadZipFile"): change_entry(GOOD, SHEET, _CRC, 1),
    ("sheet", "EOFError or BadZipFile"): _longer_than_the_file(SHEET),
    ("sheet", "IndexError"): sheet_of('<row r="1"><c r="A1" t="s"><v>7</v></c></row>'),
    ("sheet", "ParseError"): replace_member(GOOD, SHEET, b"<worksheet><sheetD"),
    ("sheet", "TypeError"): change_member(
        GOOD, SHEET, b"</sheetData>", b"</sheetData><hyperlinks><hyperlink/></hyperlinks>"
    ),
    ("sheet", "ValueError"): sheet_of('<row r="1"><c r="1A"><v>7</v></c></row>'),
    ("sheet", "error"): _garbled(SHEET),
}

FILES = {
    "empty": (b"", "0 bytes"),
    "blank lines": (b"\n \n\n", "no row with anything in it"),
    "byte order mark alone": (b"\xef\xbb\xbf", "no row with anything in it"),
    "header only": (b"Email,Name\n", "only a header row"),
    "header only, xlsx": (xlsx(["Email", "Name"]), "only a header row"),
    "empty sheet": (xlsx(), "no row with anything in it"),
    "no e-mail column": (b"Name,City\nAsha,Pune\n", "The columns are: “Name”, “City”"),
    "no e-mail column, xlsx": (xlsx(["Name"], ["Asha"]), "The columns are: “Name”"),
    "300 columns": (",".join([*WIDE, "\na@example.com"]).encode(), "more than the 200"),
    "300 columns, xlsx": (xlsx(WIDE, ["a@example.com"]), "more than the 200 columns"),
    "300 columns in a later row": (
        b"Email\na@example.com\nb@example.com" + b",x" * 299,
        "Row 3 has 300 columns",
    ),
    "quote left open": (
        b'Email,Name\na@example.com,"Asha\nb@example.com,Ravi\n',
        "Row 2 has an opening quote",
    ),
    "old xls": (OLE, "old Excel file (.xls): save the list as .xlsx or CSV"),
    "password": (OLE + "EncryptedPackage".encode("utf-16-le"), "remove the password"),
    "encrypted zip": (_encrypted_zip(), "protected with a password"),
    "ods": (archive(mimetype=b"x", content_DOT_xml=b"<x/>"), "OpenDocument file (.ods)"),
    "numbers": (archive(Index__Document_DOT_iwa=b"x"), "Numbers document"),
    "xlsb": (archive(xl__workbook_DOT_bin=b"x"), ".xlsb"),
    "docx": (archive(word__document_DOT_xml=b"x"), "text document"),
    "zip": (archive(list_DOT_csv=b"Email\n"), "a zip archive"),
    "pdf": (b"%PDF-1.7\n", "a PDF document"),
    "picture": (b"\x89PNG\r\n\x1a\n", "a picture"),
    "gzip": (b"\x1f\x8b\x08", "compressed archive"),
    "web page called .xls": (b"\n<html><table><tr><td>Email", "web page or XML"),
    "program": (bytes(range(256)) * 40 + bytes(4_000), "not a text file or a workbook"),
    "half an upload": (GOOD[: len(GOOD) // 2], "not uploaded completely"),
    "row that no sheet has": (
        sheet_of(
            f'<row r="1">{text_cell("A1", "Email")}</row>'
            f'<row r="2">{text_cell("A2", "a@example.com")}</row>'
            '<row r="99999999999999"></row>'
        ),
        "a row number 99,999,999,999,999, but a spreadsheet ends at row 1,048,576: copy the list",
    ),
    "row behind the last one": (
        sheet_of(f'<row r="2000000">{text_cell("A2000000", "Email")}</row>'),
        "a row number 2,000,000, but",
    ),
    "row beyond all bounds": (
        sheet_of(f'<row r="{10**400}">{text_cell("A1", "Email")}</row>'),
        "a row number 1e+400, but",
    ),
    "rows out of order": (
        sheet_of(
            f'<row r="2">{text_cell("A2", "Email")}</row>'
            f'<row r="1">{text_cell("A1", "a@example.com")}</row>'
        ),
        "damaged",
    ),
    "thousands of parts": (_many_members(), "3,000 parts"),
    "entity bomb": (_entity_bomb(), "damaged"),
    "bomb": (bomb(200), "unpack to 210 MB"),
}


@pytest.mark.parametrize("name", FILES)
def test_file_is_refused_with_what_to_do(name: str) -> None:
    stored, words = FILES[name]
    with pytest.raises(FileRefused) as refused:
        list(read(stored))
    assert words in str(refused.value)


@pytest.mark.parametrize(("where", "raised"), DAMAGED)
def test_damaged_workbook_is_refused_whatever_it_makes_raise(where: str, raised: str) -> None:
    with pytest.raises(FileRefused, match="is damaged") as refused:
        list(read(DAMAGED[where, raised]))
    # Newer Pythons look at the sizes first: that a member ends too early is then a bad file.
    assert type(refused.value.__cause__).__name__ in raised.split(" or ")


def test_file_over_a_limit_is_refused() -> None:
    many = b"Email\n" + b"a@example.com\n" * 12
    with pytest.raises(FileRefused, match="more than 10 rows"):
        list(read(many, rows=10))
    with pytest.raises(FileRefused, match="split it into several"):
        list(read(many, size_bytes=100))
    with pytest.raises(FileRefused, match="more than 10 rows"):
        list(read(xlsx(["Email"], *(["a@example.com"] for _ in range(12))), rows=10))
    with pytest.raises(FileRefused, match="save the list as CSV"):
        list(read(GOOD, unpacked_bytes=1_000))


def test_file_at_the_limit_of_rows_is_read() -> None:
    stored = b"Email\n" + b"a@example.com\n" * 10
    assert len(list(read(stored, rows=10))) == 11
