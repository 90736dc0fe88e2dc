"""Writing a mail: what was typed is kept, shown in a preview, and sent as a test."""

import re
from collections.abc import Callable
from html import escape, unescape

import pytest
from flask.testing import FlaskClient
from sqlalchemy import text

from dakiya.db import SessionFactory
from tests.shared.mail.rich.documents import doc
from tests.web.browsing import PASSWORD, csrf_token, form_of, log_in, log_out, send
from tests.web.conftest import Person, make_account, make_campaign

MINE = {"subject": "Mine", "html": "<p>long</p>"}


def test_content_is_checked_and_kept_when_refused(client: FlaskClient, alice: Person) -> None:
    campaign_id = make_campaign(alice)
    url = f"/campaigns/{campaign_id}/edit/content"
    hidden = form_of(client.get(url).text, url)
    answer = client.post(url, data={**hidden, "subject": "Hi", "html": "<b>{{ broken</b>"})
    assert answer.status_code == 422
    assert "&lt;b&gt;{{ broken&lt;/b&gt;" in answer.text
    assert "line 1" in answer.text
    saved = client.post(url, data={**hidden, "subject": "Hi", "html": "<p>{{ town }}</p>"})
    assert saved.status_code == 303
    assert "No recipient has a field “town”. Fields that exist: email, name" in client.get(url).text


def test_two_tabs_on_the_same_content_lose_nothing(client: FlaskClient, alice: Person) -> None:
    campaign_id = make_campaign(alice)
    url = f"/campaigns/{campaign_id}/edit/content"
    old_tab = form_of(client.get(url).text, url)
    first = client.post(url, data={**old_tab, "subject": "One", "html": "<p>one</p>"})
    assert first.status_code == 303
    answer = client.post(url, data={**old_tab, "subject": "Two", "html": "<p>two</p>"})
    assert answer.status_code == 422
    assert "another tab" in answer.text
    assert "&lt;p&gt;two&lt;/p&gt;" in answer.text
    assert "&lt;p&gt;one&lt;/p&gt;" in answer.text
    assert alice.api.get(f"/campaigns/{campaign_id}").json["subject"] == "One"
    again = {**form_of(answer.text, url), "subject": "Two", "html": "<p>two</p>"}
    assert client.post(url, data=again).status_code == 303
    assert alice.api.get(f"/campaigns/{campaign_id}").json["subject"] == "Two"


@pytest.mark.parametrize(
    ("step", "typed"),
    [
        ("", {"name": "A long name & more", "account": "1"}),
        ("/content", MINE | {"html": "<p>long</p> and more"}),
        ("/recipients/paste", {"pasted": "asha@example.com\nravi@example.com, Ravi"}),
    ],
)
def test_session_that_ended_while_writing_costs_no_text(
    client: FlaskClient, alice: Person, step: str, typed: dict[str, str]
) -> None:
    campaign_id = make_campaign(alice)
    url = f"/campaigns/{campaign_id}/edit{step}"
    page = url.removesuffix("/recipients/paste")
    written = form_of(client.get(page).text, url) | typed
    client.delete_cookie("dakiya")
    kept = client.post(url, data=written)
    assert kept.status_code == 401
    for value in typed.values():
        assert escape(value) in kept.text
    log_in(client, alice.email)
    again = form_of(kept.text, url)
    assert {name: unescape(again[name]) for name in typed} == typed
    assert client.post(url, data={n: unescape(v) for n, v in again.items()}).status_code == 303


def test_what_another_site_sends_and_passwords_are_not_shown(
    client: FlaskClient, alice: Person
) -> None:
    url = f"/campaigns/{make_campaign(alice)}/edit"
    client.delete_cookie("dakiya")
    foreign = client.post(
        url, data={"name": "Win a prize"}, headers={"Sec-Fetch-Site": "cross-site"}
    )
    assert (foreign.status_code, "prize" in foreign.text) == (303, False)
    account = client.post(
        "/smtp-accounts/new", data={"name": "My server", "password": "a-secret-of-mine"}
    )
    assert account.status_code == 401
    assert "My server" in account.text
    assert "a-secret-of-mine" not in account.text


def test_page_from_before_a_log_in_saves_after_it(client: FlaskClient, alice: Person) -> None:
    campaign_id = make_campaign(alice)
    content, details = (f"/campaigns/{campaign_id}/edit{step}" for step in ("/content", ""))
    written = form_of(client.get(content).text, content) | MINE
    named = form_of(client.get(details).text, details) | {"name": "Renamed", "account": "1"}
    log_out(client)
    log_in(client, alice.email)
    assert client.post(content, data=written).status_code == 303
    assert client.post(details, data=named).status_code == 303
    found = alice.api.get(f"/campaigns/{campaign_id}").json
    assert (found["subject"], found["name"]) == ("Mine", "Renamed")


