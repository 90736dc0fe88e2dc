"""CSV as it is found in the wild: encodings, delimiters, quotes, missing headers."""

import pandas
import pytest

from dakiya_scheduler.imports.parsed import FileRefused, Role, Row
from tests.scheduler.imports.files import bad_rows_of, header_of, rows_of

TEXT = "Email;Name;Stadt\nasha@example.com;Zoë Müller;Köln\nravi@example.com;José Núñez;Málaga\n"
ROWS = [
    Row(2, "asha@example.com", "Zoë Müller", {"stadt": "Köln"}),
    Row(3, "ravi@example.com", "José Núñez", {"stadt": "Málaga"}),
]


@pytest.mark.parametrize(
    ("stored", "encoding"),
    [
        (TEXT.encode(), "utf-8"),
        (TEXT.encode("utf-8-sig"), "utf-8-sig"),
        (b"\xff\xfe" + TEXT.encode("utf-16-le"), "utf-16"),
        (b"\xfe\xff" + TEXT.encode("utf-16-be"), "utf-16"),
        (TEXT.encode("utf-16-le"), "utf-16-le"),
        (TEXT.encode("utf-16-be"), "utf-16-be"),
        (TEXT.encode("utf-32"), "utf-32"),
        (TEXT.encode("cp1252"), "cp1252"),
        (TEXT.encode("latin-1"), "cp1252"),
    ],
)
def test_rows_are_the_same_in_every_encoding(stored: bytes, encoding: str) -> None:
    assert header_of(stored).encoding == encoding
    assert rows_of(stored) == ROWS


@pytest.mark.parametrize(
    ("encoding", "name"),
    [
        ("cp1250", "Łukasz Wałęsa z Łodzi"),
        ("cp1251", "Пётр Петров из Санкт-Петербурга"),
        ("cp1253", "Γιώργος Παπαδόπουλος από την Αθήνα"),
        ("cp932", "山田太郎様、東京都にお住まいです"),
        ("gb18030", "王小明先生住在北京市朝阳区"),
    ],
)
def test_legacy_code_page_is_guessed_from_text_of_some_length(encoding: str, name: str) -> None:
    lines = "".join(f"p{i}@example.com,{name}\n" for i in range(20))
    rows = rows_of(f"Email,Name\n{lines}".encode(encoding))
    assert {row.name for row in rows} == {name}


def test_few_broken_bytes_cost_their_rows_and_not_the_encoding() -> None:
    good = "".join(f"p{i}@example.com,आशा शर्मा\n" for i in range(20)).encode()
    stored = "Email,नाम\n".encode() + good + b"broken@example.com,Jos\xe9\n"
    assert header_of(stored).encoding == "utf-8"
    (bad,) = bad_rows_of(stored)
    assert (bad.row, bad.email) == (22, "broken@example.com")
    assert "cannot be read" in bad.error


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_delimiter_is_detected(delimiter: str) -> None:
    text = "Email,Name,City\nasha@example.com,Asha,Pune\nravi@example.com,Ravi,\n"
    stored = text.replace(",", delimiter).encode()
    assert header_of(stored).delimiter == delimiter
    assert rows_of(stored) == [
        Row(2, "asha@example.com", "Asha", {"city": "Pune"}),
        Row(3, "ravi@example.com", "Ravi", {}),
    ]


def test_delimiter_is_not_the_comma_of_some_names() -> None:
    stored = b"Email;Name\na@example.com;Doe, John\nb@example.com;Roe, Jane\nc@example.com;X\n"
    assert [row.name for row in rows_of(stored)] == ["Doe, John", "Roe, Jane", "X"]


