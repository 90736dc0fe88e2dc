"""The test of an SMTP account, in this process: its steps, its end, and what it leaves alone."""

import pytest
from sqlalchemy.orm import Session

from dakiya.config import Settings
from dakiya.db import SessionFactory
from dakiya.models import SmtpTest, TestStatus
from dakiya.smtp_accounts.egress import EgressRule
from dakiya.smtp_accounts.secrets import SecretBox
from dakiya_sender.account_test import run_smtp_test
from dakiya_sender.servers import Servers
from dakiya_sender.smtp import Connection, Envelope, Ready, Refusal
from tests.engine.world import make_account, make_workspace
from tests.recorder.plugin import StartRecorder


def servers(settings: Settings, allowed: str = "127.0.0.1") -> Servers:
    return Servers(EgressRule.parse(allowed), SecretBox(settings), helo_name="sender.test")


def ask_for_test(session: Session, port: int, **values: object) -> int:
    account = make_account(session, make_workspace(session), port, **values)
    test = SmtpTest(smtp_account_id=account.id, to_email="tester@example.net")
    session.add(test)
    session.flush()
    return test.id


def test_second_message_for_a_test_sends_no_second_mail(
    session_factory: SessionFactory, recorder: StartRecorder, settings: Settings
) -> None:
    server = recorder(keep_bodies=True)
    with session_factory.begin() as session:
        test_id = ask_for_test(session, server.port)
    for _ in range(2):
        run_smtp_test(session_factory, servers(settings), test_id)
    [mail] = server.received()
    assert b"Auto-Submitted: auto-generated" in server.body(mail)
    with session_factory() as session:
        test = session.get_one(SmtpTest, test_id)
    assert test.status is TestStatus.PASSED
    assert test.started_at is not None
    assert test.finished_at is not None


@pytest.mark.parametrize(
    ("values", "allowed", "words"),
    [
        ({}, "", "internal address"),
        ({"host": "no-such-host.invalid"}, "no-such-host.invalid", "has no address"),
        ({"username": "a", "password_encrypted": "garbled"}, "127.0.0.1", "Enter it again"),
    ],
)
def test_server_that_must_not_or_cannot_be_looked_up_fails_at_the_first_step(
    session_factory: SessionFactory,
    settings: Settings,
    values: dict[str, object],
    allowed: str,
    words: str,
) -> None:
    with session_factory.begin() as session:
        test_id = ask_for_test(session, 2525, **values)
    run_smtp_test(session_factory, servers(settings, allowed), test_id)
    with session_factory() as session:
        test = session.get_one(SmtpTest, test_id)
    [step] = test.steps
    assert test.status is TestStatus.FAILED
    assert (step["name"], step["ok"]) == ("dns", False)
    assert words in step["detail"]


def test_steps_are_there_to_be_seen_before_the_test_has_ended(
    session_factory: SessionFactory,
    recorder: StartRecorder,
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    server = recorder()
    with session_factory.begin() as session:
        test_id = ask_for_test(session, server.port)
    seen: list[list[str]] = []
    begin = Connection.begin

    def look_and_begin(connection: Connection, envelope: Envelope) -> Ready | Refusal:
        with session_factory() as session:
            test = session.get_one(SmtpTest, test_id)
            seen.append([test.status.value, *(step["name"] for step in test.steps)])
        return begin(connection, envelope)

    monkeypatch.setattr(Connection, "begin", look_and_begin)
    run_smtp_test(session_factory, servers(settings), test_id)
    assert seen == [["running", "dns", "connect", "greeting", "ehlo"]]
