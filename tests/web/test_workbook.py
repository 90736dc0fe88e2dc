"""The workbooks that are downloaded, read by the library that reads people's own."""

import io
from collections.abc import Iterator, Sequence

import openpyxl

from dakiya_web.workbook import ROWS_PER_PIECE, xlsx_pieces


def read(content: bytes) -> list[list[tuple[object, ...]]]:
    book = openpyxl.load_workbook(io.BytesIO(content), read_only=True)
    return [[tuple(row) for row in sheet.iter_rows(values_only=True)] for sheet in book.worksheets]


def test_cells_come_back_as_they_were_and_none_is_a_formula() -> None:
    rows: list[Sequence[object]] = [
        ("=1+1", 7, None, " दिवाली <&> \"'  "),
        ("+cmd|x", -3, "", "a\x00b\x0b\ud800c"),
    ]
    header = ("text", "number", "empty", "odd")
    assert read(b"".join(xlsx_pieces(header, rows))) == [
        [
            header,
            ("=1+1", 7, None, " दिवाली <&> \"'  "),
            ("+cmd|x", -3, None, "abc"),
        ]
    ]
    book = openpyxl.load_workbook(io.BytesIO(b"".join(xlsx_pieces(header, rows))))
    assert [cell.data_type for cell in book.worksheets[0]["A"]] == ["s", "s", "s"]


def test_full_sheet_is_followed_by_another() -> None:
    for count, sizes in ((0, [0]), (3, [3]), (4, [3, 1]), (6, [3, 3]), (7, [3, 3, 1])):
        sheets = read(b"".join(xlsx_pieces(("n",), ((n,) for n in range(count)), rows_per_sheet=3)))
        assert [len(sheet) - 1 for sheet in sheets] == sizes
        assert [row[0] for sheet in sheets for row in sheet[1:]] == list(range(count))


def test_rows_are_sent_while_others_are_still_to_be_read() -> None:
    given = 0

    def rows() -> Iterator[tuple[object, ...]]:
        nonlocal given
        for number in range(20_000):
            given += 1
            yield (f"r{number}@example.org", number)

    pieces = xlsx_pieces(("email", "n"), rows())
    assert next(pieces)
    assert given <= ROWS_PER_PIECE
    assert max(len(piece) for piece in pieces) < 100_000
