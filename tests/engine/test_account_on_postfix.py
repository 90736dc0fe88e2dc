"""Accounts on real Postfixes with TLS and logins: their breakers, and how their owners mend them.

Each Postfix breaks in its own way, in the middle of a campaign (but for a port that nobody listens
on). Its owner hears of it by mail and on the account's page, and mends it there by its forms, if it
needs them. All of them share one installation.
"""

import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import timedelta
from email import message_from_bytes, policy

import pytest
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from dakiya.config import Settings
from dakiya.db import SessionFactory
from dakiya.models import (
    Attempt,
    Campaign,
    CampaignStatus,
    Email,
    EmailState,
    Security,
    SmtpAccount,
)
from dakiya.smtp_accounts.notices import LASTS
from dakiya.smtp_accounts.secrets import SecretBox
from tests.engine.broken_postfixes import CASES, PASSWORD, PER_SECOND, Case, Owner, nothing
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
from tests.recorder.authority import Authority
from tests.recorder.plugin import StartRecorder
from tests.system.compose import free_port
from tests.system.postfix import Postfix

pytestmark = [pytest.mark.system, pytest.mark.timeout(900)]

MAILS = 60


@dataclass(frozen=True)
class Scene:
    """A case with its Postfix, what that relays to, and a campaign of its account."""

    case: Case
    postfix: Postfix
    relayed: Recorder
    account_id: int
    campaign: Campaign


@pytest.fixture
def scenes(
    session_factory: SessionFactory,
    settings: Settings,
    recorder: StartRecorder,
    authority: Authority,
) -> Iterator[list[Scene]]:
    """All cases, with Postfixes that run; no service does yet."""
    certificate = authority.issue("localhost", "127.0.0.1")
    password = SecretBox(settings).seal(PASSWORD)
    made = []
    with ExitStack() as stack:
        for case in CASES:
            relayed = recorder()
            postfix = stack.enter_context(
                Postfix(relayed.port, certificate, users={case.user: PASSWORD})
            )
            with session_factory.begin() as session:
                account = make_account(
                    session,
                    make_workspace(session, case.owner),
                    postfix.port,
                    name="Our relay",
                    security=Security.STARTTLS,
                    username=case.user,
                    from_email=f"{case.user}@example.com",
                    password_encrypted=password,
                    connections=2,
                    mails_per_connection=2,  # while it reloads, what is open goes on
                    per_second=PER_SECOND,
                )
                campaign = make_campaign(session, account, MAILS)
            made.append(Scene(case, postfix, relayed, account.id, campaign))
        yield made


def test_breakers_trip_tell_their_owners_and_recover_without_one_recipient_charged(
    installation: Installation,
    session_factory: SessionFactory,
    scenes: list[Scene],
    recorder: StartRecorder,
    authority: Authority,
    web_database_url: str,
) -> None:
    inbox = recorder(keep_bodies=True)
    for scene in scenes:
        if scene.case.from_the_start:
            scene.case.breaks(scene.postfix, authority)
    url = start(installation, authority, inbox, web_database_url)
    break_in_the_middle(session_factory, scenes, authority)
    owners = [Owner(url, scene.case.owner, scene.account_id) for scene in scenes]
    for scene, owner in zip(scenes, owners, strict=True):
        paused(session_factory, scene)
        nobody_is_charged(session_factory, scene)
        assert scene.case.words in page_that_says(scene.case, owner)
        if scene.case.reason in ("connection", "tls"):
            half_an_hour_passes(session_factory, scene)
    for scene in scenes:
        told(inbox, scene.case)

    for scene, owner in zip(scenes, owners, strict=True):
        scene.case.mends(scene.postfix, authority)
        scene.case.acts(owner, scene.postfix, scene.case.user)
        the_wait_is_over(session_factory, scene)
    for scene, owner in zip(scenes, owners, strict=True):
        recovered(session_factory, scene, owner)


def break_in_the_middle(
    sessions: SessionFactory, scenes: Sequence[Scene], authority: Authority
) -> None:
    """Break each Postfix as soon as it has taken some mails."""
    left = [scene for scene in scenes if not scene.case.from_the_start]

    def all_are_broken(session: Session) -> bool:
        for scene in [*left]:
            if states_of(session, scene.campaign)[EmailState.SENT] >= 10:
                scene.case.breaks(scene.postfix, authority)
                left.remove(scene)
        return not left

    wait_until(sessions, all_are_broken)


