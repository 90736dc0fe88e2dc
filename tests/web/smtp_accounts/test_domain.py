"""What the pages and the API say of the domain that an account's mail comes from."""

from datetime import timedelta

from flask import Flask
from flask.testing import FlaskClient

from dakiya.clock import utc_now
from dakiya.db import SessionFactory
from dakiya.domains.records import Findings, Verdict
from dakiya.models import DomainCheck
from dakiya_web.pages.smtp_accounts.domain_words import TITLES
from tests.web.browsing import csrf_token, send
from tests.web.conftest import Person, account_form, make_account


def keep(sessions: SessionFactory, domain: str, found: Findings) -> None:
    now = utc_now() - timedelta(minutes=5)
    with sessions.begin() as session:
        session.add(
            DomainCheck(domain=domain, requested_at=now, checked_at=now, findings=found.as_json())
        )


def test_every_verdict_has_words() -> None:
    assert set(TITLES) == set(Verdict)


def test_new_account_has_its_domain_looked_up(app: Flask, client: FlaskClient) -> None:
    form = account_form(from_email="asha@shop.example", password="x")
    place = send(client, "/smtp-accounts/new", **form).headers["Location"]
    assert app.extensions["dakiya"].redis.llen("dramatiq:errands") == 1
    page = client.get(place).text
    assert "Your domain: shop.example" in page
    assert "A sender asks the name servers" in page


def test_records_are_explained_with_what_to_add(
    client: FlaskClient, alice: Person, session_factory: SessionFactory
) -> None:
    account_id = make_account(alice, host="smtp.gmail.com", from_email="asha@shop.example")
    keep(session_factory, "shop.example", Findings(spf=["v=spf1 mx -all"]))
    page = client.get(f"/smtp-accounts/{account_id}").text
    assert "Does not name your provider" in page
    assert "“include:_spf.google.com” before its end." in page
    assert "_dmarc.shop.example: v=DMARC1; p=none" in page
    found = alice.api.get(f"/smtp-accounts/{account_id}/domain").json
    assert [one["verdict"] for one in found["records"]] == [
        "spf_lacks_provider",
        "dkim_not_found",
        "dmarc_missing",
    ]
    assert found["is_being_looked_up"] is False


def test_address_of_a_provider_through_another_server_is_warned_of(
    client: FlaskClient, alice: Person, session_factory: SessionFactory
) -> None:
    account_id = make_account(alice, host="smtp-relay.brevo.com", from_email="asha@gmail.com")
    keep(session_factory, "gmail.com", Findings(spf=["v=spf1 redirect=_spf.google.com"]))
    page = client.get(f"/smtp-accounts/{account_id}").text
    assert "A provider&#39;s domain, through another server" in page


def test_domain_is_looked_up_again_but_not_without_end(
    app: Flask, client: FlaskClient, alice: Person, session_factory: SessionFactory
) -> None:
    account_id = make_account(alice, from_email="asha@shop.example")
    keep(session_factory, "shop.example", Findings())
    redis = app.extensions["dakiya"].redis
    redis.delete("dramatiq:errands")
    place = f"/smtp-accounts/{account_id}"
    token = csrf_token(client, place)
    for _ in range(3):
        client.post(f"{place}/domain", data={"csrf_token": token})
    assert redis.llen("dramatiq:errands") == 1
    answer = alice.api.post(f"/smtp-accounts/{account_id}/domain", {})
    assert (answer.status, answer.json["is_being_looked_up"]) == (202, True)
