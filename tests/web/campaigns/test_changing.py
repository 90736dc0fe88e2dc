"""Refused content: the page says so, the content is changed while the campaign rests."""

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from dakiya.campaigns.lifecycle import pause, pause_refused
from dakiya.campaigns.progress import prepare_chunk, settle, start_due
from dakiya.db import SessionFactory, database_now
from dakiya.delivery.content_trouble import REFUSALS_IN_A_ROW, note_refusal
from dakiya.delivery.counters import Moves
from dakiya.models import Attempt, Campaign, CampaignStatus, Email, EmailState
from tests.web.browsing import csrf_token, send
from tests.web.conftest import Person, make_campaign

REFUSAL = "554 5.6.0 <b>Bad</b> words"
MAILS = 4


def begin(alice: Person, session_factory: SessionFactory) -> int:
    rows = [{"email": f"r{n}@example.org", "name": "Asha"} for n in range(MAILS)]
    campaign_id = make_campaign(alice, recipients=rows, html="<p>Hello</p>")
    assert alice.api.post(f"/campaigns/{campaign_id}/schedule", {"at": "now"}).status == 200
    with session_factory.begin() as session:
        while prepare_chunk(session, campaign_id):
            pass
        start_due(session, now=database_now(session))
    return campaign_id


def fail(session: Session, campaign_id: int, mails: int, reason: str) -> None:
    """Let the first mails fail, each with its attempt."""
    moves = Moves()
    for email in session.scalars(select(Email).order_by(Email.id).limit(mails)):
        email.state, email.attempts, email.reason = EmailState.FAILED, 1, reason
        email.reply_code, email.reply_text = 554, REFUSAL[4:]
        session.add(
            Attempt(email_id=email.id, number=1, outcome=EmailState.FAILED, phase="dot",
                    reason=reason)
        )  # fmt: skip
        moves.add(EmailState.PENDING, EmailState.FAILED)
    moves.store(session, campaign_id=campaign_id, slot=20)
    session.flush()


@pytest.fixture
def refused(alice: Person, session_factory: SessionFactory) -> int:
    """A campaign that has paused by itself after two of its four mails."""
    campaign_id = begin(alice, session_factory)
    with session_factory.begin() as session:
        fail(session, campaign_id, 2, "content")
        for _ in range(REFUSALS_IN_A_ROW):
            note_refusal(session, campaign_id, words=REFUSAL)
        assert pause_refused(session, session.get_one(Campaign, campaign_id))
    return campaign_id


def test_campaign_that_paused_by_itself_says_why_and_what_to_do(
    client: FlaskClient, alice: Person, refused: int
) -> None:
    page = client.get(f"/campaigns/{refused}").text
    assert "The content is refused" in page
    assert "10 mails in a row failed for their content" in page
    assert "554 5.6.0 &lt;b&gt;Bad&lt;/b&gt; words" in page
    assert f'href="/campaigns/{refused}/edit/content"' in page
    assert "Retry" not in page.partition('id="causes-title"')[2].partition("<ul")[0]
    answer = alice.api.get(f"/campaigns/{refused}").json
    assert (answer["status"], answer["paused_for"]) == ("paused", "content")
    assert REFUSAL in answer["waiting_because"]


def test_content_is_changed_on_the_page_and_refused_mails_are_tried_again(
    client: FlaskClient, alice: Person, refused: int
) -> None:
    place = f"/campaigns/{refused}/edit/content"
    page = client.get(place).text
    assert "This campaign is paused" in page
    assert 'aria-label="Steps"' not in page
    answer = client.post(
        place,
        data={
            "csrf_token": csrf_token(client, place),
            "seen": page.partition('name="seen"')[2].partition('value="')[2].partition('"')[0],
            "subject": "Kinder words",
            "html": "<p>Hello {{ name }}</p>",
            "go_on": "1",
        },
    )
    assert (answer.status_code, answer.headers["Location"]) == (303, f"/campaigns/{refused}")
    page = client.get(f"/campaigns/{refused}").text
    assert "The content is refused" not in page
    assert "Nothing more goes out until you resume it." in page
    assert "The content was changed" in page
    assert "You have changed the content since: retry them." in page
    assert "Retry 2 failed" in page
    shown = alice.api.get(f"/campaigns/{refused}").json
    assert (shown["subject"], shown["paused_for"]) == ("Kinder words", None)
    assert shown["content_changed_at"]
    assert alice.api.post(f"/campaigns/{refused}/retry-failed").json["retried"] == 2
    resumed = alice.api.post(f"/campaigns/{refused}/resume").json
    assert (resumed["status"], resumed["counts"]["pending"]) == ("sending", MAILS)


