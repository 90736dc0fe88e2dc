"""A campaign from the ledger to a real server, by real scheduler and sender processes."""

from dakiya.db import SessionFactory
from dakiya.models import Campaign, CampaignStatus
from tests.engine.installation import Installation
from tests.engine.world import audit, make_account, make_campaign, make_workspace, wait_until
from tests.recorder.plugin import StartRecorder


def is_finished(
    session_factory: SessionFactory, campaign_id: int, *, timeout_s: float = 90
) -> None:
    wait_until(
        session_factory,
        lambda s: s.get_one(Campaign, campaign_id).status is CampaignStatus.FINISHED,
        timeout_s=timeout_s,
    )


def test_campaign_arrives_once_with_two_senders(
    installation: Installation, session_factory: SessionFactory, recorder: StartRecorder
) -> None:
    server = recorder()
    with session_factory.begin() as session:
        account = make_account(session, make_workspace(session), server.port)
        campaign = make_campaign(session, account, 1_000)
    installation.start("scheduler")
    installation.start("sender")
    installation.start("sender")
    is_finished(session_factory, campaign.id)
    with session_factory() as session:
        found = audit(session, campaign, server.received())
    assert not found.flaws
    assert (found.received, found.unknown) == (1_000, 0)


def test_nothing_is_lost_or_doubled_when_a_sender_is_killed(
    installation: Installation, session_factory: SessionFactory, recorder: StartRecorder
) -> None:
    server = recorder()
    with session_factory.begin() as session:
        account = make_account(session, make_workspace(session), server.port, connections=12)
        campaign = make_campaign(session, account, 20_000)
    installation.start("scheduler")
    senders = [installation.start("sender") for _ in range(3)]
    server.wait_for_received(4_000, timeout_s=120)
    installation.kill(senders[0])
    is_finished(session_factory, campaign.id, timeout_s=300)
    with session_factory() as session:
        found = audit(session, campaign, server.received())
    print(found)
    assert not found.flaws
    assert found.unknown <= 12
