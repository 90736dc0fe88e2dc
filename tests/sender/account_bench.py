"""Where accounts are tested: on servers of this machine, in this process."""

from typing import Any

from sqlalchemy.orm import Session

from dakiya.config import Settings
from dakiya.db import SessionFactory
from dakiya.models import SmtpTest, TestStatus
from dakiya.smtp_accounts.causes import Cause
from dakiya.smtp_accounts.egress import EgressRule
from dakiya.smtp_accounts.secrets import SecretBox
from dakiya_sender.account_test import run_smtp_test
from dakiya_sender.pool import ConnectionPool
from dakiya_sender.servers import Servers
from tests.engine.world import make_account, make_workspace

PASSWORD = "ein Passwort mit Umläuten & पासवर्ड"
LOGIN: dict[str, Any] = {"username": "alice"}


def servers(settings: Settings, allowed: str = "127.0.0.1") -> Servers:
    return Servers(EgressRule.parse(allowed), SecretBox(settings), helo_name="sender.test")


def ask_for_test(session: Session, port: int, **values: object) -> int:
    account = make_account(session, make_workspace(session), port, **values)
    test = SmtpTest(smtp_account_id=account.id, to_email="tester@example.net")
    session.add(test)
    session.flush()
    return test.id


class Bench:
    """Runs tests of accounts on servers of this machine."""

    def __init__(
        self, session_factory: SessionFactory, settings: Settings, pool: ConnectionPool
    ) -> None:
        self.sessions = session_factory
        self.box = SecretBox(settings)
        self._settings = settings
        self._pool = pool

    def account(self, port: int, **values: Any) -> int:
        if "username" in values:
            values.setdefault("password_encrypted", self.box.seal(PASSWORD))
        with self.sessions.begin() as session:
            test_id = ask_for_test(session, port, **values)
            return session.get_one(SmtpTest, test_id).smtp_account_id

    def run(self, account_id: int, **named: Any) -> SmtpTest:
        with self.sessions.begin() as session:
            test = SmtpTest(smtp_account_id=account_id, to_email="tester@example.net")
            session.add(test)
        allowed = named.get("allowed", "127.0.0.1, localhost")
        run_smtp_test(self.sessions, servers(self._settings, allowed), self._pool, test.id)
        with self.sessions() as session:
            return session.get_one(SmtpTest, test.id)

    def fails(self, port: int, step: str, cause: Cause, **values: Any) -> SmtpTest:
        test = self.run(self.account(port, **values))
        assert test.status is TestStatus.FAILED
        last = test.steps[-1]
        assert (last["name"], last["ok"], last.get("cause")) == (step, False, cause)
        assert all(one["ok"] for one in test.steps[:-1])
        return test
