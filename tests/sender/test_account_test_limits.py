"""The test of an account keeps to the limits of its mailbox like every mail."""

import re
from datetime import timedelta

import pytest
from sqlalchemy import select

from dakiya.db import database_now
from dakiya.models import PaceUsage, SmtpAccount, TestStatus
from dakiya.smtp_accounts.causes import Cause
from tests.engine.world import make_account, make_workspace, use_pace
from tests.recorder import Behaviour, Rule
from tests.recorder.plugin import StartRecorder
from tests.sender.account_bench import LOGIN, PASSWORD, Bench


@pytest.mark.parametrize("rules", [(), (Rule("dot", reply="554 5.0.0 I do not like it"),)])
def test_mail_of_a_test_counts_in_the_account_s_limits_when_it_begins(
    bench: Bench, recorder: StartRecorder, rules: tuple[Rule, ...]
) -> None:
    """The server has seen it, whatever it said then."""
    bench.run(bench.account(recorder(*rules).port, per_day=500, per_minute=30))
    with bench.sessions() as session:
        used = dict(session.execute(select(PaceUsage.window_s, PaceUsage.mails)).all())
    assert used == {60: 1, 86400: 1}


def test_account_whose_day_is_used_up_sends_no_test_and_says_when_it_continues(
    bench: Bench, recorder: StartRecorder
) -> None:
    server = recorder()
    account_id = bench.account(server.port, per_day=2)
    with bench.sessions.begin() as session:
        account = session.get_one(SmtpAccount, account_id)
        use_pace(session, account, mails=2, age=timedelta(hours=3))
        # A day is counted in parts of a quarter of an hour.
        earliest = database_now(session) + timedelta(hours=21)
    test = bench.run(account_id)
    assert (test.status, len(server.received())) == (TestStatus.FAILED, 0)
    *good, last = test.steps
    assert all(step["ok"] for step in good)
    assert (last["name"], last["cause"]) == ("leave", Cause.LIMIT_REACHED)
    words = "The account has reached its limit of 2 mails a day. It continues "
    assert last["detail"].startswith(words)
    told = re.search(r", \d\d:\d\d IST = .*(\d\d):(\d\d) UTC", last["detail"])
    assert told is not None
    minutes = 60 * int(told[1]) + int(told[2]) - (60 * earliest.hour + earliest.minute)
    assert minutes % 1440 <= 16


def test_test_waits_a_moment_for_a_limit_a_second(bench: Bench, recorder: StartRecorder) -> None:
    server = recorder()
    account_id = bench.account(server.port, per_second=1)
    with bench.sessions.begin() as session:
        use_pace(session, session.get_one(SmtpAccount, account_id), mails=1, age=timedelta(0))
        used_at = session.scalars(select(PaceUsage.start_at)).one()
    assert bench.run(account_id).status is TestStatus.PASSED
    [mail] = server.received()
    assert mail.at >= used_at.timestamp() + 1


def test_test_of_a_mailbox_that_others_have_proved_keeps_to_its_day(
    bench: Bench, recorder: StartRecorder
) -> None:
    """The login shows that it is the same one; what others have sent counts from then on."""
    server = recorder(behaviour=Behaviour(users={"alice": PASSWORD}))
    mine = bench.account(server.port, per_day=1, **LOGIN)
    assert bench.run(mine).status is TestStatus.PASSED
    with bench.sessions.begin() as session:
        account = make_account(
            session,
            make_workspace(session, "bob@example.com"),
            server.port,
            per_day=5,
            password_encrypted=bench.box.seal(PASSWORD),
            **LOGIN,
        )
    test = bench.run(account.id)
    assert test.status is TestStatus.FAILED
    assert [step["name"] for step in test.steps] == [
        "dns", "connect", "greeting", "ehlo", "auth", "leave",
    ]  # fmt: skip
    words = "a limit of its mailbox, which is used elsewhere too"
    assert words in test.steps[-1]["detail"]
    assert len(server.received()) == 1
