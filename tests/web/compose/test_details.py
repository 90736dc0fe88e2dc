"""The name and account of a campaign that is being made, its copies, and its end."""

import re

from flask import Flask
from flask.testing import FlaskClient

from dakiya.db import SessionFactory
from tests.web.browsing import form_of, send
from tests.web.conftest import Person, make_account, make_campaign
from tests.web.database import value


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
