"""Walks every page as its owner, another user, anonymous and deactivated."""

from collections.abc import Callable

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import text

from dakiya.db import SessionFactory
from dakiya.models import CampaignStatus
from tests.web.browsing import logged_in
from tests.web.conftest import Person
from tests.web.database import everything
from tests.web.isolation.cases import Kind, World
from tests.web.isolation.walk import open_page, path_of, routes_of


def test_owner_gets_into_every_page(app: Flask, client: FlaskClient, world: World) -> None:
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
    client = logged_in(browser(), bob.email)
    app.config["WTF_CSRF_ENABLED"] = False
    before = everything(session_factory)
    for rule, method, case in routes_of(app, Kind.PAGE_OWNER):
        answer = open_page(client, rule, method, case, world)
        assert answer.status_code == 404, (rule.endpoint, method, answer.text)
    assert everything(session_factory) == before


def test_other_user_lists_nothing_of_alice(
    app: Flask, bob: Person, world: World, browser: Callable[[], FlaskClient]
) -> None:
    for path in ("/smtp-accounts", "/campaigns", "/suppressions"):
        assert bob.api.get(path).json["items"] == []
    client = logged_in(browser(), bob.email)
    page = client.get("/campaigns").text
    assert "No campaign yet" in page
    assert "Diwali offer" not in page + client.get("/").text


def test_pages_send_the_anonymous_to_the_login(
    app: Flask, world: World, browser: Callable[[], FlaskClient]
) -> None:
    app.config["WTF_CSRF_ENABLED"] = False
    for rule, method, case in routes_of(app, Kind.LOGGED_IN, Kind.PAGE_OWNER):
        answer = browser().open(path_of(rule, case, world), method=method)
        assert answer.status_code == (302 if method == "GET" else 303), rule.endpoint
        assert answer.headers["Location"].startswith("/login")


def test_pages_send_a_user_deactivated_meanwhile_to_the_login(
    app: Flask, client: FlaskClient, world: World, session_factory: SessionFactory
) -> None:
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
