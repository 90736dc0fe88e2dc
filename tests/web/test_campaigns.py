"""Campaigns by API: make, change, delete, list, watch."""

import re
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text

from dakiya.campaigns.progress import prepare_chunk
from dakiya.clock import utc_now
from dakiya.db import SessionFactory
from dakiya.models import CampaignStatus, ContentVersion, Recipient
from tests.web.conftest import Person, campaign_body, make_account, make_campaign


def set_status(session_factory: SessionFactory, campaign_id: int, status: CampaignStatus) -> None:
    with session_factory() as session:
        session.execute(
            text("UPDATE campaign SET status = :status, scheduled_at = now() WHERE id = :id"),
            {"status": status.value, "id": campaign_id},
        )
        session.commit()


def count(session_factory: SessionFactory, table: str) -> int:
    with session_factory() as session:
        return int(session.scalar(text(f"SELECT count(*) FROM {table}")) or 0)


def test_created_campaign_is_a_draft_with_its_recipients(alice: Person) -> None:
    account_id = make_account(alice)
    answer = alice.api.post("/campaigns", campaign_body(account_id))
    assert answer.status == 201
    assert answer.json == {
        "id": answer.json["id"], "status": "draft", "accepted": 1, "rejected": [],
    }  # fmt: skip
    shown = alice.api.get(f"/campaigns/{answer.json['id']}").json
    assert (shown["name"], shown["status"], shown["recipients"]) == ("Diwali offer", "draft", 1)
    assert shown["counts"] == dict.fromkeys(
        ["pending", "claimed", "sending", "sent", "deferred", "failed", "unknown", "bounced",
         "cancelled", "suppressed"], 0,
    )  # fmt: skip
    assert shown["scheduled_at"] is None
    assert shown["waiting_because"] is None


def test_create_reports_bad_rows_and_keeps_the_good_ones(alice: Person) -> None:
    rows: list[Any] = [
        {"email": "a@example.org"},
        {"email": "nonsense"},
        {"email": "A@example.org"},
        {"email": "b@example.org", "fields": {"city": "x\0y"}},
        {"email": "c@example.org", "fields": {"city": "\ud800"}},
        {"email": "d@example.org", "fields": {"city": ["Pune"]}},
        {"email": "e@example.org", "fields": "Pune"},
        {"email": "f@example.org", "city": "Pune"},
        {"email": "g@example.org", "name": 7},
        {"email": 7},
        "h@example.org",
        None,
        {"email": '"b\r\nRCPT TO:<evil@z>"@example.org'},
        {"email": "i@example.org", "fields": {"number": 7, "city": None}},
    ]
    answer = alice.api.post("/campaigns", campaign_body(make_account(alice), recipients=rows))
    assert answer.status == 201
    assert answer.json["accepted"] == 2
    assert [r["row"] for r in answer.json["rejected"]] == [2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13]
    assert all(r["error"] for r in answer.json["rejected"])


def test_wrong_campaign_is_refused_and_not_stored(
    alice: Person, session_factory: SessionFactory
) -> None:
    account_id = make_account(alice)
    changes: list[dict[str, Any]] = [{"smtp_account_id": 999}, {"subject": "Hello {{ name"}]
    for change in changes:
        answer = alice.api.post("/campaigns", campaign_body(account_id, **change))
        assert answer.status == 422, answer.text
        assert list(answer.json["errors"]) == list(change)
    assert count(session_factory, "campaign") == 0


def test_hundred_thousand_recipients_fit_into_one_request(
    alice: Person, session_factory: SessionFactory
) -> None:
    rows = [{"email": f"p{n}@example.org", "name": f"व्यक्ति {n}"} for n in range(100_000)]
    answer = alice.api.post("/campaigns", campaign_body(make_account(alice), recipients=rows))
    assert answer.status == 201
    assert answer.json["accepted"] == 100_000
    assert answer.json["rejected"] == []
    assert count(session_factory, "recipient") == 100_000


def test_each_change_of_content_makes_a_new_version(
    alice: Person, session_factory: SessionFactory
) -> None:
    campaign_id = make_campaign(alice)
    answer = alice.api.patch(f"/campaigns/{campaign_id}", {"subject": "Second", "name": "Two"})
    assert answer.status == 200
    assert (answer.json["subject"], answer.json["name"]) == ("Second", "Two")
    assert alice.api.patch(f"/campaigns/{campaign_id}", {"subject": "Second"}).status == 200
    assert alice.api.patch(f"/campaigns/{campaign_id}", {"text": "Plain"}).status == 200
    with session_factory() as session:
        versions = session.query(ContentVersion).order_by(ContentVersion.number).all()
    assert [(v.number, v.subject, v.text) for v in versions] == [
        (1, "Hello {{ name }}", None), (2, "Second", None), (3, "Second", "Plain"),
    ]  # fmt: skip


