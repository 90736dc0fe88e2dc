"""Pause, resume, cancel and unsubscribe in mid-batch: what is shown is what happens on the wire."""

import time

from dakiya.campaigns.lifecycle import cancel, pause, resume
from dakiya.contacts.suppressions import suppress
from dakiya.models import Campaign, CampaignStatus, EmailState, SuppressionReason
from tests.engine.faults.trial import Trial
from tests.engine.world import make_account, make_campaign, make_workspace, states_of, status_is
from tests.recorder import Behaviour, Recorder
from tests.recorder.plugin import StartRecorder

MAILS = 400
SLOW = Behaviour(delays={"dot": 0.03})


def in_mid_batch(trial: Trial, server: Recorder, wanted: int = 50) -> Campaign:
    campaign = trial.running(server, MAILS)
    server.wait_for_received(wanted, timeout_s=180)
    return campaign


def settled_at(trial: Trial, campaign: Campaign, status: CampaignStatus) -> float:
    status_is(trial.sessions, campaign, status)
    return time.time()


def test_nothing_is_received_once_paused_is_shown_and_resume_sends_the_rest_once(
    trial: Trial, recorder: StartRecorder
) -> None:
    server = recorder(behaviour=SLOW)
    campaign = in_mid_batch(trial, server)
    for round_number in (1, 2):
        with trial.sessions.begin() as session:
            on_wire = pause(session, session.get_one(Campaign, campaign.id))
        assert on_wire <= 4
        paused_at = settled_at(trial, campaign, CampaignStatus.PAUSED)
        with trial.sessions() as session:
            states = states_of(session, campaign)
            assert states[EmailState.SENDING] == states[EmailState.CLAIMED] == 0
        so_far = len(server.received())
        assert so_far < MAILS
        # Two ticks and more of mails would have gone out in this time.
        time.sleep(3)
        assert len(server.received()) == so_far
        assert all(mail.at <= paused_at for mail in server.received())
        with trial.sessions.begin() as session:
            resume(session, session.get_one(Campaign, campaign.id))
        if round_number == 1:
            server.wait_for_received(so_far + 50, timeout_s=180)
    found = trial.judge("paused and resumed in mid-batch, twice", campaign, server)
    assert found.received == MAILS


def test_nothing_is_received_once_cancelled_is_shown(trial: Trial, recorder: StartRecorder) -> None:
    server = recorder(behaviour=SLOW)
    campaign = in_mid_batch(trial, server)
    with trial.sessions.begin() as session:
        assert cancel(session, session.get_one(Campaign, campaign.id)) <= 4
    cancelled_at = settled_at(trial, campaign, CampaignStatus.CANCELLED)
    time.sleep(3)
    assert all(mail.at <= cancelled_at for mail in server.received())
    found = trial.judge("cancelled in mid-batch", campaign, server, status=CampaignStatus.CANCELLED)
    with trial.sessions() as session:
        states = states_of(session, campaign)
    assert states[EmailState.SENT] == found.received < MAILS
    assert states[EmailState.CANCELLED] == MAILS - found.received


def test_mail_whose_server_is_slow_to_answer_keeps_the_campaign_pausing(
    trial: Trial, recorder: StartRecorder
) -> None:
    server = recorder()
    campaign = in_mid_batch(trial, server, 20)
    server.behave(delays={"dot": 3.0})
    server.wait_for_received(len(server.received()) + 1, timeout_s=180)
    with trial.sessions.begin() as session:
        assert pause(session, session.get_one(Campaign, campaign.id)) > 0
    with trial.sessions() as session:
        assert session.get_one(Campaign, campaign.id).status is CampaignStatus.PAUSING
    status_is(trial.sessions, campaign, CampaignStatus.PAUSED)
    with trial.sessions() as session:
        states = states_of(session, campaign)
    assert states == {
        EmailState.SENT: len(server.received()),
        EmailState.PENDING: MAILS - len(server.received()),
    }


def test_address_suppressed_in_mid_run_gets_no_mail(trial: Trial, recorder: StartRecorder) -> None:
    # Slow enough that the last ones are in a sender's hands when they are suppressed.
    server = recorder(behaviour=Behaviour(delays={"dot": 0.1}))
    with trial.sessions.begin() as session:
        account = make_account(session, make_workspace(session), server.port, connections=1)
        campaign = make_campaign(session, account, 50)
    trial.start("scheduler", "sender")
    server.wait_for_received(5, timeout_s=180)
    late = {f"r{number}@example.net" for number in range(40, 50)}
    with trial.sessions.begin() as session:
        assert states_of(session, campaign)[EmailState.CLAIMED] > 10
        for address in late:
            suppress(session, campaign.workspace_id, address, SuppressionReason.UNSUBSCRIBED)
    found = trial.judge("unsubscribed in mid-batch", campaign, server)
    assert found.received == 40
    assert not late & {mail.recipient for mail in server.received()}
    with trial.sessions() as session:
        assert states_of(session, campaign)[EmailState.SUPPRESSED] == 10
