"""What the pages and the API say of a test: the failing step, what to do, and what was said."""

from typing import Any

import pytest
from flask.testing import FlaskClient

from dakiya.db import SessionFactory
from dakiya.models import SmtpAccount, SmtpTest, TestStatus, User
from dakiya.smtp_accounts.causes import Cause
from dakiya.smtp_accounts.facts import ServerFacts
from dakiya.smtp_accounts.providers import PROVIDERS
from dakiya_web.pages.smtp_accounts.presets import offered_presets
from dakiya_web.pages.smtp_accounts.remedies import REMEDIES
from dakiya_web.settings import WebSettings
from tests.web.browsing import send
from tests.web.conftest import Person, make_account

FINGERPRINT = "ab" * 32
CERTIFICATE = {
    "names": ["mail.example.org"],
    "issuer": "mail.example.org",
    "self_signed": True,
    "not_after": "2027-01-31T00:00:00+00:00",
    "fingerprint": FINGERPRINT,
}


def fail(
    sessions: SessionFactory, account_id: int, cause: Cause, name: str = "tls", **more: Any
) -> None:
    step = {"name": name, "ok": False, "detail": "words", "duration_s": 0.1, "cause": cause.value}
    with sessions.begin() as session:
        session.add(
            SmtpTest(
                smtp_account_id=account_id,
                to_email="me@example.com",
                status=TestStatus.FAILED,
                steps=[step | more],
                dialogue=[["server", "220 <b>hello</b>"], ["client", "AUTH PLAIN ••••••••"]],
            )
        )


def test_every_cause_has_a_remedy_and_every_provider_a_hint(web_settings: WebSettings) -> None:
    assert set(REMEDIES) == set(Cause)
    assert [preset.name for preset in offered_presets(web_settings)] == [p.name for p in PROVIDERS]


def test_failed_step_is_explained_with_the_dialogue_below_it(
    client: FlaskClient, alice: Person, session_factory: SessionFactory
) -> None:
    account_id = make_account(alice)
    fail(session_factory, account_id, Cause.LOGIN_REFUSED, "auth")
    page = client.get(f"/smtp-accounts/{account_id}").text
    assert "User name or password is wrong for this server." in page
    assert "220 &lt;b&gt;hello&lt;/b&gt;" in page
    assert "AUTH PLAIN ••••••••" in page
    shown = alice.api.get(f"/smtp-accounts/{account_id}").json["test"]
    assert shown["steps"][0]["cause"] == "login_refused"
    assert "app password" in shown["steps"][0]["advice"]
    assert shown["dialogue"][1] == {"who": "client", "words": "AUTH PLAIN ••••••••"}


def test_shown_certificate_is_trusted_only_after_an_explanation(
    client: FlaskClient, alice: Person, session_factory: SessionFactory
) -> None:
    account_id = make_account(alice, host="mail.example.org")
    place = f"/smtp-accounts/{account_id}"
    assert client.get(f"{place}/trust").status_code == 404
    fail(session_factory, account_id, Cause.CERTIFICATE_SELF_SIGNED, certificate=CERTIFICATE)
    assert f'href="{place}/trust"' in client.get(place).text
    question = client.get(f"{place}/trust").text
    assert "Nobody but you vouches for it then." in question
    assert "AB:AB:AB" in question
    refused = send(client, f"{place}/trust", fingerprint="cd" * 32)
    assert refused.status_code == 303
    assert stored(session_factory, account_id).certificate_sha256 is None
    send(client, f"{place}/trust", fingerprint=FINGERPRINT)
    assert stored(session_factory, account_id).certificate_sha256 == FINGERPRINT
    assert "AB:AB:AB" in client.get(place).text
    send(client, f"{place}/distrust")
    assert stored(session_factory, account_id).certificate_sha256 is None