def test_change_is_checked_like_a_new_campaign(alice: Person) -> None:
    campaign_id = make_campaign(alice)
    changes: list[dict[str, Any]] = [
        {"subject": ""},
        {"html": "{{"},
        {"recipients": []},
        {"smtp_account_id": 999},
        {"\ud800": 1},
    ]
    for change in changes:
        assert alice.api.patch(f"/campaigns/{campaign_id}", change).status == 422


def test_only_a_draft_takes_changes_and_recipients(
    alice: Person, session_factory: SessionFactory
) -> None:
    campaign_id = make_campaign(alice)
    for status in CampaignStatus:
        if status is CampaignStatus.DRAFT:
            continue
        set_status(session_factory, campaign_id, status)
        for answer in (
            alice.api.patch(f"/campaigns/{campaign_id}", {"name": "Other"}),
            alice.api.post(f"/campaigns/{campaign_id}/schedule", {"at": "now"}),
            alice.api.post(f"/campaigns/{campaign_id}/recipients", [{"email": "x@example.com"}]),
        ):
            assert answer.status == 409, status
            assert status.value in answer.json["error"]
    assert count(session_factory, "recipient") == 1


def test_delete_only_where_nothing_runs(alice: Person, session_factory: SessionFactory) -> None:
    account_id = make_account(alice)
    for status in CampaignStatus:
        campaign_id = make_campaign(alice, smtp_account_id=account_id)
        set_status(session_factory, campaign_id, status)
        before = count(session_factory, "recipient")
        answer = alice.api.delete(f"/campaigns/{campaign_id}")
        deleted = status in ("draft", "cancelled", "finished")
        assert answer.status == (204 if deleted else 409), status
        assert count(session_factory, "recipient") == before - deleted
        shown = alice.api.get(f"/campaigns/{campaign_id}")
        assert shown.status == (404 if deleted else 200)


def test_delete_takes_the_ledger_along(alice: Person, session_factory: SessionFactory) -> None:
    campaign_id, other_id = make_campaign(alice), make_campaign(alice)
    for each in (campaign_id, other_id):
        prepare(alice, session_factory, each)
        set_status(session_factory, each, CampaignStatus.FINISHED)
    assert alice.api.delete(f"/campaigns/{campaign_id}").status == 204
    with session_factory() as session:
        assert session.scalars(text("SELECT campaign_id FROM email")).all() == [other_id]


def prepare(person: Person, session_factory: SessionFactory, campaign_id: int) -> None:
    answer = person.api.post(f"/campaigns/{campaign_id}/schedule", {"at": "now"})
    assert answer.status == 200, answer.text
    with session_factory() as session:
        while prepare_chunk(session, campaign_id):
            session.commit()
        session.commit()


def test_counts_are_the_sums_of_their_slots(alice: Person, session_factory: SessionFactory) -> None:
    campaign_id = make_campaign(alice)
    prepare(alice, session_factory, campaign_id)
    with session_factory() as session:
        session.execute(
            text(
                "INSERT INTO campaign_counter (campaign_id, slot, sent, pending)"
                " VALUES (:id, 20, 7, -1), (:id, 21, 5, 0)"
            ),
            {"id": campaign_id},
        )
        session.commit()
    shown = alice.api.get(f"/campaigns/{campaign_id}").json
    assert (shown["counts"]["sent"], shown["counts"]["pending"]) == (12, 0)
    assert alice.api.get("/campaigns").json["items"][0]["counts"]["sent"] == 12


def test_emails_come_in_pages_with_their_message_ids(
    alice: Person, session_factory: SessionFactory
) -> None:
    rows = [{"email": f"p{n}@example.org"} for n in range(7)]
    campaign_id = make_campaign(alice, recipients=rows, subject="Hi", html="<p>Hi</p>")
    assert alice.api.get(f"/campaigns/{campaign_id}/emails").json == {"items": [], "next": None}
    prepare(alice, session_factory, campaign_id)
    with session_factory() as session:
        session.execute(
            text(
                "UPDATE email SET state = 'failed', attempts = 1, reply_code = 550,"
                " reply_text = 'No such user' WHERE id = (SELECT min(id) FROM email)"
            )
        )
        session.commit()
    seen: list[dict[str, Any]] = []
    cursor = ""
    while True:
        page = alice.api.get(f"/campaigns/{campaign_id}/emails?limit=3&cursor={cursor}").json
        seen += page["items"]
        if page["next"] is None:
            break
        cursor = page["next"]
    assert [line["email"] for line in seen] == [row["email"] for row in rows]
    assert len({line["message_id"] for line in seen}) == 7
    assert all(line["message_id"].endswith("@example.com>") for line in seen)
    failed = alice.api.get(f"/campaigns/{campaign_id}/emails?status=failed").json["items"]
    assert [(f["email"], f["reply_code"], f["reply_text"], f["attempts"]) for f in failed] == [
        ("p0@example.org", 550, "No such user", 1)
    ]


