"""Pause, resume and cancel in mid-batch: what is shown is what happens on the wire."""

import time

from dakiya.campaigns.lifecycle import cancel, pause, resume
from dakiya.db import SessionFactory
from dakiya.models import Campaign, CampaignStatus, EmailState
from tests.engine.installation import Installation
from tests.engine.world import (
    audited,
    make_account,
    make_campaign,
    make_workspace,
    states_of,
    status_is,
)
from tests.recorder import Behaviour, Recorder
from tests.recorder.plugin import StartRecorder

MAILS = 400
SLOW = Behaviour(delays={"dot": 0.03})


def in_mid_batch(
    installation: Installation, session_factory: SessionFactory, server: Recorder, wanted: int = 50
) -> Campaign:
    with session_factory.begin() as session:
        account = make_account(session, make_workspace(session), server.port)
        campaign = make_campaign(session, account, MAILS)
    installation.start("scheduler")
    installation.start("sender")
    installation.start("sender")
    server.wait_for_received(wanted, timeout_s=180)
    return campaign


def settled_at(
    session_factory: SessionFactory, campaign: Campaign, status: CampaignStatus
) -> float:
    status_is(session_factory, campaign, status)
    return time.time()


def test_nothing_is_received_once_paused_is_shown_and_resume_sends_the_rest_once(
    installation: Installation, session_factory: SessionFactory, recorder: StartRecorder
) -> None:
    server = recorder(behaviour=SLOW)
    campaign = in_mid_batch(installation, session_factory, server)
    for round_number in (1, 2):
        with session_factory.begin() as session:
            on_wire = pause(session, session.get_one(Campaign, campaign.id))
        assert on_wire <= 4
        paused_at = settled_at(session_factory, campaign, CampaignStatus.PAUSED)
        with session_factory() as session:
            states = states_of(session, campaign)
            assert states[EmailState.SENDING] == states[EmailState.CLAIMED] == 0
        so_far = len(server.received())
        assert so_far < MAILS
        # Two ticks and more of mails would have gone out in this time.
        time.sleep(3)
        assert len(server.received()) == so_far
        assert all(mail.at <= paused_at for mail in server.received())
        with session_factory.begin() as session:
            resume(session, session.get_one(Campaign, campaign.id))
        if round_number == 1:
            server.wait_for_received(so_far + 50, timeout_s=180)
    status_is(session_factory, campaign, CampaignStatus.FINISHED)
    found = audited(session_factory, campaign, server.received())
    assert (found.received, found.unknown) == (MAILS, 0)


def test_nothing_is_received_once_cancelled_is_shown(
    installation: Installation, session_factory: SessionFactory, recorder: StartRecorder
) -> None:
    server = recorder(behaviour=SLOW)
    campaign = in_mid_batch(installation, session_factory, server)
    with session_factory.begin() as session:
        assert cancel(session, session.get_one(Campaign, campaign.id)) <= 4
    cancelled_at = settled_at(session_factory, campaign, CampaignStatus.CANCELLED)
    time.sleep(3)
    assert all(mail.at <= cancelled_at for mail in server.received())
    found = audited(session_factory, campaign, server.received())
    with session_factory() as session:
        states = states_of(session, campaign)
    assert states[EmailState.SENT] == found.received < MAILS
    assert states[EmailState.CANCELLED] == MAILS - found.received


def test_mail_whose_server_is_slow_to_answer_keeps_the_campaign_pausing(
    installation: Installation, session_factory: SessionFactory, recorder: StartRecorder
) -> None:
    server = recorder()
    campaign = in_mid_batch(installation, session_factory, server, 20)
    server.behave(delays={"dot": 3.0})
    server.wait_for_received(len(server.received()) + 1, timeout_s=180)
    with session_factory.begin() as session:
        assert pause(session, session.get_one(Campaign, campaign.id)) > 0
    with session_factory() as session:
        assert session.get_one(Campaign, campaign.id).status is CampaignStatus.PAUSING
    status_is(session_factory, campaign, CampaignStatus.PAUSED)
    found = audited_paused(session_factory, campaign, server)
    assert found == len(server.received())


def audited_paused(session_factory: SessionFactory, campaign: Campaign, server: Recorder) -> int:
    """Return how many mails are sent, after a look that nothing else is under way."""
    with session_factory() as session:
        states = states_of(session, campaign)
    assert set(states) == {EmailState.SENT, EmailState.PENDING}
    return states[EmailState.SENT]
