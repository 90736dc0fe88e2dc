"""Dates and numbers of recipients' fields, whatever a spreadsheet made of them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dakiya.mail.dates import date_writer, read_date
from dakiya.mail.filters import title
from dakiya.mail.merge import Escape, parse
from dakiya.mail.numbers import write_number


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("2026-11-24", "24 November 2026"),
        ("2026-11-24 00:00:00", "24 November 2026"),
        ("2026-11-24T18:30:00+05:30", "24 November 2026"),
        ("2026/1/2", "2 January 2026"),
        ("24/11/2026", "24 November 2026"),
        ("11/24/2026", "24 November 2026"),
        ("03/04/2026", "3 April 2026"),
        ("24.11.26", "24 November 2026"),
        ("24 Nov 2026", "24 November 2026"),
        ("24th November, 2026", "24 November 2026"),
        ("Tue, 24 Nov 2026", "24 November 2026"),
        ("November 24, 2026", "24 November 2026"),
        ("Sept 3 2026", "3 September 2026"),
        ("२०२६-११-२४", "24 November 2026"),
        (" 2026-11-24 ", "24 November 2026"),
        # None of these is a date: they are shown as they stand.
        ("31/02/2026", "31/02/2026"),
        ("24 Foo 2026", "24 Foo 2026"),
        ("tomorrow", "tomorrow"),
        ("45986", "45986"),
        ("", ""),
        ("0000-01-01", "0000-01-01"),
        ("x" * 100_000, "x" * 100_000),
    ],
)
def test_date_is_read_as_spreadsheets_write_it(value: str, shown: str) -> None:
    assert date_writer("d MMMM yyyy")(value) == shown


@pytest.mark.parametrize(
    ("pattern", "shown"),
    [
        ("dd.MM.yy", "04.03.26"),
        ("d/M/yyyy", "4/3/2026"),
        ("EEE, d MMM", "Wed, 4 Mar"),
        ("EEEE 'at' h:mm a", "Wednesday at 5:07 pm"),
        ("HH:mm:ss", "17:07:09"),
        ("hh 'o''clock'", "05 o'clock"),
        ("H", "17"),
        ("d''", "4'"),
    ],
)
def test_date_is_written_as_its_pattern_says(pattern: str, shown: str) -> None:
    assert date_writer(pattern)("2026-03-04 17:07:09") == shown


@pytest.mark.parametrize("at", ["12:00 am", "12:00 a.m.", "0:00"])
def test_midnight_is_written_in_any_way(at: str) -> None:
    assert date_writer("HH:mm")(f"4 Mar 2026 {at}") == "00:00"
    assert read_date("4 Mar 2026 13:00 pm") is None


@pytest.mark.parametrize(
    ("value", "threes", "lakhs", "rounded"),
    [
        ("0", "0", "0", "0.00"),
        ("999", "999", "999", "999.00"),
        ("1234", "1,234", "1,234", "1,234.00"),
        ("123456", "123,456", "1,23,456", "123,456.00"),
        ("1234567.5", "1,234,567.5", "12,34,567.5", "1,234,567.50"),
        ("12,34,567", "1,234,567", "12,34,567", "1,234,567.00"),
        ("-1234567", "-1,234,567", "-12,34,567", "-1,234,567.00"),
        ("−1234", "-1,234", "-1,234", "-1,234.00"),
        ("-0.001", "-0.001", "-0.001", "0.00"),
        ("2.005", "2.005", "2.005", "2.01"),
        ("१२३४", "1,234", "1,234", "1,234.00"),
        ("1 234 567", "1,234,567", "12,34,567", "1,234,567.00"),
        ("₹ 500", "₹ 500", "₹ 500", "₹ 500"),
        ("1e999999", "1e999999", "1e999999", "1e999999"),
        ("9" * 50, "9" * 50, "9" * 50, "9" * 50),
        ("many", "many", "many", "many"),
        ("", "", "", ""),
    ],
)
def test_number_is_grouped(value: str, threes: str, lakhs: str, rounded: str) -> None:
    assert write_number(value) == threes
    assert write_number(value, lakh=True) == lakhs
    assert write_number(value, 2) == rounded


@given(st.integers(-(10**30), 10**30))
def test_grouping_keeps_every_digit(number: int) -> None:
    for lakh in (False, True):
        assert int(write_number(str(number), lakh=lakh).replace(",", "")) == number


@given(st.text(max_size=60))
def test_no_value_is_refused(value: str) -> None:
    source = (
        '{{ a | date("d MMMM yyyy") }}{{ a | number(2) }}{{ a | lakh }}{{ a | title }}'
        '{{ a | upper | lower | default("x") }}'
    )
    parse(source).render({"a": value}, Escape.HTML)


@given(st.dates())
def test_date_comes_back_the_same(date: object) -> None:
    assert date_writer("yyyy-MM-dd")(str(date)) == str(date)


def test_title_leaves_words_of_both_cases() -> None:
    assert title("ASHA  d'souza\nMcDonald iPhone") == "Asha  D'souza\nMcDonald iPhone"
