"""A workspace's tests leave threads for those of others."""

import pytest
from sqlalchemy import update
from sqlalchemy.orm import Session

from dakiya.db import database_now
from dakiya.errors import IllegalState
from dakiya.models import SmtpTest, TestStatus
from dakiya.smtp_accounts.accounts import request_test
from dakiya.smtp_accounts.errands import TEST_LASTS_AT_MOST, TESTS_AT_ONCE
from tests.engine.world import make_account, make_workspace


def test_workspace_waits_when_enough_of_its_tests_run(session: Session) -> None:
    alice, bob = make_workspace(session), make_workspace(session, "bob@example.com")
    now = database_now(session)
    for _ in range(TESTS_AT_ONCE):
        request_test(session, make_account(session, alice, 2525), "to@example.net", now=now)
    one_more = make_account(session, alice, 2525)
    with pytest.raises(IllegalState, match="Wait until one of them has ended"):
        request_test(session, one_more, "to@example.net", now=now)
    request_test(session, make_account(session, bob, 2525), "to@example.net", now=now)
    session.execute(update(SmtpTest).values(status=TestStatus.PASSED))
    request_test(session, one_more, "to@example.net", now=now)


def test_tests_of_lost_senders_are_not_waited_for(session: Session) -> None:
    workspace_id = make_workspace(session)
    now = database_now(session)
    for _ in range(TESTS_AT_ONCE):
        request_test(session, make_account(session, workspace_id, 25), "to@example.net", now=now)
    session.execute(update(SmtpTest).values(created_at=now - TEST_LASTS_AT_MOST))
    request_test(session, make_account(session, workspace_id, 25), "to@example.net", now=now)
