"""The profile: time zone, theme, password."""

from collections.abc import Callable

import pytest
from flask import Flask
from flask.testing import FlaskClient

from dakiya.db import SessionFactory
from dakiya.models import User
from tests.web.browsing import PASSWORD, csrf_token, log_in, log_out, send
from tests.web.conftest import Person

Browser = Callable[[], FlaskClient]


def change(client: FlaskClient, old: str, new: str) -> int:
    token = csrf_token(client, "/profile")
    form = {"csrf_token": token, "old": old, "password": new}
    return client.post("/profile/password", data=form).status_code


def test_zone_and_theme_are_kept(
    client: FlaskClient, alice: Person, session_factory: SessionFactory
) -> None:
    page = client.get("/profile").text
    assert 'value="Asia/Kolkata (UTC+05:30)"' in page
    assert page.index("Asia/Kolkata") < page.index("Africa/Abidjan")
    wrong = send(client, "/profile", timezone="Zurcih", theme="dark")
    assert wrong.status_code == 422
    assert "Did you mean Europe/Zurich?" in wrong.text
    answer = send(client, "/profile", timezone="Europe/Zurich (UTC+01:00)", theme="dark")
    assert answer.status_code == 303, answer.text
    page = client.get("/profile").text
    assert 'data-bs-theme="dark"' in page
    assert "CET" in page or "CEST" in page
    with session_factory() as session:
        user = session.get_one(User, alice.user_id)
        assert (user.timezone, user.theme) == ("Europe/Zurich", "dark")


def test_theme_of_the_menu_is_there_after_a_log_in_elsewhere(
    client: FlaskClient, browser: Browser, alice: Person
) -> None:
    assert send(client, "/profile", theme="dark", timezone="UTC").status_code == 303
    token = csrf_token(client, "/profile")
    client.post("/theme", data={"csrf_token": token, "theme": "light"})
    other = browser()
    assert 'data-theme="auto"' in other.get("/login").text
    log_in(other, alice.email)
    page = other.get("/profile").text
    assert 'data-theme="light"' in page
    assert '<option selected value="light">' in page
    log_out(other)
    assert 'data-theme="light"' in other.get("/login").text


def test_theme_of_one_user_is_not_the_others(
    client: FlaskClient, alice: Person, bob: Person
) -> None:
    client.post("/theme", data={"csrf_token": csrf_token(client, "/profile"), "theme": "dark"})
    log_out(client)
    log_in(client, bob.email)
    assert 'data-theme="auto"' in client.get("/").text


@pytest.mark.parametrize("fields", [{"timezone": "Mars/X"}, {"theme": "pink"}, {"theme": ""}])
def test_unknown_zone_or_theme_is_refused(
    client: FlaskClient, alice: Person, session_factory: SessionFactory, fields: dict[str, str]
) -> None:
    sent = {"timezone": "Europe/Zurich", "theme": "dark"} | fields
    assert send(client, "/profile", **sent).status_code == 422
    with session_factory() as session:
        assert session.get_one(User, alice.user_id).timezone == "Asia/Kolkata"


def test_new_password_ends_the_other_sessions_and_keeps_this_one(
    app: Flask, client: FlaskClient, browser: Browser, alice: Person
) -> None:
    other, copy = browser(), browser()
    log_in(other, alice.email)
    of_this_one = client.get_cookie("dakiya")
    assert of_this_one is not None
    copy.set_cookie("dakiya", of_this_one.value)
    assert change(client, PASSWORD, "a new long password") == 303
    assert "Your password is changed" in client.get("/profile").text
    app.extensions["dakiya"].redis.flushall()
    assert other.get("/profile").status_code == 302
    assert copy.get("/profile").status_code == 302
    assert log_in(browser(), alice.email).status_code == 422
    assert log_in(browser(), alice.email, "a new long password").status_code == 303


@pytest.mark.parametrize(
    ("old", "new"),
    [("wrong password", "a new long password"), (PASSWORD, "short"), ("", "a new long password")],
)
def test_refused_password_changes_nothing(
    client: FlaskClient, browser: Browser, alice: Person, old: str, new: str
) -> None:
    assert change(client, old, new) == 422
    assert log_in(browser(), alice.email).status_code == 303


def test_guessing_the_present_password_is_slowed_down(client: FlaskClient) -> None:
    statuses = [change(client, "wrong password", "a new long password") for _ in range(12)]
    assert statuses[:10] == [422] * 10
    assert statuses[-1] == 429
