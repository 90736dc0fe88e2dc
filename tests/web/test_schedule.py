"""Scheduling by API: the time, and everything that must be there before."""

import re
from datetime import datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import text

from dakiya.clock import utc_now
from dakiya.db import SessionFactory
from dakiya.models import Campaign
from tests.web.conftest import Person, make_campaign


def local(hours: float) -> str:
    """A time in India, so many hours from now."""
    return (utc_now() + timedelta(hours=hours + 5.5)).strftime("%Y-%m-%dT%H:%M")


def utc(at: str, *, offset_h: float) -> str:
    """A local time, so many hours ahead of UTC, as the API says it."""
    return f"{datetime.fromisoformat(at) - timedelta(hours=offset_h):%Y-%m-%dT%H:%M:00Z}"


def test_local_time_is_indian_unless_said_otherwise(
    alice: Person, session_factory: SessionFactory
) -> None:
    campaign_id = make_campaign(alice)
    at = local(48)
    answer = alice.api.post(f"/campaigns/{campaign_id}/schedule", {"at": at})
    assert answer.status == 200
    assert answer.json["timezone"] == "Asia/Kolkata"
    assert answer.json["scheduled_at"] == utc(at, offset_h=5.5)
    assert re.fullmatch(
        r"\w{3} \d{1,2} \w{3} \d{4}, \d\d:\d\d IST = (\w{3} \d{1,2} \w{3}, )?\d\d:\d\d UTC",
        answer.json["scheduled_for"],
    )
    with session_factory() as session:
        stored = session.get_one(Campaign, campaign_id)
    assert stored.scheduled_at is not None
    assert abs(stored.scheduled_at - utc_now() - timedelta(hours=48)) < timedelta(minutes=2)


def test_zone_is_that_of_the_user_and_of_the_request(
    alice: Person, session_factory: SessionFactory
) -> None:
    with session_factory() as session:
        session.execute(text("UPDATE app_user SET timezone = 'Asia/Dubai'"))
        session.commit()
    first, second = make_campaign(alice), make_campaign(alice)
    at = local(48)
    answer = alice.api.post(f"/campaigns/{first}/schedule", {"at": at})
    assert (answer.json["timezone"], answer.json["scheduled_at"]) == (
        "Asia/Dubai",
        utc(at, offset_h=4),
    )
    answer = alice.api.post(
        f"/campaigns/{second}/schedule", {"at": local(48), "timezone": "europe/paris"}
    )
    assert answer.json["timezone"] == "Europe/Paris"


def test_schedule_rings_the_scheduler_once_and_a_second_one_is_refused(
    app: Flask, alice: Person
) -> None:
    campaign_id = make_campaign(alice)
    assert alice.api.post(f"/campaigns/{campaign_id}/schedule", {"at": "now"}).status == 200
    assert app.extensions["dakiya"].redis.llen("dramatiq:scheduler") == 1
    again = alice.api.post(f"/campaigns/{campaign_id}/schedule", {"at": "now"})
    assert again.status == 409
    assert "preparing" in again.json["error"]


def test_wrong_time_is_named(alice: Person) -> None:
    campaign_id = make_campaign(alice)
    cases: list[tuple[dict[str, Any], str, str]] = [
        ({}, "at", "required"),
        ({"at": 5}, "at", "text"),
        ({"at": "tomorrow"}, "at", "2026-11-24T09:00"),
        ({"at": "2001-01-01T09:00"}, "at", "in the past: there it is"),
        ({"at": "2199-01-01T09:00"}, "at", "five years"),
        ({"at": "now", "timezone": "Asia/Kolkatta"}, "timezone", "Asia/Kolkata"),
        ({"at": "now", "timezone": "x\0"}, "timezone", "NUL"),
        ({"at": "now", "timezone": 5}, "timezone", "text"),
        ({"at": "now", "when": 1}, "when", "known"),
    ]
    for body, field, words in cases:
        answer = alice.api.post(f"/campaigns/{campaign_id}/schedule", body)
        assert answer.status == 422, body
        assert list(answer.json["errors"]) == [field]
        assert words in answer.json["errors"][field][0]
    assert alice.api.get(f"/campaigns/{campaign_id}").json["status"] == "draft"


