"""SMTP servers that misbehave in every phase, all at once on one installation.

Trouble of the account pauses it and costs no recipient an attempt; trouble of a recipient
touches that row; what cannot be known is unknown.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest
from sqlalchemy import func, select, update

from dakiya.config import Settings
from dakiya.delivery.trouble import clear_trouble
from dakiya.models import (
    Campaign,
    CampaignStatus,
    Email,
    EmailState,
    Mailbox,
    Recipient,
    Security,
    SmtpAccount,
)
from dakiya.smtp_accounts.secrets import SecretBox
from tests.engine.faults.trial import Trial, until
from tests.engine.world import make_account, make_campaign, make_workspace, states_of
from tests.recorder import Action, Behaviour, Recorder, Rule
from tests.recorder.authority import Authority
from tests.recorder.plugin import StartRecorder

MAILS = 12
PASSWORD = "correct-horse-battery-staple-4711"
SENT = {EmailState.SENT: MAILS}
THIRD = "^r(0|3|6|9)@"
REST = {EmailState.SENT: MAILS - 4}


@dataclass(frozen=True)
class Case:
    """A server, what its account pauses for (then the server is mended), and the ledger's end.

    Without ``states``: each mail is sent or unknown, as the race may have it. One that
    ``charges_nobody`` costs no recipient an attempt, though it pauses the account as often as it
    likes.
    """

    fault: str
    behaviour: Behaviour
    pauses: str = ""
    states: Mapping[EmailState, int] = field(default_factory=lambda: SENT)
    cuts: int = 0
    security: Security = Security.NONE
    login: bool = False
    mails: int = MAILS
    charges_nobody: bool = False


def rules(*found: Rule, **changes: Any) -> Behaviour:
    return Behaviour(rules=found, **changes)


CASES = [
    Case("421 at connect", rules(Rule("connect", reply="421 4.3.2 Busy")), "connection"),
    Case("dropped at connect", rules(Rule("connect", Action.DROP)), "connection"),
    Case("no SMTP at connect", rules(Rule("connect", Action.GARBAGE)), "connection"),
    Case("one connection only", rules(max_connections=1), "rate"),
    Case(
        "TLS broken",
        rules(Rule("tls", Action.DROP), starttls=True),
        "tls",
        security=Security.STARTTLS,
    ),
    Case("STARTTLS stripped", rules(), "tls", security=Security.STARTTLS, login=True),
    Case(
        "535 at login",
        rules(users={"alice": "another one"}, starttls=True),
        "auth",
        security=Security.STARTTLS,
        login=True,
    ),
    Case("450 at MAIL", rules(Rule("mail", reply="450 4.7.1 Slow down")), "*"),
    Case("550 at MAIL", rules(Rule("mail", reply="550 5.7.60 Not as this sender")), "*"),
    Case("452 quota at MAIL", rules(Rule("mail", reply="452 4.3.1 Out of storage")), "*"),
    Case("450 at RCPT, once", rules(Rule("rcpt", reply="450 4.2.1 Try later", times=1))),
    Case(
        "550 at RCPT of some",
        rules(Rule("rcpt", reply="550 5.1.1 No such user", recipient=THIRD)),
        states={**REST, EmailState.FAILED: 4},
    ),
    Case("452 at RCPT, once", rules(Rule("rcpt", reply="452 4.5.3 Too many", times=1))),
    Case("451 at DATA, once", rules(Rule("data", reply="451 4.3.0 Try later", times=1))),
    Case("dropped at DATA, once", rules(Rule("data", Action.DROP, times=1))),
    Case(
        "554 at DATA of some",
        rules(Rule("data", reply="554 5.7.1 Refused", recipient=THIRD)),
        states={**REST, EmailState.FAILED: 4},
    ),
    Case("451 after the dot, once", rules(Rule("dot", reply="451 4.3.0 Try later", times=1))),
    Case(
        "554 after the dot of some",
        rules(Rule("dot", reply="554 5.7.1 Refused", recipient=THIRD)),
        states={**REST, EmailState.FAILED: 4},
    ),
    # Whether the dot had left when the connection broke, only the race between them decides.
    Case(
        "dropped in the body, once",
        rules(Rule("body", Action.DROP, times=1, every=3)),
        states={},
        cuts=MAILS // 2,
    ),
    Case(
        "421 at RCPT, now and then",
        rules(Rule("rcpt", Action.HANG_UP, "421 4.3.2 Bye", every=4)),
        charges_nobody=True,
    ),
    Case(
        "dropped after the dot, mail kept",
        rules(Rule("dot", Action.DROP, recipient=THIRD, received=True)),
        states={**REST, EmailState.UNKNOWN: 4},
        cuts=4,
    ),
    Case(
        "dropped after the dot, mail lost",
        rules(Rule("dot", Action.DROP, recipient=THIRD, received=False)),
        states={**REST, EmailState.UNKNOWN: 4},
        cuts=4,
    ),
    Case(
        "a reply per second",
        rules(Rule("rcpt", delay_s=1.0), Rule("dot", delay_s=1.0)),
    ),
    Case("a reply byte by byte", rules(Rule("dot", Action.DRIP, delay_s=0.02))),
    # From ten refusals in a row on the campaign would pause.
    Case("SIZE exceeded", rules(size_bytes=100), states={EmailState.FAILED: 9}, mails=9),
]


@pytest.mark.timeout(900)
def test_every_misbehaviour_of_a_server(
    trial: Trial, recorder: StartRecorder, authority: Authority, settings: Settings
) -> None:
    certificate = authority.issue("localhost", "127.0.0.1")
    seal = SecretBox(settings).seal
    running: list[tuple[Case, Recorder, Campaign]] = []
    for case in CASES:
        server = recorder(behaviour=case.behaviour, certificate=certificate)
        login: dict[str, Any] = (
            {"username": "alice", "password_encrypted": seal(PASSWORD)} if case.login else {}
        )
        campaign = trial.campaign(
            server, case.mails, connections=3, security=case.security, **login
        )
        running.append((case, server, campaign))
    # Small batches: several connections per account.
    settled = {"SSL_CERT_FILE": str(authority.path), "DAKIYA_BATCH_SIZE": "4"}
    trial.start("scheduler", "sender", "sender", **settled)

    for case, server, campaign in running:
        if not case.pauses:
            continue
        print(case.fault)  # for a failing test's message
        until(lambda: _pause_of(trial, campaign) is not None)  # noqa: B023 - called at once
        if case.pauses != "*":
            assert _pause_of(trial, campaign) == case.pauses, case.fault
        if case.fault != "one connection only":
            assert _attempts_of(trial, campaign) == {0}, case.fault
        if case.login:
            assert not server.events("login") or case.pauses == "auth", case.fault
        # What is still under way has met the unmended server: it may not pause the account again.
        users = {"alice": PASSWORD} if case.login else {}
        server.behave(starttls=case.security is Security.STARTTLS, users=users)
        _mend(trial, campaign)

    for case, server, campaign in running:
        until(lambda: _is_finished(trial, campaign))  # noqa: B023 - called at once
        trial.judge(case.fault, campaign, server, cuts=case.cuts)
        with trial.sessions() as session:
            found = states_of(session, campaign)
        if case.states:
            assert found == Counter(case.states), case.fault
        else:
            assert found[EmailState.SENT] + found[EmailState.UNKNOWN] == MAILS, case.fault
        if case.charges_nobody:
            assert _attempts_of(trial, campaign) == {1}, case.fault
    assert PASSWORD not in trial.installation.logs()


def test_no_answer_after_the_dot(trial: Trial, recorder: StartRecorder) -> None:
    """The mails wait for their replies, as RFC 5321 wants; then the server goes away."""
    server = recorder(Rule("dot", Action.SILENCE, recipient="^r[12]@"))
    campaign = trial.campaign(server, 30, connections=4)
    trial.start("scheduler", "sender", DAKIYA_BATCH_SIZE="1")
    until(lambda: len(server.received()) == 30)
    # The others' outcomes are written a moment after they have arrived.
    until(lambda: _states_of(trial, campaign)[EmailState.SENDING] == 2)
    server.kill()
    server.start()
    trial.judge("no answer after the dot", campaign, server, cuts=2)


def test_server_killed_again_and_again(trial: Trial, recorder: StartRecorder, kills: int) -> None:
    server = recorder(behaviour=Behaviour(delays={"dot": 0.02}))
    campaign = trial.running(server, 100 * min(kills, 20), connections=4)
    rounds = max(2, min(kills, 20) // 3)
    for _ in range(rounds):
        assert trial.wait_for_mails(server, 30)
        server.kill()
        server.start()
        _end_waits(trial, campaign)
    until(lambda: _is_finished(trial, campaign))
    trial.judge(f"kill -9 of the SMTP server, {rounds} times", campaign, server, cuts=4 * rounds)


def test_poison_recipient_fails_alone(trial: Trial, recorder: StartRecorder) -> None:
    server = recorder()
    with trial.sessions.begin() as session:
        account = make_account(session, make_workspace(session), server.port, connections=1)
        campaign = make_campaign(session, account, 60)
        # The web would not take them: an address without an @, and a field that is no text.
        ids = session.scalars(select(Recipient.id).order_by(Recipient.id)).all()
        session.execute(update(Recipient).where(Recipient.id == ids[10]).values(email="nowhere"))
        session.execute(
            update(Recipient).where(Recipient.id == ids[30]).values(fields={"city": {"a": 1}})
        )
    trial.start("scheduler", "sender")
    found = trial.judge("two recipients whose mail cannot be built", campaign, server)
    assert found.received == 58
    with trial.sessions() as session:
        failed = session.execute(
            select(Email.recipient_id, Email.reason, Email.reply_text)
            .where(Email.state == EmailState.FAILED)
            .order_by(Email.recipient_id)
        ).all()
    assert [(i, reason) for i, reason, _ in failed] == [
        (ids[10], "template"),
        (ids[30], "template"),
    ]
    assert all(words for _, _, words in failed)


def _pause_of(trial: Trial, campaign: Campaign) -> str | None:
    with trial.sessions() as session:
        return session.scalar(
            select(SmtpAccount.pause_reason).where(SmtpAccount.id == campaign.smtp_account_id)
        )


def _attempts_of(trial: Trial, campaign: Campaign) -> set[int]:
    with trial.sessions() as session:
        return set(session.scalars(select(Email.attempts).where(Email.campaign_id == campaign.id)))


def _states_of(trial: Trial, campaign: Campaign) -> Counter[EmailState]:
    with trial.sessions() as session:
        return states_of(session, campaign)


def _mend(trial: Trial, campaign: Campaign) -> None:
    """The owner has changed something, as the web says it to the ledger."""
    assert campaign.smtp_account_id is not None
    with trial.sessions.begin() as session:
        clear_trouble(session, campaign.smtp_account_id)


def _end_waits(trial: Trial, campaign: Campaign) -> None:
    """Let a pause and a learned pace be over, as their time would."""
    with trial.sessions.begin() as session:
        session.execute(
            update(SmtpAccount)
            .where(
                SmtpAccount.id == campaign.smtp_account_id, SmtpAccount.paused_until.is_not(None)
            )
            .values(paused_until=func.clock_timestamp())
        )
        session.execute(
            update(Mailbox)
            .where(Mailbox.id == SmtpAccount.mailbox_id)
            .where(SmtpAccount.id == campaign.smtp_account_id)
            .values(slowed_to=None, slowed_from=None, slowed_at=None)
        )


def _is_finished(trial: Trial, campaign: Campaign) -> bool:
    """Look, and let a pause of the account be over."""
    _end_waits(trial, campaign)
    with trial.sessions() as session:
        return session.get_one(Campaign, campaign.id).status is CampaignStatus.FINISHED
