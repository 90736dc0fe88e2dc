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
from jinja2.bccache import Bucket, BytecodeCache
from pydantic import SecretStr
from sqlalchemy import Engine, update
from sqlalchemy.orm import Session
from werkzeug.routing import Rule

from dakiya.accounts.tokens import create_token
from dakiya.accounts.users import create_user
from dakiya.clock import utc_now
from dakiya.db import make_engine
from dakiya.models import User, Workspace
from dakiya_dev.embedded import EmbeddedPostgres
from dakiya_web.app import create_app
from dakiya_web.pages.people.throttle import limiter
from dakiya_web.settings import WebSettings
from tests.databases import copy_database
from tests.web.browsing import PASSWORD, logged_in

NAMES = ("alice", "bob", "charlie")


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

    def put(self, path: str, json: Any) -> Answer:
        return self("PUT", path, json)

    def patch(self, path: str, json: Any) -> Answer:
        return self("PATCH", path, json)

    def delete(self, path: str) -> Answer:
        return self("DELETE", path)


class _KeptTemplates(BytecodeCache):
    """Templates compiled by the apps of earlier tests: most of a page's first showing."""

    def __init__(self) -> None:
        self._compiled: dict[str, bytes] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        if bucket.key in self._compiled:
            bucket.bytecode_from_string(self._compiled[bucket.key])

    def dump_bytecode(self, bucket: Bucket) -> None:
        self._compiled[bucket.key] = bucket.bytecode_to_string()


_TEMPLATES = _KeptTemplates()


@dataclass(frozen=True)
class Settler:
    """Somebody who was there before the test."""

    user_id: int
    email: str
    token: str


@dataclass(frozen=True)
class Peopled:
    """A database to copy, with alice, bob and charlie: to hash a password takes its time."""

    name: str
    settlers: tuple[Settler, ...]


@pytest.fixture(scope="session")
def peopled(postgres_server: EmbeddedPostgres, _template_database: str) -> Peopled:
    """The database that ``people`` live in, from which each test's own is copied."""
    name = "dakiya_peopled"
    engine = make_engine(copy_database(postgres_server, _template_database, name))
    with Session(engine) as session:
        settlers = tuple(_settle(session, f"{who}@example.com") for who in NAMES)
        # What the checks ask everybody for.
        session.execute(update(Workspace).values(postal_address="14 Lake Road, Pune 411001"))
        session.get_one(User, settlers[2].user_id).deactivated_at = utc_now()
        session.commit()
    engine.dispose()
    return Peopled(name, settlers)


def _settle(session: Session, email: str) -> Settler:
    user = create_user(session, email=email, password=PASSWORD)
    return Settler(user.id, user.email, create_token(session, user=user, name="tests"))


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


@pytest.fixture(scope="session", autouse=True)
def _routes_are_compiled_once() -> Iterator[None]:
    """Werkzeug writes and compiles two functions per route: 75 of the 85 ms that an app takes.

    They are told whose they are only when they are bound, so that each test's app may have them.
    """
    compile_builder, known = Rule._compile_builder, {}

    def compile_once(rule: Rule, append_unknown: bool) -> Any:
        key = (rule.rule, rule.subdomain, str(rule.defaults), append_unknown)
        if key not in known:
            known[key] = compile_builder(rule, append_unknown)
        return known[key]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Rule, "_compile_builder", compile_once)
        yield


@pytest.fixture
def app(web_settings: WebSettings, web_engine: Engine, monkeypatch: pytest.MonkeyPatch) -> Flask:
    # All apps of a process share the limiter, also that an earlier one had lost its Redis.
    monkeypatch.setattr(limiter, "_storage_dead", False)
    app = create_app(web_settings, engine=web_engine)
    app.testing = False
    app.jinja_env.bytecode_cache = _TEMPLATES
    return app


@pytest.fixture
def mailing(app: Flask) -> None:
    """An installation with a mail server of its own."""
    wired = app.extensions["dakiya"]
    url = SecretStr("smtp://127.0.0.1:1")
    changed = wired.settings.model_copy(update={"system_smtp_url": url})
    object.__setattr__(wired, "settings", changed)


@pytest.fixture
def template(request: pytest.FixtureRequest, _template_database: str) -> str:
    """A database with alice, bob and charlie for those who ask for them, else an empty one."""
    if "people" not in request.fixturenames:
        return _template_database
    peopled: Peopled = request.getfixturevalue("peopled")
    return peopled.name


@pytest.fixture
def people(app: Flask, peopled: Peopled) -> People:
    alice, bob, charlie = (
        Person(settler.user_id, settler.email, Api(app, settler.token))
        for settler in peopled.settlers
    )
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


@pytest.fixture
def client(browser: Callable[[], FlaskClient], alice: Person) -> FlaskClient:
    """alice's browser, logged in."""
    return logged_in(browser(), alice.email)


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
