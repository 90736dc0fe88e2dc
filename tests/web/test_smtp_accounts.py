"""SMTP accounts by API."""

from typing import Any

import pytest
from flask import Flask
from sqlalchemy import text

from dakiya.clock import utc_now
from dakiya.db import SessionFactory
from dakiya.models import SmtpAccount, SmtpTest, TestStatus
from dakiya.smtp_accounts.secrets import SecretBox
from dakiya_web.settings import WebSettings
from tests.web.conftest import Person, account_body, make_account, make_campaign


def stored(session_factory: SessionFactory, account_id: int) -> SmtpAccount:
    with session_factory() as session:
        return session.get_one(SmtpAccount, account_id)


def test_created_account_comes_back_without_its_password(
    alice: Person, session_factory: SessionFactory, web_settings: WebSettings
) -> None:
    limits = {"per_second": 5, "per_day": 500, "connections": 2, "mails_per_connection": 20}
    answer = alice.api.post("/smtp-accounts", account_body(limits=limits))
    assert answer.status == 201
    assert answer.headers["Location"] == f"/api/v1/smtp-accounts/{answer.json['id']}"
    shown = alice.api.get(f"/smtp-accounts/{answer.json['id']}").json
    assert shown["limits"] == {"per_minute": None, "per_hour": None} | limits
    assert shown["has_password"] is True
    assert "an smtp password" not in answer.text + str(shown)
    sealed = stored(session_factory, answer.json["id"]).password_encrypted
    assert sealed is not None
    assert "an smtp password" not in sealed
    assert SecretBox(web_settings).open(sealed) == "an smtp password"


def test_wrong_account_is_refused_and_not_stored(alice: Person) -> None:
    answer = alice.api.post("/smtp-accounts", account_body(port=22))
    assert answer.status == 422
    assert list(answer.json["errors"]) == ["port"]
    assert alice.api.get("/smtp-accounts").json["items"] == []


def test_create_names_every_mistake_at_once(alice: Person) -> None:
    answer = alice.api.post("/smtp-accounts", {"limits": {"per_day": 0}, "extra": 1})
    assert set(answer.json["errors"]) == {
        "name", "host", "port", "security", "from_email", "limits.per_day", "extra",
    }  # fmt: skip


def test_internal_host_is_taken_when_the_operator_allows_it(
    app: Flask, alice: Person, monkeypatch: pytest.MonkeyPatch, web_settings: WebSettings
) -> None:
    monkeypatch.setenv("DAKIYA_ALLOWED_INTERNAL_HOSTS", "127.0.0.1:1025")
    from dakiya_web.app import create_app
    from tests.web.conftest import Api

    api = Api(create_app(WebSettings.load()), alice.api.token)
    inbox = account_body(host="127.0.0.1", port=1025, security="none", username=None, password=None)
    assert api.post("/smtp-accounts", inbox).status == 201
    assert api.post("/smtp-accounts", inbox | {"port": 1026}).status == 422


def test_change_of_where_the_password_goes_asks_for_it(
    alice: Person, session_factory: SessionFactory
) -> None:
    account_id = make_account(alice)
    changes: list[dict[str, Any]] = [
        {"host": "smtp.example.org"},
        {"port": 465},
        {"security": "tls"},
        {"username": "mallory"},
    ]
    for change in changes:
        sealed = stored(session_factory, account_id).password_encrypted
        answer = alice.api.patch(f"/smtp-accounts/{account_id}", change)
        assert answer.status == 422, change
        assert "again" in answer.json["errors"]["password"][0]
        assert stored(session_factory, account_id).password_encrypted == sealed
        answer = alice.api.patch(f"/smtp-accounts/{account_id}", {**change, "password": "new"})
        assert answer.status == 200, answer.text
        assert stored(session_factory, account_id).password_encrypted != sealed


def test_change_of_other_fields_keeps_the_password(
    alice: Person, session_factory: SessionFactory
) -> None:
    account_id = make_account(alice, limits={"per_hour": 50, "connections": 3})
    sealed = stored(session_factory, account_id).password_encrypted
    answer = alice.api.patch(
        f"/smtp-accounts/{account_id}", {"name": "Other", "limits": {"per_hour": None}}
    )
    assert answer.status == 200
    assert answer.json["name"] == "Other"
    assert answer.json["limits"]["per_hour"] is None
    assert answer.json["limits"]["connections"] == 3
    assert stored(session_factory, account_id).password_encrypted == sealed


def test_removing_the_login_forgets_the_password(
    alice: Person, session_factory: SessionFactory
) -> None:
    account_id = make_account(alice)
    answer = alice.api.patch(f"/smtp-accounts/{account_id}", {"username": None})
    assert answer.status == 200
    assert answer.json["has_password"] is False
    assert stored(session_factory, account_id).password_encrypted is None


