"""Trouble of the account: it pauses with a reason, no recipient is charged, and it recovers."""

import time
from collections.abc import Sequence
from typing import Any

import pytest
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from dakiya.config import Settings
from dakiya.db import SessionFactory
from dakiya.delivery.limits import slowed
from dakiya.delivery.trouble import clear_trouble
from dakiya.models import (
    Attempt,
    Campaign,
    CampaignStatus,
    Email,
    EmailState,
    Mailbox,
    Security,
    SmtpAccount,
    SmtpTest,
    TestStatus,
)
from dakiya.queue import Doorbell, make_broker
from dakiya.smtp_accounts.secrets import SecretBox
from tests.engine.installation import Installation
from tests.engine.world import (
    audited,
    make_account,
    make_campaign,
    make_workspace,
    states_of,
    status_is,
    wait_until,
)
from tests.recorder import Behaviour, Recorder, Rule
from tests.recorder.authority import Authority
from tests.recorder.plugin import StartRecorder

MAILS = 40
PASSWORD = "correct-horse-battery-staple-4711"


def start(
    installation: Installation, session_factory: SessionFactory, server: Recorder, **values: Any
) -> Campaign:
    with session_factory.begin() as session:
        account = make_account(session, make_workspace(session), server.port, **values)
        campaign = make_campaign(session, account, MAILS)
    installation.start("scheduler")
    installation.start("sender")
    return campaign


def pause_of(session_factory: SessionFactory) -> SmtpAccount:
    """Wait until the account is paused, and return it."""
    wait_until(
        session_factory, lambda s: s.scalars(select(SmtpAccount.paused_at)).one() is not None
    )
    with session_factory() as session:
        return session.scalars(select(SmtpAccount)).one()


def end_the_wait(session_factory: SessionFactory) -> None:
    """Let the pause be over, as its time would."""
    with session_factory.begin() as session:
        session.execute(update(SmtpAccount).values(paused_until=func.clock_timestamp()))


def forget_learned_pace(session_factory: SessionFactory) -> None:
    with session_factory.begin() as session:
        session.execute(update(Mailbox).values(slowed_to=None, slowed_from=None, slowed_at=None))


def nobody_was_charged(session_factory: SessionFactory, campaign: Campaign) -> None:
    wait_until(session_factory, lambda s: states_of(s, campaign)[EmailState.CLAIMED] == 0)
    with session_factory() as session:
        waiting = session.scalars(
            select(Email.attempts).where(Email.state.in_((EmailState.PENDING, EmailState.DEFERRED)))
        ).all()
        assert waiting
        assert set(waiting) == {0}
        assert (
            session.scalars(select(func.count(Attempt.id)).where(Attempt.outcome == "failed")).one()
            == 0
        )


def recovers(session_factory: SessionFactory, campaign: Campaign, server: Recorder) -> None:
    status_is(session_factory, campaign, CampaignStatus.FINISHED)
    found = audited(session_factory, campaign, server.received())
    assert (found.received, found.unknown) == (MAILS, 0)
    with session_factory() as session:
        account = session.scalars(select(SmtpAccount)).one()
        assert (account.pause_reason, account.trouble_count) == (None, 0)
        assert set(session.scalars(select(Email.attempts))) == {1}


def test_server_that_refuses_connections_pauses_the_account_until_it_is_back(
    installation: Installation, session_factory: SessionFactory, recorder: StartRecorder
) -> None:
    server = recorder()
    server.stop()
    campaign = start(installation, session_factory, server)
    account = pause_of(session_factory)
    assert (account.pause_reason, account.trouble_count) == ("connection", 1)
    assert account.pause_detail is not None
    assert "refuses connections" in account.pause_detail
    assert account.paused_until is not None
    nobody_was_charged(session_factory, campaign)
    server.start()
    end_the_wait(session_factory)
    recovers(session_factory, campaign, server)


def test_busy_server_pauses_the_account_and_is_tried_again_by_itself(
    installation: Installation, session_factory: SessionFactory, recorder: StartRecorder
) -> None:
    server = recorder(Rule("connect", reply="421 4.3.2 Service not available", times=1))
    campaign = start(installation, session_factory, server)
    account = pause_of(session_factory)
    assert account.pause_detail is not None
    assert "421 4.3.2 Service not available" in account.pause_detail
    with session_factory() as session:
        learned = slowed(session, account)
    assert learned is not None
    assert (account.pause_reason, learned.to, learned.back_to) == ("connection", 5, 10)
    nobody_was_charged(session_factory, campaign)
    forget_learned_pace(session_factory)  # as 40 minutes would
    recovers(session_factory, campaign, server)  # nobody did anything


