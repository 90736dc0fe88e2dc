"""Sign-up, log-in, log-out, and what protects them."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import text

from dakiya.accounts.sessions import forget_logins
from dakiya.accounts.users import change_password
from dakiya.clock import utc_now
from dakiya.db import SessionFactory
from dakiya.models import User
from dakiya_web.pages.people.views import local_path
from tests.web.browsing import PASSWORD, csrf_token, log_in, log_out, logged_in, send
from tests.web.conftest import Person, make_campaign

Browser = Callable[[], FlaskClient]


def test_sign_up_makes_a_user_with_a_workspace_and_logs_in(
    browser: Browser, session_factory: SessionFactory
) -> None:
    client = browser()
    answer = send(client, "/signup", email="Dev@Example.com", password="a long password")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/")
    page = client.get("/").text
    assert "dev@example.com" in page
    assert "Connect your mail server" in page
    with session_factory() as session:
        user = session.query(User).one()
        assert user.password_hash.startswith("$argon2id$")
        assert session.scalar(text("SELECT count(*) FROM membership")) == 1


@pytest.mark.parametrize(
    ("email", "password", "words"),
    [
        ("nobody", "a long password", "@ is missing"),
        ("a@example.com", "short", "at least 10"),
        ("a@example.com", "x" * 201, "at most 200"),
        ("", "a long password", "Type your e-mail"),
        ("a@example.com", "", "Choose a password"),
        ("alice@example.com", "a long password", "already an account"),
        ("a@example.com\r\nBcc: b@example.com", "a long password", "control character"),
        ("a\0@example.com", "a long password", "control character"),
    ],
)
def test_sign_up_says_what_is_wrong(
    browser: Browser,
    alice: Person,
    session_factory: SessionFactory,
    email: str,
    password: str,
    words: str,
) -> None:
    answer = send(browser(), "/signup", email=email, password=password)
    assert answer.status_code == 422
    assert words in answer.text
    assert password not in answer.text or not password
    with session_factory() as session:
        assert session.query(User).count() == 3


def test_sign_up_says_all_that_is_wrong_at_once(browser: Browser) -> None:
    page = send(browser(), "/signup", email="a@@example.com", password="short").text
    assert "There is more than one @: an address has only one." in page
    assert "Choose a password of at least 10 characters." in page
    page = send(browser(), "/signup", email="", password="short").text
    assert "Type your e-mail address." in page
    assert "Choose a password of at least 10 characters." in page
    assert "The address is empty" not in page


def test_log_in_shows_own_campaigns(browser: Browser, alice: Person, bob: Person) -> None:
    make_campaign(alice, name="Hers <b>&")
    make_campaign(bob, name="His news")
    client = browser()
    assert log_in(client, "Alice@Example.com").status_code == 303
    page = client.get("/campaigns").text
    assert "Hers &lt;b&gt;&amp;" in page
    assert "His news" not in page
    assert "1 recipient" in page


@pytest.mark.parametrize(
    ("email", "password"),
    [
        ("alice@example.com", "wrong password"),
        ("nobody@example.com", PASSWORD),
        ("charlie@example.com", PASSWORD),
        ("not an address", PASSWORD),
        ("alice@example.com", PASSWORD + "\0"),
    ],
)
def test_wrong_log_in_answers_the_same_whatever_was_wrong(
    browser: Browser, alice: Person, email: str, password: str
) -> None:
    client = browser()
    answer = log_in(client, email, password)
    assert answer.status_code == 422
    assert "Address and password do not fit together." in answer.text
    assert client.get("/").status_code == 302


def test_form_without_csrf_token_is_refused(
    browser: Browser, alice: Person, session_factory: SessionFactory
) -> None:
    client = browser()
    forms = {"email": "a@example.com", "password": "a long password"}
    for path in ("/signup", "/login", "/logout"):
        for token in ({}, {"csrf_token": "forged"}):
            assert client.post(path, data=forms | token).status_code == 400
    assert log_in(client, alice.email).status_code == 303
    assert client.post("/logout").status_code == 400
    assert client.get("/").status_code == 200
    with session_factory() as session:
        assert session.query(User).count() == 3


@pytest.mark.parametrize(
    ("next_page", "leads_to"),
    [("", "/"), ("?next=/campaigns", "/campaigns"), ("?next=//evil.example", "/")],
)
def test_log_in_form_of_another_tab_leads_on_when_somebody_is_logged_in(
    browser: Browser, alice: Person, next_page: str, leads_to: str
) -> None:
    client = browser()
    form = {"email": alice.email, "password": PASSWORD, "csrf_token": csrf_token(client, "/login")}
    log_in(client, alice.email)
    answer = client.post(f"/login{next_page}", data=form)
    assert (answer.status_code, answer.headers["Location"]) == (303, leads_to)
    assert client.get("/").status_code == 200


def cookie(client: FlaskClient) -> str:
    found = client.get_cookie("dakiya")
    assert found is not None
    return found.value


def test_session_is_a_new_one_after_log_in(browser: Browser, alice: Person) -> None:
    client = browser()
    client.get("/login")
    with client.session_transaction() as session:
        session["planted"] = "by somebody else"
        before = session.get("csrf_token")
    log_in(client, alice.email)
    with client.session_transaction() as session:
        assert "planted" not in session
        first = session["login_key"]
        assert session.get("csrf_token") != before
    log_out(client)
    log_in(client, alice.email)
    with client.session_transaction() as session:
        assert session["login_key"] != first


@pytest.fixture
def thief(client: FlaskClient, browser: Browser) -> FlaskClient:
    """Somebody with a copy of alice's cookie, let in as long as its session lasts."""
    thief = browser()
    thief.set_cookie("dakiya", cookie(client))
    assert thief.get("/").status_code == 200
    return thief


