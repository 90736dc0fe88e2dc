"""Wherever an unknown mail is shown, it is said what that means and what can be done."""

import csv
import io

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select, update

from dakiya.campaigns.progress import prepare_chunk, start_due
from dakiya.db import SessionFactory, database_now
from dakiya.delivery.counters import Moves
from dakiya.models import Campaign, Email, EmailState
from tests.web.conftest import Person, make_campaign

MEANING = "It may have arrived or not"
BY_ITSELF = "each is sent again once by itself"
AGAIN = "as=again"
AS_SENT = "as=sent"


@pytest.fixture
def unknown(alice: Person, session_factory: SessionFactory) -> int:
    """A sending campaign with one unknown mail and one that waits."""
    rows = [{"email": f"r{n}@example.org", "name": "Asha"} for n in range(2)]
    campaign_id = make_campaign(alice, recipients=rows, html="<p>Hello</p>")
    assert alice.api.post(f"/campaigns/{campaign_id}/schedule", {"at": "now"}).status == 200
    with session_factory.begin() as session:
        while prepare_chunk(session, campaign_id):
            pass
        start_due(session, now=database_now(session))
        first = session.scalars(select(Email).order_by(Email.id)).first()
        assert first is not None
        first.state, first.fence, first.attempts = EmailState.UNKNOWN, 1, 1
        first.reason = "no_reply"
        moves = Moves()
        moves.add(EmailState.PENDING, EmailState.UNKNOWN)
        moves.store(session, campaign_id=campaign_id, slot=20)
    return campaign_id


def pages_of(client: FlaskClient, session_factory: SessionFactory, campaign_id: int) -> list[str]:
    """The campaign, its unknown mails, and the story of one."""
    with session_factory() as session:
        recipient_id = session.scalar(
            select(Email.recipient_id).where(Email.state == EmailState.UNKNOWN)
        )
    place = f"/campaigns/{campaign_id}"
    paths = (place, f"{place}/emails?state=unknown", f"{place}/emails/{recipient_id}")
    return [client.get(path).text for path in paths]


def test_unknown_is_explained_with_both_choices_on_every_page(
    client: FlaskClient, session_factory: SessionFactory, unknown: int
) -> None:
    for page in pages_of(client, session_factory, unknown):
        assert MEANING in page
        assert AGAIN in page
        assert AS_SENT in page
        assert BY_ITSELF not in page


def test_pages_say_that_unknown_mails_go_again_by_themselves_while_they_do(
    client: FlaskClient, alice: Person, session_factory: SessionFactory, unknown: int
) -> None:
    alice.api.patch(f"/campaigns/{unknown}", {"resend_unknown": True})
    for page in pages_of(client, session_factory, unknown):
        assert BY_ITSELF in page
        assert "sends nothing twice" not in page
    with session_factory.begin() as session:
        session.execute(update(Campaign).values(status="finished"))
    for page in pages_of(client, session_factory, unknown):
        assert BY_ITSELF not in page


def test_cancelled_campaign_offers_only_what_it_can_do(
    client: FlaskClient, session_factory: SessionFactory, unknown: int
) -> None:
    with session_factory.begin() as session:
        session.execute(update(Campaign).values(status="cancelled"))
    for page in pages_of(client, session_factory, unknown):
        assert AGAIN not in page
        assert AS_SENT in page


def test_export_explains_each_line_that_needs_it(client: FlaskClient, unknown: int) -> None:
    answer = client.get(f"/campaigns/{unknown}/export.csv").data.decode("utf-8-sig")
    lost, waits = csv.DictReader(io.StringIO(answer))
    assert (lost["status"], lost["reason"]) == ("unknown", "no_reply")
    assert MEANING in lost["explanation"]
    assert "count it as sent, or send it again" in lost["explanation"]
    assert (waits["status"], waits["explanation"]) == ("pending", "")
