"""Figures as pictures that need no script: the bars of thirty days, the shades of a week. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from dakiya.campaigns.statistics import Day

# The picture's own units; it is stretched to its place.
BAR_WIDTH = 8.0
BAR_STEP = 12.0
HEIGHT = 100.0
# A day with a single mail must be seen beside one with a million.
LEAST = 1.5
LEVELS = 4


@dataclass(frozen=True)
class Bar:
    """One day: accepted mails, and what did not get through on top of them."""

    day: date
    sent: int
    lost: int
    x: float
    sent_height: float
    lost_height: float

    @property
    def sent_y(self) -> float:
        """Where the accepted part begins, from above."""
        return HEIGHT - self.sent_height

    @property
    def lost_y(self) -> float:
        """Where the lost part begins, from above."""
        return self.sent_y - self.lost_height


@dataclass(frozen=True)
class Cell:
    """One hour of one weekday; level 0 is nothing, LEVELS the most."""

    mails: int
    level: int


def draw_bars(days: Sequence[Day]) -> Sequence[Bar]:
    """Scale the days so that the greatest fills the picture."""
    most = max((_all(day) for day in days), default=0)
    return [
        Bar(
            day=day.date,
            sent=day.figures.sent,
            lost=_all(day) - day.figures.sent,
            x=number * BAR_STEP,
            sent_height=_height(day.figures.sent, most),
            lost_height=_height(_all(day) - day.figures.sent, most),
        )
        for number, day in enumerate(days)
    ]


def shade(
    hours: Sequence[Sequence[int]], weekdays: Sequence[tuple[str, str]]
) -> Sequence[tuple[str, str, Sequence[Cell]]]:
    """Name the days, long and short, and give each hour a level by its share of the greatest."""
    most = max((mails for row in hours for mails in row), default=0)
    return [
        (name, short, [Cell(mails, -(-mails * LEVELS // most) if mails else 0) for mails in row])
        for (name, short), row in zip(weekdays, hours, strict=True)
    ]


def _all(day: Day) -> int:
    figures = day.figures
    return figures.sent + figures.bounced + figures.failed + figures.unknown


def _height(mails: int, most: int) -> float:
    if not mails:
        return 0.0
    return round(max(LEAST, (HEIGHT - 2 * LEAST) * mails / most), 2)