def test_change_is_checked_like_a_new_account(alice: Person) -> None:
    account_id = make_account(alice)
    for change in ({"name": ""}, {"port": 22, "password": "x"}, {"nmae": "x"}, {"limits": 3}):
        assert alice.api.patch(f"/smtp-accounts/{account_id}", change).status == 422


def test_change_ends_the_pause(alice: Person, session_factory: SessionFactory) -> None:
    account_id = make_account(alice)
    with session_factory() as session:
        account = session.get_one(SmtpAccount, account_id)
        account.paused_at = utc_now()
        account.pause_reason, account.pause_detail = "auth", "The server said no"
        account.trouble_count = 3
        session.commit()
    paused = alice.api.get(f"/smtp-accounts/{account_id}").json["paused"]
    assert (paused["reason"], paused["detail"]) == ("auth", "The server said no")
    assert alice.api.patch(f"/smtp-accounts/{account_id}", {"password": "right"}).status == 200
    assert alice.api.get(f"/smtp-accounts/{account_id}").json["paused"] is None
    assert stored(session_factory, account_id).trouble_count == 0


def test_delete_is_refused_while_a_campaign_runs(alice: Person) -> None:
    account_id = make_account(alice)
    campaign_id = make_campaign(alice, smtp_account_id=account_id, name="Diwali offer")
    alice.api.post(f"/campaigns/{campaign_id}/schedule", {"at": "now"})
    answer = alice.api.delete(f"/smtp-accounts/{account_id}")
    assert answer.status == 409
    assert "Diwali offer" in answer.json["error"]
    assert alice.api.get(f"/smtp-accounts/{account_id}").status == 200


def test_deleted_account_is_gone_and_its_password_forgotten(
    alice: Person, session_factory: SessionFactory
) -> None:
    account_id = make_account(alice)
    campaign_id = make_campaign(alice, smtp_account_id=account_id)
    assert alice.api.delete(f"/smtp-accounts/{account_id}").status == 204
    assert alice.api.get(f"/smtp-accounts/{account_id}").status == 404
    assert alice.api.get("/smtp-accounts").json["items"] == []
    assert stored(session_factory, account_id).password_encrypted is None
    answer = alice.api.post(f"/campaigns/{campaign_id}/schedule", {"at": "now"})
    assert answer.status == 422
    assert "deleted" in answer.json["errors"]["smtp_account_id"][0]


def test_test_is_queued_rung_and_shown(
    app: Flask, alice: Person, session_factory: SessionFactory
) -> None:
    account_id = make_account(alice)
    assert alice.api.get(f"/smtp-accounts/{account_id}").json["test"] is None
    redis = app.extensions["dakiya"].redis
    redis.delete("dramatiq:errands")  # the look-ups of its names
    answer = alice.api.post(f"/smtp-accounts/{account_id}/test", {"to": "me@example.com"})
    assert answer.status == 202
    assert redis.llen("dramatiq:errands") == 1
    assert alice.api.get(f"/smtp-accounts/{account_id}").json["test"]["status"] == "queued"
    second = alice.api.post(f"/smtp-accounts/{account_id}/test", {"to": "me@example.com"})
    assert second.status == 409
    steps = [{"name": "connect", "ok": True, "detail": "", "duration_s": 0.1}]
    with session_factory() as session:
        test = session.get_one(SmtpTest, answer.json["id"])
        test.status, test.steps = TestStatus.PASSED, steps
        session.commit()
    shown = alice.api.get(f"/smtp-accounts/{account_id}").json["test"]
    assert (shown["status"], shown["steps"]) == ("passed", steps)
    third = alice.api.post(f"/smtp-accounts/{account_id}/test", {"to": "me@example.com"})
    assert third.status == 202


def test_test_that_was_lost_does_not_block_the_next(
    alice: Person, session_factory: SessionFactory
) -> None:
    account_id = make_account(alice)
    alice.api.post(f"/smtp-accounts/{account_id}/test", {"to": "me@example.com"})
    with session_factory() as session:
        session.execute(text("UPDATE smtp_test SET created_at = now() - interval '6 minutes'"))
        session.commit()
    answer = alice.api.post(f"/smtp-accounts/{account_id}/test", {"to": "me@example.com"})
    assert answer.status == 202


def test_test_refuses_a_bad_address(alice: Person) -> None:
    account_id = make_account(alice)
    for to in ("nobody", "a@example.com, b@example.com", "", None, 5):
        answer = alice.api.post(f"/smtp-accounts/{account_id}/test", {"to": to})
        assert list(answer.json["errors"]) == ["to"]


@pytest.mark.parametrize("password", ["half a character \ud800", "nul \0", "line\nbreak"])
def test_password_that_no_login_can_carry_is_refused(alice: Person, password: str) -> None:
    answer = alice.api.post("/smtp-accounts", account_body(username="me", password=password))
    assert answer.status == 422
    assert list(answer.json["errors"]) == ["password"]
