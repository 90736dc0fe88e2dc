"""The merge fields that the recipients of a campaign have, and how many of them lack each."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from dakiya.campaigns.content import Content
from dakiya.contacts import audience
from dakiya.mail.fields import BUILT_IN_FIELDS
from dakiya.mail.merge import parse
from dakiya.models import Campaign
from dakiya_web.texts import gettext, ngettext
from dakiya_web.wiring import request_session
from dakiya_web.wording import day, number

_EXAMPLE = date(2026, 11, 24)


@dataclass(frozen=True)
class FieldOffer:
    """A field to insert. ``missing``: how many of the recipients have nothing in it."""

    name: str
    missing: int = 0
    of: int = 0

    @property
    def note(self) -> str:
        """Say it in full: "43 of 1,000 have no city"; nothing if everybody has it."""
        if not self.missing:
            return ""
        return ngettext(
            "%(num)s of %(all)s has no %(field)s",
            "%(num)s of %(all)s have no %(field)s",
            self.missing,
            num=number(self.missing),
            all=number(self.of),
            field=self.name,
        )

    @property
    def short(self) -> str:
        """Say it beside its name."""
        return gettext("%(missing)s without", missing=number(self.missing))


def fields_offered(campaign: Campaign, total: int) -> Sequence[FieldOffer]:
    """Return what can be inserted; the built-in fields come first."""
    if not total:
        return [FieldOffer("name"), FieldOffer("email")]
    filled = audience.count_fields(request_session(), campaign)
    named = [FieldOffer("name", total - filled.pop("name", 0), total), FieldOffer("email")]
    found = [FieldOffer(name, total - count, total) for name, count in filled.items()]
    return [*named, *found]


def fields_of_mail(content: Content) -> Sequence[FieldOffer]:
    """Return what can be inserted into a mail without recipients: what it names already."""
    parts = (content.subject, content.preheader, content.html, content.text or "")
    named = set().union(*(parse(part).fields for part in parts))
    return [FieldOffer(name) for name in ("name", "email", *sorted(named - BUILT_IN_FIELDS))]


def formats_offered() -> Sequence[tuple[str, str]]:
    """Return the formats of a field that the editor offers, and what they are called."""
    dates = [
        (f'date("{pattern}")', gettext("Date: %(example)s", example=day(_EXAMPLE, pattern)))
        for pattern in ("d MMMM yyyy", "d MMM", "EEEE, d MMMM")
    ]
    numbers = [
        (name, gettext("Number: %(example)s", example=example))
        for name, example in (
            ("number", "1,234,567"),
            ("number(2)", "1,234,567.50"),
            ("lakh", "12,34,567"),
        )
    ]
    letters = [
        ("title", gettext("Words Like This")),
        ("upper", gettext("ALL CAPITALS")),
        ("lower", gettext("all small")),
    ]
    return [*dates, *numbers, *letters]