def test_certificate_is_trusted_by_api_and_forgotten_with_another_server(
    alice: Person, session_factory: SessionFactory
) -> None:
    account_id = make_account(alice, host="mail.example.org")
    place = f"/smtp-accounts/{account_id}"
    fail(session_factory, account_id, Cause.CERTIFICATE_NAME, certificate=CERTIFICATE)
    assert alice.api.put(f"{place}/certificate", {"sha256": "cd" * 32}).status == 409
    answer = alice.api.put(f"{place}/certificate", {"sha256": FINGERPRINT.upper()})
    assert (answer.status, answer.json["certificate_sha256"]) == (200, FINGERPRINT)
    changed = alice.api.patch(place, {"host": "other.example.org", "password": "new"})
    assert (changed.status, changed.json["certificate_sha256"]) == (200, None)
    assert alice.api.delete(f"{place}/certificate").status == 204


@pytest.mark.parametrize(
    "change",
    [
        {"host": "mail2.example.org", "password": "x"},
        {"port": 465, "password": "x"},
        {"security": "tls", "password": "x"},
        {"username": "other", "password": "x"},
        {"password": "another one"},
        {"from_email": "other@example.org"},
    ],
)
def test_result_of_a_test_does_not_outlive_what_it_was_made_with(
    client: FlaskClient, alice: Person, session_factory: SessionFactory, change: dict[str, object]
) -> None:
    account_id = make_account(alice, host="mail.example.org", username="asha", password="p")
    fail(session_factory, account_id, Cause.CERTIFICATE_SELF_SIGNED, certificate=CERTIFICATE)
    place = f"/smtp-accounts/{account_id}"
    page = client.get(place).text
    assert "Last test failed" in page
    assert "Trust exactly this certificate" in page
    renamed = alice.api.patch(place, {"name": "Renamed", "limits": {"per_day": 500}})
    assert renamed.json["test"]["status"] == "failed"
    assert alice.api.patch(place, change).json["test"] is None
    for path in (place, "/smtp-accounts"):
        page = client.get(path).text
        assert "Not tested yet" in page
        assert "Last test failed" not in page
    assert "Trust exactly this certificate" not in page
    assert client.get(f"{place}/trust").status_code == 404
    trust = alice.api.put(f"{place}/certificate", {"sha256": FINGERPRINT})
    assert trust.status == 409


def test_certificate_of_a_known_provider_is_never_trusted(
    client: FlaskClient, alice: Person, session_factory: SessionFactory
) -> None:
    account_id = make_account(alice, host="smtp.gmail.com")
    fail(session_factory, account_id, Cause.CERTIFICATE_UNTRUSTED, certificate=CERTIFICATE)
    place = f"/smtp-accounts/{account_id}"
    assert f'href="{place}/trust"' not in client.get(place).text
    assert alice.api.put(f"{place}/certificate", {"sha256": FINGERPRINT}).status == 409
    assert stored(session_factory, account_id).certificate_sha256 is None


def test_what_the_server_offers_is_shown(
    client: FlaskClient, alice: Person, session_factory: SessionFactory
) -> None:
    account_id = make_account(alice)
    facts = ServerFacts(("PIPELINING", "SIZE"), 35_882_577, "TLSv1.3", "2026-11-24T09:00:00+00:00")
    with session_factory.begin() as session:
        session.get_one(SmtpAccount, account_id).server_facts = facts.as_json()
    page = client.get(f"/smtp-accounts/{account_id}").text
    assert "PIPELINING SIZE" in page
    assert "35.9 MB" in page
    assert alice.api.get(f"/smtp-accounts/{account_id}").json["server"]["size_bytes"] == 35_882_577


@pytest.mark.parametrize(
    ("address", "label"),
    [
        ("asha@gmail.com", "Gmail"),
        ("asha@yahoo.co.in", "Yahoo"),
        ("asha@hotmail.com", "Outlook.com"),
    ],
)
def test_address_suggests_its_provider(
    client: FlaskClient, alice: Person, session_factory: SessionFactory, address: str, label: str
) -> None:
    with session_factory.begin() as session:
        session.query(User).filter_by(email="alice@example.com").update({"email": address})
    page = client.get("/smtp-accounts/new").text
    assert f"{address} is an address of {label}." in page


def stored(sessions: SessionFactory, account_id: int) -> SmtpAccount:
    with sessions() as session:
        return session.get_one(SmtpAccount, account_id)
