"""What a person does in a browser."""

import re

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

PASSWORD = "correct horse battery staple"

FORM_TOKEN = re.compile(r'name="csrf_token"[^>]* value="([^"]+)"')


def csrf_token(client: FlaskClient, path: str) -> str:
    """Load the page, and return the token of its form."""
    found = FORM_TOKEN.search(client.get(path).text)
    assert found, f"no form on {path}"
    return found[1]


def form_of(page: str, action: str) -> dict[str, str]:
    """The hidden fields of the form that posts there."""
    form = re.search(rf'<form[^>]*action="{re.escape(action)}".*?</form>', page, re.DOTALL)
    assert form, action
    inputs = re.findall(r"<input[^>]*>", form[0])
    found = {}
    for tag in inputs:
        name, value = re.search(r'name="([^"]*)"', tag), re.search(r'value="([^"]*)"', tag)
        if 'type="hidden"' in tag and name:
            found[name[1]] = value[1] if value else ""
    return found


def send(client: FlaskClient, path: str, **fields: str) -> TestResponse:
    """Load the page, then send its form."""
    return client.post(path, data={"csrf_token": csrf_token(client, path), **fields})


def log_in(client: FlaskClient, email: str, password: str = PASSWORD) -> TestResponse:
    """Send the log-in form."""
    return send(client, "/login", email=email, password=password)


def logged_in(client: FlaskClient, email: str) -> FlaskClient:
    """Return the browser once its user is logged in."""
    answer = log_in(client, email)
    assert answer.status_code == 303, answer.text
    return client


def log_out(client: FlaskClient) -> TestResponse:
    """Press the button in the header."""
    found = FORM_TOKEN.search(client.get("/").text)
    assert found
    return client.post("/logout", data={"csrf_token": found[1]})
