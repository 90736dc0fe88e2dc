"""Making a campaign on pages: each step saves, keeps what was typed, and never sends twice."""

import re
from datetime import UTC, datetime
from io import BytesIO

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import text

from dakiya.campaigns import lifecycle
from dakiya.db import SessionFactory
from tests.web.browsing import csrf_token, log_in, log_out, send
from tests.web.conftest import PASSWORD, Person, make_account, make_campaign

BAD = "broken@@example.org"


def form_of(page: str, action: str) -> dict[str, str]:
    """The hidden fields of the form that posts there."""
    form = re.search(rf'<form[^>]*action="{re.escape(action)}".*?</form>', page, re.DOTALL)
    assert form, action
    inputs = re.findall(r"<input[^>]*>", form[0])
    found = {}
    for tag in inputs:
        name, value = re.search(r'name="([^"]*)"', tag), re.search(r'value="([^"]*)"', tag)
        if 'type="hidden"' in tag and name:
            found[name[1]] = value[1] if value else ""
    return found


def value(session_factory: SessionFactory, query: str) -> object:
    with session_factory() as session:
        return session.scalar(text(query))


def test_new_campaign_begins_as_a_draft_with_the_first_account(
    client: FlaskClient, alice: Person, session_factory: SessionFactory
) -> None:
    first = make_account(alice, name="First")
    make_account(alice, name="Second")
    page = client.get("/campaigns/new").text
    assert re.search(rf'<option selected value="{first}">First', page)
    answer = send(client, "/campaigns/new", name=" Diwali <offer> ", account=str(first))
    assert (answer.status_code, answer.headers["Location"]) == (303, "/campaigns/1/edit")
    assert value(session_factory, "SELECT name FROM campaign") == "Diwali <offer>"
    assert "Diwali &lt;offer&gt;" in client.get("/campaigns/1/edit").text


def test_campaign_without_an_account_can_be_begun_but_not_scheduled(client: FlaskClient) -> None:
    page = client.get("/campaigns/new").text
    assert "No SMTP account yet" in page
    assert send(client, "/campaigns/new", name="Offer", account="").status_code == 303
    review = client.get("/campaigns/1/edit/review?when=now").text
    assert "Choose the SMTP account" in review
    assert "Send to" not in review


def test_refused_details_keep_what_was_typed(client: FlaskClient, alice: Person) -> None:
    make_account(alice)
    answer = send(client, "/campaigns/new", name="x" * 201, account="1")
    assert answer.status_code == 422
    assert "x" * 201 in answer.text
    assert send(client, "/campaigns/new", name="Offer", account="999").status_code == 422


def test_two_tabs_on_the_same_details_lose_nothing(client: FlaskClient, alice: Person) -> None:
    campaign_id = make_campaign(alice)
    url = f"/campaigns/{campaign_id}/edit"
    old_tab = form_of(client.get(url).text, url)
    assert client.post(url, data={**old_tab, "name": "New", "account": "1"}).status_code == 303
    answer = client.post(url, data={**old_tab, "name": "Mine", "account": "1"})
    assert answer.status_code == 422
    assert "another tab" in answer.text
    assert 'value="Mine"' in answer.text
    again = client.post(url, data={**form_of(answer.text, url), "name": "Mine", "account": "1"})
    assert again.status_code == 303
    assert alice.api.get(f"/campaigns/{campaign_id}").json["name"] == "Mine"


def test_pasted_mess_is_taken_and_the_rest_stays_in_the_box(
    client: FlaskClient, alice: Person, session_factory: SessionFactory
) -> None:
    campaign_id = make_campaign(alice, recipients=[])
    url = f"/campaigns/{campaign_id}/edit"
    action = f"{url}/recipients/paste"
    mess = f"“Rao, Asha” <asha@example.org>; {BAD}\n<script>alert(1)</script>\nok@example.org"
    answer = client.post(action, data={**form_of(client.get(url).text, action), "pasted": mess})
    assert answer.status_code == 422
    assert "2 recipients added" in answer.text
    box = re.search(r"<textarea[^>]*>(.*?)</textarea>", answer.text, re.DOTALL)
    assert box
    assert box[1].strip().splitlines() == [BAD, "&lt;script&gt;alert(1)&lt;/script&gt;"]
    assert value(session_factory, "SELECT name FROM recipient ORDER BY id LIMIT 1") == "Rao, Asha"
    fine = client.post(action, data={**form_of(answer.text, action), "pasted": "late@example.org"})
    assert fine.status_code == 303


