"""Which addresses are taken, how they are written down, and what a refusal says."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dakiya.mail.addresses import Address, AddressError, clean_header, parse_address

TAKEN = {
    "asha@example.com": "asha@example.com",
    "  Asha.Kumari@Example.COM \n": "Asha.Kumari@example.com",
    "\ufeffasha@example.com\u200b": "asha@example.com",
    "\xa0asha@example.com\xa0": "asha@example.com",
    "a@demo.test": "a@demo.test",
    "a@inbox.localhost": "a@inbox.localhost",
    "o'brien+tag_1@mail.example.co.in": "o'brien+tag_1@mail.example.co.in",
    "a@bücher.example": "a@xn--bcher-kva.example",
    "a@bu\u0308cher.example": "a@xn--bcher-kva.example",
    "a@xn--bcher-kva.example": "a@xn--bcher-kva.example",
    "a@उदाहरण.भारत": "a@xn--p1b6ci4b4b3a.xn--h2brj9c",
    "l" * 64 + "@example.com": "l" * 64 + "@example.com",
    "a@" + ("y" * 60 + ".") * 4 + "longname": "a@" + ("y" * 60 + ".") * 4 + "longname",
}

REFUSED = {
    "": "is empty",
    "   ": "is empty",
    "asha": "the @ is missing",
    "asha.example.com": "the @ is missing",
    "asha\uff20example.com": "not the same character",
    "@example.com": "before the @ is missing",
    "asha@": "after the @ is missing",
    "asha kumari@example.com": "a space inside",
    "asha@exam ple.com": "a space inside",
    "asha@\u3000example.com": "a space inside",
    "a@example.com,b@example.com": "more than one address",
    "a@example.com; b@example.com": "more than one address",
    "a@example.com b@example.com": "more than one address",
    "a@b@example.com": "more than one @",
    "foo@@example.com": "more than one @",
    "Asha <asha@example.com>": "write only the address",
    "<asha@example.com>": "write only the address",
    "mailto:asha@example.com": "without mailto:",
    '"asha"@example.com': "quotes",
    "a\\b@example.com": "backslashes",
    "a(b)@example.com": "a character that addresses cannot have",
    ".asha@example.com": "dot",
    "asha.@example.com": "dot",
    "as..ha@example.com": "dot",
    "asha@example.com.": "a dot at the end",
    "asha@example..com": "a dot too many",
    "asha@.example.com": "a dot too many",
    "asha@localhost": "has no dot",
    "asha@[192.0.2.1]": "not a number in brackets",
    "asha@192.0.2.1": "ends in a",
    "asha@example.c": "single letter",
    "asha@-example.com": "not a valid domain name",
    "asha@example-.com": "not a valid domain name",
    "asha@exam_ple.com": "not a valid domain name",
    "asha@" + "y" * 64 + ".com": "not a valid domain name",
    "asha@ex--ample.com": "not a valid domain name",
    "asha@☃.example": "not a valid domain name",
    "l" * 65 + "@example.com": "longer than 64",
    "asha@" + ("y" * 60 + ".") * 4 + "example": "longer than 254",
    "a@" + ("y" * 60 + ".") * 4 + "very-long": "longer than 254",
    "a@" + ("ü" * 50 + ".") * 4 + "example": "not a valid domain name",
    "a" * 5000 + "@example.com": "longer than 254",
    "आशा@example.com": "not possible here",
    "as\u200bha@example.com": "not possible here",
    "as\0ha@example.com": "control character",
    "asha@example.com\0": "control character",
    "asha\r\nRCPT TO:<evil@example.org>@example.com": "control character",
    '"b\r\nRCPT TO:<evil@z>"@y.com': "control character",
    "asha@exam\u2028ple.com": "control character",
    "asha@example.com\r\nBcc: x@example.org": "control character",
}


@pytest.mark.parametrize(("raw", "envelope"), TAKEN.items())
def test_address_is_taken_when_well_formed(raw: str, envelope: str) -> None:
    assert parse_address(raw) == Address(envelope=envelope, normalised=envelope.lower())


@pytest.mark.parametrize(("raw", "words"), REFUSED.items())
def test_address_is_refused_with_its_mistake_when_malformed(raw: str, words: str) -> None:
    with pytest.raises(AddressError) as refusal:
        parse_address(raw)
    assert words in str(refusal.value)


INTERNATIONAL = {
    "आशा@example.com": "आशा@example.com",
    " José.Ñ+x@Exämple.com ": "José.Ñ+x@xn--exmple-cua.com",
    "jose\u0301@example.com": "jos\u00e9@example.com",
    "Asha@Example.com": "Asha@example.com",
}
REFUSED_EVERYWHERE = {
    "as\u200bha@example.com": "cannot be seen",
    "é\u202e@example.com": "cannot be seen",
    "é(x@example.com": "such as a bracket",
    "é..b@example.com": "two in a row",
    "é b@example.com": "a space inside",
    "é" * 33 + "@example.com": "longer than 64",
    "é@example": "no dot",
    "é\r\nRCPT TO:<evil@example.org>@example.com": "control character",
}


@pytest.mark.parametrize(("raw", "envelope"), INTERNATIONAL.items())
def test_letters_of_any_script_are_taken_where_they_may_stand(raw: str, envelope: str) -> None:
    expected = Address(envelope=envelope, normalised=envelope.lower())
    assert parse_address(raw, international=True) == expected


@pytest.mark.parametrize(("raw", "words"), REFUSED_EVERYWHERE.items())
def test_international_address_is_refused_when_malformed(raw: str, words: str) -> None:
    with pytest.raises(AddressError, match=words):
        parse_address(raw, international=True)


def test_domain_longer_than_the_limit_only_in_ascii_is_refused() -> None:
    with pytest.raises(AddressError):
        parse_address("a@" + ("ü" * 30 + ".") * 7 + "example")


@given(
    st.text(alphabet=st.sampled_from("aZ9.@-_+'\"<>,; \r\n\0éé\u0301आ\u200b\u2028"), max_size=40),
    st.booleans(),
)
def test_taken_address_is_harmless_in_an_envelope(raw: str, international: bool) -> None:
    try:
        address = parse_address(raw, international=international)
    except AddressError:
        return
    assert international or address.envelope.isascii()
    assert address.envelope.isprintable()
    assert address.envelope.count("@") == 1
    assert not set(address.envelope) & set(' "<>,;()[]\\:')
    assert parse_address(address.envelope, international=international) == address


@pytest.mark.parametrize(
    ("value", "cleaned"),
    [
        ("Diwali offer", "Diwali offer"),
        ("  two  blanks ", "two blanks"),
        ("a\r\nBcc: evil@example.org", "a Bcc: evil@example.org"),
        ("a\u2028b\u2029c\x85d", "a b c d"),
        ("nul\0bell\x07\x7f", "nulbell"),
        ("a\v\f\x1c\x1d\x1e\x1f\tb", "a b"),
        ("half \ud800 character", "half character"),
        ("\xa0Asha\xa0Kumari \u3000", "Asha\xa0Kumari"),
        ("रवि 👩\u200d🚀", "रवि 👩\u200d🚀"),
    ],
)
def test_header_text_is_one_clean_line(value: str, cleaned: str) -> None:
    assert clean_header(value) == cleaned


@given(st.text())
def test_clean_header_leaves_no_line_break_and_is_stable(value: str) -> None:
    cleaned = clean_header(value)
    assert len(cleaned.splitlines()) <= 1
    assert clean_header(cleaned) == cleaned
    cleaned.encode("utf-8")
