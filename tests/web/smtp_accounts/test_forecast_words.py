"""What pages say of a forecast and of what it takes for granted."""

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient

from dakiya.campaigns.estimate import Estimate
from dakiya.campaigns.progress import prepare_chunk
from dakiya.clock import utc_now
from dakiya.db import SessionFactory
from dakiya.delivery.slowing import Slowed
from dakiya.models import Campaign, CampaignStatus, SmtpAccount
from dakiya_web.pages.smtp_accounts.forecast_words import say_assumptions, say_finish
from tests.engine.world import use_pace
from tests.web.conftest import Person, make_account, make_campaign

NOW = datetime(2026, 11, 24, 3, 30, tzinfo=UTC)
LAST = "Mails that servers put off take longer."


def found(**changes: Any) -> Estimate:
    usual = Estimate(
        begin_at=NOW,
        finish_at=NOW + timedelta(days=3, hours=2),
        bound_by="per_day",
        limit=500,
        others=0,
        tries_at=None,
        needs_owner=False,
        slowed=None,
        is_guess=False,
    )
    return replace(usual, **changes)


@pytest.mark.parametrize(
    ("distance", "words"),
    [
        (timedelta(0), "about a minute"),
        (timedelta(seconds=62), "about 1 minute"),
        (timedelta(minutes=59), "about 1 hour"),
        (timedelta(minutes=80), "about 80 minutes"),
        (timedelta(hours=5, minutes=20), "about 5 hours"),
        (timedelta(hours=23, minutes=50), "about 1 day"),
        (timedelta(days=1234), "about 1,234 days"),
    ],
)
def test_forecast_is_said_in_one_unit(distance: timedelta, words: str) -> None:
    one = found(finish_at=NOW + distance, bound_by="speed", limit=None)
    assert say_finish(one, since=NOW) == f"{words} on this account"


def test_time_of_a_paused_account_counts_from_when_it_tries_again() -> None:
    again = NOW + timedelta(hours=2)
    done = again + timedelta(minutes=10)
    one = found(
        begin_at=again, finish_at=done, bound_by="speed", limit=None, tries_at=again, is_guess=True
    )
    assert say_finish(one, since=NOW) == "about 10 minutes on this account"
    later = again + timedelta(minutes=5)
    assert say_finish(one, since=later) == "about 5 minutes on this account"


def test_what_holds_it_up_is_named() -> None:
    assert say_finish(found(), since=NOW) == "about 3 days on this account: 500 mails a day"
    slowed = found(bound_by="slowed", limit=None)
    assert say_finish(slowed, since=NOW).endswith(": its server has asked for less speed")


def test_what_is_taken_for_granted_is_said() -> None:
    def said(**changes: Any) -> list[str]:
        return list(say_assumptions(found(**changes), timezone="Asia/Kolkata", now=NOW))

    assert said() == [LAST]
    assert "tries again today, 11:00 IST" in said(tries_at=NOW + timedelta(hours=2))[0]
    assert "needs you" in said(needs_owner=True)[0]
    assert "back today, 09:40 IST" in said(slowed=Slowed(5, 10, NOW))[0]
    assert said(others=2)[0].startswith("2 other campaigns share the account")
    assert "5 mails a second on each connection" in said(is_guess=True)[0]


def test_page_of_a_campaign_says_what_holds_it_up_and_when_it_goes_on(
    client: FlaskClient, alice: Person, session_factory: SessionFactory
) -> None:
    account_id = make_account(alice, name="Gmail", limits={"per_day": 1})
    campaign_id = make_campaign(alice, smtp_account_id=account_id)
    alice.api.post(f"/campaigns/{campaign_id}/schedule", {"at": "now"})
    with session_factory.begin() as session:
        account = session.get_one(SmtpAccount, account_id)
        use_pace(session, account, mails=1, age=timedelta(hours=1))
        while prepare_chunk(session, campaign_id):
            pass
        session.get_one(Campaign, campaign_id).status = CampaignStatus.SENDING
    page = client.get(f"/campaigns/{campaign_id}").text
    assert "on this account: 1 mail a day." in page
    assert re.search("limit of 1 mail a day; it continues (today|tomorrow), ..:.. IST[.]", page)


def test_api_tells_the_forecast_of_a_campaign(
    client: FlaskClient, alice: Person, session_factory: SessionFactory
) -> None:
    account_id = make_account(alice, name="Gmail", limits={"per_day": 1})
    people = [
        {"email": f"r{number}@example.org", "fields": {"city": "Pune"}} for number in range(3)
    ]
    campaign_id = make_campaign(alice, smtp_account_id=account_id, recipients=people)
    place = f"/campaigns/{campaign_id}"
    draft = alice.api.get(place).json["forecast"]
    assert draft["bound_by"] == "per_day"
    assert draft["about"] == "about 2 days on this account: 1 mail a day"
    assert draft["assumes"] == [LAST]
    in_a_week = (utc_now() + timedelta(days=7)).isoformat(timespec="seconds")
    scheduled = alice.api.post(f"{place}/schedule", {"at": in_a_week})
    assert scheduled.status == 200, scheduled.json
    found = alice.api.get(place).json["forecast"]
    assert found["about"] == draft["about"]
    wait = datetime.fromisoformat(found["finish_at"]) - datetime.fromisoformat(draft["finish_at"])
    assert timedelta(days=6, hours=23) < wait < timedelta(days=7, hours=1)
    alice.api.post(f"{place}/cancel", {})
    assert alice.api.get(place).json["forecast"] is None
