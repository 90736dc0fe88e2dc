"""An account on a real Postfix with TLS and logins: its breaker, and how its owner mends it.

Postfix breaks in the middle of a campaign (but for a port that nobody listens on). Its owner hears
of it by mail and on the account's page, and mends it there by its forms, if it needs them.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from email import message_from_bytes, policy

import pytest
import requests
from sqlalchemy import select, update
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

OWNER = "asha@example.org"
LOGIN = "a long enough password"
PASSWORD = "ein langes Wort पासवर्ड 4711"
ANOTHER = "another one 4712"
MAILS = 60
HERE = "/smtp-accounts/1"


class Owner:
    """The account's owner in a browser, on the pages of the running web."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._session = requests.Session()
        self.send("/login", email=OWNER, password=LOGIN)

    def see(self, path: str) -> str:
        answer = self._session.get(self._url + path, timeout=30)
        assert answer.status_code == 200, answer.text
        return answer.text

    def send(self, path: str, form: str = "", **fields: str) -> None:
        """Fill in the form on a page, and send it to its own address or to another."""
        token = re.search(r'name="csrf_token"[^>]* value="([^"]+)"', self.see(path))
        assert token is not None
        data = {"csrf_token": token[1], **fields}
        answer = self._session.post(
            self._url + (form or path), data=data, timeout=30, allow_redirects=False
        )
        assert answer.status_code == 303, answer.text

    def types_the_other_password(self, postfix: Postfix) -> None:
        self.send(
            f"{HERE}/edit",
            name="Our relay",
            host="127.0.0.1",
            port=str(postfix.port),
            security="starttls",
            username="asha",
            password=ANOTHER,
            from_email="asha@example.com",
            per_second="4",
            connections="2",
            mails_per_connection="2",
        )

    def tests_the_account(self, _: Postfix) -> None:
        self.send(HERE, f"{HERE}/test", to="reader@example.net")


def nothing(*_: object) -> None:
    """Nobody does anything."""


@dataclass(frozen=True)
class Case:
    """A cause: how Postfix breaks and is mended, and what its account's owner sees and does."""

    reason: str
    title: str
    words: str
    breaks: Callable[[Postfix, Authority], None]
    mends: Callable[[Postfix, Authority], None]
    acts: Callable[[Owner, Postfix], None] = nothing
    needs_owner: bool = False
    from_the_start: bool = False
    # Each recipient that the server refuses keeps its words; what is ended before has no attempt.
    keeps_attempts: bool = False


def stops(postfix: Postfix, _: Authority) -> None:
    postfix.stop()


def starts(postfix: Postfix, _: Authority) -> None:
    postfix.start()


def shows_old_certificate(postfix: Postfix, authority: Authority) -> None:
    postfix.set_certificate(authority.issue("localhost", "127.0.0.1", expired=True))


def shows_new_certificate(postfix: Postfix, authority: Authority) -> None:
    postfix.set_certificate(authority.issue("localhost", "127.0.0.1"))


def has_another_password(postfix: Postfix, _: Authority) -> None:
    postfix.set_password("asha", ANOTHER)


def counts_a_quota(postfix: Postfix, _: Authority) -> None:
    postfix.refuse_everybody("550 5.4.5 Daily sending quota exceeded")


def refuses_everybody(postfix: Postfix, _: Authority) -> None:
    postfix.refuse_everybody("554 5.7.1 Refused by our policy")


def takes_everybody(postfix: Postfix, _: Authority) -> None:
    postfix.refuse_everybody("")
    # A reload goes on with the old rules for a while, and nobody is connected now.
    postfix.stop()
    postfix.start()


CASES = [
    Case(
        "connection",
        "The server cannot be reached",
        "refuses connections",
        stops,
        starts,
        from_the_start=True,
    ),
    Case(
        "tls",
        "No trusted encryption with the server",
        "certificate",
        shows_old_certificate,
        shows_new_certificate,
    ),
    Case(
        "auth",
        "The server refuses the login",
        "535 5.7.8",
        has_another_password,
        nothing,
        Owner.types_the_other_password,
        needs_owner=True,
    ),
    Case(
        "quota",
        "The provider&#39;s quota is used up",
        "550 5.4.5",
        counts_a_quota,
        takes_everybody,
        Owner.tests_the_account,
        keeps_attempts=True,
    ),
    Case(
        "policy",
        "The server refuses everybody",
        "554 5.7.1",
        refuses_everybody,
        takes_everybody,
        Owner.tests_the_account,
        needs_owner=True,
        keeps_attempts=True,
    ),
]


