"""Workbooks: typed cells become the text that people see."""

import datetime as dt
import io

import pytest

from dakiya_scheduler.imports.parsed import BadRow, FileLimits, Row
from dakiya_scheduler.imports.xlsx_file import cell_text, open_xlsx
from tests.scheduler.imports.files import (
    bad_rows_of,
    header_of,
    read,
    replace_member,
    rows_of,
    sheet_of,
    sheet_xml,
    text_cell,
    xlsx,
)


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
        (float("inf"), "\ufffd"),
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


@pytest.mark.parametrize(
    "cell",
    [
        "<v>1e400</v>",
        f"<v>{'9' * 5_000}</v>",
        "<v>twelve</v>",
    ],
)
@pytest.mark.parametrize("place", [' r="B3"', ""])
def test_number_that_cannot_be_read_costs_its_row_alone(cell: str, place: str) -> None:
    stored = sheet_of(
        f'<row r="1">{text_cell("A1", "Email")}{text_cell("B1", "Code")}</row>'
        f'<row r="2">{text_cell("A2", "asha@example.com")}</row>'
        f'<row r="3">{text_cell("A3", "broken@example.com")}<c{place}>{cell}</c></row>'
        f'<row r="4">{text_cell("A4", "ravi@example.com")}<c r="B4"><v>7</v></c></row>'
    )
    (bad,) = bad_rows_of(stored)
    assert (bad.row, bad.email) == (3, "broken@example.com")
    assert "column 2 holds something that cannot be read" in bad.error
    assert [item for item in read(stored) if isinstance(item, Row)] == [
        Row(2, "asha@example.com", None, {}),
        Row(4, "ravi@example.com", None, {"code": "7"}),
    ]


def test_header_is_followed_by_any_number_of_blank_rows() -> None:
    rows = [["Email"], *[[""]] * 300, ["asha@example.com"]]
    assert rows_of(xlsx(*rows)) == [Row(302, "asha@example.com", None, {})]


def test_cell_far_to_the_right_makes_its_row_bad_and_no_row_wide() -> None:
    rows = "".join(
        f'<row r="{n}">{text_cell(f"A{n}", f"p{n}@example.com")}'
        f'<c r="XFC{n}"/>{text_cell(f"XFD{n}", "x") if n == 4 else ""}</row>'
        for n in range(2, 6)
    )
    stored = sheet_of(f'<row r="1">{text_cell("A1", "Email")}</row>{rows}')
    items = list(read(stored))[1:]
    assert [item.row for item in items if isinstance(item, Row)] == [2, 3, 5]
    (bad,) = [item for item in items if isinstance(item, BadRow)]
    assert (bad.row, "column 201, which has no header" in bad.error) == (4, True)


def test_cells_far_to_the_right_are_never_made() -> None:
    rows = [(1, text_cell("A1", "Email"))]
    rows += [(n, text_cell(f"XFD{n}", "x")) for n in range(2, 50)]
    sheet = sheet_of("".join(f'<row r="{n}">{cell}</row>' for n, cell in rows))
    (table,) = open_xlsx(io.BytesIO(sheet), FileLimits(columns=10))
    assert {len(record.cells) for record in table.records} == {1, 11}


def test_gap_between_rows_makes_no_rows() -> None:
    last = f'<row r="1048576">{text_cell("A1048576", "asha@example.com")}</row>'
    stored = sheet_of(f'<row r="1">{text_cell("A1", "Email")}</row>{last}')
    (table,) = open_xlsx(io.BytesIO(stored), FileLimits())
    assert [record.row for record in table.records] == [1, 1_048_576]