def test_ten_thousand_pasted_addresses_fit(client: FlaskClient, alice: Person) -> None:
    campaign_id = make_campaign(alice, recipients=[])
    url = f"/campaigns/{campaign_id}/edit"
    action = f"{url}/recipients/paste"
    pasted = "\n".join(
        f"Person Number {n} <person.number.{n}@mail.example.org>" for n in range(10_000)
    )
    answer = client.post(action, data={**form_of(client.get(url).text, action), "pasted": pasted})
    assert answer.status_code == 303
    assert alice.api.get(f"/campaigns/{campaign_id}").json["recipients"] == 10_000


def test_file_leads_to_the_page_of_its_import(client: FlaskClient, alice: Person) -> None:
    campaign_id = make_campaign(alice, recipients=[])
    url = f"/campaigns/{campaign_id}/edit"
    action = f"{url}/recipients/file"
    hidden = form_of(client.get(url).text, action)
    upload = {**hidden, "file": (BytesIO(b"email\nx@example.org\n"), "<b>.csv")}
    answer = client.post(action, data=upload)
    assert answer.status_code == 303
    page = client.get(answer.headers["Location"])
    assert "&lt;b&gt;.csv" in page.text
    assert client.get(f"{answer.headers['Location']}/progress").get_json()["busy"] is True
    nothing = client.post(action, data={**hidden, "file": (BytesIO(b""), "")})
    assert nothing.status_code == 422
    assert "Choose a file first." in nothing.text
    said = client.post(
        action, data={**hidden, "file": (BytesIO(b""), "a.csv")}, headers={"X-Fragment": "1"}
    )
    assert (said.status_code, said.json) == (422, {"error": "The file is empty."})


def test_rejected_rows_are_a_csv_that_runs_nothing(
    client: FlaskClient, alice: Person, session_factory: SessionFactory
) -> None:
    campaign_id = make_campaign(alice, recipients=[])
    with session_factory() as session:
        session.execute(
            text(
                "INSERT INTO recipient_import (workspace_id, campaign_id, filename, status)"
                " SELECT workspace_id, id, 'a.csv', 'done' FROM campaign WHERE id = :id"
            ),
            {"id": campaign_id},
        )
        session.execute(text("INSERT INTO import_rejection VALUES (1, 7, '=1+1', 'no address')"))
        session.commit()
    answer = client.get("/imports/1/rejected.csv")
    assert answer.data.decode("utf-8-sig").splitlines() == ["row,email,error", "7,'=1+1,no address"]


def test_remove_all_asks_first(client: FlaskClient, alice: Person) -> None:
    campaign_id = make_campaign(alice)
    url = f"/campaigns/{campaign_id}/edit/recipients/remove"
    assert "Remove 1 recipient?" in client.get(url).text
    assert send(client, url).status_code == 303
    assert alice.api.get(f"/campaigns/{campaign_id}").json["recipients"] == 0


def test_content_is_checked_and_kept_when_refused(client: FlaskClient, alice: Person) -> None:
    campaign_id = make_campaign(alice)
    url = f"/campaigns/{campaign_id}/edit/content"
    hidden = form_of(client.get(url).text, url)
    answer = client.post(url, data={**hidden, "subject": "Hi", "html": "<b>{{ broken</b>"})
    assert answer.status_code == 422
    assert "&lt;b&gt;{{ broken&lt;/b&gt;" in answer.text
    assert "line 1" in answer.text
    saved = client.post(url, data={**hidden, "subject": "Hi", "html": "<p>{{ town }}</p>"})
    assert saved.status_code == 303
    assert "No recipient has a field “town”. Fields that exist: email, name" in client.get(url).text


