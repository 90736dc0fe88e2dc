"""The pages of SMTP accounts: list, add, change, delete."""

import re

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import text

from dakiya.db import SessionFactory
from dakiya.delivery.trouble import AccountTrouble, pause_account
from dakiya.models import SmtpAccount
from dakiya.smtp_accounts.egress import EgressRule
from dakiya.smtp_accounts.secrets import SecretBox
from dakiya_web.settings import WebSettings
from tests.web.browsing import csrf_token, send
from tests.web.conftest import Person, account_form, make_account, make_campaign


def test_empty_list_leads_to_the_form(client: FlaskClient, bob: Person) -> None:
    make_account(bob, name="His relay")
    page = client.get("/smtp-accounts").text
    assert "Connect your server" in page
    assert 'href="/smtp-accounts/new"' in page
    assert "His relay" not in page


def test_list_says_limits_and_health(client: FlaskClient, alice: Person) -> None:
    make_account(alice, name="<Relay>", limits={"per_day": 5000, "per_second": 1})
    page = client.get("/smtp-accounts").text
    assert "&lt;Relay&gt;" in page
    assert "5,000 mails a day, 1 a second" in page
    assert "Not tested yet" in page


def test_new_account_is_stored_with_a_sealed_password(
    client: FlaskClient, session_factory: SessionFactory, web_settings: WebSettings
) -> None:
    form = account_form(per_day="5,000", password="the secret")
    answer = send(client, "/smtp-accounts/new", **form)
    assert answer.status_code == 303, answer.text
    page = client.get(answer.headers["Location"]).text
    assert "Now send a test mail" in page
    assert "the secret" not in page
    with session_factory() as session:
        account = session.query(SmtpAccount).one()
        assert (account.per_day, account.per_hour, account.connections) == (5000, None, 4)
        assert SecretBox(web_settings).open(account.password_encrypted or "") == "the secret"


def test_known_server_fills_the_form(client: FlaskClient) -> None:
    page = client.get("/smtp-accounts/new?preset=gmail").text
    assert 'value="smtp.gmail.com"' in page
    assert "app password" in page
    assert client.get("/smtp-accounts/new?preset=nothing").status_code == 200
    assert "Demo inbox" not in page


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"host": ""}, "Server is missing."),
        ({"host": "smtp://smtp.example.com"}, "without smtp://"),
        ({"host": "10.0.0.7"}, "10.0.0.7"),
        ({"port": "many"}, "Port must be a whole number."),
        ({"port": "70000"}, "Port must be from 1 to 65,535."),
        ({"security": "none"}, "the password could be read on its way"),
        ({"security": "magic"}, "Encryption must be"),
        ({"password": ""}, "Password is required when there is a user name."),
        ({"from_email": "nobody"}, "@ is missing"),
        ({"per_day": "-1"}, "Mails a day must be from 1 to"),
        ({"per_day": "0"}, "Leave it empty for no limit; to send nothing, pause the campaigns."),
        ({"per_hour": "999999999999"}, "Mails an hour must be from 1 to 100,000,000."),
        ({"connections": "1e3"}, "Connections at a time must be a whole number."),
        ({"name": "a\r\nb"}, "write it in one line"),
    ],
)
def test_refused_form_says_what_is_wrong_and_keeps_the_rest(
    client: FlaskClient,
    session_factory: SessionFactory,
    changes: dict[str, str],
    words: str,
) -> None:
    form = account_form(from_name="Kept <b>", password="typed secret") | changes
    answer = send(client, "/smtp-accounts/new", **form)
    assert answer.status_code == 422
    assert words in answer.text
    assert 'aria-invalid="true"' in answer.text
    assert "Kept &lt;b&gt;" in answer.text
    assert "typed secret" not in answer.text
    with session_factory() as session:
        assert session.query(SmtpAccount).count() == 0


