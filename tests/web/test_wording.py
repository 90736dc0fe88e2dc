"""How figures and instants read."""

from datetime import UTC, datetime, timedelta

import pytest

from dakiya_web import wording

NOW = datetime(2026, 11, 24, 6, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("part", "whole", "words"),
    [
        (0, 0, "–"),
        (0, 10, "0 %"),
        (1, 3, "33.3 %"),
        (10, 10, "100 %"),
        (99_999, 100_000, "99.9 %"),
        (1, 1_000_000, "0.1 %"),
    ],
)
def test_share_never_rounds_to_all_or_nothing(part: int, whole: int, words: str) -> None:
    assert wording.percent(part, whole) == words


@pytest.mark.parametrize(
    ("size_bytes", "words"), [(0, "0 B"), (999, "999 B"), (1_500_000, "1.5 MB")]
)
def test_size_is_in_the_largest_unit(size_bytes: int, words: str) -> None:
    assert wording.size(size_bytes) == words


@pytest.mark.parametrize(
    ("moment", "words"),
    [
        (NOW, "Today, 12:00 IST"),
        (NOW + timedelta(hours=20), "Tomorrow, 08:00 IST"),
        (NOW - timedelta(hours=13), "Yesterday, 23:00 IST"),
        (NOW + timedelta(days=3), "Fri 27 Nov, 12:00 IST"),
        (NOW + timedelta(days=90), "Mon 22 Feb 2027, 12:00 IST"),
    ],
)
def test_instant_is_named_as_the_zones_calendar_has_it(moment: datetime, words: str) -> None:
    assert wording.instant(moment, "Asia/Kolkata", now=NOW) == words


def test_zone_without_a_name_is_an_offset() -> None:
    assert wording.instant(NOW, "Asia/Dubai", now=NOW) == "Today, 10:30 UTC+04"


def test_instant_in_full_names_utc_too() -> None:
    assert wording.instant_in_full(NOW, "Asia/Kolkata") == (
        "Tue 24 Nov 2026, 12:00:00 IST = 2026-11-24 06:30:00 UTC"
    )


@pytest.mark.parametrize(
    ("away", "words"),
    [
        (timedelta(0), "just now"),
        (timedelta(seconds=30), "in a moment"),
        (timedelta(minutes=-3), "3 min ago"),
        (timedelta(hours=2, minutes=10), "in 2 h 10 min"),
    ],
)
def test_distance_says_before_or_after(away: timedelta, words: str) -> None:
    assert wording.distance(NOW + away, now=NOW) == words


@pytest.mark.parametrize(
    ("moment", "words"),
    [
        (NOW, "today, 12:00 IST"),
        (NOW + timedelta(hours=20), "tomorrow, 08:00 IST"),
        (NOW + timedelta(days=3), "Fri 27 Nov, 12:00 IST"),
    ],
)
def test_day_nearby_is_written_small_inside_a_sentence(moment: datetime, words: str) -> None:
    assert wording.instant(moment, "Asia/Kolkata", now=NOW, inside=True) == words