def test_two_tabs_on_the_same_content_lose_nothing(client: FlaskClient, alice: Person) -> None:
    campaign_id = make_campaign(alice)
    url = f"/campaigns/{campaign_id}/edit/content"
    old_tab = form_of(client.get(url).text, url)
    first = client.post(url, data={**old_tab, "subject": "One", "html": "<p>one</p>"})
    assert first.status_code == 303
    answer = client.post(url, data={**old_tab, "subject": "Two", "html": "<p>two</p>"})
    assert answer.status_code == 422
    assert "another tab" in answer.text
    assert "&lt;p&gt;two&lt;/p&gt;" in answer.text
    assert "&lt;p&gt;one&lt;/p&gt;" in answer.text
    assert alice.api.get(f"/campaigns/{campaign_id}").json["subject"] == "One"
    again = {**form_of(answer.text, url), "subject": "Two", "html": "<p>two</p>"}
    assert client.post(url, data=again).status_code == 303
    assert alice.api.get(f"/campaigns/{campaign_id}").json["subject"] == "Two"


MINE = {"subject": "Mine", "html": "<p>long</p>"}


def test_session_that_ended_while_writing_costs_no_text(client: FlaskClient, alice: Person) -> None:
    campaign_id = make_campaign(alice)
    url = f"/campaigns/{campaign_id}/edit/content"
    written = form_of(client.get(url).text, url) | MINE
    client.delete_cookie("dakiya")
    kept = client.post(url, data=written)
    assert kept.status_code == 401
    assert "&lt;p&gt;long&lt;/p&gt;" in kept.text
    log_in(client, alice.email)
    assert client.post(url, data=form_of(kept.text, url) | MINE).status_code == 303
    assert alice.api.get(f"/campaigns/{campaign_id}").json["subject"] == "Mine"


def test_page_from_before_a_log_in_saves_after_it(client: FlaskClient, alice: Person) -> None:
    campaign_id = make_campaign(alice)
    content, details = (f"/campaigns/{campaign_id}/edit{step}" for step in ("/content", ""))
    written = form_of(client.get(content).text, content) | MINE
    named = form_of(client.get(details).text, details) | {"name": "Renamed", "account": "1"}
    log_out(client)
    log_in(client, alice.email)
    assert client.post(content, data=written).status_code == 303
    assert client.post(details, data=named).status_code == 303
    found = alice.api.get(f"/campaigns/{campaign_id}").json
    assert (found["subject"], found["name"]) == ("Mine", "Renamed")


def test_page_of_somebody_else_or_of_an_old_password_saves_nothing(
    client: FlaskClient, browser: Callable[[], FlaskClient], alice: Person, bob: Person
) -> None:
    campaign_id = make_campaign(alice)
    url = f"/campaigns/{campaign_id}/edit/content"
    written = form_of(client.get(url).text, url) | MINE
    others = browser()
    log_in(others, bob.email)
    forged = written | {"csrf_token": csrf_token(others, "/profile")}
    assert client.post(url, data=forged).status_code == 422
    assert client.post(f"/campaigns/{campaign_id}/edit", data=forged).status_code == 400
    log_out(others)
    log_in(others, alice.email)
    passwords = {"old": PASSWORD, "password": "a quite different one"}
    assert send(others, "/profile/password", **passwords).status_code == 303
    log_in(client, alice.email, passwords["password"])
    refused = client.post(url, data=written)
    assert refused.status_code == 422
    assert "&lt;p&gt;long&lt;/p&gt;" in refused.text
    assert alice.api.get(f"/campaigns/{campaign_id}").json["subject"] == "Hello {{ name }}"


def test_content_without_a_token_is_not_saved(client: FlaskClient, alice: Person) -> None:
    campaign_id = make_campaign(alice)
    url = f"/campaigns/{campaign_id}/edit/content"
    seen = form_of(client.get(url).text, url)["seen"]
    answer = client.post(url, data={"seen": seen, "subject": "Evil", "html": "<p>evil</p>"})
    assert answer.status_code == 422
    assert alice.api.get(f"/campaigns/{campaign_id}").json["subject"] == "Hello {{ name }}"


