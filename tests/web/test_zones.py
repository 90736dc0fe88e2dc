"""The zones that a page offers, and what is read of what comes back."""

from datetime import UTC, datetime

import pytest

from dakiya.campaigns.times import find_zone
from dakiya_web.zones import zone_choices, zone_label, zone_name

WINTER = datetime(2026, 11, 22, 12, tzinfo=UTC)
SUMMER = datetime(2026, 7, 1, 12, tzinfo=UTC)


def test_labels_carry_the_offset_of_the_day_and_are_read_again() -> None:
    assert zone_label("Asia/Kolkata", now=WINTER) == "Asia/Kolkata (UTC+05:30)"
    assert zone_label("America/New_York", now=WINTER) == "America/New York (UTC-05:00)"
    assert zone_label("America/New_York", now=SUMMER) == "America/New York (UTC-04:00)"
    assert zone_label("UTC", now=WINTER) == "UTC (UTC+00:00)"
    for label in zone_choices(now=WINTER):
        assert zone_label(str(find_zone(zone_name(label))), now=WINTER) == label


def test_india_and_the_users_own_come_first_and_once() -> None:
    labels = zone_choices("Europe/Zurich", now=WINTER)
    assert labels[:2] == ("Asia/Kolkata (UTC+05:30)", "Europe/Zurich (UTC+01:00)")
    assert len(labels) == len(set(labels)) > 400


@pytest.mark.parametrize("text", ["Mars/X", "", "(UTC", "x" * 500])
def test_other_text_stays_as_it_is(text: str) -> None:
    assert zone_label(text, now=WINTER) == text
