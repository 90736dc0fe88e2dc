"""Guessing is slowed down: at one account, from one address, whatever becomes of Redis."""

from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from flask import Flask
from flask.testing import FlaskClient

from dakiya_web.app import create_app
from dakiya_web.pages.people.throttle import limiter
from dakiya_web.settings import WebSettings
from tests.web.browsing import csrf_token, log_in, send
from tests.web.conftest import Person

Browser = Callable[[], FlaskClient]


def test_guessing_at_one_account_is_slowed_down_and_others_are_not(
    browser: Browser, alice: Person, bob: Person
) -> None:
    client = browser()
    statuses = [log_in(client, "ALICE@example.com ", "wrong word").status_code for _ in range(11)]
    assert statuses == [422] * 10 + [429]
    assert log_in(client, alice.email).status_code == 429
    assert log_in(browser(), bob.email).status_code == 303


def test_guesses_sent_at_once_get_through_no_more_often(app: Flask, alice: Person) -> None:
    clients = [app.test_client() for _ in range(40)]
    forms = [
        {"email": alice.email, "password": "wrong word", "csrf_token": csrf_token(one, "/login")}
        for one in clients
    ]
    with ThreadPoolExecutor(len(clients)) as pool:
        answers = list(pool.map(lambda one, form: one.post("/login", data=form), clients, forms))
    assert Counter(answer.status_code for answer in answers) == {422: 10, 429: 30}
    refused = [answer for answer in answers if answer.status_code == 429]
    assert all(0 < int(answer.headers["Retry-After"]) <= 600 for answer in refused)


def test_refused_attempts_at_one_account_leave_the_address_its_own(
    browser: Browser, alice: Person, bob: Person
) -> None:
    client = browser()
    assert [log_in(client, alice.email, "wrong word").status_code for _ in range(40)][10:] == (
        [429] * 30
    )
    assert log_in(client, bob.email, "wrong word").status_code == 422


def test_sign_ups_from_one_address_are_slowed_down(browser: Browser) -> None:
    client = browser()
    answers = [send(client, "/signup", email="nobody", password="x") for _ in range(21)]
    assert [answer.status_code for answer in answers] == [422] * 20 + [429]
    assert 0 < int(answers[-1].headers["Retry-After"]) <= 7200


def test_right_log_ins_never_count(browser: Browser, alice: Person) -> None:
    assert {log_in(browser(), alice.email).status_code for _ in range(12)} == {303}


def test_guessing_from_one_address_is_slowed_down(browser: Browser, alice: Person) -> None:
    client = browser()
    statuses = [log_in(client, f"p{n}@example.com", "wrong word").status_code for n in range(31)]
    assert statuses == [422] * 30 + [429]


def test_no_lock_out_is_for_ever(app: Flask, browser: Browser, alice: Person) -> None:
    client = browser()
    for _ in range(11):
        log_in(client, alice.email, "wrong word")
    redis = app.extensions["dakiya"].redis
    waits = [redis.pttl(key) for key in redis.keys("*throttle*")]
    assert waits
    # A window counts a share of the one before it.
    assert all(0 < wait <= 2 * 24 * 3600 * 1000 for wait in waits)
    assert all(b"alice" not in key for key in redis.keys("*"))


def test_log_in_works_and_is_still_throttled_when_redis_is_away(
    web_settings: WebSettings, alice: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REDIS_URL", "redis://127.0.0.1:1/0")
    # Forgotten afterwards: the limiter is one for all applications of a process.
    monkeypatch.setattr(limiter, "_storage_dead", False)
    app = create_app(WebSettings.load())
    assert log_in(app.test_client(), alice.email).status_code == 303
    client = app.test_client()
    statuses = [log_in(client, alice.email, "wrong word").status_code for _ in range(12)]
    assert statuses[0] == 422
    assert statuses[-1] == 429


def test_other_spellings_of_an_address_share_its_throttle(browser: Browser, alice: Person) -> None:
    name, _, domain = alice.email.partition("@")
    spellings = [alice.email, f" {alice.email}", f"{name}@{domain.upper()}", f"{name}@EXAMPLE。com"]
    client = browser()
    statuses = [log_in(client, each, "wrong word").status_code for each in spellings * 3]
    assert statuses == [422] * 10 + [429] * 2
