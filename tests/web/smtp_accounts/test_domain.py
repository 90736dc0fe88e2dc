"""What the pages and the API say of the domain that an account's mail comes from."""

import re
from datetime import timedelta
from urllib.parse import urlencode

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import delete, select

from dakiya.clock import utc_now
from dakiya.db import SessionFactory
from dakiya.domains.records import Findings, Verdict
from dakiya.domains.register import record_check
from dakiya.models import DomainCheck
from dakiya_web.pages.smtp_accounts.domain_words import TITLES
from tests.web.browsing import csrf_token, send
from tests.web.conftest import Person, account_form, make_account


def keep(sessions: SessionFactory, domain: str, found: Findings) -> None:
    now = utc_now() - timedelta(minutes=5)
    with sessions.begin() as session:
        session.execute(delete(DomainCheck).where(DomainCheck.domain == domain))
        session.add(
            DomainCheck(domain=domain, requested_at=now, checked_at=now, findings=found.as_json())
        )


def test_every_verdict_has_words() -> None:
    assert set(TITLES) == set(Verdict)


def test_new_account_has_its_domain_looked_up(
    client: FlaskClient, session_factory: SessionFactory
) -> None:
    form = account_form(from_email="asha@shop.example", password="x")
    place = send(client, "/smtp-accounts/new", **form).headers["Location"]
    assert "shop.example" in asked_for(session_factory)
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


def test_record_that_forbids_the_companys_own_server_is_told_with_what_to_add(
    client: FlaskClient, alice: Person, session_factory: SessionFactory
) -> None:
    account_id = make_account(alice, host="mail.shop.example", from_email="asha@shop.example")
    record = "v=spf1 ip4:93.184.216.34 -all"
    terms = [["+", "networks", ["93.184.216.34/32"]], ["-", "all", []]]
    keep(session_factory, "shop.example", Findings(spf=[record], spf_terms=terms))
    place = f"/smtp-accounts/{account_id}"
    assert alice.api.get(f"{place}/domain").json["records"][0]["verdict"] == "spf_fine"
    keep(session_factory, "mail.shop.example", Findings(addresses=["93.184.216.35"]))
    spf = alice.api.get(f"{place}/domain").json["records"][0]
    assert spf["verdict"] == "spf_lacks_server"
    assert "goes through 93.184.216.35," in spf["advice"]
    assert "“ip4:93.184.216.35” before its end" in spf["advice"]
    assert "Does not name your server" in client.get(place).text


def test_record_to_add_names_the_own_server(alice: Person, session_factory: SessionFactory) -> None:
    account_id = make_account(alice, host="mail.shop.example", from_email="asha@shop.example")
    keep(session_factory, "shop.example", Findings())
    keep(session_factory, "mail.shop.example", Findings(addresses=["93.184.216.35", "10.0.0.1"]))
    spf = alice.api.get(f"/smtp-accounts/{account_id}/domain").json["records"][0]
    assert spf["advice"].endswith(": v=spf1 mx ip4:93.184.216.35 ~all")


def asked_for(sessions: SessionFactory) -> set[str]:
    with sessions() as session:
        return set(session.scalars(select(DomainCheck.domain)))


def test_api_has_the_domain_and_the_own_server_looked_up(
    app: Flask, alice: Person, session_factory: SessionFactory
) -> None:
    account_id = make_account(alice, host="mail.shop.example", from_email="asha@shop.example")
    assert asked_for(session_factory) == {"shop.example", "mail.shop.example"}
    assert app.extensions["dakiya"].redis.llen("dramatiq:errands") == 2
    assert alice.api.get(f"/smtp-accounts/{account_id}/domain").json["is_being_looked_up"]
    alice.api.patch(f"/smtp-accounts/{account_id}", {"from_email": "asha@other.example"})
    assert "other.example" in asked_for(session_factory)
    make_account(alice, host="smtp.gmail.com", from_email="asha@third.example")
    assert "third.example" in asked_for(session_factory)
    assert "smtp.gmail.com" not in asked_for(session_factory)


def test_own_domain_suggests_who_hosts_its_mail(
    app: Flask, client: FlaskClient, alice: Person, session_factory: SessionFactory
) -> None:
    place = "/smtp-accounts/new?address=asha%40shop.example"
    page = client.get(place).text
    assert "A sender asks who takes the mail of asha@shop.example" in page
    assert app.extensions["dakiya"].redis.llen("dramatiq:errands") == 1
    asked = alice.api.get("/smtp-providers?address=asha@shop.example").json
    assert (asked["suggested"], asked["is_being_looked_up"]) == (None, True)
    assert app.extensions["dakiya"].redis.llen("dramatiq:errands") == 1
    with session_factory.begin() as session:
        check = session.scalars(select(DomainCheck)).one()
        record_check(session, check.id, Findings(mx=["aspmx.l.google.com"]))
    fragment = "/smtp-accounts/suggestion?address=asha%40shop.example"
    for path in (place, fragment):
        page = client.get(path).text
        assert "The mail of asha@shop.example is hosted by Google Workspace." in page
        assert "hx-get" not in page.partition('id="suggestion"')[2].partition(">")[0]
    asked = alice.api.get("/smtp-providers?address=asha@shop.example").json
    assert (asked["suggested"], asked["is_being_looked_up"]) == ("workspace", False)
    filled = client.get("/smtp-accounts/new?preset=workspace&address=asha%40shop.example").text
    assert re.search(r'name="username"[^>]* value="asha@shop\.example"', filled)
    assert re.search(r'name="from_email"[^>]* value="asha@shop\.example"', filled)


@pytest.mark.parametrize("address", ["nobody", "a@b\0c.example", "a@" + "b" * 500, "a@b c.example"])
def test_what_is_no_address_suggests_nothing(
    client: FlaskClient, alice: Person, session_factory: SessionFactory, address: str
) -> None:
    for path in ("/smtp-accounts/new", "/smtp-accounts/suggestion"):
        assert client.get(path, query_string={"address": address}).status_code == 200
    asked = alice.api("GET", "/smtp-providers?" + urlencode({"address": address}))
    assert (asked.status, asked.json["suggested"]) == (200, None)
    assert asked_for(session_factory) <= {"example.com"}
