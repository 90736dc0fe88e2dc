"""Several accounts: the default one, what was sent elsewhere, and what goes through each."""

import re
from datetime import timedelta

from flask.testing import FlaskClient
from sqlalchemy import select

from dakiya.db import SessionFactory, database_now
from dakiya.delivery.trouble import slow_down
from dakiya.models import Campaign, CampaignStatus, SmtpAccount
from tests.engine.world import use_pace
from tests.web.browsing import send
from tests.web.conftest import (
    Person,
    account_body,
    account_form,
    make_account,
    make_campaign,
)


def default_of(sessions: SessionFactory) -> list[str]:
    with sessions() as session:
        query = select(SmtpAccount.name).where(SmtpAccount.is_default)
        return list(session.scalars(query.order_by(SmtpAccount.id)))


def test_first_account_is_the_default_until_another_is_chosen(
    client: FlaskClient, alice: Person, bob: Person, session_factory: SessionFactory
) -> None:
    first, second = (make_account(alice, name=name) for name in ("First", "Second"))
    make_account(bob, name="His")
    assert default_of(session_factory) == ["First", "His"]
    send(client, f"/smtp-accounts/{second}/default")
    assert default_of(session_factory) == ["Second", "His"]
    listed = alice.api.get("/smtp-accounts").json["items"]
    assert [(one["name"], one["is_default"]) for one in listed] == [
        ("Second", True),
        ("First", False),
    ]
    answer = alice.api.put(f"/smtp-accounts/{first}/default", {})
    assert (answer.status, answer.json["is_default"]) == (200, True)
    assert default_of(session_factory) == ["First", "His"]


def test_new_campaign_begins_with_the_default_account(client: FlaskClient, alice: Person) -> None:
    make_account(alice, name="First")
    second = make_account(alice, name="Second")
    send(client, f"/smtp-accounts/{second}/default")
    page = client.get("/campaigns/new").text
    assert f'<option selected value="{second}">' in page


def test_deleted_default_leaves_the_oldest_other_as_the_default(
    alice: Person, session_factory: SessionFactory
) -> None:
    ids = [make_account(alice, name=name) for name in ("First", "Second", "Third")]
    alice.api.delete(f"/smtp-accounts/{ids[0]}")
    assert default_of(session_factory) == ["Second"]
    for account_id in ids[1:]:
        alice.api.delete(f"/smtp-accounts/{account_id}")
    assert default_of(session_factory) == []
    make_account(alice, name="Fourth")
    assert default_of(session_factory) == ["Fourth"]


def test_mails_sent_elsewhere_are_entered_and_shown(client: FlaskClient, alice: Person) -> None:
    account_id = make_account(alice, limits={"per_day": 500})
    place = f"/smtp-accounts/{account_id}"
    assert "Already used today" in client.get(place).text
    page = client.get(
        send(client, f"{place}/sent-elsewhere", mails="1,20").headers["Location"]
    ).text
    assert "380 left within 24 hours" in page
    assert "120 mails sent elsewhere count until" in page
    refused = send(client, f"{place}/sent-elsewhere", mails="many")
    assert "Not counted." in client.get(refused.headers["Location"]).text
    answer = alice.api.put(f"{place}/sent-elsewhere", {"mails": 20})
    assert (answer.status, answer.json["sent_elsewhere"]) == (200, 20)
    for wrong in (-1, "5", 10_000_000, None):
        assert alice.api.put(f"{place}/sent-elsewhere", {"mails": wrong}).status == 422


def test_mails_sent_elsewhere_count_in_the_hour_where_that_is_the_limit(
    client: FlaskClient, alice: Person, session_factory: SessionFactory
) -> None:
    account_id = make_account(alice, host="smtp.zoho.in", limits={"per_hour": 50, "per_minute": 10})
    place = f"/smtp-accounts/{account_id}"
    assert "Already used this hour" in client.get(place).text
    page = client.get(send(client, f"{place}/sent-elsewhere", mails="20").headers["Location"]).text
    assert "Counted for the next hour." in page
    assert "30 left within the hour" in page
    assert "20 mails sent elsewhere count until" in page
    assert alice.api.put(f"{place}/sent-elsewhere", {"mails": 5}).json["sent_elsewhere"] == 5
    assert "45 left within the hour" in client.get(place).text
    with session_factory.begin() as session:
        account = session.get_one(SmtpAccount, account_id)
        assert account.elsewhere_at is not None
        account.elsewhere_at -= timedelta(minutes=61)
    assert alice.api.get(place).json["sent_elsewhere"] == 0


