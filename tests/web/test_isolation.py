"""Walks every route x method as another user, anonymous, deactivated and without a token.

A route without a line in `CASES` fails `test_every_route_has_a_case`: add one that names an
id of alice's, and the walk does the rest.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from io import BytesIO
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import text
from werkzeug.routing import Rule

from dakiya.db import SessionFactory
from dakiya.mail.links import UnsubscribeRef, unsubscribe_token
from dakiya.models import CampaignStatus
from dakiya_web.assets import MANIFEST, Assets
from dakiya_web.wiring import Wiring
from tests.web.conftest import (
    PASSWORD,
    Api,
    People,
    Person,
    account_body,
    account_form,
    campaign_body,
    make_account,
    make_campaign,
)


class Kind(StrEnum):
    """Who may call a route."""

    PUBLIC = "public"  # anybody
    LINK = "link"  # whoever holds the signed link
    TOKEN = "token"  # anybody with an API token; shows or makes only their own
    TOKEN_OWNER = "token owner"  # only the owner of the id in the path
    LOGGED_IN = "logged in"  # a page; shows only their own
    PAGE_OWNER = "page owner"  # a page of the owner of the id in the path; bodies are forms


@dataclass(frozen=True)
class World:
    """What alice owns; names are those of the routes' arguments."""

    ids: dict[str, Any]
    running_campaign_id: int


@dataclass(frozen=True)
class Case:
    """How a route is called. ``body`` must be one that its owner would succeed with."""

    kind: Kind
    body: Callable[[World], Any] | None = None
    # The campaign in the state that the route wants, and what the owner then gets.
    running: bool = False
    owner_status: int = 200