def start(
    installation: Installation, authority: Authority, inbox: Recorder, web_database_url: str
) -> str:
    """Start every service; returns the web's address."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    shared = {
        "SSL_CERT_FILE": str(authority.path),
        "DAKIYA_SYSTEM_SMTP_URL": f"smtp://127.0.0.1:{inbox.port}",
        "DAKIYA_PUBLIC_URL": url,
    }
    installation.start_web(port, **shared, DATABASE_URL=web_database_url)
    installation.start("scheduler", **shared)
    for _ in range(2):
        installation.start("sender", **shared)
    return url


def shown(case: Case) -> str:
    return f'<p class="say-title">{case.title}</p>'


def page_that_says(case: Case, owner: Owner) -> str:
    """Return the account's page; while it tries again, it says nothing for a moment."""
    deadline = time.monotonic() + 120
    while shown(case) not in (page := owner.account_page()):
        assert time.monotonic() < deadline, page
        time.sleep(0.2)
    return page


def paused(sessions: SessionFactory, scene: Scene) -> None:
    def is_it(session: Session) -> bool:
        account = session.get_one(SmtpAccount, scene.account_id)
        waits_for_owner = account.paused_at is not None and account.paused_until is None
        same = account.pause_reason == scene.case.reason
        return same and waits_for_owner is scene.case.needs_owner

    wait_until(sessions, is_it)


def half_an_hour_passes(sessions: SessionFactory, scene: Scene) -> None:
    with sessions.begin() as session:
        since = SmtpAccount.trouble_since - LASTS - timedelta(minutes=1)
        account = update(SmtpAccount).where(SmtpAccount.id == scene.account_id)
        session.execute(account.values(trouble_since=since))


def the_wait_is_over(sessions: SessionFactory, scene: Scene) -> None:
    """Let the pause that ends by itself be over, as its time would, and the rest go out at once."""
    with sessions.begin() as session:
        account = update(SmtpAccount).where(SmtpAccount.id == scene.account_id)
        session.execute(account.values(per_second=None))
        if scene.case.acts is nothing:
            session.execute(account.values(paused_until=func.clock_timestamp()))


def nobody_is_charged(sessions: SessionFactory, scene: Scene) -> None:
    campaign = scene.campaign
    wait_until(sessions, lambda s: states_of(s, campaign)[EmailState.CLAIMED] == 0)
    with sessions() as session:
        found = states_of(session, campaign)
        assert set(found) <= {EmailState.SENT, EmailState.PENDING, EmailState.DEFERRED}
        mails = select(Email.attempts).where(Email.campaign_id == campaign.id)
        assert set(session.scalars(mails.where(Email.state != EmailState.SENT))) == {0}
        assert_attempts(session, scene)


def assert_attempts(session: Session, scene: Scene) -> None:
    """No recipient has failed; none was even tried where the server cannot be spoken to."""
    attempts = select(Attempt.outcome).join(Email).where(Email.campaign_id == scene.campaign.id)
    outcomes = session.scalars(attempts).all()
    assert EmailState.FAILED not in outcomes
    assert scene.case.keeps_attempts or not outcomes


def told(inbox: Recorder, case: Case) -> None:
    """Wait for the mail to the account's owner: it says which account, and why."""
    inbox.wait_for(
        lambda events: any(e.name == "received" and e.recipient == case.owner for e in events),
        timeout_s=90,
    )
    [received] = [mail for mail in inbox.received() if mail.recipient == case.owner]
    mail = message_from_bytes(inbox.body(received), policy=policy.default)
    assert mail["Subject"] == "Dakiya: the account “Our relay” has stopped sending"
    body = mail.get_body()
    assert body is not None
    text = body.get_content()
    assert case.words in text
    assert ("It waits for you" in text) is case.needs_owner
    assert "no recipient was charged" in text


def recovered(sessions: SessionFactory, scene: Scene, owner: Owner) -> None:
    """Wait until the campaign has finished: each mail has arrived once, and nothing is left."""
    status_is(sessions, scene.campaign, CampaignStatus.FINISHED)
    test_mails = int(scene.case.acts is Owner.tests_the_account)
    scene.relayed.wait_for_received(MAILS + test_mails, timeout_s=120)
    assert shown(scene.case) not in owner.account_page()
    found = audited(sessions, scene.campaign, scene.relayed.received())
    assert (found.received, found.unknown) == (MAILS, 0)
    with sessions() as session:
        mails = select(Email.attempts).where(Email.campaign_id == scene.campaign.id)
        assert set(session.scalars(mails)) == {1}
        assert_attempts(session, scene)
        mended = session.get_one(SmtpAccount, scene.account_id)
        assert (mended.pause_reason, mended.trouble_count) == (None, 0)
