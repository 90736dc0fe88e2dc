"""Addresses and header text: strict on the way in, so that nothing is rewritten on the way out."""

import re
import unicodedata
from dataclasses import dataclass
from typing import Final

from email_validator import EmailNotValidError, validate_email

from dakiya.errors import InvalidInput

MAX_ADDRESS_OCTETS: Final = 254  # RFC 5321 4.5.3.1.3, with the erratum that subtracts the <>
MAX_LOCAL_OCTETS: Final = 64  # RFC 5321 4.5.3.1.1

_ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_TOP = r"[A-Za-z](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])"
_LOCAL = re.compile(rf"{_ATOM}(?:\.{_ATOM})*")
_PLAIN = re.compile(rf"{_LOCAL.pattern}@(?:{_LABEL}\.)+{_TOP}")

# What spreadsheets and web pages leave around a copied address and nobody can see.
_INVISIBLE_EDGES = "\u200b\u200c\u200d\u200e\u200f\u202a\u202b\u202c\u2060\u2066\u2069\ufeff"
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")

_HEADER_SPACE = re.compile(r"[\t-\r\x1c-\x20\x85\u2028\u2029]+")
_HEADER_CONTROL = re.compile(r"[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\ud800-\udfff]+")


class AddressError(InvalidInput):
    """An address that cannot be mailed to; the text says what is wrong and how to mend it.

    The text never repeats the address, so it may be logged.
    """


@dataclass(frozen=True, slots=True)
class Address:
    """One e-mail address that passed `parse_address`.

    `envelope` stands in RCPT TO byte for byte: ASCII, but for the part before the @ of an
    international address (RFC 6531), which is in NFC. `normalised` decides whether two addresses
    are the same one.
    """

    envelope: str
    normalised: str


def parse_address(raw: str, *, international: bool = False) -> Address:
    """Read one bare e-mail address.

    `international`: letters of any script may stand before the @, as a server with SMTPUTF8 takes
    them. Reserved domains (example.com, demo.test, inbox.localhost) are fine: nothing asks the DNS.
    Raises AddressError.
    """
    if not raw.isascii() or not raw.isprintable():
        raw = raw.strip().strip(_INVISIBLE_EDGES)
    raw = raw.strip()
    if _PLAIN.fullmatch(raw) and "--" not in raw and len(raw) <= MAX_ADDRESS_OCTETS:
        local, _, domain = raw.rpartition("@")
        if len(local) <= MAX_LOCAL_OCTETS:
            envelope = f"{local}@{domain.lower()}"
            return Address(envelope=envelope, normalised=envelope.lower())
    return _parse_slowly(unicodedata.normalize("NFC", raw), international=international)


def _parse_slowly(raw: str, *, international: bool) -> Address:
    """Name the mistake in plain words, or let the library read what the fast path does not know."""
    _refuse_common_mistakes(raw)
    local, _, domain = raw.rpartition("@")
    _refuse_local_part(local, international=international)
    _refuse_domain(domain)
    try:
        found = validate_email(
            raw,
            allow_smtputf8=international,
            allow_quoted_local=False,
            allow_domain_literal=False,
            allow_display_name=False,
            check_deliverability=False,
            globally_deliverable=False,
        )
    except EmailNotValidError as error:
        if "unsafe characters" in str(error):
            raise AddressError(
                "the address contains a character that cannot be seen or cannot stand there: "
                "type it again"
            ) from None
        raise AddressError(
            f"the part after the @ is not a valid domain name, check its spelling: {_reason(error)}"
        ) from None
    envelope = f"{local}@{found.ascii_domain.lower()}"
    if len(envelope.encode()) > MAX_ADDRESS_OCTETS:
        raise AddressError(
            f"the address is longer than {MAX_ADDRESS_OCTETS} characters once its domain is "
            "written in ASCII: no mail server accepts that"
        )
    return Address(envelope=envelope, normalised=envelope.lower())