def test_emails_refuse_a_bad_query(alice: Person) -> None:
    campaign_id = make_campaign(alice)
    for field in ("status", "cursor", "limit"):
        answer = alice.api.get(f"/campaigns/{campaign_id}/emails?{field}=nonsense")
        assert answer.status == 422
        assert list(answer.json["errors"]) == [field]


def test_campaigns_come_in_pages_newest_first(alice: Person) -> None:
    account_id = make_account(alice)
    ids = [make_campaign(alice, smtp_account_id=account_id) for _ in range(3)]
    first = alice.api.get("/campaigns?limit=2").json
    assert [item["id"] for item in first["items"]] == [ids[2], ids[1]]
    second = alice.api.get(f"/campaigns?limit=2&cursor={first['next']}").json
    assert [item["id"] for item in second["items"]] == [ids[0]]
    assert second["next"] is None


def test_pause_resume_and_cancel_say_what_became_of_it(
    alice: Person, session_factory: SessionFactory
) -> None:
    campaign_id = make_campaign(alice)
    assert alice.api.post(f"/campaigns/{campaign_id}/pause").status == 409
    prepare(alice, session_factory, campaign_id)
    paused = alice.api.post(f"/campaigns/{campaign_id}/pause")
    assert (paused.status, paused.json["status"], paused.json["on_the_wire"]) == (200, "paused", 0)
    assert "paused it" in paused.json["waiting_because"]
    assert alice.api.post(f"/campaigns/{campaign_id}/resume", {}).json["status"] == "scheduled"
    cancelled = alice.api.post(f"/campaigns/{campaign_id}/cancel")
    assert (cancelled.status, cancelled.json["status"]) == (200, "cancelling")
    assert alice.api.post(f"/campaigns/{campaign_id}/resume").status == 409


def test_waiting_because_names_the_time_the_pause_and_the_limit(
    alice: Person, session_factory: SessionFactory
) -> None:
    account_id = make_account(alice, limits={"per_day": 2, "per_second": 50})
    campaign_id = make_campaign(alice, smtp_account_id=account_id)
    later = (utc_now() + timedelta(hours=2)).strftime("%Y-%m-%dT%H:%M+00:00")
    answer = alice.api.post(f"/campaigns/{campaign_id}/schedule", {"at": later})
    assert answer.json["waiting_because"].startswith("It is scheduled for ")

    def why(statement: str) -> str:
        with session_factory() as session:
            session.execute(text(statement))
            session.commit()
        return str(alice.api.get(f"/campaigns/{campaign_id}").json["waiting_because"])

    reason = why("UPDATE campaign SET status = 'sending', scheduled_at = now()")
    assert "scheduler is not running" in reason
    reason = why("INSERT INTO tick (id, ticked_at) VALUES (1, now())")
    assert "No sender is running" in reason
    reason = why("INSERT INTO service (id, kind) VALUES ('a', 'sender')")
    assert reason == "None"
    reason = why(
        "INSERT INTO pace_usage (mailbox_id, window_s, start_at, mails)"
        " SELECT mailbox_id, 86400, now() - interval '1 hour', 2 FROM smtp_account"
    )
    assert "limit of 2 mails a day" in reason
    reason = why(
        "UPDATE smtp_account SET paused_at = now(), pause_reason = 'auth',"
        " pause_detail = 'The server does not accept the password.'"
    )
    assert "does not accept the password. It goes on when you have changed" in reason
    reason = why("UPDATE smtp_account SET paused_until = now() + interval '10 minutes'")
    assert re.search(r"It tries again (today|tomorrow), \d\d:\d\d IST\.$", reason)


def test_recipients_of_a_draft_survive_a_refused_change(
    alice: Person, session_factory: SessionFactory
) -> None:
    campaign_id = make_campaign(alice)
    alice.api.patch(f"/campaigns/{campaign_id}", {"html": "{{"})
    with session_factory() as session:
        assert session.query(Recipient).one().email == "ravi@example.org"


@pytest.mark.parametrize("content_type", ["application/json", "application/x-www-form-urlencoded"])
def test_steering_takes_an_empty_body_whatever_type_the_client_names(
    alice: Person, session_factory: SessionFactory, content_type: str
) -> None:
    campaign_id = make_campaign(alice)
    set_status(session_factory, campaign_id, CampaignStatus.PREPARING)
    answer = alice.api.post(
        f"/campaigns/{campaign_id}/pause", data="", headers={"Content-Type": content_type}
    )
    assert (answer.status, answer.json["status"]) == (200, "paused")