def test_server_that_closes_its_service_again_and_again_is_left_alone_longer_and_longer(
    installation: Installation, session_factory: SessionFactory, recorder: StartRecorder
) -> None:
    server = recorder(Rule("dot", reply="421 4.3.0 Temporary System Problem", received=False))
    campaign = start(installation, session_factory, server, connections=2)
    for times in range(1, 4):
        wait_until(
            session_factory,
            lambda s: s.scalars(select(SmtpAccount.trouble_count)).one() >= times,  # noqa: B023
        )
        account = pause_of(session_factory)
        assert account.paused_at is not None
        assert account.paused_until is not None
        assert (account.paused_until - account.paused_at).total_seconds() == pytest.approx(
            15 * 2 ** (times - 1)
        )
        nobody_was_charged(session_factory, campaign)
        end_the_wait(session_factory)
    server.behave()
    wait_until(session_factory, lambda s: bool(states_of(s, campaign)[EmailState.SENT]))
    forget_learned_pace(session_factory)
    recovers(session_factory, campaign, server)


def test_wrong_password_waits_for_the_owner(
    installation: Installation,
    session_factory: SessionFactory,
    recorder: StartRecorder,
    settings: Settings,
) -> None:
    server = recorder(behaviour=Behaviour(users={"alice": PASSWORD}))
    box = SecretBox(settings)
    campaign = start(
        installation,
        session_factory,
        server,
        username="alice",
        password_encrypted=box.seal("an-old-password-0815"),
    )
    account = pause_of(session_factory)
    assert (account.pause_reason, account.paused_until) == ("auth", None)
    nobody_was_charged(session_factory, campaign)
    assert not server.received()
    with session_factory.begin() as session:
        session.execute(update(SmtpAccount).values(password_encrypted=box.seal(PASSWORD)))
        clear_trouble(session, account.id)
    recovers(session_factory, campaign, server)
    logs = installation.logs()
    assert "@example.net" not in logs
    assert PASSWORD not in logs
    assert "an-old-password-0815" not in logs


def test_certificate_that_nobody_vouches_for_pauses_the_account(
    installation: Installation,
    session_factory: SessionFactory,
    recorder: StartRecorder,
    authority: Authority,
    settings: Settings,
) -> None:
    server = recorder(
        behaviour=Behaviour(starttls=True, users={"alice": PASSWORD}),
        certificate=authority.issue("localhost"),
    )
    campaign = start(
        installation,
        session_factory,
        server,
        security=Security.STARTTLS,
        username="alice",
        password_encrypted=SecretBox(settings).seal(PASSWORD),
    )
    account = pause_of(session_factory)
    assert (account.pause_reason, account.paused_until is None) == ("tls", False)
    assert "certificate" in (account.pause_detail or "")
    nobody_was_charged(session_factory, campaign)
    assert not server.events("login")


def test_quota_pauses_the_account_and_keeps_what_was_sent(
    installation: Installation, session_factory: SessionFactory, recorder: StartRecorder
) -> None:
    quota = Rule("mail", reply="550 5.4.5 Daily user sending limit exceeded", every=12)
    server = recorder(quota)
    campaign = start(installation, session_factory, server, connections=1)
    account = pause_of(session_factory)
    assert account.pause_reason == "quota"
    assert account.paused_at is not None
    assert account.paused_until is not None
    assert (account.paused_until - account.paused_at).total_seconds() >= 3600
    nobody_was_charged(session_factory, campaign)
    assert len(server.received()) == 11
    server.behave()
    end_the_wait(session_factory)
    recovers(session_factory, campaign, server)


def add_test(
    session: Session, server: Recorder, *, email: str = "alice@example.com", **values: Any
) -> SmtpTest:
    """Add a paused account and its test."""
    account = make_account(session, make_workspace(session, email), server.port, **values)
    account.paused_at, account.pause_reason = account.created_at, "auth"
    session.flush()
    test = SmtpTest(smtp_account_id=account.id, to_email="tester@example.net")
    session.add(test)
    return test


def run_tests(
    installation: Installation,
    session_factory: SessionFactory,
    settings: Settings,
    tests: Sequence[SmtpTest],
) -> list[SmtpTest]:
    """Let a sender run these tests to their ends."""
    installation.start("sender")
    broker = make_broker(settings.redis_url.get_secret_value())
    for test in tests:
        Doorbell(broker).ring_smtp_test(test.id)
    over = (TestStatus.PASSED, TestStatus.FAILED)
    for test in tests:
        wait_until(session_factory, lambda s: s.get_one(SmtpTest, test.id).status in over)  # noqa: B023
    broker.client.close()
    with session_factory() as session:
        return [session.get_one(SmtpTest, test.id) for test in tests]