def test_edit_without_a_password_keeps_the_stored_one_and_ends_a_pause(
    client: FlaskClient, alice: Person, session_factory: SessionFactory
) -> None:
    account_id = make_account(alice)
    with session_factory() as session:
        trouble = AccountTrouble("auth", "535 5.7.8 no such login", needs_owner=True)
        assert pause_account(session, account_id, trouble)
        session.commit()
        sealed = session.get_one(SmtpAccount, account_id).password_encrypted
    page = client.get(f"/smtp-accounts/{account_id}/edit").text
    assert "The server refuses the login" in page
    assert "535 5.7.8 no such login" in page
    answer = send(
        client, f"/smtp-accounts/{account_id}/edit", **account_form(name="Renamed", password="")
    )
    assert answer.status_code == 303, answer.text
    with session_factory() as session:
        account = session.get_one(SmtpAccount, account_id)
        assert (account.name, account.password_encrypted) == ("Renamed", sealed)
        assert account.paused_at is None


def test_edit_of_the_server_asks_for_the_password_again(
    client: FlaskClient, alice: Person, session_factory: SessionFactory
) -> None:
    account_id = make_account(alice)
    form = account_form(host="elsewhere.example.com", password="", name="Typed")
    answer = send(client, f"/smtp-accounts/{account_id}/edit", **form)
    assert answer.status_code == 422
    assert "Type the password again" in answer.text
    assert 'value="elsewhere.example.com"' in answer.text
    with session_factory() as session:
        assert session.get_one(SmtpAccount, account_id).host == "smtp.example.com"


def test_delete_asks_first_and_then_deletes(client: FlaskClient, alice: Person) -> None:
    account_id = make_account(alice)
    path = f"/smtp-accounts/{account_id}/delete"
    assert "Delete “Relay”?" in client.get(path).text
    assert send(client, path).status_code == 303
    assert "is deleted" in client.get("/smtp-accounts").text
    assert client.get(f"/smtp-accounts/{account_id}").status_code == 404


def test_delete_is_refused_with_the_reason_while_a_campaign_needs_it(
    client: FlaskClient, alice: Person
) -> None:
    account_id = make_account(alice)
    campaign_id = make_campaign(alice, smtp_account_id=account_id)
    assert alice.api.post(f"/campaigns/{campaign_id}/schedule", {"at": "now"}).status == 200
    answer = send(client, f"/smtp-accounts/{account_id}/delete")
    assert answer.status_code == 303
    page = client.get(answer.headers["Location"]).text
    assert "was not deleted" in page
    assert "Diwali offer" in page


def test_pause_that_ends_by_itself_says_when(
    client: FlaskClient, alice: Person, session_factory: SessionFactory
) -> None:
    account_id = make_account(alice)
    with session_factory() as session:
        trouble = AccountTrouble("quota", "452 4.5.3 daily limit <reached>", pause_s=3600)
        assert pause_account(session, account_id, trouble)
        session.commit()
    for path in ("/smtp-accounts", f"/smtp-accounts/{account_id}"):
        page = client.get(path).text
        assert "Waiting" in page
        assert "daily limit &lt;reached&gt;" in page
        assert "It tries again by itself" in page


def test_test_is_queued_and_shown(
    client: FlaskClient, alice: Person, session_factory: SessionFactory
) -> None:
    account_id = make_account(alice)
    place = f"/smtp-accounts/{account_id}"
    token = client.get(place).text.partition('name="csrf_token"')[2].split('value="')[1]
    fields = {"csrf_token": token.partition('"')[0], "to": "ravi@example.com"}
    assert client.post(f"{place}/test", data=fields).status_code == 303
    page = client.get(place).text
    assert "ravi@example.com" in page
    assert "Waiting for a sender" in page
    assert "Being tested" in page
    assert "Being tested" in client.get("/").text
    again = client.post(f"{place}/test", data=fields)
    assert again.status_code == 409
    assert "still running" in again.text
    wrong = client.post(f"{place}/test", data=fields | {"to": "nobody"})
    assert wrong.status_code == 422
    assert 'value="nobody"' in wrong.text
    with session_factory() as session:
        steps = '[{"name": "dns", "ok": false, "detail": "no <such> name", "duration_s": 0.01}]'
        session.execute(
            text("UPDATE smtp_test SET status = 'failed', finished_at = now(), steps = :steps"),
            {"steps": steps},
        )
        session.commit()
    part = client.get(f"{place}/test", headers={"HX-Request": "true"}).text
    assert "no &lt;such&gt; name" in part
    assert "The test failed" in part
    assert re.search(r'id="health" hx-swap-oob="true">.*Last test failed', part)
    assert "Last test failed" in client.get("/").text
    assert "hx-get" not in part
    assert "<html" not in part