CASES: dict[tuple[str, str], Case] = {
    ("static", "GET"): Case(Kind.PUBLIC),
    ("people.signup", "GET"): Case(Kind.PUBLIC),
    ("people.signup", "POST"): Case(Kind.PUBLIC, owner_status=400),  # no CSRF token
    ("people.login", "GET"): Case(Kind.PUBLIC),
    ("people.login", "POST"): Case(Kind.PUBLIC, owner_status=400),
    ("passwords.forgot", "GET"): Case(Kind.PUBLIC),
    ("passwords.forgot", "POST"): Case(Kind.PUBLIC, owner_status=400),
    ("passwords.reset", "GET"): Case(Kind.PUBLIC, owner_status=404),  # a link of nobody
    ("passwords.reset", "POST"): Case(Kind.PUBLIC, owner_status=400),
    ("people.logout", "POST"): Case(Kind.LOGGED_IN, owner_status=303),
    ("dashboard.index", "GET"): Case(Kind.LOGGED_IN),
    ("campaigns.index", "GET"): Case(Kind.LOGGED_IN),
    ("campaigns.progress_of_many", "GET"): Case(Kind.LOGGED_IN),
    ("campaigns.show", "GET"): Case(Kind.PAGE_OWNER),
    ("campaigns.progress", "GET"): Case(Kind.PAGE_OWNER),
    ("campaigns.emails", "GET"): Case(Kind.PAGE_OWNER),
    ("campaigns.email", "GET"): Case(Kind.PAGE_OWNER),
    ("campaigns.export_csv", "GET"): Case(Kind.PAGE_OWNER),
    ("campaigns.export_xlsx", "GET"): Case(Kind.PAGE_OWNER),
    ("campaigns.pause", "POST"): Case(Kind.PAGE_OWNER, running=True, owner_status=303),
    ("campaigns.resume", "POST"): Case(Kind.PAGE_OWNER, running=True, owner_status=303),
    ("campaigns.ask_cancel", "GET"): Case(Kind.PAGE_OWNER, running=True),
    ("campaigns.cancel", "POST"): Case(Kind.PAGE_OWNER, running=True, owner_status=303),
    ("campaigns.unschedule", "POST"): Case(Kind.PAGE_OWNER, running=True, owner_status=303),
    ("campaigns.retry_failed", "POST"): Case(Kind.PAGE_OWNER, running=True, owner_status=303),
    ("campaigns.ask_unknown", "GET"): Case(Kind.PAGE_OWNER, running=True),
    ("campaigns.resolve_unknown", "POST"): Case(Kind.PAGE_OWNER, running=True, owner_status=303),
    ("smtp_accounts.index", "GET"): Case(Kind.LOGGED_IN),
    ("smtp_accounts.create", "GET"): Case(Kind.LOGGED_IN),
    ("smtp_accounts.create", "POST"): Case(Kind.LOGGED_IN),
    ("smtp_accounts.show", "GET"): Case(Kind.PAGE_OWNER),
    ("smtp_accounts.edit", "GET"): Case(Kind.PAGE_OWNER),
    ("smtp_accounts.edit", "POST"): Case(
        Kind.PAGE_OWNER, lambda _: account_form(), owner_status=303
    ),
    ("smtp_accounts.start_test", "POST"): Case(
        Kind.PAGE_OWNER, lambda _: {"to": "someone@example.com"}, owner_status=303
    ),
    ("smtp_accounts.show_test", "GET"): Case(Kind.PAGE_OWNER, owner_status=302),
    ("smtp_accounts.ask_delete", "GET"): Case(Kind.PAGE_OWNER),
    ("smtp_accounts.delete", "POST"): Case(Kind.PAGE_OWNER, owner_status=303),
    ("compose.new", "GET"): Case(Kind.LOGGED_IN),
    ("compose.new", "POST"): Case(Kind.LOGGED_IN),
    ("compose.time_in_words", "GET"): Case(Kind.LOGGED_IN),
    ("compose.edit", "GET"): Case(Kind.PAGE_OWNER),
    ("compose.edit", "POST"): Case(Kind.PAGE_OWNER, lambda _: {"name": ""}, owner_status=422),
    ("compose.recipients", "GET"): Case(Kind.PAGE_OWNER),
    ("compose.paste", "POST"): Case(
        Kind.PAGE_OWNER, lambda _: {"pasted": "new@example.org"}, owner_status=303
    ),
    ("compose.upload", "POST"): Case(
        Kind.PAGE_OWNER,
        lambda _: {"file": (BytesIO(b"email\ny@example.com\n"), "l.csv")},
        owner_status=303,
    ),
    ("compose.remove_recipients", "GET"): Case(Kind.PAGE_OWNER),
    # An import is still queued.
    ("compose.remove_recipients", "POST"): Case(Kind.PAGE_OWNER, owner_status=409),
    ("compose.show_import", "GET"): Case(Kind.PAGE_OWNER),
    ("compose.import_progress", "GET"): Case(Kind.PAGE_OWNER),
    ("compose.rejected_rows", "GET"): Case(Kind.PAGE_OWNER),
    # It does not wait for its columns: back to its page.
    ("compose.choose_columns", "POST"): Case(
        Kind.PAGE_OWNER, lambda _: {"role-0": "email"}, owner_status=303
    ),
    ("compose.stop_import", "POST"): Case(Kind.PAGE_OWNER, owner_status=303),
    ("compose.content", "GET"): Case(Kind.PAGE_OWNER),
    ("compose.save_content", "POST"): Case(
        Kind.PAGE_OWNER, lambda _: {"subject": "Hello"}, owner_status=422
    ),
    ("compose.preview", "GET"): Case(Kind.PAGE_OWNER),
    ("compose.preview_frame", "GET"): Case(Kind.PAGE_OWNER),
    ("compose.mail", "GET"): Case(Kind.PAGE_OWNER),
    ("compose.send_test", "POST"): Case(
        Kind.PAGE_OWNER, lambda _: {"to": "me@example.com"}, owner_status=303
    ),
    ("compose.test_progress", "GET"): Case(Kind.PAGE_OWNER),
    ("compose.schedule", "GET"): Case(Kind.PAGE_OWNER),
    ("compose.review", "GET"): Case(Kind.PAGE_OWNER, owner_status=422),
    ("compose.confirm", "POST"): Case(Kind.PAGE_OWNER, lambda _: {"at": "now"}, owner_status=422),
    ("compose.scheduled", "GET"): Case(Kind.PAGE_OWNER, running=True),
    ("compose.duplicate", "GET"): Case(Kind.PAGE_OWNER),
    ("compose.duplicate", "POST"): Case(Kind.PAGE_OWNER, owner_status=303),
    ("compose.delete", "GET"): Case(Kind.PAGE_OWNER, running=True),
    ("compose.delete", "POST"): Case(Kind.PAGE_OWNER, running=True, owner_status=409),
    ("suppressions.index", "GET"): Case(Kind.LOGGED_IN),
    ("suppressions.add", "GET"): Case(Kind.LOGGED_IN),
    ("suppressions.add", "POST"): Case(Kind.LOGGED_IN),
    ("suppressions.ask_remove", "GET"): Case(Kind.LOGGED_IN),
    ("suppressions.remove", "POST"): Case(Kind.LOGGED_IN),
    ("suppressions.export", "GET"): Case(Kind.LOGGED_IN),
    ("tokens.index", "GET"): Case(Kind.LOGGED_IN),
    ("tokens.index", "POST"): Case(Kind.LOGGED_IN),
    ("tokens.ask_revoke", "GET"): Case(Kind.PAGE_OWNER),
    ("tokens.revoke", "POST"): Case(Kind.PAGE_OWNER, owner_status=303),
    ("profile.show", "GET"): Case(Kind.LOGGED_IN),
    ("profile.change_settings", "POST"): Case(Kind.LOGGED_IN),
    ("profile.change_password", "POST"): Case(Kind.LOGGED_IN),
    ("preferences.change_theme", "POST"): Case(Kind.PUBLIC, owner_status=400),
    ("unsubscribe.show", "GET"): Case(Kind.LINK),
    ("unsubscribe.act", "POST"): Case(Kind.LINK),
    ("api.health", "GET"): Case(Kind.PUBLIC),
    ("api.list_smtp_accounts", "GET"): Case(Kind.TOKEN),
    ("api.create_smtp_account", "POST"): Case(
        Kind.TOKEN, lambda _: account_body(), owner_status=201
    ),
    ("api.show_smtp_account", "GET"): Case(Kind.TOKEN_OWNER),
    ("api.change_smtp_account", "PATCH"): Case(Kind.TOKEN_OWNER, lambda _: {"name": "Mine"}),
    ("api.test_smtp_account", "POST"): Case(
        Kind.TOKEN_OWNER, lambda _: {"to": "someone@example.com"}, owner_status=202
    ),
    ("api.show_smtp_test", "GET"): Case(Kind.TOKEN_OWNER),
    ("api.delete_smtp_account", "DELETE"): Case(Kind.TOKEN_OWNER, owner_status=409),
    ("api.list_campaigns", "GET"): Case(Kind.TOKEN),
    ("api.create_campaign", "POST"): Case(
        Kind.TOKEN, lambda world: campaign_body(world.ids["account_id"]), owner_status=201
    ),
    ("api.show_campaign", "GET"): Case(Kind.TOKEN_OWNER),
    ("api.list_emails", "GET"): Case(Kind.TOKEN_OWNER),
    ("api.list_errors", "GET"): Case(Kind.TOKEN_OWNER),
    ("api.unschedule_campaign", "POST"): Case(Kind.TOKEN_OWNER, owner_status=409),
    ("api.retry_failed", "POST"): Case(Kind.TOKEN_OWNER, running=True, owner_status=409),
    ("api.resolve_unknown", "POST"): Case(Kind.TOKEN_OWNER, lambda _: {"as": "sent"}),
    ("api.duplicate_campaign", "POST"): Case(Kind.TOKEN_OWNER, owner_status=201),
    ("api.change_campaign", "PATCH"): Case(Kind.TOKEN_OWNER, lambda _: {"name": "Mine"}),
    ("api.add_campaign_recipients", "POST"): Case(
        Kind.TOKEN_OWNER, lambda _: [{"email": "someone@example.com"}]
    ),
    ("api.show_import", "GET"): Case(Kind.TOKEN_OWNER),
    ("api.list_imports", "GET"): Case(Kind.TOKEN_OWNER),
    ("api.list_suppressions", "GET"): Case(Kind.TOKEN),
    ("api.add_suppressions", "POST"): Case(Kind.TOKEN, lambda _: {"emails": ["x@example.com"]}),
    ("api.delete_suppression", "DELETE"): Case(Kind.TOKEN_OWNER, owner_status=204),
    ("api.list_tokens", "GET"): Case(Kind.TOKEN),
    ("api.schedule_campaign", "POST"): Case(
        # An import is still queued.
        Kind.TOKEN_OWNER,
        lambda _: {"at": "now"},
        owner_status=409,
    ),
    ("api.pause_campaign", "POST"): Case(Kind.TOKEN_OWNER, running=True),
    ("api.resume_campaign", "POST"): Case(Kind.TOKEN_OWNER, running=True),
    ("api.cancel_campaign", "POST"): Case(Kind.TOKEN_OWNER, running=True),
    ("api.delete_campaign", "DELETE"): Case(Kind.TOKEN_OWNER, running=True, owner_status=409),
    # These end what the cases before them need.
    ("api.cancel_import", "POST"): Case(Kind.TOKEN_OWNER),
    ("api.delete_token", "DELETE"): Case(Kind.TOKEN_OWNER, owner_status=204),
}


