"""Limits of an account hold across senders, at the server, and are nearly used up."""

from bisect import bisect_left
from datetime import timedelta

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from dakiya.campaigns.waiting import why_waiting
from dakiya.db import SessionFactory, database_now
from dakiya.models import Campaign, CampaignStatus, EmailState, PaceUsage
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
from tests.recorder import Recorder
from tests.recorder.behaviour import Behaviour, Rule
from tests.recorder.plugin import StartRecorder

CONNECTIONS = 4


def start(
    installation: Installation,
    session_factory: SessionFactory,
    server: Recorder,
    mails: int,
    **limits: int,
) -> Campaign:
    with session_factory.begin() as session:
        account = make_account(
            session, make_workspace(session), server.port, connections=CONNECTIONS, **limits
        )
        campaign = make_campaign(session, account, mails)
    installation.start("scheduler")
    for _ in range(3):
        installation.start("sender")
    return campaign


def finish(
    session_factory: SessionFactory, campaign: Campaign, server: Recorder, mails: int
) -> None:
    status_is(session_factory, campaign, CampaignStatus.FINISHED)
    found = audited(session_factory, campaign, server.received())
    assert (found.received, found.unknown) == (mails, 0)


def busiest(times: list[float], window_s: float) -> int:
    """Return the most of these instants within any span of this length."""
    times = sorted(times)
    return max(bisect_left(times, at + window_s) - n for n, at in enumerate(times))


def busiest_leave(session_factory: SessionFactory, window_s: int) -> int:
    """Return the most mails that were let go within any span of a window's length."""
    with session_factory() as session:
        buckets = session.execute(
            select(PaceUsage.start_at, PaceUsage.mails).where(PaceUsage.window_s == window_s)
        ).all()
    span = timedelta(seconds=window_s)
    return max(
        sum(mails for at, mails in buckets if first <= at < first + span) for first, _ in buckets
    )


def begun(server: Recorder) -> list[float]:
    return [event.at for event in server.events("command") if event.detail.startswith("MAIL")]


def test_limit_per_second_holds_across_three_senders_and_is_used(
    installation: Installation, session_factory: SessionFactory, recorder: StartRecorder
) -> None:
    """Each connection may have one mail between its leave and the server's clock, no more."""
    slow = Rule("dot", delay_s=0.1, recipient="^r1?[0-9]?[0-9]@")
    server = recorder(behaviour=Behaviour(rules=(slow,), commands=True))
    campaign = start(installation, session_factory, server, 400, per_second=20)
    finish(session_factory, campaign, server, 400)
    assert busiest_leave(session_factory, 1) <= 20
    for seconds in (1, 5, 10):
        assert busiest(begun(server), seconds) <= seconds * 20 + CONNECTIONS
        assert server.busiest_window(seconds) <= seconds * 20 + CONNECTIONS
    # How near to it a whole run comes is measured by `make bench`: here others use the machine too.
    assert server.busiest_window(5) >= 0.9 * 5 * 20


def test_limit_per_minute_holds_when_a_slow_server_becomes_fast(
    installation: Installation, session_factory: SessionFactory, recorder: StartRecorder
) -> None:
    server = recorder(Rule("dot", delay_s=1.0, recipient="^r[0-3]?[0-9]@"))
    campaign = start(installation, session_factory, server, 90, per_minute=60)
    finish(session_factory, campaign, server, 90)
    assert server.busiest_window(60) <= 60 + CONNECTIONS
    arrived = sorted(mail.at for mail in server.received())
    assert server.busiest_window(54) <= 60
    assert busiest_leave(session_factory, 60) <= 60
    # The second window's first mail comes as soon as it may.
    assert 60 <= arrived[60] - arrived[0] <= 60 / 0.8


@pytest.mark.parametrize(("name", "hours"), [("per_hour", 1), ("per_day", 24)])
def test_long_limit_is_used_up_and_goes_on_when_its_window_has_passed(
    installation: Installation,
    session_factory: SessionFactory,
    recorder: StartRecorder,
    name: str,
    hours: int,
) -> None:
    server = recorder()
    campaign = start(installation, session_factory, server, 50, **{name: 20})

    def rests(session: Session) -> bool:
        """Nothing is on its way, and the campaign says that its account's limit is reached."""
        states = states_of(session, campaign)
        found = session.get_one(Campaign, campaign.id)
        words = why_waiting(session, found, now=database_now(session)) or ""
        return states == {EmailState.SENT: 20, EmailState.PENDING: 30} and "limit of 20" in words

    wait_until(session_factory, rests)
    assert len(server.received()) == 20
    with session_factory.begin() as session:
        moved = PaceUsage.start_at - timedelta(hours=hours, minutes=15 * hours)
        session.execute(update(PaceUsage).values(start_at=moved))
    wait_until(session_factory, lambda s: states_of(s, campaign)[EmailState.SENT] == 40)
    wait_until(session_factory, lambda s: states_of(s, campaign)[EmailState.PENDING] == 10)
    assert len(server.received()) == 40
    with session_factory() as session:
        assert sum(session.scalars(select(PaceUsage.mails))) == 40