def test_demo_inbox_is_named_and_linked_in_development(
    app: Flask,
    web_settings: WebSettings,
    client: FlaskClient,
    session_factory: SessionFactory,
    alice: Person,
) -> None:
    account_id = make_account(alice, name="Demo inbox")
    with session_factory() as session:
        session.get_one(SmtpAccount, account_id).host = "127.0.0.1"
        session.commit()
    assert "Open the demo inbox" not in client.get(f"/smtp-accounts/{account_id}").text
    wired = app.extensions["dakiya"]
    shown = web_settings.model_copy(update={"demo_inbox_url": "http://127.0.0.1:8025"})
    object.__setattr__(wired, "settings", shown)
    assert 'href="http://127.0.0.1:8025"' in client.get("/smtp-accounts").text


def test_demo_inbox_is_offered_where_it_runs_and_is_saved_as_it_is(
    client: FlaskClient, app: Flask, web_settings: WebSettings, session_factory: SessionFactory
) -> None:
    update = {"demo_inbox_smtp_port": 2525, "allowed_internal_hosts": "127.0.0.1"}
    wired = app.extensions["dakiya"]
    object.__setattr__(wired, "settings", web_settings.model_copy(update=update))
    object.__setattr__(wired, "egress", EgressRule.parse("127.0.0.1"))
    page = client.get("/smtp-accounts/new").text
    assert page.index("Demo inbox") < page.index("Gmail")
    page = client.get("/smtp-accounts/new?preset=demo").text
    tags = re.findall(r"<input[^>]*>", page.partition('<form method="post" novalidate>')[2])
    typed = {
        name[1]: value[1] if value else ""
        for tag in tags
        if (name := re.search(r' name="([^"]*)"', tag))
        for value in [re.search(r' value="([^"]*)"', tag)]
    }
    chosen = re.search(r'<option selected value="([^"]*)"', page)
    assert chosen
    answer = client.post("/smtp-accounts/new", data={**typed, "security": chosen[1]})
    assert answer.status_code == 303, answer.text
    with session_factory() as session:
        account = session.query(SmtpAccount).one()
        assert (account.name, account.host, account.port) == ("Demo inbox", "127.0.0.1", 2525)


@pytest.mark.parametrize(
    ("host", "words"),
    [
        ("SMTP.gmail.com", "Gmail takes no mail without a login"),
        ("email-smtp.eu-west-1.amazonaws.com", "Amazon SES"),
        ("smtp.zoho.com", "Zoho Mail takes no mail"),
    ],
)
def test_known_server_is_not_saved_without_a_login(
    client: FlaskClient, host: str, words: str
) -> None:
    typed = account_form(host=host, username="", password="")
    token = csrf_token(client, "/smtp-accounts/new?preset=gmail")
    answer = client.post("/smtp-accounts/new", data={"csrf_token": token, **typed})
    assert answer.status_code == 422
    assert re.search(rf'id="username-wrong".*?{words}', answer.text, re.DOTALL)
    half = client.post(
        "/smtp-accounts/new", data={"csrf_token": token, **typed, "password": "secret"}
    )
    assert half.status_code == 422
    assert half.text.count('class="mistake"') == 1
    whole = {"csrf_token": token, **typed, "username": "asha", "password": "secret"}
    place = client.post("/smtp-accounts/new", data=whole).headers["Location"]
    edited = client.post(f"{place}/edit", data={"csrf_token": token, **typed})
    assert edited.status_code == 422
    assert words in edited.text


def test_server_of_ones_own_may_want_no_login(client: FlaskClient) -> None:
    typed = account_form(username="", password="")
    answer = send(client, "/smtp-accounts/new", **typed)
    assert answer.status_code == 303
