"""A forgotten password: asked for, mailed elsewhere, chosen anew."""

from collections.abc import Callable

import pytest
from flask import Flask
from flask.testing import FlaskClient

from dakiya.accounts.resets import make_reset_mail
from dakiya.db import SessionFactory
from dakiya.models import PasswordReset
from tests.web.browsing import PASSWORD, log_in, send
from tests.web.conftest import Person

Browser = Callable[[], FlaskClient]
NEW = "a new long password"


def make_link(session_factory: SessionFactory) -> str:
    """Do what a sender does, and return the path of the link."""
    with session_factory() as session:
        asked = session.query(PasswordReset).one()
        mail = make_reset_mail(session, asked.id, public_url="http://dakiya.test")
        session.commit()
    assert mail is not None
    return "/reset/" + mail.text.partition("/reset/")[2].split()[0]


def test_without_a_mail_server_the_page_says_who_can_help(
    browser: Browser, alice: Person, session_factory: SessionFactory
) -> None:
    client = browser()
    assert 'href="/forgot"' in client.get("/login").text
    assert "dakiya user password" in client.get("/forgot").text
    with session_factory() as session:
        assert session.query(PasswordReset).count() == 0


@pytest.mark.usefixtures("mailing")
def test_answer_is_the_same_for_everybody(
    browser: Browser, alice: Person, session_factory: SessionFactory
) -> None:
    answers = [
        send(browser(), "/forgot", email=email)
        for email in ("nobody@example.com", alice.email, "charlie@example.com", "nonsense")
    ]
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.text for answer in answers}) == 1
    assert "Look into your inbox" in answers[0].text
    assert send(browser(), "/forgot", email="").status_code == 422
    with session_factory() as session:
        assert [one.user_id for one in session.query(PasswordReset)] == [alice.user_id]


@pytest.mark.usefixtures("mailing")
def test_link_sets_a_new_password_once_and_ends_the_sessions(
    app: Flask, browser: Browser, alice: Person, session_factory: SessionFactory
) -> None:
    logged_in = browser()
    log_in(logged_in, alice.email)
    client = browser()
    send(client, "/forgot", email=alice.email)
    link = make_link(session_factory)
    short = send(client, link, password="short")
    assert short.status_code == 422
    assert "at least 10" in short.text.lower()
    assert send(client, link, password=NEW).status_code == 303
    assert "Your new password is set" in client.get("/login").text
    app.extensions["dakiya"].redis.flushall()
    assert logged_in.get("/profile").status_code == 302
    assert log_in(browser(), alice.email, PASSWORD).status_code == 422
    assert log_in(browser(), alice.email, NEW).status_code == 303
    assert client.get(link).status_code == 404


@pytest.mark.usefixtures("mailing")
def test_link_of_nobody_says_that_it_has_ended(browser: Browser) -> None:
    answer = browser().get("/reset/nothing")
    assert answer.status_code == 404
    assert "does not work any more" in answer.text