def test_one_column_without_delimiter_is_a_list_of_addresses() -> None:
    assert rows_of(b"asha@example.com\nravi@example.com") == [
        Row(1, "asha@example.com", None, {}),
        Row(2, "ravi@example.com", None, {}),
    ]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_sep_line_names_the_delimiter_and_counts_for_nothing(end: str) -> None:
    stored = end.join(["sep=;", "Email;Name", "asha@example.com;A, B, C", ""])
    assert header_of(stored.encode("utf-8-sig")).delimiter == ";"
    assert rows_of(stored.encode("utf-8-sig")) == [Row(2, "asha@example.com", "A, B, C", {})]


def test_row_numbers_are_the_spreadsheets_after_blank_lines_and_quoted_line_breaks() -> None:
    stored = b'Email,Address\n\na@example.com,"Lane 1\r\nPune"\n , \nb@example.com,"say ""hi"""\n'
    assert rows_of(stored) == [
        Row(3, "a@example.com", None, {"address": "Lane 1\r\nPune"}),
        Row(5, "b@example.com", None, {"address": 'say "hi"'}),
    ]


def test_cells_stay_text() -> None:
    stored = (
        b"Email,Code,Number,Date,Nothing,None,Yes\n"
        b"a@example.com,00123,98765432109876543210,2026-11-24,NA,None,TRUE\n"
        b"b@example.com,1e5,1.0,24/11/2026,null,nan,#N/A\n"
    )
    assert [list(row.fields.values()) for row in rows_of(stored)] == [
        ["00123", "98765432109876543210", "2026-11-24", "NA", "None", "TRUE"],
        ["1e5", "1.0", "24/11/2026", "null", "nan", "#N/A"],
    ]


def test_missing_header_gives_numbered_columns_and_keeps_the_first_row() -> None:
    stored = b"Asha,asha@example.com,Pune\nRavi,ravi@example.com,Agra\n"
    assert [column.field for column in header_of(stored).columns] == [
        "column_1",
        "email",
        "column_3",
    ]
    assert rows_of(stored)[0] == Row(
        1, "asha@example.com", None, {"column_1": "Asha", "column_3": "Pune"}
    )


def test_header_below_a_title_is_found() -> None:
    stored = b"Members of 2026\n\nName,E-Mail\nAsha,asha@example.com\n"
    assert rows_of(stored) == [Row(4, "asha@example.com", "Asha", {})]


def test_duplicate_and_reserved_headers_get_names_of_their_own() -> None:
    stored = b"Email,City,city,CITY 2,E-Mail,unsubscribe URL,--\na@example.com,1,2,3,4,5,6\n"
    assert rows_of(stored)[0].fields == {
        "city": "1",
        "city_2": "2",
        "city_2_2": "3",
        "e_mail": "4",
        "unsubscribe_url_2": "5",
        "column_7": "6",
    }


@pytest.mark.parametrize(
    "header", ["email", "E-Mail", " EMAIL ADDRESS ", "mail", "ई-मेल", "ईमेल", "Email ID"]
)
def test_email_column_is_known_by_its_header_even_with_bad_addresses(header: str) -> None:
    stored = f"Name,{header}\nAsha,asha\nRavi,\n".encode()
    assert [row.email for row in rows_of(stored)] == ["asha", ""]


def test_email_column_is_known_by_its_values_when_no_header_says_so() -> None:
    stored = b"Who,Mail,Kontakt\nAsha,yes,asha@example.com\nRavi,no,ravi@example.com\n"
    roles = {column.header: column.role for column in header_of(stored).columns}
    assert roles == {"Who": Role.FIELD, "Mail": Role.FIELD, "Kontakt": Role.EMAIL}


@pytest.mark.parametrize("header", ["Name", "FULL NAME", "नाम"])
def test_name_column_is_recognised(header: str) -> None:
    stored = f"{header},Email\nआशा,asha@example.com\n".encode()
    assert rows_of(stored) == [Row(2, "asha@example.com", "आशा", {})]


