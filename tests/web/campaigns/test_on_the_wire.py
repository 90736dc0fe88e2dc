"""While a campaign is pausing or cancelling, its page and the API say what is on the wire."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from dakiya.campaigns.lifecycle import cancel, pause
from dakiya.campaigns.progress import prepare_chunk, start_due
from dakiya.db import SessionFactory, database_now
from dakiya.delivery.claims import claim_lane, find_lanes
from dakiya.delivery.counters import Moves
from dakiya.delivery.intents import Intent, intend, lock_for_intent
from dakiya.delivery.ledger import Claim, record
from dakiya.delivery.outcomes import Outcome
from dakiya.delivery.taking import take_batch
from dakiya.models import Campaign, Email, EmailState
from tests.web.conftest import Person, make_campaign


@pytest.fixture
def claim(alice: Person, session_factory: SessionFactory) -> Claim:
    """A batch of four mails in a sender's hands, two of them on the wire."""
    rows = [{"email": f"r{n}@example.org"} for n in range(4)]
    campaign_id = make_campaign(alice, recipients=rows, html="<p>Hello</p>", subject="Hello")
    assert alice.api.post(f"/campaigns/{campaign_id}/schedule", {"at": "now"}).status == 200
    with session_factory.begin() as session:
        while prepare_chunk(session, campaign_id):
            pass
        now = database_now(session) + timedelta(seconds=1)
        start_due(session, now=now)
        [lane] = find_lanes(session, now=now)
        claim_lane(session, lane, now=now, batch_size=50)
        [batch_id] = set(session.scalars(select(Email.batch_id)))
        assert batch_id is not None
    with session_factory.begin() as session:
        taken = None
        while taken is None:
            taken = take_batch(session, batch_id, taken_by="one", lease_s=60, slot=20)
        moves = Moves()
        lock_for_intent(session, taken.claim)
        for email_id in session.scalars(select(Email.id).order_by(Email.id).limit(2)):
            assert intend(session, taken.claim, email_id, moves) is Intent.GO
        moves.store(session, campaign_id=campaign_id, slot=20)
    return taken.claim


def answer_one(session_factory: SessionFactory, claim: Claim) -> None:
    """Let a server answer for the next mail on the wire."""
    with session_factory.begin() as session:
        email_id = session.scalars(
            select(Email.id).where(Email.state == EmailState.SENDING).order_by(Email.id)
        ).first()
        assert email_id is not None
        moves = Moves()
        assert record(session, claim, email_id, Outcome(EmailState.SENT, "dot", 250), moves)
        moves.store(session, campaign_id=claim.campaign_id, slot=20)


@pytest.mark.parametrize(("stop", "verb"), [(pause, "paused"), (cancel, "cancelled")])
def test_page_and_api_count_the_mails_on_the_wire_until_all_are_answered(
    client: FlaskClient,
    alice: Person,
    session_factory: SessionFactory,
    claim: Claim,
    stop: Callable[..., int],
    verb: str,
) -> None:
    with session_factory.begin() as session:
        assert stop(session, session.get_one(Campaign, claim.campaign_id)) == 2
    begins = f"It is being {verb}: nothing new goes out."
    for mails, words in (
        (2, "2 mails are on the wire; their servers still have to answer."),
        (1, "1 mail is on the wire; its server still has to answer."),
        (0, "The servers have answered for every mail"),
    ):
        found = alice.api.get(f"/campaigns/{claim.campaign_id}").json
        assert found["on_the_wire"] == mails
        assert found["waiting_because"].startswith(f"{begins} {words}")
        assert f"{begins} {words}" in client.get(f"/campaigns/{claim.campaign_id}").text
        polled = client.get(f"/campaigns/{claim.campaign_id}/progress").json
        assert polled is not None
        assert polled["campaign"]["why"] == found["waiting_because"]
        if mails:
            answer_one(session_factory, claim)


def test_mails_of_a_sending_campaign_on_the_wire_are_counted_too(
    alice: Person, claim: Claim
) -> None:
    found = alice.api.get(f"/campaigns/{claim.campaign_id}").json
    assert (found["status"], found["on_the_wire"]) == ("sending", 2)