def test_copy_of_the_cookie_is_worthless_after_log_out_whatever_redis_forgets(
    app: Flask, client: FlaskClient, thief: FlaskClient, browser: Browser, alice: Person
) -> None:
    elsewhere = logged_in(browser(), alice.email)
    assert log_out(client).headers["Location"] == "/login"
    app.extensions["dakiya"].redis.flushall()
    assert client.get("/").status_code == 302
    assert thief.get("/").status_code == 302
    assert elsewhere.get("/").status_code == 200


def test_copy_of_the_cookie_stays_worthless_when_the_house_is_kept(
    client: FlaskClient, thief: FlaskClient, session_factory: SessionFactory
) -> None:
    log_out(client)
    # Each answer signs the cookie anew, so that it never gets too old.
    assert thief.get("/login").headers["Set-Cookie"]
    with session_factory() as session:
        forget_logins(session, now=utc_now() + timedelta(days=365))
        session.commit()
    assert thief.get("/").status_code == 302


def test_copy_of_the_cookie_is_worthless_after_another_log_in_in_its_place(
    client: FlaskClient, thief: FlaskClient, bob: Person
) -> None:
    token = csrf_token(client, "/profile")
    form = {"email": bob.email, "password": PASSWORD, "csrf_token": token}
    assert client.post("/login", data=form).status_code == 303
    assert thief.get("/").status_code == 302


def test_session_in_use_is_kept_and_one_unused_for_two_weeks_is_not(
    browser: Browser, alice: Person, session_factory: SessionFactory
) -> None:
    used, unused = (logged_in(browser(), alice.email) for _ in range(2))
    with session_factory() as session:
        session.execute(text("UPDATE login_session SET seen_at = now() - interval '13 days'"))
        session.commit()
    assert used.get("/").status_code == 200
    with session_factory() as session:
        forget_logins(session, now=utc_now() + timedelta(days=2))
        session.commit()
    assert used.get("/").status_code == 200
    assert unused.get("/").status_code == 302


def test_new_password_ends_other_sessions(
    client: FlaskClient, alice: Person, session_factory: SessionFactory
) -> None:
    with session_factory() as session:
        change_password(session.get_one(User, alice.user_id), "another password")
        session.commit()
    assert client.get("/").status_code == 302
    assert log_in(client, alice.email).status_code == 422
    assert log_in(client, alice.email, "another password").status_code == 303


def test_forged_session_is_refused(browser: Browser, alice: Person) -> None:
    client = browser()
    for user_id in (f"{alice.user_id}.1", f"{alice.user_id}", "x.y", f"{'9' * 30}.1", "²."):
        with client.session_transaction() as session:
            session["_user_id"] = user_id
        # The cookie is signed by the test; what it lacks is the number of a real log-in.
        assert client.get("/").status_code == 302


def test_cookie_is_hidden_from_scripts_and_other_sites(browser: Browser, alice: Person) -> None:
    header = log_in(browser(), alice.email).headers["Set-Cookie"]
    assert "HttpOnly" in header
    assert "SameSite=Lax" in header


def test_log_in_goes_on_to_the_page_that_was_asked_for(browser: Browser, alice: Person) -> None:
    client = browser()
    path = client.get("/?limit=7").headers["Location"]
    assert send(client, path, email=alice.email, password=PASSWORD).headers["Location"] == (
        "/?limit=7"
    )


@pytest.mark.parametrize(
    "target",
    [
        "https://evil.example", "//evil.example", "/\\evil.example", "\\\\evil.example",
        "javascript:alert(1)", "/\t/evil.example", "/\n/evil.example", "evil.example", "", " /",
        "///evil.example", "http:evil.example",
    ],
)  # fmt: skip
def test_path_that_leads_elsewhere_is_none(target: str) -> None:
    assert local_path(target) is None


def test_log_in_never_goes_on_to_another_site(browser: Browser, alice: Person) -> None:
    answer = send(browser(), "/login?next=//evil.example", email=alice.email, password=PASSWORD)
    assert answer.headers["Location"] == "/"
