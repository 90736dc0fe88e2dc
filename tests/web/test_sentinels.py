"""Secrets pushed through every flow, then looked for in logs, answers and the database."""

import logging
from collections.abc import Callable, Iterator
from io import BytesIO, StringIO

import pytest
import structlog
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import text

from dakiya.db import SessionFactory
from dakiya.log import configure_logging
from dakiya.mail.links import UnsubscribeRef, derive_key, unsubscribe_token
from tests.web.browsing import log_in, log_out, send
from tests.web.conftest import Api, Person, account_body, campaign_body
from tests.web.database import everything

SMTP_PASSWORD = "sentinel-smtp-password-1"
SECOND_SMTP_PASSWORD = "sentinel-smtp-password-2"
PASSWORD = "sentinel-log-in-password"
ADDRESS = "sentinel-recipient@example.org"
PERSON = "sentinel-person@example.com"
SUBJECT = "sentinel-subject"
BODY = "sentinel-body"
FIELD = "sentinel-field"


@pytest.fixture
def logs(capsys: pytest.CaptureFixture[str]) -> Iterator[Callable[[], str]]:
    """Everything that is logged at the most talkative level, and printed."""
    root = logging.getLogger()
    handlers, level, kept = root.handlers[:], root.level, StringIO()
    configure_logging("json", "DEBUG")
    structlog.configure(
        logger_factory=structlog.WriteLoggerFactory(kept),
        cache_logger_on_first_use=False,  # they would outlive this test
    )
    handler = root.handlers[0]
    assert isinstance(handler, logging.StreamHandler)
    handler.setStream(kept)

    def read() -> str:
        captured = capsys.readouterr()
        return kept.getvalue() + captured.out + captured.err

    yield read
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.reset_defaults()


def walk(app: Flask, alice: Person, session_factory: SessionFactory) -> tuple[str, str]:
    """Go through every flow, with mistakes on the way; return what was answered, and the link."""
    api, said = alice.api, []

    def call(method: str, path: str, json: object = None) -> Api:
        said.append(api(method, path, json).text)
        return api

    client: FlaskClient = app.test_client()
    said.append(send(client, "/signup", email=PERSON, password=PASSWORD).text)
    said.append(log_out(client).text)
    said.append(log_in(client, PERSON, PASSWORD + "x").text)
    said.append(log_in(client, PERSON, PASSWORD).text)
    said.append(client.get("/").text.replace(PERSON, ""))  # one's own address in the header
    account = api.post("/smtp-accounts", account_body(password=SMTP_PASSWORD))
    account_path = f"/smtp-accounts/{account.json['id']}"
    said.append(account.text)
    call("POST", "/smtp-accounts", account_body(password=SMTP_PASSWORD, port=22))
    call("POST", "/smtp-accounts", account_body(password=SMTP_PASSWORD, passwort=SMTP_PASSWORD))
    call("POST", "/smtp-accounts", account_body(password=[SMTP_PASSWORD]))
    call("PATCH", account_path, {"host": "smtp.example.net"})
    call("PATCH", account_path, {"host": "smtp.example.net", "password": SECOND_SMTP_PASSWORD})
    call("POST", f"{account_path}/test", {"to": ADDRESS})
    call("GET", "/smtp-accounts")
    campaign = api.post(
        "/campaigns",
        campaign_body(
            account.json["id"],
            subject=SUBJECT,
            html=f"<p>{BODY}</p>",
            recipients=[{"email": ADDRESS, "fields": {"x": FIELD}}, {"email": ADDRESS}],
        ),
    )
    campaign_path = f"/campaigns/{campaign.json['id']}"
    call("POST", f"{campaign_path}/recipients", [{"email": f"{ADDRESS}\0"}])
    api.post(f"{campaign_path}/recipients", data={"file": (BytesIO(b"email\n"), f"{ADDRESS}.csv")})
    with session_factory() as session:
        session.execute(text("UPDATE recipient_import SET status = 'done'"))
        ids = session.execute(text("SELECT campaign_id, min(id) FROM recipient GROUP BY 1")).one()
        session.commit()
    call("POST", f"{campaign_path}/schedule", {"at": "never"})
    call("POST", f"{campaign_path}/schedule", {"at": "now"})
    call("GET", f"{campaign_path}/emails")
    key = derive_key(app.config["SECRET_KEY"], "unsubscribe")
    link = unsubscribe_token(key, UnsubscribeRef(*ids))
    for method in ("GET", "POST"):
        said.append(app.test_client().open(f"/u/{link}", method=method).text)
    said.append(Api(app, f"{alice.api.token}x").get("/campaigns").text)
    break_everything(app, alice)
    return "".join(said), link


def break_everything(app: Flask, alice: Person) -> None:
    """A database error whose message quotes what was to be stored."""

    def fail() -> str:
        raise ValueError(f"{SMTP_PASSWORD} {ADDRESS} {alice.api.token}")

    app.view_functions["api.list_campaigns"] = fail
    assert alice.api.get("/campaigns").status == 500


def test_no_secret_is_logged_answered_or_stored_in_the_clear(
    app: Flask, alice: Person, session_factory: SessionFactory, logs: Callable[[], str]
) -> None:
    answers, link = walk(app, alice, session_factory)
    token = str(alice.api.token)
    logged = logs()
    assert '"event": "unsubscribed"' in logged
    assert '"event": "request_failed"' in logged
    for secret in (SMTP_PASSWORD, SECOND_SMTP_PASSWORD, PASSWORD, token, app.config["SECRET_KEY"]):
        assert secret not in answers
        assert secret not in logged
        assert secret not in str(everything(session_factory))
    for private in (ADDRESS, PERSON, SUBJECT, BODY, FIELD, link, "alice@example.com"):
        assert private not in logged
    assert link not in str(everything(session_factory))


def test_sentinels_would_be_found(
    app: Flask, alice: Person, session_factory: SessionFactory, logs: Callable[[], str]
) -> None:
    """The walk really stores and logs things: what may be there, is."""
    walk(app, alice, session_factory)
    database = str(everything(session_factory))
    for stored in (ADDRESS, PERSON, SUBJECT, BODY, FIELD, "smtp.example.net"):
        assert stored in database
    logging.getLogger("anything").debug("a sentinel of the log")
    assert "a sentinel of the log" in logs()