@pytest.mark.parametrize("case", CASES, ids=[case.reason for case in CASES])
def test_breaker_trips_tells_its_owner_and_recovers_without_one_recipient_charged(
    installation: Installation,
    session_factory: SessionFactory,
    settings: Settings,
    recorder: StartRecorder,
    authority: Authority,
    web_database_url: str,
    case: Case,
) -> None:
    relayed, inbox = recorder(), recorder(keep_bodies=True)
    certificate = authority.issue("localhost", "127.0.0.1")
    with Postfix(relayed.port, certificate, users={"asha": PASSWORD}) as postfix:
        if case.from_the_start:
            case.breaks(postfix, authority)
        with session_factory.begin() as session:
            account = make_account(
                session,
                make_workspace(session, OWNER),
                postfix.port,
                name="Our relay",
                security=Security.STARTTLS,
                username="asha",
                from_email="asha@example.com",
                password_encrypted=SecretBox(settings).seal(PASSWORD),
                connections=2,
                mails_per_connection=2,  # while it reloads, what is open goes on
                per_second=4,
            )
            campaign = make_campaign(session, account, MAILS)
        owner = start(installation, authority, inbox, web_database_url)
        if not case.from_the_start:
            wait_until(session_factory, lambda s: states_of(s, campaign)[EmailState.SENT] >= 10)
            case.breaks(postfix, authority)

        paused(session_factory, case)
        nobody_is_charged(session_factory, campaign, case)
        page = owner.see(HERE)
        assert shown(case) in page
        assert case.words in page
        if case.reason in ("connection", "tls"):
            half_an_hour_passes(session_factory)
        told(inbox, case)

        case.mends(postfix, authority)
        case.acts(owner, postfix)
        status_is(session_factory, campaign, CampaignStatus.FINISHED)
        test_mails = int(case.acts is Owner.tests_the_account)
        relayed.wait_for_received(MAILS + test_mails, timeout_s=120)
    assert shown(case) not in owner.see(HERE)
    found = audited(session_factory, campaign, relayed.received())
    assert (found.received, found.unknown) == (MAILS, 0)
    with session_factory() as session:
        assert set(session.scalars(select(Email.attempts))) == {1}
        assert_attempts(session, case)
        mended = session.scalars(select(SmtpAccount)).one()
        assert (mended.pause_reason, mended.trouble_count) == (None, 0)


def start(
    installation: Installation, authority: Authority, inbox: Recorder, web_database_url: str
) -> Owner:
    """Start every service, and log the owner in."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    shared = {
        "SSL_CERT_FILE": str(authority.path),
        "DAKIYA_SYSTEM_SMTP_URL": f"smtp://127.0.0.1:{inbox.port}",
        "DAKIYA_PUBLIC_URL": url,
    }
    installation.start("scheduler", **shared)
    for _ in range(2):
        installation.start("sender", **shared)
    installation.start_web(port, **shared, DATABASE_URL=web_database_url)
    return Owner(url)


def shown(case: Case) -> str:
    return f'<p class="say-title">{case.title}</p>'


def paused(sessions: SessionFactory, case: Case) -> None:
    def is_it(session: Session) -> bool:
        account = session.scalars(select(SmtpAccount)).one()
        waits_for_owner = account.paused_at is not None and account.paused_until is None
        return account.pause_reason == case.reason and waits_for_owner is case.needs_owner

    wait_until(sessions, is_it)


def half_an_hour_passes(sessions: SessionFactory) -> None:
    with sessions.begin() as session:
        since = SmtpAccount.trouble_since - LASTS - timedelta(minutes=1)
        session.execute(update(SmtpAccount).values(trouble_since=since))


def nobody_is_charged(sessions: SessionFactory, campaign: Campaign, case: Case) -> None:
    wait_until(sessions, lambda s: states_of(s, campaign)[EmailState.CLAIMED] == 0)
    with sessions() as session:
        found = states_of(session, campaign)
        assert set(found) <= {EmailState.SENT, EmailState.PENDING, EmailState.DEFERRED}
        waiting = select(Email.attempts).where(Email.state != EmailState.SENT)
        assert set(session.scalars(waiting)) == {0}
        assert_attempts(session, case)


def assert_attempts(session: Session, case: Case) -> None:
    """No recipient has failed; none was even tried where the server cannot be spoken to."""
    outcomes = session.scalars(select(Attempt.outcome)).all()
    assert EmailState.FAILED not in outcomes
    assert case.keeps_attempts or not outcomes


def told(inbox: Recorder, case: Case) -> None:
    """Wait for the mail to the account's owner: it says which account, and why."""
    [received] = inbox.wait_for_received(1, timeout_s=90)
    assert received.recipient == OWNER
    mail = message_from_bytes(inbox.body(received), policy=policy.default)
    assert mail["Subject"] == "Dakiya: the account “Our relay” has stopped sending"
    body = mail.get_body()
    assert body is not None
    text = body.get_content()
    assert case.words in text
    assert ("It waits for you" in text) is case.needs_owner
    assert "no recipient was charged" in text
