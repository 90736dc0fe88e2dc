"""Whether people are told by mail that their account has stopped, on its page and by API."""

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from dakiya.db import SessionFactory, database_now
from dakiya.delivery.trouble import AccountTrouble, clear_trouble, pause_account
from dakiya.models import SmtpAccount
from dakiya.smtp_accounts.notices import make_notices, record_notice, take_notice
from tests.web.conftest import Person, make_account

LOGIN = AccountTrouble("auth", "The server answered: 535 5.7.8 no", needs_owner=True)


def stop(session: Session) -> int:
    account_id = session.query(SmtpAccount).one().id
    assert pause_account(session, account_id, LOGIN)
    [notice_id] = make_notices(session, now=database_now(session))
    return notice_id


def answer(session: Session, notice_id: int, *, mailed: bool, words: str, again: bool) -> None:
    now = database_now(session)
    assert take_notice(session, notice_id, public_url="https://mail.example.org", now=now)
    record_notice(session, notice_id, mailed=mailed, answer=words, now=now, again=again)


def test_page_says_that_nobody_is_told_without_a_server_of_the_installation(
    client: FlaskClient, alice: Person, session_factory: SessionFactory
) -> None:
    make_account(alice)
    words = "Nobody is told by mail"
    assert words in client.get("/smtp-accounts/1").text
    with session_factory.begin() as session:
        stop(session)
    page = client.get("/smtp-accounts/1").text
    assert words in page
    assert "told by mail." not in page


@pytest.mark.usefixtures("mailing")
@pytest.mark.parametrize(
    ("mailed", "again", "status", "words"),
    [
        (True, True, "mailed", "You were told by mail."),
        (False, True, "queued", "could not be sent yet; it is tried again"),
        (False, False, "failed", "The mail that should have told you could not be sent"),
    ],
)
def test_page_and_api_say_what_became_of_the_mail(
    client: FlaskClient,
    alice: Person,
    session_factory: SessionFactory,
    mailed: bool,
    again: bool,
    status: str,
    words: str,
) -> None:
    make_account(alice)
    page = client.get("/smtp-accounts/1").text
    assert "You are told by mail" in page
    with session_factory.begin() as session:
        notice_id = stop(session)
    assert words not in client.get("/smtp-accounts/1").text
    assert alice.api.get("/smtp-accounts/1").json["paused"]["mail"] == "queued"
    with session_factory.begin() as session:
        answer(session, notice_id, mailed=mailed, words="550 <relay> shut", again=again)
    page = client.get("/smtp-accounts/1").text
    assert words in page
    assert ("550 &lt;relay&gt; shut" in page) is not mailed
    assert alice.api.get("/smtp-accounts/1").json["paused"]["mail"] == status


@pytest.mark.usefixtures("mailing")
def test_page_and_api_say_nothing_of_a_mail_about_trouble_that_ended(
    client: FlaskClient, alice: Person, session_factory: SessionFactory
) -> None:
    make_account(alice)
    with session_factory.begin() as session:
        notice_id = stop(session)
        answer(session, notice_id, mailed=True, words="", again=False)
        clear_trouble(session, session.query(SmtpAccount).one().id)
        assert pause_account(session, session.query(SmtpAccount).one().id, LOGIN)
    page = client.get("/smtp-accounts/1").text
    assert "You are told by mail" in page
    assert "You were told by mail" not in page
    assert alice.api.get("/smtp-accounts/1").json["paused"]["mail"] is None
