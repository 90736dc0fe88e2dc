"""Processes killed, stopped and frozen: nothing is lost, nothing doubled."""

import time
from concurrent.futures import ThreadPoolExecutor
from multiprocessing.process import BaseProcess

import pytest
import requests
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from dakiya.accounts.tokens import create_token
from dakiya.contacts.imports import create_import
from dakiya.models import (
    Batch,
    BatchState,
    Campaign,
    CampaignStatus,
    Email,
    EmailState,
    ImportStatus,
    Recipient,
    RecipientImport,
    User,
)
from tests.engine.faults.trial import Trial, until
from tests.engine.world import make_campaign, states_of, status_is, wait_until
from tests.recorder import Behaviour
from tests.recorder.plugin import StartRecorder
from tests.system.compose import free_port

# Of the installation that the tests start.
LEASE_S = 3
SLOW = Behaviour(delays={"dot": 0.05})
# Of the random run's senders: so many mails may be on the wire of one that is killed.
THREADS = 2
SENDERS = 3
# Some seconds of reading: a kill finds the worker at it.
ROWS = 30_000


class Api:
    """The API of a web that may be gone at any moment."""

    def __init__(self, url: str, token: str) -> None:
        self._url = url
        self._headers = {"Authorization": f"Bearer {token}"}

    def answers(self) -> bool:
        """Tell whether the web is up."""
        try:
            return requests.get(f"{self._url}/health", timeout=5).ok
        except requests.RequestException:
            return False

    def post(self, path: str, body: dict[str, str]) -> int:
        """Return the status, 0 without an answer."""
        try:
            answer = requests.post(self._url + path, json=body, headers=self._headers, timeout=30)
        except requests.RequestException:
            return 0
        return answer.status_code


@pytest.mark.timeout(7200)
def test_random_processes_killed_again_and_again(
    trial: Trial, recorder: StartRecorder, kills: int
) -> None:
    """Senders mostly, and the scheduler; each is started again at once."""
    server = recorder(behaviour=Behaviour(delays={"dot": 0.02}))
    campaign = trial.campaign(server, 120 * kills, connections=SENDERS * THREADS)
    running: list[tuple[str, BaseProcess]] = [
        (service, trial.installation.start(service, DAKIYA_SENDER_THREADS=str(THREADS)))
        for service in ("scheduler", *["sender"] * SENDERS)
    ]
    killed = {"scheduler": 0, "sender": 0}
    for _ in range(kills):
        assert trial.wait_for_mails(server, trial.chance.randint(1, 60))
        victim = trial.chance.randrange(len(running))
        service, process = running[victim]
        trial.installation.kill(process)
        killed[service] += 1
        running[victim] = (
            service,
            trial.installation.start(service, DAKIYA_SENDER_THREADS=str(THREADS)),
        )
    found = trial.judge(
        f"kill -9 of {killed['sender']} senders and {killed['scheduler']} schedulers",
        campaign,
        server,
        cuts=killed["sender"] * THREADS,
        timeout_s=600,
    )
    assert found.received >= found.mails - found.unknown
    assert server.most_connections() <= SENDERS * THREADS


def test_scheduler_killed_while_preparing_and_while_sending(
    trial: Trial, recorder: StartRecorder
) -> None:
    server = recorder()
    campaign = trial.campaign(server, 12_000, in_s=3600)
    scheduler = trial.installation.start("scheduler")
    wait_until(trial.sessions, lambda s: s.get_one(Campaign, campaign.id).prepared_up_to > 0)
    trial.installation.kill(scheduler)
    with trial.sessions.begin() as session:
        written = session.scalars(
            select(func.count()).where(Email.campaign_id == campaign.id)
        ).one()
        assert 0 < written <= 12_000
        account = session.get_one(Campaign, campaign.id).smtp_account
        assert account is not None
        small = make_campaign(session, account, 1_000)
    scheduler = trial.installation.start("scheduler")
    status_is(trial.sessions, campaign, CampaignStatus.SCHEDULED)
    with trial.sessions() as session:
        assert states_of(session, campaign) == {EmailState.PENDING: 12_000}
    trial.start("sender")
    assert trial.wait_for_mails(server, 200)
    trial.installation.kill(scheduler)
    trial.start("scheduler")
    trial.judge("kill -9 of the scheduler, preparing and sending", small, server)


def test_scheduler_killed_while_importing(trial: Trial, recorder: StartRecorder) -> None:
    server = recorder()
    draft = trial.campaign(server, 0, start=False)
    content = "Email,City\n" + "".join(f"r{n}@example.net,Pune\n" for n in range(ROWS))
    with trial.sessions.begin() as session:
        found = create_import(
            session, session.merge(draft), filename="list.csv", content=content.encode()
        )

    def imported() -> int:
        with trial.sessions() as session:
            return session.scalars(
                select(func.count()).where(Recipient.campaign_id == draft.id)
            ).one()

    so_far = 0
    for _ in range(2):
        scheduler = trial.installation.start("scheduler")
        until(lambda: imported() > so_far)  # noqa: B023 - called at once
        trial.installation.kill(scheduler)
        so_far = imported()
        assert so_far < ROWS
    trial.start("scheduler")
    wait_until(
        trial.sessions,
        lambda s: s.get_one(RecipientImport, found.id).status is ImportStatus.DONE,
    )
    assert imported() == ROWS