def test_first_and_last_name_are_joined_and_kept_as_fields() -> None:
    stored = b"First Name,Last-Name,Email\nAsha,Rao,a@example.com\nRavi,,b@example.com\n"
    assert rows_of(stored) == [
        Row(2, "a@example.com", "Asha Rao", {"first_name": "Asha", "last_name": "Rao"}),
        Row(3, "b@example.com", "Ravi", {"first_name": "Ravi"}),
    ]


def test_row_with_a_cell_too_many_is_bad_and_one_with_too_few_is_not() -> None:
    stored = b"Email,City\na@example.com,Pune,extra\nb@example.com\nc@example.com,Agra,,\n"
    (bad,) = bad_rows_of(stored)
    assert (bad.row, bad.email) == (2, "a@example.com")
    assert "column 3, which has no header" in bad.error
    good = b"Email,City\nb@example.com\nc@example.com,Agra,,\n"
    assert rows_of(good) == [
        Row(2, "b@example.com", None, {}),
        Row(3, "c@example.com", None, {"city": "Agra"}),
    ]


def test_nul_and_oversized_cells_cost_their_row_only() -> None:
    stored = (
        b"Email,Note\na@example.com,x\0y\nb@example.com," + b"z" * 10_001 + b"\nc@example.com,ok"
    )
    assert [(bad.row, bad.email) for bad in bad_rows_of(stored)] == [
        (2, "a@example.com"),
        (3, "b@example.com"),
    ]
    assert "10,001 characters" in bad_rows_of(stored)[1].error


def test_rows_wider_than_those_before_are_read_to_their_end() -> None:
    header = ",".join(["Email", *(f"c{n}" for n in range(150))])
    last = ",".join(["b@example.com", *map(str, range(150))])
    rows = rows_of(f"Title\n\n{header}\na@example.com\n{last}\n".encode())
    assert rows[0].fields == {}
    assert rows[1].fields == {f"c{n}": str(n) for n in range(150)}


@pytest.mark.parametrize("sign", ["é", "\r", "\0", "a", "é;", ",,"])
def test_strange_first_line_about_the_delimiter_is_a_row_like_any_other(sign: str) -> None:
    stored = f"sep={sign}\nEmail;Name\nasha@example.com;Asha\n".encode()
    assert header_of(stored).delimiter == ";"
    (row,) = rows_of(stored)
    assert (row.email, row.name) == ("asha@example.com", "Asha")


@pytest.mark.parametrize("sign", [",", ";", "\t", "|", ":"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_first_line_may_name_the_delimiter(sign: str, end: str) -> None:
    stored = f"SEP={sign}{end}Email{sign}Name{end}asha@example.com{sign}Asha{end}".encode()
    assert header_of(stored).delimiter == sign
    assert rows_of(stored) == [Row(2, "asha@example.com", "Asha", {})]


def test_header_is_followed_by_any_number_of_blank_rows() -> None:
    stored = b"Email,Name\n" + b",\n" * 200 + b"\n" * 100 + b"asha@example.com,Asha\n"
    assert rows_of(stored) == [Row(302, "asha@example.com", "Asha", {})]


def test_guess_from_few_letters_comes_with_a_warning() -> None:
    few = header_of("Email,Name\np@example.com,Łukasz Wałęsa z Łodzi\n".encode("cp1250"))
    assert few.warning == (
        f"The file is not UTF-8; it was read as {few.encoding}. Check the names below; if they "
        "look wrong, save it as CSV UTF-8."
    )
    lines = "".join(f"p{i}@example.com,Пётр Петров\n" for i in range(200))
    assert header_of(f"Email,Name\n{lines}".encode("cp1251")).warning is None
    assert header_of("Email,Name\np@example.com,Łukasz\n".encode()).warning is None


def test_trouble_of_the_tokenizer_refuses_the_file(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_args: object, **_options: object) -> None:
        raise ValueError("only single character unicode strings can be used")

    monkeypatch.setattr(pandas, "read_csv", fail)
    with pytest.raises(FileRefused, match="cannot be read as CSV"):
        rows_of(b"Email\nasha@example.com\n")
