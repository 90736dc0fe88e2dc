"""Walks every route of the API as its owner, another user, deactivated and without a token."""

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import text

from dakiya.db import SessionFactory
from tests.web.conftest import Api, People, Person, account_body, campaign_body, make_campaign
from tests.web.database import everything
from tests.web.isolation.cases import Kind, World
from tests.web.isolation.walk import call, path_of, routes_of


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


def test_other_users_answer_equals_that_of_a_missing_thing(
    app: Flask, bob: Person, world: World
) -> None:
    missing = World(dict.fromkeys(world.ids, 10**15), running_campaign_id=10**15)
    for rule, method, case in routes_of(app, Kind.TOKEN_OWNER):
        other = call(bob.api, rule, method, case, world)
        none = call(bob.api, rule, method, case, missing)
        assert (other.status, other.json) == (none.status, none.json), rule.endpoint


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


def test_session_cookie_opens_no_api_route(app: Flask, client: FlaskClient, world: World) -> None:
    for rule, method, case in routes_of(app, Kind.TOKEN, Kind.TOKEN_OWNER):
        answer = client.open(path_of(rule, case, world), method=method)
        assert answer.status_code == 401, rule.endpoint


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