def routes(app: Flask) -> list[tuple[Rule, str]]:
    return [
        (rule, method)
        for rule in app.url_map.iter_rules()
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"})
    ]


def routes_of(app: Flask, *kinds: Kind) -> list[tuple[Rule, str, Case]]:
    """The cases of some kinds, in the order of `CASES`."""
    found = {(rule.endpoint, method): rule for rule, method in routes(app)}
    return [(found[key], key[1], case) for key, case in CASES.items() if case.kind in kinds]


@pytest.fixture
def world(app: Flask, alice: Person, session_factory: SessionFactory) -> World:
    account_id = make_account(alice)
    campaign_id = make_campaign(alice, smtp_account_id=account_id)
    running_id = make_campaign(alice, smtp_account_id=account_id, name="Running")
    assert alice.api.post(f"/campaigns/{running_id}/schedule", {"at": "now"}).status == 200
    upload = {"file": (BytesIO(b"email\nx@example.com\n"), "list.csv")}
    answer = alice.api.post(f"/campaigns/{campaign_id}/recipients", data=upload)
    assert answer.status == 202, answer.text
    alice.api.post("/suppressions", {"emails": ["suppressed@example.com"]})
    wired: Wiring = app.extensions["dakiya"]
    with session_factory() as session:
        recipient_id = session.scalar(
            text("SELECT id FROM recipient WHERE campaign_id = :id"), {"id": campaign_id}
        )
        # A line of the ledger, for the page that tells its story.
        session.execute(
            text("INSERT INTO email (campaign_id, recipient_id, due_at) VALUES (:id, :one, now())"),
            {"id": campaign_id, "one": recipient_id},
        )
        session.commit()
        token_id = session.scalar(
            text("SELECT id FROM api_token WHERE user_id = :id"), {"id": alice.user_id}
        )
    ref = UnsubscribeRef(campaign_id=campaign_id, recipient_id=int(recipient_id or 0))
    return World(
        ids={
            "account_id": account_id,
            "campaign_id": campaign_id,
            "recipient_id": recipient_id,
            "token_id": token_id,
            "email": "suppressed@example.com",
            "secret": "a-secret-of-nobody",
            "import_id": answer.json["import_id"],
            "token": unsubscribe_token(wired.links_key, ref),
            "filename": f"dist/{Assets(MANIFEST).name_of('app.css')}",
        },
        running_campaign_id=running_id,
    )


