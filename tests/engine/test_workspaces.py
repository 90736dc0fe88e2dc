"""A workspace's mail goes out soon, however slow the servers of others are."""

from datetime import UTC, datetime

from sqlalchemy import func, select

from dakiya.db import SessionFactory
from dakiya.models import Batch, BatchState, Campaign, CampaignStatus, EmailState
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
from tests.recorder import Recorder, Rule
from tests.recorder.plugin import StartRecorder

THREADS = 4
CROWD = 8
BATCH = 50
# A busy machine makes it late too: what counts is what the slow ones have sent by then.
AT_ONCE_S = 5.0
SOON_S = 12.0


def start(
    sessions: SessionFactory, server: Recorder, email: str, mails: int, **values: int
) -> Campaign:
    with sessions.begin() as session:
        account = make_account(session, make_workspace(session, email), server.port, **values)
        return make_campaign(session, account, mails)


def wait_for_work(sessions: SessionFactory, batches: int) -> None:
    """Wait until senders have so many batches in their hands."""
    taken = select(func.count()).where(Batch.state == BatchState.TAKEN)
    wait_until(sessions, lambda session: session.scalars(taken).one() >= batches)


def first_mail_after(sessions: SessionFactory, server: Recorder, campaign: Campaign) -> float:
    """Return how many seconds after its claim a campaign's first mail was received."""
    found = select(func.min(Batch.created_at)).where(Batch.campaign_id == campaign.id)
    wait_until(sessions, lambda session: session.scalar(found) is not None)
    mail = server.wait_for_received(1, timeout_s=90)[0]
    with sessions() as session:
        claimed_at = session.scalars(found).one()
    after_s = (datetime.fromtimestamp(mail.at, UTC) - claimed_at).total_seconds()
    print(f"first mail {after_s:.1f} s after its claim")
    return after_s


def sent(sessions: SessionFactory, campaigns: list[Campaign]) -> list[int]:
    """Return how many mails of each campaign have been sent."""
    with sessions() as session:
        return [states_of(session, campaign)[EmailState.SENT] for campaign in campaigns]


def test_third_workspace_waits_for_no_mail_of_two_slow_ones(
    installation: Installation, session_factory: SessionFactory, recorder: StartRecorder
) -> None:
    """Their threads stand in one reply each, where nobody can interrupt them."""
    slow, server = recorder(Rule("dot", delay_s=40.0)), recorder()
    others = [
        start(session_factory, slow, email, 300, connections=8)
        for email in ("alice@example.com", "bob@example.com")
    ]
    installation.start("scheduler")
    installation.start("sender", DAKIYA_SENDER_THREADS=str(THREADS))
    wait_for_work(session_factory, THREADS)
    third = start(session_factory, server, "carol@example.com", 20)
    assert first_mail_after(session_factory, server, third) < AT_ONCE_S
    assert sent(session_factory, others) == [0, 0]


def test_workspace_that_comes_into_a_crowd_waits_for_seconds_and_nobody_pays_for_it(
    installation: Installation,
    session_factory: SessionFactory,
    recorder: StartRecorder,
) -> None:
    """More slow workspaces than threads: a batch gives way between two mails."""
    slow, server = recorder(Rule("dot", delay_s=1.0)), recorder()
    others = [
        start(session_factory, slow, f"user{number}@example.com", BATCH + 10, connections=2)
        for number in range(CROWD)
    ]
    installation.start("scheduler", DAKIYA_BATCH_SIZE=str(BATCH))
    installation.start("sender", DAKIYA_SENDER_THREADS=str(THREADS))
    wait_for_work(session_factory, THREADS + 2)
    last = start(session_factory, server, "carol@example.com", 20)
    assert first_mail_after(session_factory, server, last) < SOON_S
    assert max(sent(session_factory, others)) < BATCH  # it has waited for nobody's batch to end
    status_is(session_factory, last, CampaignStatus.FINISHED)
    audited(session_factory, last, server.received())
    for one in others:
        with session_factory() as session:
            states = states_of(session, one)
        assert set(states) <= {
            EmailState.PENDING, EmailState.CLAIMED, EmailState.SENDING, EmailState.SENT,
        }  # fmt: skip
