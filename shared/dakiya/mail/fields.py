"""The names of merge fields, and whether the recipients of a campaign have them."""

import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from dakiya.mail.template import Template

# Whatever a template may name although no spreadsheet has such a column; some recipients may
# lack a name, and what is said of the others is not theirs.
BUILT_IN_FIELDS: Final = frozenset({"email", "name", "postal_address", "unsubscribe_url"})
_EVERYBODY_HAS: Final = BUILT_IN_FIELDS - {"name"}


def field_name(header: str) -> str:
    """Turn a spreadsheet header or what stands in a tag into a field's name.

    "First Name" becomes "first_name", "शहर" stays. Letters, their marks and digits of any script
    survive, everything else becomes one underscore. Applying it twice changes nothing. A header
    of punctuation alone gives "".
    """
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", header).lower())
    kept = "".join(_field_character(character) for character in folded)
    return re.sub("_+", "_", kept).strip("_")


def _field_character(character: str) -> str:
    category = unicodedata.category(character)
    if category[0] in "LMN":
        return character
    # Joiners, directional marks and byte order marks are invisible: they part no words.
    return "" if category == "Cf" else "_"


def may_stand_in_name(character: str) -> bool:
    """Whether a person may type this character inside a tag."""
    return character in " _-\t\r\n\xa0" or _field_character(character) != "_"


@dataclass(frozen=True, slots=True)
class FieldReport:
    """Which fields of a campaign's templates its recipients lack.

    `unknown`: nobody has them, probably a spelling mistake. `partly_missing`: field to the
    number of recipients whose mail shows the default or nothing.
    """

    unknown: tuple[str, ...]
    partly_missing: Mapping[str, int]


def check_fields(
    templates: Iterable[Template], available: Mapping[str, int], total: int
) -> FieldReport:
    """Compare what templates name with what `total` recipients have.

    `available` maps a field to the number of recipients with a non-empty value for it. Without
    recipients nothing can be said, and the report is empty.
    """
    if total <= 0:
        return FieldReport(unknown=(), partly_missing={})
    named = sorted(frozenset().union(*(template.fields for template in templates)))
    missing = {
        name: total - available.get(name, 0)
        for name in named
        if name not in _EVERYBODY_HAS and available.get(name, 0) < total
    }
    unknown = tuple(n for n in missing if missing[n] == total and n not in BUILT_IN_FIELDS)
    return FieldReport(
        unknown=unknown,
        partly_missing={name: count for name, count in missing.items() if name not in unknown},
    )
