"""A campaign from the ledger to a real server, by real scheduler and sender processes."""

import os
import time

import pytest
from sqlalchemy import func, select

from dakiya.db import SessionFactory
from dakiya.models import (
    CampaignStatus,
    Email,
    EmailState,
)
from tests.engine.installation import Installation
from tests.engine.world import (
    audited,
    make_account,
    make_campaign,
    make_workspace,
    states_of,
    status_is,
)
from tests.recorder import Behaviour
from tests.recorder.plugin import StartRecorder

# The 20,000 take their time on a busy machine: DAKIYA_TEST_MAILS=20000 runs them.
MAILS = int(os.environ.get("DAKIYA_TEST_MAILS", "5000"))


def test_campaign_arrives_once_with_two_senders(
    installation: Installation, session_factory: SessionFactory, recorder: StartRecorder
) -> None:
    server = recorder(behaviour=Behaviour(mails_per_connection=100))
    with session_factory.begin() as session:
        account = make_account(
            session, make_workspace(session), server.port, connections=3, mails_per_connection=20
        )
        campaign = make_campaign(session, account, 1_000)
    installation.start("scheduler")
    installation.start("sender")
    installation.start("sender")
    status_is(session_factory, campaign, CampaignStatus.FINISHED)
    found = audited(session_factory, campaign, server.received())
    assert (found.received, found.unknown) == (1_000, 0)
    assert server.most_connections() <= 3
    per_connection: dict[str, int] = {}
    for mail in server.received():
        per_connection[mail.connection] = per_connection.get(mail.connection, 0) + 1
    assert max(per_connection.values()) <= 20
    with session_factory() as session:
        rows = session.execute(
            select(Email.reply_code, Email.attempts, func.count())
            .where(Email.campaign_id == campaign.id)
            .group_by(Email.reply_code, Email.attempts)
        ).all()
        texts = session.scalars(select(Email.reply_text).distinct()).all()
    assert rows == [(250, 1, 1_000)]
    assert all(text and text.startswith("2.0.0 Ok: queued as") for text in texts)


@pytest.mark.timeout(1200)
def test_nothing_is_lost_or_doubled_when_a_sender_is_killed(
    installation: Installation, session_factory: SessionFactory, recorder: StartRecorder
) -> None:
    server = recorder()
    with session_factory.begin() as session:
        account = make_account(session, make_workspace(session), server.port, connections=12)
        campaign = make_campaign(session, account, MAILS)
    installation.start("scheduler")
    senders = [installation.start("sender") for _ in range(3)]
    server.wait_for_received(MAILS // 5, timeout_s=400)
    installation.kill(senders[0])
    status_is(session_factory, campaign, CampaignStatus.FINISHED, timeout_s=600)
    found = audited(session_factory, campaign, server.received())
    # One per connection that was cut, and what is unknown may have arrived.
    assert found.unknown <= 8
    assert found.received >= MAILS - found.unknown
    assert server.most_connections() <= 12


def test_campaign_starts_at_its_instant_and_not_before(
    installation: Installation, session_factory: SessionFactory, recorder: StartRecorder
) -> None:
    server = recorder()
    installation.start("scheduler")
    installation.start("sender")
    with session_factory.begin() as session:
        account = make_account(session, make_workspace(session), server.port)
        campaign = make_campaign(session, account, 5, in_s=6)
    assert campaign.scheduled_at is not None
    status_is(session_factory, campaign, CampaignStatus.SCHEDULED)
    assert not server.received() or time.time() >= campaign.scheduled_at.timestamp()
    mails = server.wait_for_received(5, timeout_s=180)
    assert min(mail.at for mail in mails) >= campaign.scheduled_at.timestamp()


def test_campaigns_of_two_workspaces_do_not_wait_for_each_other(
    installation: Installation, session_factory: SessionFactory, recorder: StartRecorder
) -> None:
    slow, fast = recorder(behaviour=Behaviour(delays={"dot": 1.0})), recorder()
    with session_factory.begin() as session:
        alice = make_account(session, make_workspace(session), slow.port, connections=20)
        bob_id = make_workspace(session, "bob@example.com")
        bob = make_account(session, bob_id, fast.port)
        large = make_campaign(session, alice, 1_000)
    installation.start("scheduler")
    installation.start("sender")
    slow.wait_for_received(10, timeout_s=180)
    with session_factory.begin() as session:
        small = make_campaign(session, bob, 100)
    status_is(session_factory, small, CampaignStatus.FINISHED)
    assert len(fast.received()) == 100
    with session_factory() as session:
        # All 8 threads had a batch of 50 of the large one, and none was waited for.
        assert states_of(session, large)[EmailState.SENT] < 8 * 50