def test_time_that_comes_twice_is_taken_with_its_offset(alice: Person) -> None:
    campaign_id, zone = make_campaign(alice), "America/New_York"
    path, at = f"/campaigns/{campaign_id}/schedule", "2027-11-07T01:30"
    refused = alice.api.post(path, {"at": at, "timezone": zone})
    assert refused.status == 422
    assert all(f"{at}{offset}" in refused.text for offset in ("-04:00", "-05:00"))
    answer = alice.api.post(path, {"at": f"{at}-05:00", "timezone": zone})
    assert (answer.status, answer.json["scheduled_at"]) == (200, "2027-11-07T06:30:00Z")


def test_campaign_without_recipients_is_refused(alice: Person) -> None:
    campaign_id = make_campaign(alice, recipients=[])
    answer = alice.api.post(f"/campaigns/{campaign_id}/schedule", {"at": "now"})
    assert answer.status == 422
    assert "no recipients" in answer.json["errors"]["recipients"][0]


def test_unknown_field_is_named_with_those_that_exist(alice: Person) -> None:
    campaign_id = make_campaign(
        alice,
        subject="Hello {{ nmae }}",
        html="<p>{{ twon }} {{ email }} {{ unsubscribe_url }}</p>",
        recipients=[{"email": "a@example.org", "fields": {"Town": "Pune", "शहर": "पुणे"}}],
    )
    answer = alice.api.post(f"/campaigns/{campaign_id}/schedule", {"at": "now"})
    assert answer.status == 422
    assert set(answer.json["errors"]) == {"subject", "html"}
    assert "“nmae”" in answer.json["errors"]["subject"][0]
    assert "“twon”" in answer.json["errors"]["html"][0]
    assert (
        "email, name, postal_address, unsubscribe_url, town, शहर"
        in answer.json["errors"]["html"][0]
    )


def test_field_that_some_lack_is_a_warning_with_counts(alice: Person) -> None:
    campaign_id = make_campaign(
        alice,
        recipients=[
            {"email": "a@example.org", "name": "A", "fields": {"city": "Pune"}},
            {"email": "b@example.org", "name": "B", "fields": {"city": ""}},
            {"email": "c@example.org"},
        ],
    )
    answer = alice.api.post(f"/campaigns/{campaign_id}/schedule", {"at": "now"})
    assert answer.status == 200
    assert answer.json["warnings"] == [
        {"field": "city", "missing": 2, "of": 3},
        {"field": "name", "missing": 1, "of": 3},
    ]


def test_campaign_waits_for_its_recipient_file(
    alice: Person, session_factory: SessionFactory
) -> None:
    campaign_id = make_campaign(alice)
    with session_factory() as session:
        session.execute(
            text(
                "INSERT INTO recipient_import (workspace_id, campaign_id, filename, status)"
                " SELECT workspace_id, id, 'list.xlsx', 'running' FROM campaign"
            )
        )
        session.commit()
    answer = alice.api.post(f"/campaigns/{campaign_id}/schedule", {"at": "now"})
    assert answer.status == 409
    assert "still being read" in answer.json["error"]
    assert "list.xlsx" in alice.api.get(f"/campaigns/{campaign_id}").json["waiting_because"]
    assert alice.api.delete(f"/campaigns/{campaign_id}").status == 409


def test_schedule_is_kept_when_redis_is_away(
    alice: Person, web_settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from dakiya_web.app import create_app
    from dakiya_web.settings import WebSettings
    from tests.web.conftest import Api

    campaign_id = make_campaign(alice)
    monkeypatch.setenv("REDIS_URL", "redis://127.0.0.1:1/0")
    api = Api(create_app(WebSettings.load()), alice.api.token)
    answer = api.post(f"/campaigns/{campaign_id}/schedule", {"at": "now"})
    assert answer.status == 200
    assert answer.json["status"] == "preparing"