def _reason(error: EmailNotValidError) -> str:
    """The library's sentence, without the quoted address that some of them carry."""
    words = re.sub(r":? ?['\"“].*['\"”]", "", str(error)).rstrip(".")
    return words[:1].lower() + words[1:]


def _refuse_common_mistakes(raw: str) -> None:
    if not raw:
        raise AddressError("the address is empty: write one, for example asha@example.com")
    if _CONTROL.search(raw):
        raise AddressError(
            "the address contains a line break, a tab or another invisible control character: "
            "type it again in one line"
        )
    if len(raw) > MAX_ADDRESS_OCTETS * (1 if raw.isascii() else 4):
        raise AddressError(
            f"the address is longer than {MAX_ADDRESS_OCTETS} characters: "
            "no mail server accepts that"
        )
    if "<" in raw or ">" in raw:
        raise AddressError(
            "write only the address, without the name and the angle brackets: "
            "asha@example.com, not Asha <asha@example.com>"
        )
    if raw.lower().startswith("mailto:"):
        raise AddressError("write only the address, without mailto: in front of it")
    if "," in raw or ";" in raw or (raw.count("@") > 1 and any(map(str.isspace, raw))):
        raise AddressError(
            "this looks like more than one address: write one address per row, "
            "without commas or semicolons"
        )
    if raw.count("@") > 1:
        raise AddressError("there is more than one @: an address has only one")
    if "@" not in raw:
        hint = " (\uff20 is not the same character)" if "\uff20" in raw else ""
        raise AddressError(f"the @ is missing{hint}: an address looks like asha@example.com")
    if any(character.isspace() for character in raw):
        raise AddressError("there is a space inside the address: remove it")


def _refuse_local_part(local: str, *, international: bool) -> None:
    if not local:
        raise AddressError("the part before the @ is missing: write asha@example.com")
    if not local.isascii() and not international:
        raise AddressError(
            "letters such as é or अ before the @ are not possible here, and neither are invisible "
            "characters: use an address whose first part has only a-z, 0-9 and . _ - +"
        )
    if '"' in local or "\\" in local:
        raise AddressError("quotes and backslashes in an address are not supported: remove them")
    if local.startswith(".") or local.endswith(".") or ".." in local:
        raise AddressError(
            "the part before the @ may not begin or end with a dot or have two in a row"
        )
    # What of the rest may stand there, the library knows.
    if not _LOCAL.fullmatch("".join(c if c.isascii() else "x" for c in local)):
        raise AddressError(
            "the part before the @ contains a character that addresses cannot have "
            "(such as a bracket or a colon): remove it"
        )
    if len(local.encode()) > MAX_LOCAL_OCTETS:
        raise AddressError(
            f"the part before the @ is longer than {MAX_LOCAL_OCTETS} characters: "
            "no mail server accepts that"
        )


def _refuse_domain(domain: str) -> None:
    if not domain:
        raise AddressError("the part after the @ is missing: write asha@example.com")
    if domain.startswith("["):
        raise AddressError("write a domain name after the @, not a number in brackets")
    if domain.endswith((".", "。")):
        raise AddressError("there is a dot at the end: remove it")
    if ".." in domain or domain.startswith("."):
        raise AddressError("the part after the @ has a dot too many: remove it")
    if "." not in domain and "。" not in domain:
        raise AddressError(
            "the part after the @ has no dot: write the whole domain, for example example.com"
        )
    last_label = domain.rpartition(".")[2]
    if len(last_label) == 1 and last_label.isascii():
        raise AddressError("the address ends in a single letter: write the whole domain")
    if last_label.isdigit():
        raise AddressError("the part after the @ ends in a number: write a domain name there")


def clean_header(value: str) -> str:
    """Make one line of text that may stand in a header.

    Control characters and lone surrogates go, line breaks (U+0085, U+2028 and U+2029 too) and
    runs of blanks become one space. Joiners and directional marks stay: names need them.
    """
    if value.isascii() and value.isprintable() and "  " not in value:
        return value.strip()
    return _HEADER_SPACE.sub(" ", _HEADER_CONTROL.sub("", value)).strip()