def path_of(rule: Rule, case: Case, world: World) -> str:
    ids = dict(world.ids)
    if case.running:
        ids["campaign_id"] = world.running_campaign_id
    built = rule.build({name: ids[name] for name in rule.arguments}, append_unknown=False)
    assert built is not None
    return str(built[1])


def call(api: Api, rule: Rule, method: str, case: Case, world: World) -> Any:
    path = path_of(rule, case, world).removeprefix("/api/v1")
    return api(method, path, case.body(world) if case.body else None)


def open_page(client: FlaskClient, rule: Rule, method: str, case: Case, world: World) -> Any:
    body = case.body(world) if case.body else None
    return client.open(path_of(rule, case, world), method=method, data=body)


def everything(session_factory: SessionFactory) -> dict[str, list[str]]:
    """Every row of every table, but when a token was last used."""
    with session_factory() as session:
        tables = session.scalars(
            text("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        ).all()
        return {
            table: sorted(
                session.scalars(
                    text(f"SELECT (to_jsonb(t) - 'last_used_at')::text FROM {table} AS t")
                ).all()
            )
            for table in tables
        }


def log_in(client: FlaskClient, email: str) -> None:
    page = client.get("/login").text
    token = page.partition('name="csrf_token"')[2].partition('value="')[2].partition('"')[0]
    answer = client.post("/login", data={"email": email, "password": PASSWORD, "csrf_token": token})
    assert answer.status_code == 303, answer.text


def test_every_route_has_a_case(app: Flask) -> None:
    assert {(rule.endpoint, method) for rule, method in routes(app)} == set(CASES)


def test_owner_gets_in_everywhere(app: Flask, alice: Person, world: World) -> None:
    """Otherwise the refusals of the other tests would prove nothing."""
    for rule, method, case in routes_of(app, Kind.TOKEN, Kind.TOKEN_OWNER):
        answer = call(alice.api, rule, method, case, world)
        assert answer.status == case.owner_status, (rule.endpoint, method, answer.text)


def test_other_user_gets_404_and_changes_nothing(
    app: Flask, bob: Person, world: World, session_factory: SessionFactory
) -> None:
    before = everything(session_factory)
    for rule, method, case in routes_of(app, Kind.TOKEN_OWNER):
        answer = call(bob.api, rule, method, case, world)
        assert answer.status == 404, (rule.endpoint, method, answer.text)
        assert set(answer.json) == {"error"}
    assert everything(session_factory) == before


def test_owner_gets_into_every_page(
    app: Flask, alice: Person, world: World, browser: Callable[[], FlaskClient]
) -> None:
    client = browser()
    log_in(client, alice.email)
    app.config["WTF_CSRF_ENABLED"] = False
    for rule, method, case in routes_of(app, Kind.PAGE_OWNER):
        answer = open_page(client, rule, method, case, world)
        assert answer.status_code == case.owner_status, (rule.endpoint, method, answer.text)


def test_other_user_gets_404_for_every_page_and_changes_nothing(
    app: Flask,
    bob: Person,
    world: World,
    browser: Callable[[], FlaskClient],
    session_factory: SessionFactory,
) -> None:
    client = browser()
    log_in(client, bob.email)
    app.config["WTF_CSRF_ENABLED"] = False
    before = everything(session_factory)
    for rule, method, case in routes_of(app, Kind.PAGE_OWNER):
        answer = open_page(client, rule, method, case, world)
        assert answer.status_code == 404, (rule.endpoint, method, answer.text)
    assert everything(session_factory) == before


def test_other_users_answer_equals_that_of_a_missing_thing(
    app: Flask, bob: Person, world: World
) -> None:
    missing = World(dict.fromkeys(world.ids, 10**15), running_campaign_id=10**15)
    for rule, method, case in routes_of(app, Kind.TOKEN_OWNER):
        other = call(bob.api, rule, method, case, world)
        none = call(bob.api, rule, method, case, missing)
        assert (other.status, other.json) == (none.status, none.json), rule.endpoint


def test_other_user_lists_nothing_of_alice(
    app: Flask, bob: Person, world: World, browser: Callable[[], FlaskClient]
) -> None:
    for path in ("/smtp-accounts", "/campaigns", "/suppressions"):
        assert bob.api.get(path).json["items"] == []
    client = browser()
    log_in(client, bob.email)
    page = client.get("/campaigns").text
    assert "No campaign yet" in page
    assert "Diwali offer" not in page + client.get("/").text


def test_no_valid_token_gets_401_and_changes_nothing(
    app: Flask, world: World, session_factory: SessionFactory
) -> None:
    before = everything(session_factory)
    for token in (None, "dk_wrong", "", "a b", "ü", "x" * 5000):
        api = Api(app, token)
        for rule, method, case in routes_of(app, Kind.TOKEN, Kind.TOKEN_OWNER):
            answer = call(api, rule, method, case, world)
            assert answer.status == 401, (rule.endpoint, method, answer.text)
            assert answer.headers["WWW-Authenticate"].startswith("Bearer")
    assert everything(session_factory) == before


def test_deactivated_user_gets_401_and_changes_nothing(
    app: Flask, people: People, world: World, session_factory: SessionFactory
) -> None:
    before = everything(session_factory)
    for rule, method, case in routes_of(app, Kind.TOKEN, Kind.TOKEN_OWNER):
        answer = call(people.charlie.api, rule, method, case, world)
        assert answer.status == 401, (rule.endpoint, method)
    assert everything(session_factory) == before


def test_revoked_token_gets_401(alice: Person, session_factory: SessionFactory) -> None:
    with session_factory() as session:
        session.execute(text("UPDATE api_token SET revoked_at = now()"))
        session.commit()
    assert alice.api.get("/campaigns").status == 401


def test_session_cookie_opens_no_api_route(
    app: Flask, alice: Person, world: World, browser: Callable[[], FlaskClient]
) -> None:
    client = browser()
    log_in(client, alice.email)
    for rule, method, case in routes_of(app, Kind.TOKEN, Kind.TOKEN_OWNER):
        answer = client.open(path_of(rule, case, world), method=method)
        assert answer.status_code == 401, rule.endpoint


def test_pages_send_the_anonymous_to_the_login(
    app: Flask, world: World, browser: Callable[[], FlaskClient]
) -> None:
    app.config["WTF_CSRF_ENABLED"] = False
    for rule, method, case in routes_of(app, Kind.LOGGED_IN, Kind.PAGE_OWNER):
        answer = browser().open(path_of(rule, case, world), method=method)
        assert answer.status_code == (302 if method == "GET" else 303), rule.endpoint
        assert answer.headers["Location"].startswith("/login")


def test_pages_send_a_user_deactivated_meanwhile_to_the_login(
    app: Flask,
    alice: Person,
    world: World,
    browser: Callable[[], FlaskClient],
    session_factory: SessionFactory,
) -> None:
    client = browser()
    log_in(client, alice.email)
    assert client.get("/").status_code == 200
    with session_factory() as session:
        session.execute(text("UPDATE app_user SET deactivated_at = now()"))
        session.commit()
    app.config["WTF_CSRF_ENABLED"] = False
    for rule, method, case in routes_of(app, Kind.LOGGED_IN, Kind.PAGE_OWNER):
        answer = client.open(path_of(rule, case, world), method=method)
        assert answer.status_code == (302 if method == "GET" else 303), rule.endpoint
    with session_factory() as session:
        statuses = session.scalars(text("SELECT status FROM campaign ORDER BY id")).all()
    assert statuses == [CampaignStatus.DRAFT, CampaignStatus.PREPARING]


def test_link_routes_refuse_a_forged_token(
    app: Flask, world: World, session_factory: SessionFactory
) -> None:
    token = world.ids["token"]
    forged = World({**world.ids, "token": token[:-1] + ("a" if token[-1] != "a" else "b")}, 0)
    before = everything(session_factory)
    for rule, method, case in routes_of(app, Kind.LINK):
        answer = app.test_client().open(path_of(rule, case, forged), method=method)
        assert answer.status_code == 404, rule.endpoint
    assert everything(session_factory) == before


def test_public_routes_answer_anybody(app: Flask, world: World) -> None:
    for rule, method, case in routes_of(app, Kind.PUBLIC, Kind.LINK):
        with app.test_client().open(path_of(rule, case, world), method=method) as answer:
            assert answer.status_code == case.owner_status, rule.endpoint


def test_campaign_with_another_users_account_is_refused(
    alice: Person, bob: Person, world: World, session_factory: SessionFactory
) -> None:
    before = everything(session_factory)
    answer = bob.api.post("/campaigns", campaign_body(world.ids["account_id"]))
    missing = bob.api.post("/campaigns", campaign_body(10**15))
    assert answer.status == missing.status == 422
    assert (
        answer.json
        == missing.json
        == {"errors": {"smtp_account_id": ["There is no such SMTP account."]}}
    )
    assert everything(session_factory) == before


def test_campaign_cannot_move_to_another_users_account(
    bob: Person, world: World, session_factory: SessionFactory
) -> None:
    campaign_id = make_campaign(bob)
    before = everything(session_factory)
    answer = bob.api.patch(
        f"/campaigns/{campaign_id}", {"smtp_account_id": world.ids["account_id"]}
    )
    assert answer.status == 422
    assert everything(session_factory) == before


def test_owner_fields_in_a_body_are_refused(
    bob: Person, alice: Person, session_factory: SessionFactory
) -> None:
    before = everything(session_factory)
    for body in (account_body(workspace_id=1), account_body(id=1), account_body(deleted_at=None)):
        assert bob.api.post("/smtp-accounts", body).status == 422
    assert everything(session_factory) == before
