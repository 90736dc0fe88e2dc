"""Every text of every page can be translated: the pages are read in a language of wide letters."""

from collections.abc import Callable
from io import BytesIO

import pytest
from flask import Flask
from flask.testing import FlaskClient
from jinja2 import ChoiceLoader, DictLoader

from tests.web.conftest import Person, make_account, make_campaign
from tests.web.isolation.cases import Kind, World
from tests.web.isolation.conftest import world  # noqa: F401 - a fixture
from tests.web.isolation.walk import open_page, path_of, routes_of
from tests.web.texts.conftest import Reader
from tests.web.texts.data import DATA
from tests.web.texts.pseudo import latin_words

PAGES = (Kind.PUBLIC, Kind.LINK, Kind.LOGGED_IN, Kind.PAGE_OWNER)
# A log-out ends the walk; a preview is a mail, the user's own or a starter.
PREVIEWS = (
    "compose.preview",
    "compose.version_preview",
    "templates.preview",
    "templates.starter_preview",
)
NOT_READ = ("static", "people.logout", *PREVIEWS)


def test_every_route_is_read(app: Flask, reader: Reader, world: World) -> None:  # noqa: F811
    for rule, method, case in routes_of(app, *PAGES):
        if rule.endpoint not in NOT_READ:
            reader.read(open_page(reader.client, rule, method, case, world))


def test_no_text_stays_in_the_language_of_whoever_came_first(
    app: Flask,
    client: FlaskClient,
    world: World,  # noqa: F811
    request: pytest.FixtureRequest,
) -> None:
    paths = [
        path_of(rule, case, world)
        for rule, method, case in routes_of(app, *PAGES)
        if method == "GET" and rule.endpoint not in NOT_READ
    ]
    for path in paths:
        client.get(path)
    reader: Reader = request.getfixturevalue("reader")
    for path in paths:
        reader.get(path)


def test_pages_of_somebody_new_are_read(
    read_by: Callable[[FlaskClient], Reader], browser: Callable[[], FlaskClient]
) -> None:
    reader = read_by(browser())
    reader.post("/signup", email="wrong", password="short")
    reader.post("/signup", email="dev@example.com", password="correct horse battery")
    for path in (
        "/",
        "/campaigns",
        "/campaigns?q=x",
        "/campaigns?show=paused",
        "/campaigns/new",
        "/smtp-accounts",
        "/smtp-accounts/new",
        "/suppressions",
        "/suppressions/add",
        "/tokens",
        "/profile",
        "/not-there",
    ):
        reader.get(path)
    reader.post("/campaigns/new", name="Empty", account="")
    for step in ("", "/recipients", "/content", "/schedule", "/review?when=now"):
        reader.get(f"/campaigns/1/edit{step}")


def test_pages_before_the_log_in_are_read(
    read_by: Callable[[FlaskClient], Reader], browser: Callable[[], FlaskClient], alice: Person
) -> None:
    reader = read_by(browser())
    reader.get("/campaigns/1/edit")
    reader.post("/campaigns/1/edit/content", subject="Hello", html="Hello")
    reader.post("/login", email=alice.email, password="wrong")
    reader.post("/login", email="", password="")
    reader.post("/forgot", email="")
    reader.post("/forgot", email=alice.email)
    reader.get("/reset/nothing")
    reader.get("/u/nothing")
    assert "Ｌｏｇ" in reader.get("/login")


def test_refused_forms_are_read(reader: Reader, alice: Person) -> None:
    account_id = make_account(alice)
    here = f"/campaigns/{make_campaign(alice, smtp_account_id=account_id)}"
    reader.post(
        "/smtp-accounts/new", host="smtp.gmail.com", port="x", security="none", password="x"
    )
    reader.post(f"/smtp-accounts/{account_id}/edit", name="", host="-", port="99999")
    reader.post(f"/smtp-accounts/{account_id}/test", to="nowhere")
    reader.post("/campaigns/new", name="", account="7")
    reader.post(f"{here}/edit", name="", account="")
    reader.post(f"{here}/edit", name="Diwali offer", account=str(account_id), seen="another")
    reader.post(f"{here}/edit/recipients/paste", pasted="")
    reader.post(f"{here}/edit/recipients/paste", pasted="Nobody, ravi@example.org, dev@example.org")
    reader.post(f"{here}/edit/recipients/file")
    reader.post(f"{here}/edit/content", subject="", html="", text="")
    reader.post(f"{here}/edit/content", subject="Hello {{ name", html="{{ city }}", seen="another")
    reader.post(f"{here}/edit/content", subject="Hello", html="Hello", seen="another")
    reader.post(f"{here}/test", to="")
    reader.get(f"{here}/convert?to=text")
    reader.get(f"{here}/convert?to=blocks")
    reader.post(f"{here}/convert", to="text")
    reader.get(f"{here}/edit/review?at=2020-01-01T09:00&timezone=Asia/Kolkata")
    reader.get(f"{here}/edit/review?at=2027-10-31T02:30&timezone=Europe/Berlin")
    reader.get(f"{here}/edit/review?at=2027-01-31T02:30&timezone=Asia/Kolkata")
    reader.get(f"{here}/edit/review?when=now")
    reader.post(f"{here}/edit/review", at="now", seen="another")
    reader.post("/suppressions/add", pasted="")
    reader.post("/suppressions/add", pasted="Nobody, ravi@example.org, dev@example.org")
    reader.post("/suppressions/add", file=(BytesIO(b"PK\x03\x04"), "list.xlsx"))
    reader.post("/suppressions/remove", address="nobody@example.org")
    reader.get("/suppressions?address=ravi")
    reader.get("/suppressions?address=nobody")
    reader.post("/tokens", name="")
    reader.post("/tokens", name="x" * 101)
    reader.post("/tokens", name="tests")
    reader.post("/profile", timezone="Nobody", theme="x")
    reader.post("/profile", timezone="", theme="dark")
    reader.post("/profile", timezone="Asia/Kolkata", theme="dark")
    reader.post("/profile/address", address="1 MG Road")
    reader.post("/profile/password", old="", password="")
    reader.post("/profile/password", old="wrong", password="short")
    reader.get("/campaigns?cursor=x")


def test_text_that_is_not_looked_up_is_found(
    app: Flask, wide: None, browser: Callable[[], FlaskClient]
) -> None:
    """The test above can fail: the same page without one of its look-ups."""
    loader = app.jinja_env.loader
    assert loader is not None
    source, _, _ = loader.get_source(app.jinja_env, "people/signup.html")
    assert not list(latin_words(browser().get("/signup").text, data=DATA))
    broken = source.replace('<h1>{{ _("Sign up") }}</h1>', "<h1>Sign up</h1>")
    assert broken != source
    app.jinja_env.loader = ChoiceLoader([DictLoader({"people/signup.html": broken}), loader])
    assert list(latin_words(browser().get("/signup").text, data=DATA)) == ["Sign up"]
