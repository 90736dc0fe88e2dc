"""Recipients out of pasted text."""

import pytest

from dakiya.contacts.pasted import NO_ADDRESS, read_pasted


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("asha@example.com", [(None, "asha@example.com")]),
        ("asha@x.in, ravi@x.in", [(None, "asha@x.in"), (None, "ravi@x.in")]),
        ("a@x.in;b@x.in\tc@x.in d@x.in", [(None, f"{n}@x.in") for n in "abcd"]),
        ("Asha Rao <asha@example.com>", [("Asha Rao", "asha@example.com")]),
        ('"Rao, Asha" <asha@example.com>', [("Rao, Asha", "asha@example.com")]),
        ("“Rao, Asha” <asha@example.com>", [("Rao, Asha", "asha@example.com")]),
        (
            "Asha <a@x.in>, Ravi <r@x.in>; c@x.in",
            [("Asha", "a@x.in"), ("Ravi", "r@x.in"), (None, "c@x.in")],
        ),
        ("c@x.in, Asha <a@x.in>", [(None, "c@x.in"), ("Asha", "a@x.in")]),
        ("आशा <asha@example.com>", [("आशा", "asha@example.com")]),
        ("Asha Rao, asha@example.com", [("Asha Rao", "asha@example.com")]),
        ("asha@example.com\tAsha Rao", [("Asha Rao", "asha@example.com")]),
        ("please write to asha@example.com.", [(None, "asha@example.com")]),
        ("<mailto:asha@example.com>", [(None, "asha@example.com")]),
        ("‘asha@example.com’", [(None, "asha@example.com")]),
        ("\u200basha@example.com\ufeff", [(None, "asha@example.com")]),
        ("1. asha@example.com", [(None, "asha@example.com")]),
        ("12, asha@example.com", [(None, "asha@example.com")]),
        ("<script>alert(1)</script> <a@x.in>", [(None, "a@x.in")]),
        ("Asha Rao (Sales) <a@x.in>", [("Asha Rao (Sales)", "a@x.in")]),
        ('Asha "Ash" <a@x.in>', [('Asha "Ash"', "a@x.in")]),
        ("(Asha Rao) <a@x.in>", [("Asha Rao", "a@x.in")]),
    ],
)  # fmt: skip
def test_recipients_are_found_in_any_mess(
    text: str, expected: list[tuple[str | None, str]]
) -> None:
    found = read_pasted(text)
    assert [(raw.name, raw.email) for raw in found.rows] == expected
    assert found.rejected == []


def test_junk_is_reported_with_its_place_and_blank_lines_are_not() -> None:
    found = read_pasted("Name;E-mail\n\n  \nasha@example.com\r\n-----\n")
    assert [(raw.row, raw.email) for raw in found.rows] == [(2, "asha@example.com")]
    assert [(line.row, line.email, line.error) for line in found.rejected] == [
        (1, "Name;E-mail", NO_ADDRESS),
        (3, "-----", NO_ADDRESS),
    ]


def test_ten_thousand_addresses_with_junk_between_are_all_found() -> None:
    text = "\n".join(f"junk {n}\nR {n} <r{n}@example.org>, x{n}@example.org;" for n in range(5_000))
    found = read_pasted(text)
    assert len(found.rows) == 10_000
    assert len(found.rejected) == 5_000
    assert len({raw.row for raw in found.rows} | {line.row for line in found.rejected}) == 15_000


@pytest.mark.parametrize("text", ["", "\n\t \n", ",;,", "<>", "<" * 1000, "@" * 1000, '"' * 999])
def test_nothing_and_nonsense_raise_nothing(text: str) -> None:
    read_pasted(text)