def test_mails_sent_elsewhere_count_in_the_day_that_another_account_of_the_mailbox_has(
    client: FlaskClient, alice: Person
) -> None:
    place = f"/smtp-accounts/{make_account(alice, limits={'per_hour': 50})}"
    make_account(alice, limits={"per_day": 500})
    page = client.get(place).text
    assert "Already used today" in page
    assert "They count for 24 hours." in page
    page = client.get(send(client, f"{place}/sent-elsewhere", mails="20").headers["Location"]).text
    assert "Counted for the next 24 hours." in page


def test_mails_sent_elsewhere_need_a_limit_to_count_in(client: FlaskClient, alice: Person) -> None:
    account_id = make_account(alice, limits={"per_minute": 10})
    place = f"/smtp-accounts/{account_id}"
    page = client.get(place).text
    assert "can be counted once the account has a limit an hour or a day" in page
    assert alice.api.put(f"{place}/sent-elsewhere", {"mails": 5}).status == 422


def test_new_limit_of_the_form_counts_what_was_sent(
    client: FlaskClient, alice: Person, session_factory: SessionFactory
) -> None:
    account_id = make_account(alice)
    answer = send(client, f"/smtp-accounts/{account_id}/edit", **account_form(per_day="500"))
    assert answer.status_code == 303
    assert "500 left within 24 hours" in client.get(f"/smtp-accounts/{account_id}").text


def test_account_says_what_waits_for_it_why_and_for_how_long(
    client: FlaskClient, alice: Person, session_factory: SessionFactory
) -> None:
    account_id = make_account(alice, name="Gmail", limits={"per_day": 2})
    campaign_id = make_campaign(alice, smtp_account_id=account_id, name="Diwali offer")
    place = f"/smtp-accounts/{account_id}"
    assert "What goes through it" not in client.get(place).text
    alice.api.post(f"/campaigns/{campaign_id}/schedule", {"at": "now"})
    page = client.get(place).text
    assert "Diwali offer" in page
    assert "on this account" in page
    with session_factory.begin() as session:
        account = session.get_one(SmtpAccount, account_id)
        use_pace(session, account, mails=2, age=timedelta(hours=1))
        session.get_one(Campaign, campaign_id).status = CampaignStatus.SENDING
    reason = "has reached its limit of 2 mails a day; it continues"
    for path in (place, "/"):
        assert reason in client.get(path).text


def test_account_that_waits_for_its_owner_promises_no_time(
    client: FlaskClient, alice: Person, session_factory: SessionFactory
) -> None:
    account_id = make_account(alice)
    campaign_id = make_campaign(alice, smtp_account_id=account_id, name="Diwali offer")
    alice.api.post(f"/campaigns/{campaign_id}/schedule", {"at": "now"})
    place = f"/smtp-accounts/{account_id}"
    assert "left, done" in client.get(place).text
    with session_factory.begin() as session:
        account = session.get_one(SmtpAccount, account_id)
        account.paused_at, account.pause_reason = database_now(session), "login"
    page = client.get(place).text
    words = "The account is paused and needs you: the time counts from"
    assert words in page
    assert "left, done" not in page
    assert alice.api.get(f"/campaigns/{campaign_id}").json["forecast"] is None
    draft_id = make_campaign(alice, smtp_account_id=account_id)
    assert alice.api.get(f"/campaigns/{draft_id}").json["forecast"] is None
    review = client.get(f"/campaigns/{draft_id}/edit/review?when=now").text
    assert "<dt>Done</dt><dd>About a minute on this account<" in review
    assert words in review


def test_limits_beyond_what_the_provider_takes_are_warned_of(
    client: FlaskClient, alice: Person
) -> None:
    def warned(host: str, **changes: object) -> tuple[int, list[str]]:
        created = alice.api.post("/smtp-accounts", account_body(host=host, **changes))
        account_id, said = created.json["id"], created.json["warnings"]
        for place in (f"/smtp-accounts/{account_id}", f"/smtp-accounts/{account_id}/edit"):
            page = client.get(place).text
            assert all(words in page for words in said)
            assert ("More than the provider takes" in page) is bool(said)
        return account_id, [words.partition(". ")[0] for words in said]

    day = "publishes a limit of"
    free = {"username": "asha@gmail.com", "password": "x"}
    paid = {"username": "asha@shop.example", "password": "x"}
    assert warned("smtp.gmail.com", **paid, limits={"per_day": 2_000})[1] == []
    account_id, said = warned("smtp.gmail.com", **free, limits={"per_day": 2_000})
    assert said == [f"Gmail {day} 500 mails a day"]
    _, said = warned("smtp.gmail.com", **paid, limits={"per_day": 5_000})
    assert said == [f"Google Workspace {day} 2,000 mails a day"]
    _, said = warned("smtp.office365.com", **paid, limits={"per_day": 100, "connections": 9})
    assert said == [
        f"Microsoft 365 {day} 30 mails a minute",
        "Microsoft 365 takes 3 connections at a time.",
    ]
    assert warned("smtp-relay.brevo.com")[1] == [f"Brevo {day} 300 mails a day"]
    assert warned("mail.shop.example", limits={"per_day": 10_000_000})[1] == []
    changed = alice.api.patch(f"/smtp-accounts/{account_id}", {"limits": {"per_day": 400}})
    assert changed.json["warnings"] == []


