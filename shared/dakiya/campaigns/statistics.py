"""A user's figures by day and hour, in their own time zone.

They come from ``campaign_figure``, at most a minute or two old; what the kept counters know
beyond that is added to the present quarter of an hour, so that sums are always exact.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from dakiya.accounts.users import visible_to
from dakiya.campaigns.figures import QUARTER
from dakiya.campaigns.times import find_zone
from dakiya.models import Campaign, CampaignCounter, CampaignFigure

_STATES = ("sent", "bounced", "failed", "unknown")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Figures:
    """How many mails came to which end."""

    sent: int = 0
    bounced: int = 0
    failed: int = 0
    unknown: int = 0

    def __add__(self, other: "Figures") -> "Figures":
        return Figures(*(getattr(self, s) + getattr(other, s) for s in _STATES))

    @property
    def accepted(self) -> int:
        """What servers took, also what came back later."""
        return self.sent + self.bounced

    @property
    def ended(self) -> int:
        """All mails that came to an end."""
        return self.sent + self.bounced + self.failed + self.unknown

    @property
    def known(self) -> int:
        """The mails whose fate is known, of which a rate of delivery is the share of ``sent``."""
        return self.ended - self.unknown


@dataclass(frozen=True)
class Totals:
    """Figures of today and of this month, by the user's own calendar."""

    today: Figures
    month: Figures


@dataclass(frozen=True)
class Day:
    """Figures of one day of the user's calendar."""

    date: date
    figures: Figures


@dataclass(frozen=True)
class Quarter:
    """Figures of a quarter of an hour; ``begins_at`` is local time."""

    begins_at: datetime
    figures: Figures


def read_totals(session: Session, *, user_id: int, timezone: str, now: datetime) -> Totals:
    """Sum today's and this month's figures."""
    quarters = _read_quarters(session, user_id=user_id, timezone=timezone, now=now, days=31)
    today = now.astimezone(find_zone(timezone)).date()
    return Totals(
        today=_sum(q for q in quarters if q.begins_at.date() == today),
        month=_sum(q for q in quarters if q.begins_at.date() >= today.replace(day=1)),
    )


def read_days(
    session: Session, *, user_id: int, timezone: str, now: datetime, days: int = 30
) -> Sequence[Day]:
    """Return the last days, today included, the oldest first; those without mail too."""
    quarters = _read_quarters(session, user_id=user_id, timezone=timezone, now=now, days=days)
    return by_day(quarters, today=now.astimezone(find_zone(timezone)).date(), days=days)


def read_heat_map(
    session: Session, *, user_id: int, timezone: str, now: datetime, days: int = 30
) -> Sequence[Sequence[int]]:
    """Return accepted mails by weekday (Monday first) and hour: 7 rows of 24 numbers."""
    quarters = _read_quarters(session, user_id=user_id, timezone=timezone, now=now, days=days)
    return by_weekday_and_hour(quarters)


def by_day(quarters: Iterable[Quarter], *, today: date, days: int) -> Sequence[Day]:
    """Sum quarters by their local day. Pure."""
    sums = {today - timedelta(days=age): Figures() for age in reversed(range(days))}
    for quarter in quarters:
        day = quarter.begins_at.date()
        if day in sums:
            sums[day] += quarter.figures
    return [Day(day, figures) for day, figures in sums.items()]


def by_weekday_and_hour(quarters: Iterable[Quarter]) -> Sequence[Sequence[int]]:
    """Sum accepted mails by local weekday and hour. Pure."""
    table = [[0] * 24 for _ in range(7)]
    for quarter in quarters:
        begins_at = quarter.begins_at
        table[begins_at.weekday()][begins_at.hour] += quarter.figures.accepted
    return table


def _read_quarters(
    session: Session, *, user_id: int, timezone: str, now: datetime, days: int
) -> Sequence[Quarter]:
    """Read the quarters of the last local days, with what was not counted yet in the present."""
    zone = find_zone(timezone)
    visible = visible_to(user_id, Campaign.workspace_id)
    rows = session.execute(
        select(
            CampaignFigure.begins_at,
            *(func.sum(getattr(CampaignFigure, state)) for state in _STATES),
        )
        .join(Campaign, Campaign.id == CampaignFigure.campaign_id)
        # A day more than is asked for: the zone's first day may have begun earlier than ours.
        .where(visible, CampaignFigure.begins_at >= now - timedelta(days=days + 1))
        .group_by(CampaignFigure.begins_at)
        .order_by(CampaignFigure.begins_at)
    )
    quarters = {begins_at: Figures(*map(int, sums)) for begins_at, *sums in rows}
    present = now - (now - _EPOCH) % QUARTER
    quarters[present] = _not_negative(
        quarters.get(present, Figures()) + _uncounted(session, user_id)
    )
    first = now.astimezone(zone).date() - timedelta(days=days - 1)
    local = (Quarter(begins_at.astimezone(zone), f) for begins_at, f in quarters.items())
    return [quarter for quarter in local if quarter.begins_at.date() >= first]


def _uncounted(session: Session, user_id: int) -> Figures:
    """Return what the counters know and the figures do not yet; may be negative."""
    sums = []
    for table in (CampaignCounter, CampaignFigure):
        columns = [func.coalesce(func.sum(getattr(table, state)), 0) for state in _STATES]
        row = session.execute(
            select(*columns)
            .select_from(table)
            .join(Campaign, Campaign.id == table.campaign_id)
            .where(visible_to(user_id, Campaign.workspace_id))
        ).one()
        sums.append([int(value) for value in row])
    return Figures(*(counted - figured for counted, figured in zip(*sums, strict=True)))


def _not_negative(figures: Figures) -> Figures:
    return Figures(*(max(getattr(figures, state), 0) for state in _STATES))


def _sum(quarters: Iterable[Quarter]) -> Figures:
    return sum((quarter.figures for quarter in quarters), Figures())
