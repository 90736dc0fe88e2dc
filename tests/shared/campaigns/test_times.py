"""A time as people write it, into an instant."""

from datetime import UTC, datetime, timedelta

import pytest
import pytz
from hypothesis import given
from hypothesis import strategies as st

from dakiya.campaigns.times import (
    describe_distance,
    describe_instant,
    describe_soon,
    find_zone,
    offset_of,
    resolve_instant,
    shown_twice,
)
from dakiya.errors import InvalidInput

NOW = datetime(2026, 11, 22, 10, 30, tzinfo=UTC)


def refused(at: str, timezone: str) -> InvalidInput:
    with pytest.raises(InvalidInput) as caught:
        resolve_instant(at, timezone, now=NOW)
    return caught.value


@pytest.mark.parametrize(
    ("at", "timezone", "utc"),
    [
        ("now", "Asia/Kolkata", "2026-11-22T10:30"),
        (" NOW ", "Asia/Kolkata", "2026-11-22T10:30"),
        ("2026-11-24T09:00", "Asia/Kolkata", "2026-11-24T03:30"),
        ("2026-11-24 09:00", "Asia/Kolkata", "2026-11-24T03:30"),
        ("2026-11-24T09:00:00", "Asia/Kolkata", "2026-11-24T03:30"),
        ("2026-11-24T09:00", "asia/calcutta", "2026-11-24T03:30"),
        ("2026-11-24T00:15", "Asia/Kathmandu", "2026-11-23T18:30"),
        ("2026-11-24T09:00", "America/New_York", "2026-11-24T14:00"),
        ("2027-07-01T09:00", "America/New_York", "2027-07-01T13:00"),
        ("2026-11-24T09:00Z", "Asia/Kolkata", "2026-11-24T09:00"),
        ("2026-11-24T09:00-05:00", "Asia/Kolkata", "2026-11-24T14:00"),
        ("2026-11-24T09:00+0530", "UTC", "2026-11-24T03:30"),
        # Both sides of a gap, and the two times that a clock set back shows twice.
        ("2027-03-28T01:59", "Europe/Berlin", "2027-03-28T00:59"),
        ("2027-03-28T03:00", "Europe/Berlin", "2027-03-28T01:00"),
        ("2027-10-31T01:59", "Europe/Berlin", "2027-10-30T23:59"),
        ("2027-10-31T02:30+02:00", "Europe/Berlin", "2027-10-31T00:30"),
        ("2027-10-31T02:30+01:00", "Europe/Berlin", "2027-10-31T01:30"),
        ("2027-10-31T03:00", "Europe/Berlin", "2027-10-31T02:00"),
        # The button was pressed within the minute that was meant.
        ("2026-11-22T16:00", "Asia/Kolkata", "2026-11-22T10:30"),
        ("2026-11-22T15:59", "Asia/Kolkata", "2026-11-22T10:30"),
    ],
)
def test_time_becomes_its_instant(at: str, timezone: str, utc: str) -> None:
    found = resolve_instant(at, timezone, now=NOW)
    assert found.replace(tzinfo=None).isoformat(timespec="minutes") == utc
    assert found.tzinfo == UTC


@pytest.mark.parametrize(
    ("at", "timezone", "words"),
    [
        (
            "2027-03-28T02:30",
            "Europe/Berlin",
            (
                "On Sun 28 Mar 2027 the clocks in Europe/Berlin go from 02:00 to 03:00, so 02:30 "
                "does not exist. Choose 01:59 or 03:00."
            ),
        ),
        (
            "2027-10-03T02:15",
            "Australia/Lord_Howe",
            (
                "On Sun 3 Oct 2027 the clocks in Australia/Lord_Howe go from 02:00 to 02:30, "
                "so 02:15 does not exist. Choose 01:59 or 02:30."
            ),
        ),
        (
            "2027-10-31T02:30",
            "Europe/Berlin",
            (
                "The clocks in Europe/Berlin show 02:30 twice on Sun 31 Oct 2027. Say which one "
                "you mean: 2027-10-31T02:30+02:00 (CEST) or 2027-10-31T02:30+01:00 (CET)."
            ),
        ),
        (
            "2026-11-22T15:58",
            "Asia/Kolkata",
            (
                "Sun 22 Nov 2026, 15:58 IST is in the past: there it is Sun 22 Nov 2026, 16:00 IST "
                'now. Choose a later time, or "now".'
            ),
        ),
        (
            "2031-11-30T09:00",
            "UTC",
            "Sun 30 Nov 2031, 09:00 UTC is more than five years ahead. Check the year.",
        ),
        ("2027-02-30T10:00", "UTC", "2027-02-30 10:00 is not a time that exists."),
        ("2027-02-20T25:00", "UTC", "2027-02-20 25:00 is not a time that exists."),
    ],
)
def test_impossible_time_is_explained(at: str, timezone: str, words: str) -> None:
    error = refused(at, timezone)
    assert (str(error), error.field) == (words, "at")