def test_page_of_somebody_else_or_of_an_old_password_saves_nothing(
    client: FlaskClient, browser: Callable[[], FlaskClient], alice: Person, bob: Person
) -> None:
    campaign_id = make_campaign(alice)
    url = f"/campaigns/{campaign_id}/edit/content"
    written = form_of(client.get(url).text, url) | MINE
    others = browser()
    log_in(others, bob.email)
    forged = written | {"csrf_token": csrf_token(others, "/profile")}
    assert client.post(url, data=forged).status_code == 422
    assert client.post(f"/campaigns/{campaign_id}/edit", data=forged).status_code == 400
    log_out(others)
    log_in(others, alice.email)
    passwords = {"old": PASSWORD, "password": "a quite different one"}
    assert send(others, "/profile/password", **passwords).status_code == 303
    log_in(client, alice.email, passwords["password"])
    refused = client.post(url, data=written)
    assert refused.status_code == 422
    assert "&lt;p&gt;long&lt;/p&gt;" in refused.text
    assert alice.api.get(f"/campaigns/{campaign_id}").json["subject"] == "Hello {{ name }}"


def test_content_without_a_token_is_not_saved(client: FlaskClient, alice: Person) -> None:
    campaign_id = make_campaign(alice)
    url = f"/campaigns/{campaign_id}/edit/content"
    seen = form_of(client.get(url).text, url)["seen"]
    answer = client.post(url, data={"seen": seen, "subject": "Evil", "html": "<p>evil</p>"})
    assert answer.status_code == 422
    assert alice.api.get(f"/campaigns/{campaign_id}").json["subject"] == "Hello {{ name }}"


def test_preview_is_inert_and_shows_one_recipient(client: FlaskClient, alice: Person) -> None:
    people = [
        {"email": "ravi@example.org", "name": "<script>x</script>", "fields": {"city": "Pune"}},
        {"email": "asha@example.org", "name": "Asha"},
    ]
    campaign_id = make_campaign(alice, recipients=people)
    answer = client.get(f"/campaigns/{campaign_id}/preview?recipient=1")
    policy = answer.headers["Content-Security-Policy"]
    assert policy.startswith("sandbox; default-src 'none';")
    assert "script-src" not in policy
    assert answer.headers["X-Frame-Options"] == "SAMEORIGIN"
    assert "Hello &lt;script&gt;x&lt;/script&gt; in Pune" in answer.text
    assert (
        "Hello Asha in your town"
        in client.get(f"/campaigns/{campaign_id}/preview?recipient=2").text
    )
    page = client.get(f"/campaigns/{campaign_id}/edit/content?recipient=1").text
    assert "recipient=2#preview" in page
    assert "1 of 2 has no city" in page


def test_test_mail_is_queued_once_and_shown(
    client: FlaskClient, alice: Person, session_factory: SessionFactory
) -> None:
    campaign_id = make_campaign(alice)
    page, url = f"/campaigns/{campaign_id}/edit/content", f"/campaigns/{campaign_id}/test"
    hidden = form_of(client.get(page).text, url)
    assert hidden["recipient"] == "1"
    wrong = client.post(url, data={**hidden, "to": "nobody"})
    assert wrong.status_code == 422
    assert 'value="nobody"' in wrong.text
    assert client.post(url, data={**hidden, "to": "me@example.com"}).status_code == 303
    assert "The test to me@example.com is on its way" in client.get(page).text
    assert client.get(url).get_json() == {"busy": True, "reload": False}
    second = client.post(url, data={**hidden, "to": "me@example.com"})
    assert second.status_code == 422
    assert "still on its way" in second.text
    with session_factory() as session:
        session.execute(text("UPDATE campaign_test SET status = 'failed', detail = '550 <no>'"))
        session.commit()
    again = client.get(page).text
    assert "550 &lt;no&gt;" in again
    # The next test goes to the same address, not to one's own.
    assert re.search('<input[^>]* name="to"[^>]* value="me@example.com"', again)


def test_html_that_runs_something_is_refused_and_kept_in_the_form(
    client: FlaskClient, alice: Person
) -> None:
    campaign_id = make_campaign(alice)
    url = f"/campaigns/{campaign_id}/edit/content"
    hidden = form_of(client.get(url).text, url)
    answer = client.post(
        url, data={**hidden, "subject": "S", "html": "<p onclick=x()>one</p><script>x</script>"}
    )
    assert answer.status_code == 422
    assert "the event handler onclick on line 1" in answer.text
    assert "a script on line 1" in answer.text
    assert "&lt;p onclick=x()&gt;one" in answer.text


