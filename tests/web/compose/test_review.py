"""The last look before a campaign is sent, its time, and the minute to undo it."""

import re
from datetime import UTC, datetime

import pytest
from flask.testing import FlaskClient
from sqlalchemy import text

from dakiya.campaigns import lifecycle
from dakiya.db import SessionFactory
from tests.web.browsing import form_of
from tests.web.conftest import Person, make_campaign
from tests.web.database import value


def review_form(client: FlaskClient, campaign_id: int, query: str) -> dict[str, str]:
    url = f"/campaigns/{campaign_id}/edit/review"
    page = client.get(f"{url}?{query}")
    assert page.status_code == 200, page.text
    return form_of(page.text, url)


def test_review_says_who_gets_nothing_and_that_the_last_test_failed(
    client: FlaskClient, alice: Person, session_factory: SessionFactory
) -> None:
    campaign_id = make_campaign(alice)
    total = alice.api.get(f"/campaigns/{campaign_id}").json["recipients"]
    with session_factory.begin() as session:
        session.execute(
            text(
                "INSERT INTO suppression (workspace_id, email_normalised, reason)"
                " SELECT workspace_id, email_normalised, 'manual' FROM recipient LIMIT 1"
            )
        )
        session.execute(
            text(
                "INSERT INTO smtp_test (smtp_account_id, to_email, status, finished_at)"
                " SELECT id, 'me@example.com', 'failed', now() FROM smtp_account"
            )
        )
    page = client.get(f"/campaigns/{campaign_id}/edit/review?when=now").text
    assert f"1 of {total} is suppressed and gets no mail." in page
    assert f"Send to {total - 1} now" in page
    assert "Last test failed. Test it before you send." in page


def test_send_now_holds_for_a_minute_and_a_second_click_changes_nothing(
    client: FlaskClient, alice: Person, session_factory: SessionFactory
) -> None:
    campaign_id = make_campaign(alice)
    url = f"/campaigns/{campaign_id}/edit/review"
    hidden = review_form(client, campaign_id, "when=now")
    before = datetime.now(UTC)
    answer = client.post(url, data=hidden)
    assert answer.headers["Location"] == f"/campaigns/{campaign_id}/scheduled"
    until = value(session_factory, "SELECT undo_until FROM campaign")
    assert isinstance(until, datetime)
    assert until >= before + lifecycle.UNDO_FOR
    assert value(session_factory, "SELECT scheduled_at = undo_until FROM campaign") is True
    second = client.post(url, data=hidden)
    assert (second.status_code, second.headers["Location"]) == (303, answer.headers["Location"])
    assert value(session_factory, "SELECT undo_until FROM campaign") == until
    held = client.get(answer.headers["Location"]).text
    assert "Held for you" in held
    assert "Nothing goes out twice" in held
    assert "data-countdown" in held
    back = client.get(f"/campaigns/{campaign_id}/edit/content")
    assert back.headers["Location"] == answer.headers["Location"]


def test_undo_makes_it_a_draft_that_can_be_scheduled_again(
    client: FlaskClient, alice: Person
) -> None:
    campaign_id = make_campaign(alice)
    url = f"/campaigns/{campaign_id}/edit/review"
    client.post(url, data=review_form(client, campaign_id, "when=now"))
    undo = f"/campaigns/{campaign_id}/unschedule"
    page = client.get(f"/campaigns/{campaign_id}/scheduled").text
    assert client.post(undo, data=form_of(page, undo)).status_code == 303
    assert alice.api.get(f"/campaigns/{campaign_id}").json["status"] == "draft"
    client.post(url, data=review_form(client, campaign_id, "when=now"))
    assert alice.api.get(f"/campaigns/{campaign_id}").json["status"] == "preparing"


def test_review_that_is_out_of_date_sends_nothing(client: FlaskClient, alice: Person) -> None:
    campaign_id = make_campaign(alice)
    hidden = review_form(client, campaign_id, "when=now")
    assert alice.api.patch(f"/campaigns/{campaign_id}", {"subject": "Other"}).status == 200
    answer = client.post(f"/campaigns/{campaign_id}/edit/review", data=hidden)
    assert answer.status_code == 422
    assert "has changed since you looked" in answer.text
    assert alice.api.get(f"/campaigns/{campaign_id}").json["status"] == "draft"