def test_web_killed_while_campaigns_are_made_and_scheduled(
    trial: Trial,
    recorder: StartRecorder,
    environment: dict[str, str],
    web_database_url: str,
) -> None:
    """Whoever gets no answer asks again: each campaign is there once, and sent once."""
    server = recorder()
    draft = trial.campaign(server, 30, start=False)
    with trial.sessions.begin() as session:
        token = create_token(session, user=session.scalars(select(User)).one(), name="test")
    port = free_port()
    web = {"DATABASE_URL": web_database_url, "DAKIYA_PORT": str(port), "DAKIYA_WEB_WORKERS": "1"}
    api = Api(f"http://127.0.0.1:{port}/api/v1", token)
    trial.start("scheduler", "sender")
    for delay_s in (0.0, 0.02, 0.1):
        process = trial.installation.start("web", **web)
        until(api.answers)
        with ThreadPoolExecutor() as threads:
            asked = threads.submit(api.post, f"/campaigns/{draft.id}/schedule", {"at": "now"})
            time.sleep(delay_s)
            trial.installation.kill_with_children(process)
            asked.result()
    trial.start("web", **web)
    until(api.answers)
    assert api.post(f"/campaigns/{draft.id}/schedule", {"at": "now"}) in (200, 409)
    trial.judge("kill -9 of the web while a campaign is scheduled", draft, server)


def test_sender_told_to_stop_finishes_the_mail_on_the_wire_and_returns_the_rest(
    trial: Trial, recorder: StartRecorder
) -> None:
    server = recorder(behaviour=SLOW)
    campaign = trial.campaign(server, 300)
    trial.start("scheduler")
    sender = trial.installation.start("sender")
    assert trial.wait_for_mails(server, 40)
    assert trial.installation.stop(sender) == 0
    with trial.sessions() as session:
        states = states_of(session, campaign)
        taken = session.scalars(select(Batch.id).where(Batch.state == BatchState.TAKEN)).all()
    assert not taken
    assert 0 < states[EmailState.PENDING] + states[EmailState.CLAIMED] < 300
    assert states[EmailState.SENDING] == states[EmailState.UNKNOWN] == 0
    assert states[EmailState.SENT] == len(server.received())
    trial.start("sender")
    assert trial.judge("SIGTERM of a sender", campaign, server).received == 300


def test_frozen_sender_that_wakes_after_its_lease_sends_nothing_twice(
    trial: Trial, recorder: StartRecorder
) -> None:
    server = recorder(behaviour=SLOW)
    campaign = trial.campaign(server, 600, connections=8)
    trial.start("scheduler")
    frozen = trial.installation.start("sender", DAKIYA_SENDER_THREADS="3")
    assert trial.wait_for_mails(server, 30)
    trial.installation.freeze(frozen)
    trial.start("sender")
    until(lambda: "batches_rescued" in trial.installation.logs())
    with trial.sessions() as session:
        unknown = states_of(session, campaign)[EmailState.UNKNOWN]
    assert unknown <= 3
    trial.installation.thaw(frozen)
    status_is(trial.sessions, campaign, CampaignStatus.FINISHED)
    # What it learned late about the mails on the wire counts.
    wait_until(trial.sessions, lambda session: not states_of(session, campaign)[EmailState.UNKNOWN])
    found = trial.judge("SIGSTOP of a sender beyond its lease, then SIGCONT", campaign, server)
    assert found.received == 600


def test_sender_frozen_beyond_its_lease_begins_nothing(
    trial: Trial, recorder: StartRecorder
) -> None:
    """Nobody has rescued its batches, and still: only the mails on the wire go out."""
    server = recorder(behaviour=Behaviour(delays={"dot": 0.2}))
    campaign = trial.campaign(server, 150, connections=3)  # a batch for each thread, no more
    scheduler = trial.installation.start("scheduler")
    frozen = trial.installation.start("sender", DAKIYA_SENDER_THREADS="3")
    until(lambda: len({mail.connection for mail in server.received()}) == 3)
    trial.installation.kill(scheduler)
    trial.installation.freeze(frozen)
    time.sleep(LEASE_S + 1)
    so_far = len(server.received())
    trial.installation.thaw(frozen)
    wait_until(trial.sessions, lambda s: not _taken(s))
    # What the server had taken in while its client stood still was on the wire already.
    assert len(server.received()) <= so_far + 3
    with trial.sessions() as session:
        assert states_of(session, campaign)[EmailState.PENDING] >= 100
    trial.start("scheduler")
    found = trial.judge("SIGSTOP beyond the lease with nobody to notice", campaign, server)
    assert found.received == 150


def _taken(session: Session) -> bool:
    return bool(session.scalars(select(Batch.id).where(Batch.state == BatchState.TAKEN)).all())


def test_two_schedulers_do_no_harm(trial: Trial, recorder: StartRecorder) -> None:
    server = recorder()
    campaign = trial.campaign(server, 1_000)
    trial.start("scheduler", "scheduler", "sender", "sender")
    found = trial.judge("two schedulers", campaign, server)
    assert found.received == 1_000
    assert server.most_connections() <= 4


def test_connections_of_a_killed_sender_are_free_for_the_others_and_never_too_many(
    trial: Trial, recorder: StartRecorder
) -> None:
    server = recorder(behaviour=SLOW)
    campaign = trial.campaign(server, 400, connections=2)
    trial.start("scheduler")
    first = trial.installation.start("sender")
    assert trial.wait_for_mails(server, 40)
    second = trial.installation.start("sender")
    trial.installation.kill(first)
    assert trial.wait_for_mails(server, 110)
    trial.start("sender")
    trial.installation.kill(second)
    trial.judge("kill -9 of the senders that hold every connection", campaign, server, cuts=4)
    assert server.most_connections() <= 2
