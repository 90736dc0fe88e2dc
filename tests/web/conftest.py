"""The web application on real servers, as the role that owns no table, and three people.

alice owns things, bob owns other things, charlie was deactivated (see `People`).
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from json import dumps
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from dakiya.accounts.tokens import create_token
from dakiya.accounts.users import create_user
from dakiya.clock import utc_now
from dakiya.db import SessionFactory, make_engine
from dakiya.models import User
from dakiya_web.app import create_app
from dakiya_web.settings import WebSettings

PASSWORD = "correct horse battery staple"


@dataclass(frozen=True)
class Person:
    """A user, and an API client that acts for them."""

    user_id: int
    email: str
    api: "Api"


@dataclass(frozen=True)
class People:
    """alice and bob have nothing to do with each other; charlie may do nothing any more."""

    alice: Person
    bob: Person
    charlie: Person


@dataclass(frozen=True)
class Answer:
    """What came back."""

    status: int
    json: Any
    text: str
    headers: Any


class Api:
    """Calls the JSON API with one token."""

    def __init__(self, app: Flask, token: str | None) -> None:
        self._client = app.test_client(use_cookies=False)
        self.token = token

    def __call__(self, method: str, path: str, json: Any = None, **options: Any) -> Answer:
        headers = dict(options.pop("headers", {}))
        if self.token is not None:
            headers.setdefault("Authorization", f"Bearer {self.token}")
        if json is not None:
            # As most clients write it, so that half a character can be sent too.
            options["data"] = dumps(json)
            headers.setdefault("Content-Type", "application/json")
        response = self._client.open(f"/api/v1{path}", method=method, headers=headers, **options)
        body = response.get_json(silent=True)
        return Answer(response.status_code, body, response.text, response.headers)

    def get(self, path: str, **options: Any) -> Answer:
        return self("GET", path, **options)

    def post(self, path: str, json: Any = None, **options: Any) -> Answer:
        return self("POST", path, json, **options)

    def patch(self, path: str, json: Any) -> Answer:
        return self("PATCH", path, json)

    def delete(self, path: str) -> Answer:
        return self("DELETE", path)


@pytest.fixture
def web_settings(
    environment: dict[str, str], web_database_url: str, monkeypatch: pytest.MonkeyPatch
) -> WebSettings:
    monkeypatch.setenv("DATABASE_URL", web_database_url)
    return WebSettings.load()


@pytest.fixture
def web_engine(web_database_url: str) -> Iterator[Engine]:
    engine = make_engine(web_database_url)
    yield engine
    engine.dispose()


@pytest.fixture
def app(web_settings: WebSettings, web_engine: Engine) -> Flask:
    app = create_app(web_settings, engine=web_engine)
    app.testing = False
    return app


@pytest.fixture
def people(app: Flask, session_factory: SessionFactory) -> People:
    with session_factory() as session:
        alice, bob, charlie = (
            _person(app, session, f"{name}@example.com") for name in ("alice", "bob", "charlie")
        )
        deactivated = session.get_one(User, charlie.user_id)
        deactivated.deactivated_at = utc_now()
        session.commit()
    return People(alice, bob, charlie)


@pytest.fixture
def alice(people: People) -> Person:
    return people.alice


@pytest.fixture
def bob(people: People) -> Person:
    return people.bob


@pytest.fixture
def anonymous(app: Flask) -> Api:
    return Api(app, None)


@pytest.fixture
def browser(app: Flask) -> Callable[[], FlaskClient]:
    """Make browsers, each with cookies of its own."""
    return app.test_client


def _person(app: Flask, session: Session, email: str) -> Person:
    user = create_user(session, email=email, password=PASSWORD)
    token = create_token(session, user=user, name="tests")
    return Person(user.id, user.email, Api(app, token))


def account_body(**changes: Any) -> dict[str, Any]:
    """A valid SMTP account as JSON."""
    return {
        "name": "Relay",
        "host": "smtp.example.com",
        "port": 587,
        "security": "starttls",
        "username": "asha",
        "password": "an smtp password",
        "from_email": "asha@example.com",
        "from_name": "Asha",
    } | changes


def account_form(**changes: str) -> dict[str, str]:
    """A valid SMTP account as a browser sends it."""
    limits = dict.fromkeys(("per_second", "per_minute", "per_hour", "per_day"), "")
    body = {name: str(value) for name, value in account_body().items()}
    return body | limits | {"connections": "4", "mails_per_connection": "100"} | changes


def campaign_body(account_id: int, **changes: Any) -> dict[str, Any]:
    """A valid campaign as JSON."""
    return {
        "name": "Diwali offer",
        "subject": "Hello {{ name }}",
        "html": "<p>Hello {{ name }} in {{ city | default('your town') }}</p>",
        "smtp_account_id": account_id,
        "recipients": [{"email": "ravi@example.org", "name": "Ravi", "fields": {"city": "Pune"}}],
    } | changes


def make_account(person: Person, **changes: Any) -> int:
    """Add an SMTP account by API and return its id."""
    answer = person.api.post("/smtp-accounts", account_body(**changes))
    assert answer.status == 201, answer.text
    return int(answer.json["id"])


def make_campaign(person: Person, **changes: Any) -> int:
    """Add an account and a campaign by API and return the campaign's id."""
    account_id = changes.pop("smtp_account_id", None) or make_account(person)
    answer = person.api.post("/campaigns", campaign_body(account_id, **changes))
    assert answer.status == 201, answer.text
    return int(answer.json["id"])