def steps_of(test: SmtpTest) -> list[tuple[str, bool]]:
    return [(step["name"], step["ok"]) for step in test.steps]


def test_smtp_test_passes_step_by_step_and_ends_the_pause(
    installation: Installation,
    session_factory: SessionFactory,
    recorder: StartRecorder,
    settings: Settings,
) -> None:
    server = recorder(behaviour=Behaviour(users={"alice": PASSWORD}))
    with session_factory.begin() as session:
        sealed = SecretBox(settings).seal(PASSWORD)
        test = add_test(session, server, username="alice", password_encrypted=sealed)
    [test] = run_tests(installation, session_factory, settings, [test])
    assert test.status is TestStatus.PASSED
    names = ["dns", "connect", "greeting", "ehlo", "auth", "mail", "send"]
    assert steps_of(test) == [(name, True) for name in names]
    assert [mail.recipient for mail in server.received()] == ["tester@example.net"]
    with session_factory() as session:
        assert session.scalars(select(SmtpAccount.paused_at)).one() is None
    assert PASSWORD not in installation.logs() + str(test.steps) + str(test.dialogue)
    assert "@example.net" not in installation.logs()


# How a server behaves, the step that fails, and words of what is said about it.
FAILING = [
    (Behaviour(rules=(Rule("connect", reply="554 5.7.1 Go away"),)), "greeting", "Go away"),
    (Behaviour(users={"alice": "another"}), "auth", "535"),
    (Behaviour(rules=(Rule("rcpt", reply="550 5.1.1 Nobody"),)), "send", "refused at RCPT"),
    (Behaviour(rules=(Rule("dot", reply="554 5.6.0 Bad"),)), "send", "554 5.6.0 Bad"),
]


def test_smtp_test_names_the_step_that_failed_and_leaves_the_pause(
    installation: Installation,
    session_factory: SessionFactory,
    recorder: StartRecorder,
    settings: Settings,
) -> None:
    with session_factory.begin() as session:
        tests = []
        for number, (behaviour, _, _) in enumerate(FAILING):
            login: dict[str, Any] = {}
            if behaviour.users:
                sealed = SecretBox(settings).seal(PASSWORD)
                login = {"username": "alice", "password_encrypted": sealed}
            server = recorder(behaviour=behaviour)
            tests.append(add_test(session, server, email=f"user{number}@example.com", **login))
    done = run_tests(installation, session_factory, settings, tests)
    for test, (_, failing_step, words) in zip(done, FAILING, strict=True):
        assert test.status is TestStatus.FAILED
        assert steps_of(test)[-1] == (failing_step, False)
        assert all(ok for _, ok in steps_of(test)[:-1])
        assert words in test.steps[-1]["detail"]
    with session_factory() as session:
        reasons = session.scalars(select(SmtpAccount.pause_reason)).all()
    assert reasons == ["auth"] * len(FAILING)


def test_throttle_halves_the_pace_and_nobody_is_charged(
    installation: Installation, session_factory: SessionFactory, recorder: StartRecorder
) -> None:
    """The server speaks once in mid-campaign; the account goes on slower, by itself."""
    throttle = Rule("mail", reply="450 4.7.1 Error: too much mail from 127.0.0.1", every=21)
    server = recorder(throttle)
    campaign = start(installation, session_factory, server, connections=1)
    account = pause_of(session_factory)
    assert (account.pause_reason, account.paused_until is None) == ("rate", False)
    with session_factory() as session:
        learned = slowed(session, account)
    assert learned is not None
    assert (learned.to, learned.back_to) == (10, 20)
    nobody_was_charged(session_factory, campaign)
    assert len(server.received()) == 20
    server.behave()
    began_at = time.monotonic()
    end_the_wait(session_factory)
    wait_until(session_factory, lambda s: states_of(s, campaign)[EmailState.SENT] == 30)
    # Ten in ten seconds, then the learned minute is full.
    assert time.monotonic() - began_at > 8
    assert len(server.received()) == 30
    with session_factory() as session:
        account = session.scalars(select(SmtpAccount)).one()
        assert (account.pause_reason, account.trouble_count) == (None, 0)
        assert slowed(session, account) == learned
