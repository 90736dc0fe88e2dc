"""The pages of API tokens."""

import re
from collections.abc import Callable

from flask import Flask
from flask.testing import FlaskClient

from tests.web.browsing import log_in, send
from tests.web.conftest import Api, Person

# Not what random text of a page, such as that of its forms' own tokens, may hold by chance.
TOKEN = re.compile(r"(?<![\w-])dk_[\w-]{43}(?![\w-])")


def test_token_is_shown_once_works_and_ends_when_it_is_revoked(
    app: Flask, browser: Callable[[], FlaskClient], alice: Person
) -> None:
    client = browser()
    log_in(client, alice.email)
    answer = send(client, "/tokens", name="Web <shop>")
    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "no-store"
    found = TOKEN.search(answer.text)
    assert found
    page = client.get("/tokens").text
    assert "Web &lt;shop&gt;" in page
    assert not TOKEN.search(page)
    api = Api(app, found[0])
    assert api.get("/campaigns").status == 200
    link = page.partition('href="/tokens/')[2].partition('"')[0]
    assert "Revoke “Web &lt;shop&gt;”?" in client.get(f"/tokens/{link}").text
    assert send(client, f"/tokens/{link}").status_code == 303
    assert api.get("/campaigns").status == 401
    assert client.get(f"/tokens/{link}").status_code == 404


def test_token_without_a_name_is_refused(browser: Callable[[], FlaskClient], alice: Person) -> None:
    client = browser()
    log_in(client, alice.email)
    for name in ("", "   ", "x" * 101):
        answer = send(client, "/tokens", name=name)
        assert answer.status_code == 422
        assert 'aria-invalid="true"' in answer.text
        assert not TOKEN.search(answer.text)
