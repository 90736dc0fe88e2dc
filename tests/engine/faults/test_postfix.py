"""A campaign through a real Postfix, over verified STARTTLS, with senders killed on the way."""

import pytest
from sqlalchemy import select

from dakiya.models import CampaignStatus, Email, EmailState, Recipient, Security
from tests.engine.faults.trial import Trial
from tests.engine.world import make_account, make_campaign, make_workspace, states_of, status_is
from tests.recorder.authority import Authority
from tests.recorder.plugin import StartRecorder
from tests.system.postfix import Postfix

pytestmark = [pytest.mark.system, pytest.mark.timeout(1800)]

GONE = 5
CONNECTIONS = 4


def test_postfix_and_the_ledger_agree_when_senders_are_killed(
    trial: Trial, recorder: StartRecorder, authority: Authority, kills: int
) -> None:
    """1,000 mails and 2 kills; the long suite 5,000 and 10. Postfix relays to the recorder."""
    mails, rounds = (5_000, 10) if kills >= 100 else (1_000, 2)
    server = recorder()
    addresses = [f"r{n}@example.net" for n in range(mails - GONE)]
    addresses += [f"gone{n}@example.net" for n in range(GONE)]
    trusting = {"SSL_CERT_FILE": str(authority.path)}
    with Postfix(server.port, authority.issue("localhost", "127.0.0.1")) as postfix:
        with trial.sessions.begin() as session:
            account = make_account(
                session,
                make_workspace(session),
                postfix.port,
                security=Security.STARTTLS,
                connections=CONNECTIONS,
            )
            campaign = make_campaign(session, account, addresses)
        trial.start("scheduler", **trusting)
        senders = [trial.installation.start("sender", **trusting) for _ in range(2)]
        for _ in range(rounds):
            assert trial.wait_for_mails(server, 100)
            # The older one: it keeps its connections while there is work.
            trial.installation.kill(senders.pop(0))
            senders.append(trial.installation.start("sender", **trusting))
        status_is(trial.sessions, campaign, CampaignStatus.FINISHED, timeout_s=600)
        with trial.sessions() as session:
            sent = states_of(session, campaign)[EmailState.SENT]
        server.wait_for_received(sent, timeout_s=120)  # what Postfix has in its queue
        trial.judge(
            f"Postfix, kill -9 of {rounds} senders",
            campaign,
            server,
            cuts=rounds * CONNECTIONS,
        )
    with trial.sessions() as session:
        rows = session.execute(
            select(Recipient.email, Email.state, Email.reply_text).join(
                Email, Email.recipient_id == Recipient.id
            )
        ).all()
    for address, state, reply in rows:
        if address.startswith("gone"):
            assert state is EmailState.FAILED
            assert reply == f"5.1.1 <{address}>: Recipient address rejected: User unknown"
        elif state is EmailState.SENT:
            assert "queued as" in str(reply)