def test_preview_is_inert_and_shows_one_recipient(client: FlaskClient, alice: Person) -> None:
    people = [
        {"email": "ravi@example.org", "name": "<script>x</script>", "fields": {"city": "Pune"}},
        {"email": "asha@example.org", "name": "Asha"},
    ]
    campaign_id = make_campaign(alice, recipients=people)
    answer = client.get(f"/campaigns/{campaign_id}/preview?recipient=1")
    policy = answer.headers["Content-Security-Policy"]
    assert policy.startswith("sandbox; default-src 'none';")
    assert "script-src" not in policy
    assert answer.headers["X-Frame-Options"] == "SAMEORIGIN"
    assert "Hello &lt;script&gt;x&lt;/script&gt; in Pune" in answer.text
    assert (
        "Hello Asha in your town"
        in client.get(f"/campaigns/{campaign_id}/preview?recipient=2").text
    )
    page = client.get(f"/campaigns/{campaign_id}/edit/content?recipient=1").text
    assert "recipient=2#preview" in page
    assert "1 of 2 has no city" in page


def review_form(client: FlaskClient, campaign_id: int, query: str) -> dict[str, str]:
    url = f"/campaigns/{campaign_id}/edit/review"
    page = client.get(f"{url}?{query}")
    assert page.status_code == 200, page.text
    return form_of(page.text, url)


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


def test_duplicate_copies_content_and_asks_about_recipients(
    client: FlaskClient, alice: Person
) -> None:
    campaign_id = make_campaign(alice)
    url = f"/campaigns/{campaign_id}/duplicate"
    assert "Copy the 1 recipient too" in client.get(url).text
    bare = send(client, url).headers["Location"].split("/")[2]
    full = send(client, url, with_recipients="1").headers["Location"].split("/")[2]
    shown = [alice.api.get(f"/campaigns/{found}").json for found in (bare, full)]
    assert [(c["name"], c["status"], c["subject"]) for c in shown] == [
        ("Diwali offer (copy)", "draft", "Hello {{ name }}")
    ] * 2
    assert [c["recipients"] for c in shown] == [0, 1]


def test_delete_asks_first_and_refuses_what_runs(
    app: Flask, client: FlaskClient, alice: Person
) -> None:
    campaign_id, running_id = make_campaign(alice), make_campaign(alice)
    alice.api.post(f"/campaigns/{running_id}/schedule", {"at": "now"})
    assert "Delete this campaign?" in client.get(f"/campaigns/{campaign_id}/delete").text
    assert send(client, f"/campaigns/{campaign_id}/delete").status_code == 303
    assert alice.api.get(f"/campaigns/{campaign_id}").status == 404
    assert send(client, f"/campaigns/{running_id}/delete").status_code == 409


def test_test_mail_is_queued_once_and_shown(
    client: FlaskClient, alice: Person, session_factory: SessionFactory
) -> None:
    campaign_id = make_campaign(alice)
    page, url = f"/campaigns/{campaign_id}/edit/content", f"/campaigns/{campaign_id}/test"
    hidden = form_of(client.get(page).text, url)
    assert hidden["recipient"] == "1"
    wrong = client.post(url, data={**hidden, "to": "nobody"})
    assert wrong.status_code == 422
    assert 'value="nobody"' in wrong.text
    assert client.post(url, data={**hidden, "to": "me@example.com"}).status_code == 303
    assert "The test to me@example.com is on its way" in client.get(page).text
    assert client.get(url).get_json() == {"busy": True, "reload": False}
    second = client.post(url, data={**hidden, "to": "me@example.com"})
    assert second.status_code == 422
    assert "still on its way" in second.text
    with session_factory() as session:
        session.execute(text("UPDATE campaign_test SET status = 'failed', detail = '550 <no>'"))
        session.commit()
    assert "550 &lt;no&gt;" in client.get(page).text


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
