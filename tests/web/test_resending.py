"""Choosing that unknown mails go again by themselves: by API, and on the review."""

import re

import pytest
from flask.testing import FlaskClient
from sqlalchemy import update

from dakiya.db import SessionFactory
from dakiya.models import Campaign
from tests.web.browsing import csrf_token, form_of
from tests.web.conftest import Person, make_campaign


def chosen(alice: Person, campaign_id: int) -> bool:
    return bool(alice.api.get(f"/campaigns/{campaign_id}").json["resend_unknown"])


def test_it_is_off_unless_chosen_and_a_patch_of_something_else_keeps_it(alice: Person) -> None:
    off, on = make_campaign(alice), make_campaign(alice, resend_unknown=True)
    assert (chosen(alice, off), chosen(alice, on)) == (False, True)
    alice.api.patch(f"/campaigns/{on}", {"name": "Other"})
    assert chosen(alice, on)
    assert alice.api.patch(f"/campaigns/{on}", {"resend_unknown": False}).status == 200
    assert not chosen(alice, on)
    answer = alice.api.patch(f"/campaigns/{on}", {"resend_unknown": "yes"})
    assert answer.status == 422
    assert "true or false" in answer.json["errors"]["resend_unknown"][0]


def make_scheduled(alice: Person, session_factory: SessionFactory, status: str) -> int:
    """Add a campaign that was scheduled and has come to this status since."""
    campaign_id = make_campaign(alice)
    alice.api.post(f"/campaigns/{campaign_id}/schedule", {"at": "now"})
    with session_factory.begin() as session:
        session.execute(update(Campaign).values(status=status))
    return campaign_id


@pytest.mark.parametrize("status", ["preparing", "scheduled", "sending", "pausing", "paused"])
def test_it_can_be_chosen_until_the_campaign_has_ended(
    alice: Person, session_factory: SessionFactory, status: str
) -> None:
    campaign_id = make_scheduled(alice, session_factory, status)
    answer = alice.api.patch(f"/campaigns/{campaign_id}", {"resend_unknown": True})
    assert (answer.status, answer.json["resend_unknown"]) == (200, True)
    assert answer.json["content_changed_at"] is None


@pytest.mark.parametrize("status", ["finished", "cancelling", "cancelled"])
def test_it_cannot_be_chosen_once_the_campaign_has_ended(
    alice: Person, session_factory: SessionFactory, status: str
) -> None:
    campaign_id = make_scheduled(alice, session_factory, status)
    answer = alice.api.patch(f"/campaigns/{campaign_id}", {"resend_unknown": True})
    assert answer.status == 409
    assert "Decide about its unknown mails" in answer.json["error"]


def is_ticked(page: str) -> bool:
    [box] = [tag for tag in re.findall("<input[^>]*>", page) if 'name="resend_unknown"' in tag]
    return " checked" in box


@pytest.mark.parametrize("ticked", [True, False])
def test_review_explains_it_and_keeps_the_choice(
    client: FlaskClient, alice: Person, ticked: bool
) -> None:
    # Whatever the draft says: the review shows it, and what is sent counts.
    campaign_id = make_campaign(alice, resend_unknown=not ticked)
    place = f"/campaigns/{campaign_id}/edit/review"
    page = client.get(f"{place}?when=now").text
    assert "Send unknown mails again by themselves" in page
    assert "may arrive twice" in page
    assert is_ticked(page) is not ticked
    fields = form_of(page, place) | {"csrf_token": csrf_token(client, f"{place}?when=now")}
    if ticked:
        fields["resend_unknown"] = "y"
    stale = client.post(place, data=fields | {"seen": "another"}).text
    assert is_ticked(stale) is ticked
    assert client.post(place, data=fields).status_code == 303
    assert chosen(alice, campaign_id) is ticked


def test_copy_begins_with_the_same_choice(alice: Person) -> None:
    campaign_id = make_campaign(alice, resend_unknown=True)
    answer = alice.api.post(f"/campaigns/{campaign_id}/duplicate")
    assert answer.json["resend_unknown"] is True