def test_later_time_is_said_in_words_and_stored_in_utc(client: FlaskClient, alice: Person) -> None:
    campaign_id = make_campaign(alice)
    year = datetime.now(UTC).year + 1
    query = f"when=later&at={year}-11-24T09:00&timezone=Asia/Kolkata"
    page = client.get(f"/campaigns/{campaign_id}/edit/review?{query}").text
    assert "09:00 IST = 03:30 UTC" in page
    hidden = review_form(client, campaign_id, query)
    assert client.post(f"/campaigns/{campaign_id}/edit/review", data=hidden).status_code == 303
    shown = alice.api.get(f"/campaigns/{campaign_id}").json
    assert shown["scheduled_at"].startswith(f"{year}-11-24T03:30")


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("when=later&at=", "Choose a day and a time."),
        ("when=later&at=2020-01-01T09:00", "is in the past"),
        ("when=later&at=tomorrow", "Write the time as"),
        ("when=later&at=2027-03-28T02:30&timezone=Europe/Berlin", "does not exist"),
        ("when=later&at=2027-11-24T09:00&timezone=Asia/Calcuta", "There is no time zone"),
    ],
)
def test_impossible_times_are_refused_beside_their_field(
    client: FlaskClient, alice: Person, query: str, words: str
) -> None:
    campaign_id = make_campaign(alice)
    answer = client.get(f"/campaigns/{campaign_id}/edit/review?{query}")
    assert answer.status_code == 422
    assert words in answer.text
    assert 'aria-invalid="true"' in answer.text


def test_time_in_words_answers_as_the_review_does(client: FlaskClient) -> None:
    year = datetime.now(UTC).year + 1
    found = client.get(f"/time-in-words?at={year}-11-24T09:00&timezone=Asia/Kolkata").get_json()
    assert "09:00 IST = 03:30 UTC" in found["words"]
    assert client.get("/time-in-words?at=x").get_json()["error"]


def test_time_that_comes_twice_is_asked_about_and_kept(
    client: FlaskClient, alice: Person, session_factory: SessionFactory
) -> None:
    edit = f"/campaigns/{make_campaign(alice)}/edit"
    asked = {"when": "later", "at": "2027-11-07T01:30", "timezone": "America/New_York"}
    answer = client.get(f"{edit}/review", query_string=asked)
    assert answer.status_code == 422
    assert "Before the clocks are set back: 05:30 UTC" in answer.text
    assert "After the clocks are set back: 06:30 UTC" in answer.text
    unclear = client.get(f"{edit}/review", query_string={**asked, "offset": "+05:30"})
    assert unclear.status_code == 422
    page = client.get(f"{edit}/review", query_string={**asked, "offset": "-05:00"}).text
    assert "01:30 EST = 06:30 UTC" in page
    again = client.get(
        f"{edit}/schedule", query_string={**asked, "at": "2027-11-07T01:30-05:00"}
    ).text
    assert re.search(r'value="-05:00" checked', again)
    assert 'value="2027-11-07T01:30"' in again
    sent = form_of(page, f"{edit}/review")
    assert client.post(f"{edit}/review", data=sent).status_code == 303
    query = "SELECT scheduled_at FROM campaign"
    assert value(session_factory, query) == datetime(2027, 11, 7, 6, 30, tzinfo=UTC)


def test_offset_is_passed_over_when_the_time_comes_once(client: FlaskClient, alice: Person) -> None:
    edit = f"/campaigns/{make_campaign(alice)}/edit"
    asked = {"at": "2027-11-08T01:30", "timezone": "America/New_York", "offset": "-04:00"}
    page = client.get(f"{edit}/review", query_string=asked).text
    assert "01:30 EST = 06:30 UTC" in page
    echo = client.get("/time-in-words", query_string=asked).get_json()
    assert echo["meanings"] == []
