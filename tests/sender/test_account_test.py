"""The test of an SMTP account, in this process: its steps, its end, and what it leaves alone."""

from contextlib import closing
from dataclasses import replace

import pytest

from dakiya.config import Settings
from dakiya.db import SessionFactory, database_now
from dakiya.models import SmtpAccount, SmtpTest, TestStatus
from dakiya.smtp_accounts.accounts import AccountValues, change_account, latest_test
from dakiya.smtp_accounts.secrets import SecretBox
from dakiya_sender.account_test import run_smtp_test
from dakiya_sender.pool import ConnectionPool
from dakiya_sender.slots import ConnectionSlots
from dakiya_sender.smtp import Connection, Envelope, Ready, Refusal
from tests.recorder.plugin import StartRecorder
from tests.sender.account_bench import ask_for_test, servers


def test_second_message_for_a_test_sends_no_second_mail(
    session_factory: SessionFactory,
    recorder: StartRecorder,
    settings: Settings,
    pool: ConnectionPool,
) -> None:
    server = recorder(keep_bodies=True)
    with session_factory.begin() as session:
        test_id = ask_for_test(session, server.port)
    for _ in range(2):
        run_smtp_test(session_factory, servers(settings), pool, test_id)
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
    pool: ConnectionPool,
    values: dict[str, object],
    allowed: str,
    words: str,
) -> None:
    with session_factory.begin() as session:
        test_id = ask_for_test(session, 2525, **values)
    run_smtp_test(session_factory, servers(settings, allowed), pool, test_id)
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
    pool: ConnectionPool,
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
    run_smtp_test(session_factory, servers(settings), pool, test_id)
    assert seen == [["running", "dns", "connect", "greeting", "ehlo"]]


def test_account_that_is_changed_during_its_test_is_not_taken_for_tested(
    session_factory: SessionFactory,
    recorder: StartRecorder,
    settings: Settings,
    pool: ConnectionPool,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    server = recorder()
    with session_factory.begin() as session:
        test_id = ask_for_test(session, server.port)
    begin = Connection.begin

    def change_and_begin(connection: Connection, envelope: Envelope) -> Ready | Refusal:
        with session_factory.begin() as session:
            account = session.get_one(
                SmtpAccount, session.get_one(SmtpTest, test_id).smtp_account_id
            )
            values = replace(AccountValues.of(account), host="mail.example.org")
            change_account(session, account, values, password=None, box=SecretBox(settings))
            account.paused_at, account.pause_reason = database_now(session), "auth"
        return begin(connection, envelope)

    monkeypatch.setattr(Connection, "begin", change_and_begin)
    run_smtp_test(session_factory, servers(settings), pool, test_id)
    with session_factory() as session:
        test = session.get_one(SmtpTest, test_id)
        account = session.get_one(SmtpAccount, test.smtp_account_id)
        assert test.status is TestStatus.PASSED
        assert latest_test(session, account) is None
        assert (account.server_facts, account.pause_reason) == (None, "auth")


def test_test_stays_within_the_connections_of_its_account(
    session_factory: SessionFactory,
    recorder: StartRecorder,
    settings: Settings,
    pool: ConnectionPool,
    database_url: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("dakiya_sender.pool.WAIT_FOR_SLOT_S", 0.5)
    server = recorder()
    with session_factory.begin() as session:
        test_id = ask_for_test(session, server.port, connections=1)
        account_id = session.get_one(SmtpTest, test_id).smtp_account_id
    with closing(ConnectionSlots(database_url, service_id="another")) as of_another_sender:
        assert of_another_sender.acquire(account_id, cap=1) is not None
        run_smtp_test(session_factory, servers(settings), pool, test_id)
    with session_factory() as session:
        test = session.get_one(SmtpTest, test_id)
    assert test.status is TestStatus.FAILED
    assert [(step["name"], step["ok"]) for step in test.steps] == [
        ("dns", True),
        ("connect", False),
    ]
    assert "All 1 connections that this account may have are in use" in test.steps[1]["detail"]
    assert not server.events("opened")
