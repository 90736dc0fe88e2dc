"""An account on a real Postfix with TLS and logins: its breaker, and its recovery."""

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from dakiya.config import Settings
from dakiya.db import SessionFactory
from dakiya.delivery.trouble import clear_trouble
from dakiya.models import (
    Attempt,
    Campaign,
    CampaignStatus,
    Email,
    EmailState,
    Security,
    SmtpAccount,
    TroubleNotice,
)
from dakiya.smtp_accounts.secrets import SecretBox
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
from tests.recorder.authority import Authority
from tests.recorder.plugin import StartRecorder
from tests.system.postfix import Postfix

pytestmark = [pytest.mark.system, pytest.mark.timeout(900)]

PASSWORD = "ein langes Wort पासवर्ड 4711"
MAILS = 60


def test_breaker_trips_for_each_cause_and_recovers_without_one_recipient_charged(
    installation: Installation,
    session_factory: SessionFactory,
    settings: Settings,
    recorder: StartRecorder,
    authority: Authority,
) -> None:
    """Connection, then login: Postfix goes away and comes back, then has another password."""
    relayed, box = recorder(), SecretBox(settings)
    trusting = {"SSL_CERT_FILE": str(authority.path)}
    certificate = authority.issue("localhost", "127.0.0.1")
    with Postfix(relayed.port, certificate, users={"asha": PASSWORD}) as postfix:
        postfix.stop()
        with session_factory.begin() as session:
            account = make_account(
                session,
                make_workspace(session),
                postfix.port,
                security=Security.STARTTLS,
                username="asha",
                from_email="asha@example.com",
                password_encrypted=box.seal(PASSWORD),
                connections=2,
                per_minute=30,
            )
            campaign = make_campaign(session, account, MAILS)
        installation.start("scheduler", **trusting)
        for _ in range(2):
            installation.start("sender", **trusting)
        paused(session_factory, "connection", needs_owner=False)
        nobody_is_charged(session_factory, campaign)
        postfix.start()  # and nobody does anything: the pause of 15 s ends by itself
        wait_until(session_factory, lambda s: states_of(s, campaign)[EmailState.SENT] >= 30)
        assert pause_of(session_factory) is None
        postfix.set_password("asha", "another one")
        postfix.stop()  # connections that are logged in would go on
        postfix.start()
        paused(session_factory, "auth", needs_owner=True)
        nobody_is_charged(session_factory, campaign)
        wait_until(session_factory, lambda s: s.scalar(select(TroubleNotice.reason)) == "auth")
        with session_factory.begin() as session:
            session.execute(update(SmtpAccount).values(password_encrypted=box.seal("another one")))
            clear_trouble(session, account.id)
        status_is(session_factory, campaign, CampaignStatus.FINISHED)
        relayed.wait_for_received(MAILS, timeout_s=120)
    found = audited(session_factory, campaign, relayed.received())
    assert (found.received, found.unknown) == (MAILS, 0)
    with session_factory() as session:
        assert set(session.scalars(select(Email.attempts))) == {1}
        assert not session.scalars(select(Attempt.id)).all()


def pause_of(sessions: SessionFactory) -> str | None:
    with sessions() as session:
        return session.scalars(select(SmtpAccount.pause_reason)).one()


def paused(sessions: SessionFactory, reason: str, *, needs_owner: bool) -> None:
    def is_it(session: Session) -> bool:
        account = session.scalars(select(SmtpAccount)).one()
        return account.pause_reason == reason and (account.paused_until is None) is needs_owner

    wait_until(sessions, is_it)


def nobody_is_charged(sessions: SessionFactory, campaign: Campaign) -> None:
    wait_until(sessions, lambda s: states_of(s, campaign)[EmailState.CLAIMED] == 0)
    with sessions() as session:
        waiting = select(Email.attempts).where(
            Email.state.in_((EmailState.PENDING, EmailState.DEFERRED))
        )
        assert set(session.scalars(waiting)) == {0}
        assert not session.scalars(select(Attempt.id)).all()