@pytest.mark.parametrize(
    ("at", "timezone", "offsets"),
    [
        ("2027-11-07T01:30", "America/New_York", ["-04:00", "-05:00"]),
        ("2027-04-04T01:45", "Australia/Lord_Howe", ["+11:00", "+10:30"]),
        ("2027-11-07T00:59", "America/New_York", []),
        ("2027-11-07T02:00", "America/New_York", []),
        ("2027-11-07T01:30-05:00", "America/New_York", []),
        ("2027-03-14T02:30", "America/New_York", []),
        ("2026-11-24T09:00", "Asia/Kolkata", []),
    ],
)
def test_time_that_comes_twice_has_two_instants(at: str, timezone: str, offsets: list[str]) -> None:
    found = shown_twice(at, timezone)
    assert [offset_of(local) for local in found] == offsets
    for local in found:
        assert local.isoformat()[:16] == at
        assert resolve_instant(at + offset_of(local), timezone, now=NOW) == local


@pytest.mark.parametrize(
    "at",
    [
        "", "tomorrow", "2026-11-24", "24/11/2026 09:00", "2026-11-24T9:00", "09:00", "1767225600",
        "2026-11-24T09:00 IST", "2026-11-24T09:00+5", "२०२६-११-२४T०९:००",
        "9999-12-31T23:59", "0001-01-01T00:00+10:00", "2026-11-24T09:00+99:00",
    ],
)  # fmt: skip
def test_other_forms_are_refused_at_their_field(at: str) -> None:
    assert refused(at, "Asia/Kolkata").field == "at"


@pytest.mark.parametrize(
    ("name", "zone"),
    [
        ("asia/kolkata", "Asia/Kolkata"),
        ("Kolkata", "Asia/Kolkata"),
        ("Mumbai", "Asia/Kolkata"),
        ("new delhi", "Asia/Kolkata"),
        ("london", "Europe/London"),
        ("New York", "America/New_York"),
        ("Buenos Aires", "America/Argentina/Buenos_Aires"),
    ],
)
def test_zone_is_found_by_its_name_or_a_city(name: str, zone: str) -> None:
    assert find_zone(name).zone == zone


@pytest.mark.parametrize(
    ("name", "suggestion"),
    [
        ("Asia/Kolkatta", "Asia/Kolkata"),
        ("IST", "Asia/Kolkata"),
        ("Europe/Berln", "Europe/Berlin"),
        ("New Yrok", "America/New_York"),
        ("Mars/Olympus_Mons", "Write it like Asia/Kolkata"),
        ("", "Write it like Asia/Kolkata"),
        ("../../etc/passwd", "Write it like Asia/Kolkata"),
    ],
)
def test_unknown_zone_gets_a_suggestion(name: str, suggestion: str) -> None:
    error = refused("now", name)
    assert error.field == "timezone"
    assert suggestion in str(error)


@pytest.mark.parametrize(
    ("instant", "timezone", "words"),
    [
        ("2026-11-24T03:30", "Asia/Kolkata", "Tue 24 Nov 2026, 09:00 IST = 03:30 UTC"),
        (
            "2026-11-23T20:30",
            "Asia/Kolkata",
            "Tue 24 Nov 2026, 02:00 IST = Mon 23 Nov, 20:30 UTC",
        ),
        ("2026-11-24T05:00", "Asia/Dubai", "Tue 24 Nov 2026, 09:00 UTC+04 = 05:00 UTC"),
        ("2026-11-24T05:00", "UTC", "Tue 24 Nov 2026, 05:00 UTC"),
    ],
)
def test_instant_is_described_in_both_clocks(instant: str, timezone: str, words: str) -> None:
    moment = datetime.fromisoformat(instant).replace(tzinfo=UTC)
    assert describe_instant(moment, timezone) == words


@pytest.mark.parametrize(
    ("distance", "words"),
    [
        (timedelta(seconds=20), "less than a minute"),
        (timedelta(seconds=-20), "less than a minute"),
        (timedelta(minutes=5), "5 min"),
        (timedelta(hours=1, minutes=1), "1 h 1 min"),
        (timedelta(hours=3), "3 h"),
        (timedelta(days=1, hours=14, minutes=9), "1 day 14 h"),
        (timedelta(days=3), "3 days"),
    ],
)
def test_distance_is_said_in_two_units(distance: timedelta, words: str) -> None:
    assert describe_distance(distance) == words


START, END = (datetime.fromisoformat(day) for day in ("2026-11-24", "2031-11-01"))


@given(
    st.datetimes(min_value=START, max_value=END),
    st.sampled_from(pytz.common_timezones),
)
def test_valid_local_time_reads_back_and_every_refusal_is_a_clock_change(
    local: datetime, timezone: str
) -> None:
    """Against pytz's own reading: refused exactly where it finds a gap or an overlap."""
    local = local.replace(second=0, microsecond=0)
    zone = find_zone(timezone)
    try:
        expected = zone.localize(local, is_dst=None).astimezone(UTC)
    except pytz.InvalidTimeError:
        assert refused(local.isoformat(), timezone).field == "at"
        return
    assert resolve_instant(local.isoformat(), timezone, now=NOW) == expected


def test_near_instant_is_described_by_its_day() -> None:
    now = datetime(2026, 11, 24, 16, 0, tzinfo=UTC)  # 21:30 in India

    def said(hours: float) -> str:
        return describe_soon(now + timedelta(hours=hours), "Asia/Kolkata", now=now)

    assert said(1) == "today, 22:30 IST"
    assert said(11.7) == "tomorrow, 09:12 IST"
    assert said(72) == "on Fri 27 Nov 2026, 21:30 IST"