def test_known_server_without_limits_gets_those_of_its_provider(
    client: FlaskClient, alice: Person
) -> None:
    form = account_form(host="smtp.gmail.com", port="587", security="starttls")
    form |= {"username": "asha@shop.example", "password": "x"}
    form |= {"per_second": "", "per_minute": "", "per_hour": "", "per_day": ""}
    page = client.get(send(client, "/smtp-accounts/new", **form).headers["Location"]).text
    assert "those of Google Workspace are filled in: 2,000 mails a day." in page
    assert "2,000 left within 24 hours" in page
    form["username"] = "ravi@shop.example"
    chosen = send(client, "/smtp-accounts/new?preset=workspace", **form).headers["Location"]
    page = client.get(chosen).text
    assert "filled in" not in page  # the empty field was seen, and emptied
    assert "Google Workspace publishes a limit of 2,000 mails a day" in page
    form |= {"username": "meera@shop.example", "per_day": "100"}
    own = send(client, "/smtp-accounts/new", **form).headers["Location"]
    assert "100 left within 24 hours" in client.get(own).text


def test_typed_server_is_recognised_with_its_limits(client: FlaskClient, alice: Person) -> None:
    def said(**typed: str) -> str:
        return client.get("/smtp-accounts/server", query_string=typed).text

    own = said(host="smtp.gmail.com", username="asha@shop.example")
    assert "A server of Google Workspace" in own
    assert "it gets those of Google Workspace when you save: 2,000 mails a day." in own
    assert "500 mails a day." in said(host="smtp.gmail.com", from_email="asha@gmail.com")
    sendgrid = said(host="smtp.sendgrid.net")
    assert "A server of SendGrid" in sendgrid
    assert "when you save" not in sendgrid
    for other in ("mail.shop.example", "", "smtp.gmail.com.example.org", "a\0b", "x" * 999):
        assert "A server of" not in said(host=other)
    hint = "a server that Dakiya knows gets the limits of its provider"
    assert hint in client.get("/smtp-accounts/new").text
    assert hint not in client.get("/smtp-accounts/new?preset=workspace").text


def test_region_of_a_provider_is_chosen(client: FlaskClient, alice: Person) -> None:
    page = client.get("/smtp-accounts/new?preset=ses").text
    assert 'value="email-smtp.ap-south-1.amazonaws.com"' in page
    assert "Europe (Ireland)" in page
    host = "email-smtp.eu-west-1.amazonaws.com"
    page = client.get(f"/smtp-accounts/new?preset=ses&region={host}").text
    assert re.search(f'name="host"[^>]* value="{host}"', page)
    page = client.get("/smtp-accounts/new?preset=ses&region=evil.example").text
    assert 'value="evil.example"' not in page
    [ses] = [one for one in alice.api.get("/smtp-providers").json["items"] if one["name"] == "ses"]
    assert {"label": "Europe (Ireland)", "host": host} in ses["regions"]


def test_end_of_password_log_ins_is_told(client: FlaskClient) -> None:
    page = client.get("/smtp-accounts/new?preset=microsoft365").text
    assert "at the end of December 2026" in page
    page = client.get("/smtp-accounts/new?preset=outlook").text
    assert "on 16 September 2024" in page


def test_learned_pace_is_shown(
    client: FlaskClient, alice: Person, session_factory: SessionFactory
) -> None:
    account_id = make_account(alice)
    with session_factory.begin() as session:
        slow_down(session, account_id, observed=240)
        now = database_now(session)
    page = client.get(f"/smtp-accounts/{account_id}").text
    assert "Slowed down to 120 mails a minute: the server asked for less speed." in page
    slowed = alice.api.get(f"/smtp-accounts/{account_id}").json["slowed"]
    assert slowed["per_minute"] == 120
    assert slowed["until"] > now.isoformat()


def test_providers_are_listed_and_one_is_suggested(alice: Person) -> None:
    found = alice.api.get("/smtp-providers?address=asha@gmail.com").json
    assert found["suggested"] == "gmail"
    [gmail] = [one for one in found["items"] if one["name"] == "gmail"]
    assert (gmail["host"], gmail["limits"]["per_day"]) == ("smtp.gmail.com", 500)
    assert alice.api.get("/smtp-providers").json["suggested"] is None
