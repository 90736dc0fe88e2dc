"""By API: taking back, retrying, deciding about unknown mails, copying, and finding trouble."""

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from dakiya.campaigns.progress import prepare_chunk, settle, start_due
from dakiya.db import SessionFactory, database_now
from dakiya.delivery import chance_moves, second_chances
from dakiya.delivery.counters import Moves
from dakiya.models import Campaign, CampaignStatus, Email, EmailState, Recipient
from tests.web.conftest import Person, make_campaign

ADDRESSES = ["asha@example.net", "ravi@example.net", "uma@example.org"]


def scheduled(person: Person, *, at: str = "2030-01-01T09:00") -> int:
    recipients = [
        {"email": email, "name": "Asha", "fields": {"city": "Pune"}} for email in ADDRESSES
    ]
    campaign_id = make_campaign(person, recipients=recipients)
    answer = person.api.post(f"/campaigns/{campaign_id}/schedule", {"at": at})
    assert answer.status == 200, answer.text
    return campaign_id


def end(session: Session, campaign_id: int, state: EmailState, reason: str) -> None:
    """Let every mail of a campaign come to the same end."""
    while prepare_chunk(session, campaign_id):
        pass
    start_due(session, now=database_now(session))
    session.execute(
        update(Email).values(state=state, fence=1, reason=reason, reply_code=550, reply_text="no")
    )
    moves = Moves()
    moves.add(EmailState.PENDING, state, len(ADDRESSES))
    moves.store(session, campaign_id=campaign_id, slot=20)
    settle(session)


@pytest.fixture
def failed(alice: Person, session_factory: SessionFactory) -> int:
    campaign_id = scheduled(alice, at="now")
    with session_factory.begin() as session:
        end(session, campaign_id, EmailState.FAILED, "mailbox_full")
    return campaign_id


@pytest.fixture
def unknown(alice: Person, session_factory: SessionFactory) -> int:
    campaign_id = scheduled(alice, at="now")
    with session_factory.begin() as session:
        end(session, campaign_id, EmailState.UNKNOWN, "no_reply")
    return campaign_id


def test_unschedule_makes_a_draft_once(alice: Person) -> None:
    campaign_id = scheduled(alice)
    answer = alice.api.post(f"/campaigns/{campaign_id}/unschedule")
    assert (answer.status, answer.json["status"]) == (200, "draft")
    assert answer.json["recipients"] == 3
    assert alice.api.post(f"/campaigns/{campaign_id}/unschedule").status == 409


def test_retry_says_how_many_and_the_campaign_sends_again(alice: Person, failed: int) -> None:
    answer = alice.api.post(f"/campaigns/{failed}/retry-failed")
    assert (answer.status, answer.json["retried"], answer.json["status"]) == (200, 3, "sending")
    assert answer.json["counts"]["pending"] == 3
    assert alice.api.post(f"/campaigns/{failed}/retry-failed").json["retried"] == 0


