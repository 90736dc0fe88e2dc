"""Whatever a spreadsheet program writes is read back as it was, in CSV and XLSX."""

import csv
import io

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.scheduler.imports.files import rows_of, xlsx

# What neither format can hold, or what is trimmed or refused on purpose.
CHARACTERS = st.characters(
    codec="utf-8", exclude_categories=("Cc", "Cs"), exclude_characters="\ufffd\ufffe\uffff@"
)
TEXTS = st.text(CHARACTERS | st.sampled_from('",;\t|\n '), max_size=20).map(str.strip)
TABLES = st.lists(st.tuples(TEXTS, TEXTS), min_size=1, max_size=8)


@settings(max_examples=60)
@given(TABLES, st.sampled_from([",", ";", "\t", "|"]), st.sampled_from(["utf-8-sig", "utf-16"]))
def test_csv_gives_back_what_was_written(
    table: list[tuple[str, str]], delimiter: str, encoding: str
) -> None:
    out = io.StringIO(newline="")
    out.write(f"sep={delimiter}\r\n")
    writer = csv.writer(out, delimiter=delimiter)
    writer.writerow(["Email", "First", "Second"])
    for number, cells in enumerate(table):
        writer.writerow([f"p{number}@example.com", *cells])
    rows = rows_of(out.getvalue().encode(encoding))
    assert [row.row for row in rows] == list(range(2, len(table) + 2))
    assert [(r.fields.get("first", ""), r.fields.get("second", "")) for r in rows] == table


@settings(max_examples=60)
@given(TABLES)
def test_delimiter_is_found_among_quoted_cells(table: list[tuple[str, str]]) -> None:
    out = io.StringIO(newline="")
    writer = csv.writer(out, delimiter=";", quoting=csv.QUOTE_ALL)
    writer.writerow(["Email", "First", "Second"])
    for number, cells in enumerate(table):
        writer.writerow([f"p{number}@example.com", *cells])
    rows = rows_of(out.getvalue().encode())
    assert [(r.fields.get("first", ""), r.fields.get("second", "")) for r in rows] == table


@settings(max_examples=25)
@given(TABLES)
def test_xlsx_gives_back_what_was_written(table: list[tuple[str, str]]) -> None:
    written = [
        (first.replace("#", "").lstrip("="), second.replace("#", "").lstrip("="))
        for first, second in table
    ]
    stored = xlsx(
        ["Email", "First", "Second"],
        *([f"p{number}@example.com", *cells] for number, cells in enumerate(written)),
    )
    rows = rows_of(stored)
    assert [(r.fields.get("first", ""), r.fields.get("second", "")) for r in rows] == [
        (first.strip(), second.strip()) for first, second in written
    ]
