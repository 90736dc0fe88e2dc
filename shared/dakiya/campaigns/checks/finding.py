"""What a check has found."""

from dataclasses import dataclass
from enum import StrEnum

from dakiya.campaigns.drafts import MissingField


class Level(StrEnum):
    """Whether it stands in the way."""

    ERROR = "error"  # nothing is scheduled
    WARNING = "warning"  # scheduled if its owner says so
    NOTE = "note"  # good to know


class Place(StrEnum):
    """Where it is mended."""

    DETAILS = "details"  # name, account, recipients
    CONTENT = "content"
    ACCOUNT = "account"
    DOMAIN = "domain"  # what the account's page says of its domain
    PROFILE = "profile"


@dataclass(frozen=True)
class Finding:
    """A mistake or a doubt, in words; ``check`` names it for programs and never changes.

    ``about`` lists what it is about (links, pictures); ``field`` is the part of the API's body, and
    ``find`` what stands there: an address, words, the beginning of a tag ("{{ city"). ``missing``
    lets a page say a missing field in its own language.
    """

    check: str
    level: Level
    place: Place
    text: str
    about: tuple[str, ...] = ()
    field: str = "html"
    find: str = ""
    missing: MissingField | None = None


def warn(
    check: str,
    text: str,
    *about: str,
    place: Place = Place.CONTENT,
    field: str = "html",
    find: str = "",
) -> Finding:
    """Make a warning about the content or another place."""
    return Finding(check, Level.WARNING, place, text, about, field, find)


def stop(
    check: str,
    text: str,
    *,
    place: Place = Place.CONTENT,
    field: str = "html",
    find: str = "",
) -> Finding:
    """Make an error."""
    return Finding(check, Level.ERROR, place, text, field=field, find=find)


def some(found: list[str], most: int = 5) -> tuple[str, ...]:
    """Return the first of a list, and how many more there are."""
    shown = [one if len(one) <= 120 else f"{one[:118]} …" for one in dict.fromkeys(found)]
    if len(shown) <= most:
        return tuple(shown)
    return (*shown[:most], f"and {len(shown) - most:,} more")
