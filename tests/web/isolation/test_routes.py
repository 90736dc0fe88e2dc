"""Every route has its line in the table; those that are open to anybody."""

from flask import Flask

from dakiya.db import SessionFactory
from tests.web.database import everything
from tests.web.isolation.cases import CASES, Kind, World
from tests.web.isolation.walk import path_of, routes, routes_of


def test_every_route_has_a_case(app: Flask) -> None:
    assert {(rule.endpoint, method) for rule, method in routes(app)} == set(CASES)


def test_public_routes_answer_anybody(app: Flask, world: World) -> None:
    for rule, method, case in routes_of(app, Kind.PUBLIC, Kind.LINK):
        with app.test_client().open(path_of(rule, case, world), method=method) as answer:
            assert answer.status_code == case.owner_status, rule.endpoint


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
