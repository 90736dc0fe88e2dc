"""When a campaign shall go out, as somebody typed it."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from dakiya.campaigns.times import (
    find_zone,
    offset_of,
    resolve_instant,
    shown_twice,
)
from dakiya.errors import InvalidInput
from dakiya_web.texts import gettext, lazy_gettext
from dakiya_web.wording import duration, instant_and_utc
from dakiya_web.zones import zone_name

NOW = "now"
MAX_CHARS = 100
_WITH_OFFSET = re.compile(r"(.{10}[T ][\d:]{5,8})([+-]\d\d:\d\d)", re.ASCII)


@dataclass(frozen=True)
class Meaning:
    """One of the two instants that a local time may mean when the clocks are set back."""

    offset: str
    words: str
    hint: str


@dataclass(frozen=True)
class Choice:
    """When a campaign shall go out, as it was typed; ``error`` says what is wrong with it.

    ``meanings`` are there when the zone's clocks show the time twice, ``offset`` says which
    of them was meant.
    """

    at: str
    timezone: str
    instant: datetime | None = None
    error: str = ""
    wrong_field: str = ""
    offset: str = ""
    meanings: Sequence[Meaning] = ()

    @property
    def is_now(self) -> bool:
        """Whether it shall go out at once."""
        return self.at == NOW

    @property
    def written(self) -> str:
        """The time with its offset, if one was chosen."""
        return self.at + self.offset

    def words(self, *, now: datetime) -> str:
        """The instant in the zone, in UTC, and how far off."""
        if self.instant is None:
            return ""
        instant = instant_and_utc(self.instant, self.timezone)
        return gettext(
            "%(instant)s, in %(away)s", instant=instant, away=duration(self.instant - now)
        )


def read_choice(at: str, timezone: str, *, offset: str, now: datetime) -> Choice:
    """Read a time in a zone; ``offset`` is looked at only when it could mean two instants."""
    at, timezone = at.strip()[:MAX_CHARS], zone_name(timezone[:MAX_CHARS])
    if not at:
        return Choice(at, timezone, error=gettext("Choose a day and a time."), wrong_field="at")
    try:
        zone = str(find_zone(timezone))
        if at == NOW:
            return Choice(at, zone, now)
        if whole := _WITH_OFFSET.fullmatch(at):
            at, offset = whole.groups()
        meanings = _meanings(at, zone)
        if not meanings:
            at, offset = (whole[0] if whole else at), ""
        elif offset not in [meaning.offset for meaning in meanings]:
            words = gettext(
                "The clocks in %(zone)s are set back then and show this time twice. Which one?",
                zone=zone,
            )
            return Choice(at, zone, error=words, wrong_field="offset", meanings=meanings)
        instant = resolve_instant(at + offset, zone, now=now)
    except InvalidInput as error:
        return Choice(at, timezone, error=str(error), wrong_field=error.field or "at")
    return Choice(at, zone, instant, offset=offset, meanings=meanings)


def _meanings(at: str, zone: str) -> Sequence[Meaning]:
    sides = (
        lazy_gettext("Before the clocks are set back: %(time)s UTC"),
        lazy_gettext("After the clocks are set back: %(time)s UTC"),
    )
    return [
        Meaning(
            offset=offset_of(local),
            words=f"{local:%H:%M}, UTC{offset_of(local)}",
            hint=side % {"time": f"{local.astimezone(UTC):%H:%M}"},
        )
        for local, side in zip(shown_twice(at, zone), sides, strict=False)
    ]
