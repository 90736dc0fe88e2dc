"""What one recipient must be like, and what is said of one that is not."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dakiya.contacts.checks import RawRecipient, check_recipient, show_address
from dakiya.errors import InvalidInput


def _raw(
    email: str = "asha@example.com", name: str | None = None, **fields: object
) -> RawRecipient:
    return RawRecipient(7, email, name, fields)


def test_recipient_is_stored_trimmed_and_under_field_names() -> None:
    raw = RawRecipient(
        7,
        " Asha@Example.com ",
        "आशा\n शर्मा",
        {"First Name": "Asha", "शहर": "दिल्ली", "PIN": 110001, "vip": True, "x": "", "y": None},
    )
    checked = check_recipient(raw)
    assert (checked.email, checked.email_normalised) == ("Asha@example.com", "asha@example.com")
    assert checked.name == "आशा शर्मा"
    assert checked.fields == {
        "first_name": "Asha",
        "शहर": "दिल्ली",
        "pin": "110001",
        "vip": "true",
    }


def test_name_among_the_fields_is_the_name() -> None:
    assert check_recipient(_raw(Name="Asha")).name == "Asha"
    assert check_recipient(_raw(Name="Asha")).fields == {}


def test_line_breaks_and_tabs_may_stand_in_a_field() -> None:
    assert check_recipient(_raw(address="Lane 1\r\n\tPune")).fields["address"].startswith("Lane")


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        (_raw("asha"), "@ is missing"),
        (_raw(""), "empty"),
        (_raw("a@example.com\nBcc: b@example.com"), "control character"),
        (_raw("a@exa\0mple.com"), "control character"),
        (_raw(city="Pu\0ne"), "“city” contains an invisible control character (U+0000)"),
        (_raw(city="Pu\x1bne"), "U+001B"),
        (_raw(city="Pu\x85ne"), "U+0085"),
        (_raw(name="As\0ha"), "“name” contains an invisible control character"),
        (_raw(city="\ud800"), "not text"),
        (_raw(name="\udfff"), "not text"),
        (_raw(city="x" * 10_001), "10,001 characters, 10,000 are allowed"),
        (_raw(name="x" * 501), "501 characters"),
        (_raw(**{f"f{n}": "x" for n in range(201)}), "201 fields"),
        (_raw(**{"x" * 121: "x"}), "name is longer"),
        (_raw(**{"x" * 100_000: "x"}), "name is longer"),
        (_raw(**{"--": "x"}), "no name"),
        (_raw(City="a", city="b"), "both called “city”"),
        (_raw(**{"unsubscribe URL": "x"}), "exists in every mail"),
        (RawRecipient(1, "a@example.com", None, {"Email": "x"}), "exists in every mail"),
        (_raw(city=["Pune"]), "neither text nor a number"),
        (RawRecipient(1, "a@example.com", "Asha", {"name": "Ravi"}), "two names"),
    ],
)
def test_unfit_recipient_is_refused_in_plain_words(raw: RawRecipient, words: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        check_recipient(raw)
    assert words in str(refused.value)


@given(st.text(max_size=400))
def test_shown_address_can_be_stored_and_stands_in_one_line(raw: str) -> None:
    shown = show_address(raw)
    assert len(shown) <= 320
    assert len(shown.splitlines()) <= 1
    assert "\0" not in shown
    shown.encode()
