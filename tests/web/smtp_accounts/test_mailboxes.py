"""A mailbox that is added twice: the form says so, and pages tell what is shared, and no more."""

from datetime import timedelta

from flask.testing import FlaskClient
from sqlalchemy import func, select

from dakiya.db import SessionFactory
from dakiya.models import SmtpAccount
from dakiya.smtp_accounts.proving import prove_login
from tests.engine.world import use_pace
from tests.web.browsing import send
from tests.web.conftest import Person, account_form, make_account

ELSEWHERE = "This mailbox is used elsewhere too."


def count(sessions: SessionFactory) -> int:
    with sessions() as session:
        return session.scalars(select(func.count()).select_from(SmtpAccount)).one()


def prove(sessions: SessionFactory, account_id: int) -> None:
    with sessions.begin() as session:
        prove_login(session, session.get_one(SmtpAccount, account_id))


def test_form_says_that_the_workspace_has_the_mailbox_and_adds_it_when_asked_again(
    client: FlaskClient, alice: Person, session_factory: SessionFactory
) -> None:
    first = make_account(alice, name="Our <relay>")
    form = account_form(name="Again", host="SMTP.Example.com", username="ASHA", port="465")
    answer = send(client, "/smtp-accounts/new", **form)
    assert (answer.status_code, count(session_factory)) == (422, 1)
    assert "You have this mailbox already" in answer.text
    assert "“Our &lt;relay&gt;” logs in to the same server" in answer.text
    assert f'href="/smtp-accounts/{first}/edit"' in answer.text
    assert '<input type="hidden" name="shares" value="1">' in answer.text
    answer = send(client, "/smtp-accounts/new", **form, shares="1")
    assert (answer.status_code, count(session_factory)) == (303, 2)
    page = client.get(answer.headers["Location"]).text
    assert "Shared with" in page
    assert "the same mailbox: the stricter limit holds." in page
    second = int(answer.headers["Location"].rpartition("/")[2])
    shown = alice.api.get(f"/smtp-accounts/{first}").json
    assert (shown["shares_limits_with"], shown["is_used_elsewhere"]) == ([second], False)


def test_another_user_of_the_server_is_added_without_a_word(
    client: FlaskClient, alice: Person, session_factory: SessionFactory
) -> None:
    make_account(alice)
    answer = send(client, "/smtp-accounts/new", **account_form(username="ravi"))
    assert (answer.status_code, count(session_factory)) == (303, 2)
    assert "Shared with" not in client.get(answer.headers["Location"]).text


def test_another_workspace_s_mailbox_is_told_of_by_its_login_only(
    client: FlaskClient, alice: Person, bob: Person, session_factory: SessionFactory
) -> None:
    his = make_account(bob, name="His secret", limits={"per_day": 77_111})
    prove(session_factory, his)
    with session_factory.begin() as session:
        use_pace(session, session.get_one(SmtpAccount, his), mails=7, age=timedelta(hours=1))
    answer = send(client, "/smtp-accounts/new", **account_form(per_day="100"))
    place = answer.headers["Location"]
    page = client.get(place).text
    assert (answer.status_code, ELSEWHERE in page) == (303, False)
    assert "100 left within 24 hours" in page
    prove(session_factory, int(place.rpartition("/")[2]))
    page = client.get(place).text
    assert ELSEWHERE in page
    assert "93 left within 24 hours" in page
    shown = alice.api.get(place)
    assert (shown.json["shares_limits_with"], shown.json["is_used_elsewhere"]) == ([], True)
    for told in (page, shown.text):
        assert "His secret" not in told
        assert not any(number in told for number in ("77111", "77,111"))
