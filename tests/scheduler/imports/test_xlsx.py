"""Workbooks: typed cells become the text that people see."""

import datetime as dt

import pytest

from dakiya_scheduler.imports.parsed import Row
from dakiya_scheduler.imports.xlsx_file import cell_text
from tests.scheduler.imports.files import header_of, replace_member, rows_of, sheet_xml, xlsx


def naive(*parts: int) -> dt.datetime:
    """A workbook's dates know no zone."""
    return dt.datetime(*parts)  # type: ignore[arg-type]  # noqa: DTZ001


def test_rows_names_and_fields_come_as_written() -> None:
    stored = xlsx(
        ["Email", "नाम", "City", "Code"],
        ["asha@example.com", "आशा शर्मा", "München", "00123"],
        [],
        ["ravi@example.com", None, "NA", "None"],
    )
    assert header_of(stored).sheet == "Sheet"
    assert rows_of(stored) == [
        Row(2, "asha@example.com", "आशा शर्मा", {"city": "München", "code": "00123"}),
        Row(4, "ravi@example.com", None, {"city": "NA", "code": "None"}),
    ]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (5, "5"),
        (5.0, "5"),
        (-0.5, "-0.5"),
        (0.1 + 0.2, "0.3"),
        (919876543210.0, "919876543210"),
        (1e-7, "0.0000001"),
        (1.5e20, "150000000000000000000"),
        (float("nan"), ""),
        (True, "TRUE"),
        (naive(2026, 11, 24), "2026-11-24"),
        (naive(2026, 11, 24, 9, 5), "2026-11-24 09:05"),
        (naive(2026, 11, 24, 9, 4, 59, 999_999), "2026-11-24 09:05"),
        (naive(2026, 11, 24, 9, 5, 7), "2026-11-24 09:05:07"),
        (dt.date(2026, 11, 24), "2026-11-24"),
        (dt.time(9, 5), "09:05"),
        ("#N/A", ""),
        ("00123", "00123"),
        (None, ""),
    ],
)
def test_cell_becomes_the_text_its_reader_expects(value: object, text: str) -> None:
    assert cell_text(value) == text


def test_numbers_and_dates_survive_a_real_workbook() -> None:
    stored = xlsx(
        ["Email", "Phone", "Date", "Price", "Member"],
        ["a@example.com", 919876543210, naive(2026, 11, 24), 12.5, True],
    )
    assert rows_of(stored)[0].fields == {
        "phone": "919876543210",
        "date": "2026-11-24",
        "price": "12.5",
        "member": "TRUE",
    }


def test_first_visible_sheet_with_addresses_is_read() -> None:
    stored = xlsx(["About"], ["nothing here"], Members=[["Email"], ["asha@example.com"]])
    assert header_of(stored).sheet == "Members"
    assert rows_of(stored) == [Row(2, "asha@example.com", None, {})]


def test_wrong_dimension_does_not_cut_the_sheet() -> None:
    cells = "".join(
        f'<row r="{n}"><c r="A{n}" t="inlineStr"><is><t>{text}</t></is></c></row>'
        for n, text in ((1, "Email"), (2, "asha@example.com"), (5, "ravi@example.com"))
    )
    sheet = sheet_xml(cells).replace(b"<sheetData>", b'<dimension ref="A1"/><sheetData>')
    stored = replace_member(xlsx(["Email"]), "xl/worksheets/sheet1.xml", sheet)
    assert [(row.row, row.email) for row in rows_of(stored)] == [
        (2, "asha@example.com"),
        (5, "ravi@example.com"),
    ]
