"""Processes killed, stopped, frozen, and an emptied queue: nothing is lost, nothing doubled."""

import redis
from sqlalchemy import func, select

from dakiya.db import SessionFactory
from dakiya.models import Batch, BatchState, Campaign, CampaignStatus, Email, EmailState
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
from tests.recorder import Behaviour, Recorder
from tests.recorder.plugin import StartRecorder

SLOW = Behaviour(delays={"dot": 0.05})


def campaign_on(
    session_factory: SessionFactory, server: Recorder, mails: int, *, connections: int = 4
) -> Campaign:
    with session_factory.begin() as session:
        account = make_account(
            session, make_workspace(session), server.port, connections=connections
        )
        return make_campaign(session, account, mails)


def test_sender_told_to_stop_finishes_the_mail_on_the_wire_and_returns_the_rest(
    installation: Installation, session_factory: SessionFactory, recorder: StartRecorder
) -> None:
    server = recorder(behaviour=SLOW)
    campaign = campaign_on(session_factory, server, 300)
    installation.start("scheduler")
    sender = installation.start("sender")
    server.wait_for_received(40, timeout_s=180)
    assert installation.stop(sender) == 0
    with session_factory() as session:
        states = states_of(session, campaign)
        taken = session.scalars(select(Batch.id).where(Batch.state == BatchState.TAKEN)).all()
    assert not taken
    assert 0 < states[EmailState.PENDING] + states[EmailState.CLAIMED] < 300
    assert states[EmailState.SENDING] == states[EmailState.UNKNOWN] == 0
    assert states[EmailState.SENT] == len(server.received())
    installation.start("sender")
    status_is(session_factory, campaign, CampaignStatus.FINISHED)
    found = audited(session_factory, campaign, server.received())
    assert (found.received, found.unknown) == (300, 0)


def test_frozen_sender_that_wakes_after_its_lease_sends_nothing_twice(
    installation: Installation, session_factory: SessionFactory, recorder: StartRecorder
) -> None:
    server = recorder(behaviour=SLOW)
    campaign = campaign_on(session_factory, server, 600, connections=8)
    installation.start("scheduler")
    frozen = installation.start("sender", DAKIYA_SENDER_THREADS="3")
    server.wait_for_received(30, timeout_s=180)
    installation.freeze(frozen)
    installation.start("sender")

    def is_rescued(session: object) -> bool:
        return "batches_rescued" in installation.logs()

    wait_until(session_factory, is_rescued)
    with session_factory() as session:
        unknown = states_of(session, campaign)[EmailState.UNKNOWN]
    assert unknown <= 3
    installation.thaw(frozen)
    status_is(session_factory, campaign, CampaignStatus.FINISHED)
    # What it learned late about the mails on the wire counts.
    wait_until(
        session_factory, lambda session: not states_of(session, campaign)[EmailState.UNKNOWN]
    )
    found = audited(session_factory, campaign, server.received())
    assert found.received == 600


def test_scheduler_killed_while_preparing_and_while_sending_goes_on(
    installation: Installation, session_factory: SessionFactory, recorder: StartRecorder
) -> None:
    server = recorder()
    with session_factory.begin() as session:
        account = make_account(session, make_workspace(session), server.port)
        campaign = make_campaign(session, account, 12_000, in_s=3600)
    scheduler = installation.start("scheduler")
    wait_until(
        session_factory,
        lambda s: s.get_one(Campaign, campaign.id).prepared_up_to > 0,
    )
    installation.kill(scheduler)
    with session_factory.begin() as session:
        written = session.scalars(
            select(func.count()).where(Email.campaign_id == campaign.id)
        ).one()
        assert 0 < written <= 12_000
        small = make_campaign(session, account, 1_000)
    scheduler = installation.start("scheduler")
    status_is(session_factory, campaign, CampaignStatus.SCHEDULED)
    with session_factory() as session:
        assert states_of(session, campaign) == {EmailState.PENDING: 12_000}
    installation.start("sender")
    server.wait_for_received(200, timeout_s=180)
    installation.kill(scheduler)
    installation.start("scheduler")
    status_is(session_factory, small, CampaignStatus.FINISHED)
    found = audited(session_factory, small, server.received())
    assert (found.received, found.unknown) == (1_000, 0)


def test_emptied_redis_is_filled_again_from_the_database(
    installation: Installation,
    session_factory: SessionFactory,
    recorder: StartRecorder,
    redis_url: str,
) -> None:
    server = recorder(behaviour=SLOW)
    campaign = campaign_on(session_factory, server, 600)
    installation.start("scheduler")
    installation.start("sender")
    for received in (50, 250):
        server.wait_for_received(received, timeout_s=180)
        with redis.Redis.from_url(redis_url) as client:
            client.flushall()
    status_is(session_factory, campaign, CampaignStatus.FINISHED)
    found = audited(session_factory, campaign, server.received())
    assert (found.received, found.unknown) == (600, 0)


def test_two_schedulers_do_no_harm(
    installation: Installation, session_factory: SessionFactory, recorder: StartRecorder
) -> None:
    server = recorder()
    campaign = campaign_on(session_factory, server, 1_000)
    for service in ("scheduler", "scheduler", "sender", "sender"):
        installation.start(service)
    status_is(session_factory, campaign, CampaignStatus.FINISHED)
    found = audited(session_factory, campaign, server.received())
    assert (found.received, found.unknown) == (1_000, 0)
    assert server.most_connections() <= 4


def test_connections_of_a_killed_sender_are_free_for_the_others_and_never_too_many(
    installation: Installation, session_factory: SessionFactory, recorder: StartRecorder
) -> None:
    server = recorder(behaviour=SLOW)
    campaign = campaign_on(session_factory, server, 400, connections=2)
    installation.start("scheduler")
    first = installation.start("sender")
    server.wait_for_received(40, timeout_s=180)
    second = installation.start("sender")
    installation.kill(first)
    server.wait_for_received(150, timeout_s=180)
    installation.start("sender")
    installation.kill(second)
    status_is(session_factory, campaign, CampaignStatus.FINISHED)
    found = audited(session_factory, campaign, server.received())
    assert found.unknown <= 4
    assert server.most_connections() <= 2
