"""A campaign through a real Postfix, over verified STARTTLS, with a sender killed on the way."""

from pathlib import Path

import pytest
from sqlalchemy import select

from dakiya.db import SessionFactory
from dakiya.models import Campaign, CampaignStatus, Email, EmailState, Recipient, Security
from tests.engine.installation import Installation
from tests.engine.world import audit, make_account, make_campaign, make_workspace, wait_until
from tests.recorder.authority import Authority
from tests.recorder.plugin import StartRecorder
from tests.system.postfix import Postfix

pytestmark = [pytest.mark.system, pytest.mark.timeout(300)]

MAILS = 1_000
GONE = 5


def test_postfix_and_the_ledger_agree_when_a_sender_is_killed(
    environment: dict[str, str],
    session_factory: SessionFactory,
    recorder: StartRecorder,
    authority: Authority,
    tmp_path: Path,
) -> None:
    server = recorder()
    certificate = authority.issue("localhost", "127.0.0.1")
    addresses = [f"r{n}@example.net" for n in range(MAILS - GONE)]
    addresses += [f"gone{n}@example.net" for n in range(GONE)]
    settings = {
        **environment,
        "SSL_CERT_FILE": str(authority.path),
        "DAKIYA_ALLOWED_INTERNAL_HOSTS": "127.0.0.1",
        "DAKIYA_TICK_SECONDS": "1",
        "DAKIYA_LEASE_SECONDS": "3",
    }
    with (
        Postfix(server.port, certificate) as postfix,
        Installation(settings, tmp_path) as installation,
    ):
        with session_factory.begin() as session:
            account = make_account(
                session, make_workspace(session), postfix.port, security=Security.STARTTLS
            )
            campaign = make_campaign(session, account, addresses)
        installation.start("scheduler")
        doomed = installation.start("sender")
        installation.start("sender")
        server.wait_for_received(MAILS // 5, timeout_s=120)
        installation.kill(doomed)
        wait_until(
            session_factory,
            lambda s: s.get_one(Campaign, campaign.id).status is CampaignStatus.FINISHED,
            timeout_s=180,
        )
        server.wait_for_received(MAILS - GONE - account.connections, timeout_s=60)
        with session_factory() as session:
            found = audit(session, campaign, server.received())
            rows = session.execute(
                select(Recipient.email, Email.state, Email.reply_text).join(
                    Email, Email.recipient_id == Recipient.id
                )
            ).all()
    assert not found.flaws, postfix.log()
    assert found.unknown <= account.connections
    for address, state, reply in rows:
        if address.startswith("gone"):
            assert state is EmailState.FAILED
            assert reply == f"5.1.1 <{address}>: Recipient address rejected: User unknown"
        elif state is EmailState.SENT:
            assert "queued as" in str(reply)