def test_changed_content_is_checked_as_nobody_checks_it_again(
    client: FlaskClient, alice: Person, refused: int
) -> None:
    place = f"/campaigns/{refused}/edit/content"
    page = client.get(place).text
    seen = page.partition('name="seen"')[2].partition('value="')[2].partition('"')[0]
    answer = send(client, place, subject="New", html="<p>{{ citty }}</p>", seen=seen)
    assert answer.status_code == 422
    assert "No recipient has a field “citty”" in answer.text
    assert "{{ citty }}" in answer.text
    patched = alice.api.patch(f"/campaigns/{refused}", {"html": "<p>{{ citty }}</p>"})
    assert patched.status == 422
    assert "citty" in patched.json["errors"]["html"][0]
    assert alice.api.get(f"/campaigns/{refused}").json["html"] == "<p>Hello</p>"


def test_only_the_content_of_a_paused_campaign_changes_by_api(alice: Person, refused: int) -> None:
    answer = alice.api.patch(f"/campaigns/{refused}", {"subject": "Kinder words"})
    assert (answer.status, answer.json["subject"]) == (200, "Kinder words")
    for body in ({"name": "Other"}, {"smtp_account_id": 1, "subject": "Other"}):
        answer = alice.api.patch(f"/campaigns/{refused}", body)
        assert answer.status == 409
        assert "only a draft can be given another" in answer.json["error"]
    assert alice.api.get(f"/campaigns/{refused}").json["subject"] == "Kinder words"


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (CampaignStatus.SENDING, "Pause it to change its content."),
        (CampaignStatus.PAUSING, "Change the content once it is paused."),
        (CampaignStatus.FINISHED, "none of its mails failed for its content"),
        (CampaignStatus.CANCELLED, "Duplicate it to send something else."),
    ],
)
def test_content_is_fixed_while_mails_may_be_under_way(
    client: FlaskClient,
    alice: Person,
    session_factory: SessionFactory,
    status: CampaignStatus,
    words: str,
) -> None:
    campaign_id = begin(alice, session_factory)
    with session_factory.begin() as session:
        session.get_one(Campaign, campaign_id).status = status
    answer = alice.api.patch(f"/campaigns/{campaign_id}", {"subject": "Other"})
    assert answer.status == 409
    assert words in answer.json["error"]
    place = f"/campaigns/{campaign_id}/edit/content"
    page = client.get(place, follow_redirects=True).text
    assert f"Nothing was changed. {answer.json['error']}" in page
    assert "Change the content</a>" not in client.get(f"/campaigns/{campaign_id}").text


def test_finished_campaign_with_refused_mails_takes_another_content(
    client: FlaskClient, alice: Person, session_factory: SessionFactory
) -> None:
    campaign_id = begin(alice, session_factory)
    with session_factory.begin() as session:
        fail(session, campaign_id, MAILS, "too_large")
        for _ in range(REFUSALS_IN_A_ROW):
            note_refusal(session, campaign_id, words=REFUSAL)
        settle(session)
    assert "Change the content</a>" in client.get(f"/campaigns/{campaign_id}").text
    assert alice.api.post(f"/campaigns/{campaign_id}/retry-failed").json["retried"] == 0
    answer = alice.api.patch(f"/campaigns/{campaign_id}", {"html": "<p>Short</p>"})
    assert (answer.status, answer.json["status"]) == (200, "finished")
    answer = alice.api.post(f"/campaigns/{campaign_id}/retry-failed")
    assert (answer.json["retried"], answer.json["status"]) == (MAILS, "sending")
    with session_factory.begin() as session:
        campaign = session.get_one(Campaign, campaign_id)
        # The next refusals are counted anew: it does not pause at once.
        assert campaign.refused_in_a_row == 0
        assert not pause_refused(session, campaign)


def test_campaign_paused_by_its_owner_may_change_its_content_too(
    client: FlaskClient, alice: Person, session_factory: SessionFactory
) -> None:
    campaign_id = begin(alice, session_factory)
    with session_factory.begin() as session:
        pause(session, session.get_one(Campaign, campaign_id))
    page = client.get(f"/campaigns/{campaign_id}").text
    assert "Nothing more goes out until you resume it." in page
    assert "Change the content</a>" in page
