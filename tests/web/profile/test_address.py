"""The postal address of a workspace, kept on the profile and shown below each mail."""

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from dakiya.db import SessionFactory
from dakiya.models import Workspace
from tests.web.browsing import csrf_token
from tests.web.conftest import Person, make_campaign


def save(client: FlaskClient, address: str) -> TestResponse:
    form = {"csrf_token": csrf_token(client, "/profile"), "address": address}
    return client.post("/profile/address", data=form)


def test_address_is_kept_and_stands_in_the_preview(client: FlaskClient, alice: Person) -> None:
    campaign_id = make_campaign(alice)
    answer = save(client, " Lamps & Co \r\n\r\n12 MG Road ")
    assert answer.status_code == 303
    assert "Lamps &amp; Co\n12 MG Road</textarea>" in client.get("/profile").text
    html = client.get(f"/campaigns/{campaign_id}/preview").text
    assert "Lamps &amp; Co<br>12 MG Road" in html
    assert save(client, " ").status_code == 303
    assert "MG Road" not in client.get(f"/campaigns/{campaign_id}/preview").text


@pytest.mark.parametrize("written", ["x" * 301, "a\n" * 7, "a\x07b", "a\u2028b"])
def test_address_that_can_stand_below_no_mail_is_refused(
    client: FlaskClient, alice: Person, session_factory: SessionFactory, written: str
) -> None:
    with session_factory() as session:
        before = [one.postal_address for one in session.query(Workspace)]
    answer = save(client, written)
    assert answer.status_code == 422
    assert "textarea" in answer.text
    with session_factory() as session:
        assert before == [one.postal_address for one in session.query(Workspace)]


def test_address_is_that_of_ones_own_workspace(
    client: FlaskClient, bob: Person, session_factory: SessionFactory
) -> None:
    save(client, "alice")
    with session_factory() as session:
        kept = [one.postal_address for one in session.query(Workspace).order_by(Workspace.id)]
    assert kept[0] == "alice"
    assert "alice" not in kept[1:]