def test_test_goes_to_several_addresses_and_each_result_is_shown(
    client: FlaskClient, alice: Person, session_factory: SessionFactory
) -> None:
    campaign_id = make_campaign(alice)
    page, url = f"/campaigns/{campaign_id}/edit/content", f"/campaigns/{campaign_id}/test"
    hidden = form_of(client.get(page).text, url)
    wrong = client.post(url, data={**hidden, "to": "a@example.com, nobody"})
    assert wrong.status_code == 422
    assert "“nobody”" in wrong.text
    answer = client.post(url, data={**hidden, "to": "a@example.com; b@example.com"})
    assert answer.status_code == 303
    with session_factory() as session:
        session.execute(
            text("UPDATE campaign_test SET status = 'passed' WHERE to_email = 'a@example.com'")
        )
        session.commit()
    shown = client.get(page).text
    assert "The server took the test to a@example.com" in shown
    assert "The test to b@example.com is on its way" in shown
    assert client.get(url).get_json()["busy"] is True


def test_preview_in_the_dark_is_as_inert(client: FlaskClient, alice: Person) -> None:
    campaign_id = make_campaign(alice, kind="rich", html=None, source=doc("Hello {{ name }}"))
    light = client.get(f"/campaigns/{campaign_id}/preview")
    dark = client.get(f"/campaigns/{campaign_id}/preview?part=dark")
    assert dark.headers["Content-Security-Policy"] == light.headers["Content-Security-Policy"]
    assert "prefers-color-scheme" in light.text
    assert "prefers-color-scheme" not in dark.text
    assert "Hello Ravi" in dark.text


def test_mail_of_text_is_previewed_as_text_alone(client: FlaskClient, alice: Person) -> None:
    campaign_id = make_campaign(alice, kind="text", html=None, text="Hello <{{ name }}>")
    page = client.get(f"/campaigns/{campaign_id}/mail").text
    assert "letter-text" in page
    assert "letter-html" not in page
    assert "Hello &lt;Ravi&gt;" in client.get(f"/campaigns/{campaign_id}/preview").text


def test_language_is_chosen_on_the_page(client: FlaskClient, alice: Person) -> None:
    campaign_id = make_campaign(alice)
    url = f"/campaigns/{campaign_id}/edit/content"
    page = client.get(url).text
    assert '<option selected value="en">English</option>' in page
    assert '<option value="hi">हिन्दी</option>' in page
    hidden = form_of(page, url)
    said = {"subject": "नमस्ते", "html": "<p>नमस्ते</p>", "language": "hi"}
    assert client.post(url, data=hidden | said).status_code == 303
    assert '<option selected value="hi">' in client.get(url).text
    assert "सदस्यता समाप्त करें" in client.get(f"/campaigns/{campaign_id}/preview").text
    wrong = client.post(url, data=form_of(client.get(url).text, url) | said | {"language": "xx"})
    assert wrong.status_code == 422
    assert "Choose one of en, hi" in wrong.text


def test_mail_of_text_alone_is_offered_no_preview_text(client: FlaskClient, alice: Person) -> None:
    text = make_campaign(alice, kind="text", html=None, text="Hello {{ name }}")
    assert 'name="preheader"' not in client.get(f"/campaigns/{text}/edit/content").text
    html = make_campaign(alice)
    assert 'name="preheader"' in client.get(f"/campaigns/{html}/edit/content").text


def test_many_fields_are_all_there_and_some_are_shown(client: FlaskClient, alice: Person) -> None:
    fields = {f"f{number:02}": "x" for number in range(70)}
    recipients = [{"email": "ravi@example.org", "name": "Ravi", "fields": fields}]
    campaign_id = make_campaign(alice, recipients=recipients)
    page = client.get(f"/campaigns/{campaign_id}/edit/content").text
    # With name and email they are 72.
    assert "and 12 more: type {{ and a part of the name" in page
    assert 'data-field="f57">' in page
    assert 'data-field="f58" hidden>' in page
    assert 'data-field="f69" hidden>' in page
    assert page.count("<code>{{ ") == 60
    few = make_campaign(alice)
    assert "more: type" not in client.get(f"/campaigns/{few}/edit/content").text


def test_new_mail_begins_with_the_language_of_the_last_one(
    client: FlaskClient, alice: Person, bob: Person
) -> None:
    make_campaign(alice, language="hi")
    account_id = make_account(alice)
    body = {"name": "x", "account": str(account_id)}
    created = send(client, "/campaigns/new", **body)
    found = re.search(r"/campaigns/(\d+)/", created.headers["Location"])
    assert found is not None
    place = f"/campaigns/{found[1]}/edit/content?way=html"
    assert '<option selected value="hi">' in client.get(place).text
    # Somebody else's mails have nothing to do with it.
    make_campaign(bob, language="ar")
    assert '<option selected value="hi">' in client.get(place).text