def test_many_mails_are_taken_on_and_moved_later(
    alice: Person, unknown: int, session_factory: SessionFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (chance_moves, second_chances):
        monkeypatch.setattr(module, "CHUNK", 2)
    path = f"/campaigns/{unknown}"
    answer = alice.api.post(f"{path}/unknown", {"as": "again"})
    assert (answer.status, answer.json["resolved"], answer.json["remaining"]) == (202, 2, 1)
    assert answer.json["second_chance"] == {"kind": "send_again", "done": 2, "of": 3}
    again = alice.api.post(f"{path}/unknown", {"as": "again"})
    assert (again.status, again.json["resolved"], again.json["remaining"]) == (202, 0, 1)
    assert alice.api.post(f"{path}/unknown", {"as": "sent"}).status == 409
    with session_factory.begin() as session:
        assert second_chances.work_off_chunk(session, unknown) == 1
    shown = alice.api.get(path).json
    assert (shown["second_chance"], shown["counts"]["pending"]) == (None, 3)


def test_unknown_is_sent_or_goes_again_by_its_owners_word(alice: Person, unknown: int) -> None:
    path = f"/campaigns/{unknown}"
    items = alice.api.get(f"{path}/emails?status=unknown").json["items"]
    one = items[0]["recipient_id"]
    answer = alice.api.post(f"{path}/unknown", {"as": "sent", "recipients": [one]})
    assert (answer.status, answer.json["resolved"]) == (200, 1)
    assert alice.api.post(f"{path}/unknown", {"as": "sent", "recipients": []}).json["resolved"] == 0
    answer = alice.api.post(f"{path}/unknown", {"as": "again"})
    assert (answer.json["resolved"], answer.json["status"]) == (2, "sending")
    assert answer.json["counts"]["sent"] == 1


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "as"),
        ({"as": "lost"}, "as"),
        ({"as": "sent", "recipients": "all"}, "recipients"),
        ({"as": "sent", "recipients": ["asha@example.net"]}, "recipients"),
        ({"as": "sent", "recipients": [True]}, "recipients"),
        ({"as": "sent", "recipients": [2**70]}, "recipients"),
        ({"as": "sent", "recipients": list(range(1, 1002))}, "recipients"),
        ({"as": "sent", "recipient": [1]}, "recipient"),
    ],
)
def test_unclear_word_about_unknown_mails_is_refused(
    alice: Person, unknown: int, body: dict[str, object], field: str
) -> None:
    answer = alice.api.post(f"/campaigns/{unknown}/unknown", body)
    assert answer.status == 422, answer.text
    assert field in answer.json["errors"]
    assert alice.api.get(f"/campaigns/{unknown}").json["counts"]["unknown"] == 3


@pytest.mark.parametrize(("body", "recipients"), [(None, 0), ({"with_recipients": True}, 3)])
def test_duplicate_is_a_draft_of_its_own(
    alice: Person, failed: int, body: dict[str, object] | None, recipients: int
) -> None:
    answer = alice.api.post(f"/campaigns/{failed}/duplicate", body)
    assert (answer.status, answer.json["status"]) == (201, "draft")
    assert answer.json["recipients"] == recipients
    assert answer.json["id"] != failed
    assert answer.headers["Location"].endswith(f"/campaigns/{answer.json['id']}")


def test_duplicate_refuses_a_word_that_is_no_truth_value(alice: Person, failed: int) -> None:
    answer = alice.api.post(f"/campaigns/{failed}/duplicate", {"with_recipients": "no"})
    assert answer.status == 422


def test_errors_are_grouped_by_cause(alice: Person, failed: int) -> None:
    answer = alice.api.get(f"/campaigns/{failed}/errors")
    assert answer.json == {
        "items": [
            {
                "status": "failed",
                "reason": "mailbox_full",
                "emails": 3,
                "reply_code": 550,
                "reply_text": "no",
                "retry_can_help": True,
            }
        ],
        "complete": True,
    }


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("search=example.net", ADDRESSES[:2]),
        ("search=UMA", ADDRESSES[2:]),
        ("search=uma&status=sent", []),
        ("reason=mailbox_full&search=ravi@example.net", ADDRESSES[1:2]),
        ("reason=policy", []),
        ("search=%00uma%00", ADDRESSES[2:]),
        ("search=%25", []),
        ("reason=%00", ADDRESSES),
    ],
)
def test_emails_are_found_by_address_reason_and_status(
    alice: Person, failed: int, query: str, found: list[str]
) -> None:
    answer = alice.api.get(f"/campaigns/{failed}/emails?{query}")
    assert [item["email"] for item in answer.json["items"]] == found


def test_unschedule_keeps_recipients_and_no_ledger(
    alice: Person, session_factory: SessionFactory
) -> None:
    campaign_id = scheduled(alice)
    with session_factory.begin() as session:
        while prepare_chunk(session, campaign_id):
            pass
    assert alice.api.post(f"/campaigns/{campaign_id}/unschedule").status == 200
    with session_factory() as session:
        assert session.scalars(select(Email.id)).all() == []
        assert len(session.scalars(select(Recipient.id)).all()) == 3
        assert session.get_one(Campaign, campaign_id).status is CampaignStatus.DRAFT
