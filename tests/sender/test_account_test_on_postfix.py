"""The test of an account on a real Postfix with TLS and logins: each failing step, told apart."""

from typing import Any
from uuid import uuid4

import pytest

from dakiya.config import Settings
from dakiya.db import SessionFactory
from dakiya.models import Security, SmtpTest, TestStatus
from dakiya.smtp_accounts.causes import Cause
from dakiya.smtp_accounts.secrets import SecretBox
from dakiya_sender import account_test
from dakiya_sender.pool import ConnectionPool
from tests.engine.world import make_account, make_workspace
from tests.recorder.authority import Authority
from tests.recorder.plugin import StartRecorder
from tests.sender.account_bench import servers
from tests.system.postfix import Postfix

pytestmark = [pytest.mark.system, pytest.mark.timeout(900)]

PASSWORD = "ein langes Wort पासवर्ड 4711"


def run_test(
    sessions: SessionFactory, settings: Settings, pool: ConnectionPool, port: int, **values: Any
) -> SmtpTest:
    usual: dict[str, Any] = {
        "host": "localhost",
        "security": Security.STARTTLS,
        "username": "asha",
        "from_email": "asha@example.com",
        "password": PASSWORD,
        "to": "reader@example.net",
    }
    usual |= values
    password, to = usual.pop("password"), usual.pop("to")
    if usual["username"] is not None:
        usual["password_encrypted"] = SecretBox(settings).seal(password)
    with sessions.begin() as session:
        workspace = make_workspace(session, f"{uuid4().hex}@example.com")
        account = make_account(session, workspace, port, **usual)
        test = SmtpTest(smtp_account_id=account.id, to_email=to)
        session.add(test)
    allowed = servers(settings, "localhost, 127.0.0.1, no-such-host.invalid")
    account_test.run_smtp_test(sessions, allowed, pool, test.id)
    with sessions() as session:
        return session.get_one(SmtpTest, test.id)


def test_each_failing_step_is_told_apart_on_postfix(
    session_factory: SessionFactory,
    settings: Settings,
    pool: ConnectionPool,
    recorder: StartRecorder,
    authority: Authority,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(account_test, "REPLY_TIMEOUT_S", 3.0)
    context = authority.client_context()
    relayed = recorder()
    users = {"asha": PASSWORD}
    with Postfix(relayed.port, authority.issue("localhost"), users=users) as postfix:
        port, tls_port = postfix.port, postfix.tls_port

        def failing(at: int, **values: Any) -> tuple[str, str]:
            test = run_test(session_factory, settings, pool, at, **values)
            assert test.status is TestStatus.FAILED, test.steps
            assert PASSWORD not in str(test.dialogue) + str(test.steps)
            return test.steps[-1]["name"], test.steps[-1]["cause"]

        assert failing(port) == ("tls", Cause.CERTIFICATE_UNTRUSTED)
        monkeypatch.setattr("dakiya_sender.smtp.server._default_context", lambda: context)
        for at, security in ((port, Security.STARTTLS), (tls_port, Security.TLS)):
            passed = run_test(session_factory, settings, pool, at, security=security)
            assert passed.status is TestStatus.PASSED, passed.steps
            assert [s["name"] for s in passed.steps if s["name"] != "ehlo"][-3:] == [
                "auth",
                "mail",
                "send",
            ]
        relayed.wait_for_received(2)
        assert failing(port, host="no-such-host.invalid") == ("dns", Cause.UNKNOWN_HOST)
        assert failing(port, security=Security.TLS) == ("tls", Cause.NOT_TLS)
        assert failing(tls_port) == ("greeting", Cause.NO_GREETING)
        assert failing(port, host="127.0.0.1") == ("tls", Cause.CERTIFICATE_NAME)
        assert failing(port, password="wrong") == ("auth", Cause.LOGIN_REFUSED)
        assert failing(port, username=None) == ("send", Cause.LOGIN_NEEDED)
        assert failing(port, from_email="boss@example.com") == ("send", Cause.SENDER_REFUSED)
        assert failing(port, to="gone@example.net") == ("send", Cause.RECIPIENT_REFUSED)
        postfix.stop()
        assert failing(port) == ("connect", Cause.PORT_CLOSED)
    assert len(relayed.received()) == 2
