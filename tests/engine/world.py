"""What engine tests need in the database: a workspace, an account, a campaign; and the oracle."""

import time
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from dakiya.accounts.users import create_user, workspace_of
from dakiya.campaigns.lifecycle import schedule
from dakiya.campaigns.message_ids import message_id_of
from dakiya.campaigns.progress import prepare_chunk, start_due
from dakiya.db import SessionFactory, database_now
from dakiya.delivery.counters import read_counts
from dakiya.delivery.limits import limits_of, shared_limits
from dakiya.delivery.usage import take_leave
from dakiya.models import (
    Campaign,
    CampaignStatus,
    ContentVersion,
    Email,
    EmailState,
    PaceUsage,
    Recipient,
    Security,
    SmtpAccount,
)
from dakiya.smtp_accounts.mailboxes import find_mailbox
from tests.recorder.recorder import Received

HTML = "<p>Namaste {{ name | default('friend') }}, greetings from {{ city }}.</p>"
FINAL = (
    EmailState.SENT,
    EmailState.FAILED,
    EmailState.UNKNOWN,
    EmailState.BOUNCED,
    EmailState.CANCELLED,
    EmailState.SUPPRESSED,
)


def make_workspace(session: Session, email: str = "alice@example.com") -> int:
    """Add a user and return their workspace's id."""
    user = create_user(session, email=email, password="a long enough password")
    return workspace_of(session, user.id)


def make_account(session: Session, workspace_id: int, port: int, **values: object) -> SmtpAccount:
    """Add an account on a server of this machine, on the mailbox that it names."""
    usual: dict[str, Any] = {
        "name": "test",
        "host": "127.0.0.1",
        "security": Security.NONE,
        "from_email": "sender@example.com",
        "from_name": "Sender",
    }
    usual.update(values)
    mailbox = find_mailbox(
        session,
        workspace_id=workspace_id,
        host=usual["host"],
        username=usual.get("username"),
    )
    account = SmtpAccount(workspace_id=workspace_id, port=port, mailbox_id=mailbox.id, **usual)
    session.add(account)
    session.flush()
    return account


def leave_for_one(session: Session, account: SmtpAccount) -> timedelta | None:
    """Ask leave for one mail, by the limits that owners have set."""
    return take_leave(session, account, limits=shared_limits(session, account))


def use_pace(session: Session, account: SmtpAccount, *, mails: int, age: timedelta) -> None:
    """Pretend that so many of an account's mails began some time ago."""
    start_at = database_now(session) - age
    for window in limits_of(account).windows:
        session.add(
            PaceUsage(
                mailbox_id=account.mailbox_id,
                window_s=window.seconds,
                start_at=start_at,
                mails=mails,
            )
        )
    session.flush()


def make_campaign(
    session: Session,
    account: SmtpAccount,
    recipients: int | Iterable[str],
    *,
    html: str = HTML,
    start: bool = True,
    in_s: float = 0,
) -> Campaign:
    """Add a campaign with recipients, and schedule it unless told not to."""
    campaign = Campaign(
        workspace_id=account.workspace_id, name="test", smtp_account_id=account.id, token="t" * 32
    )
    session.add(campaign)
    session.flush()
    version = ContentVersion(
        campaign_id=campaign.id, number=1, subject="Hello {{ name }}", html=html
    )
    session.add(version)
    session.flush()
    campaign.content_version_id = version.id
    if isinstance(recipients, int):
        recipients = (f"r{number}@example.net" for number in range(recipients))
    session.add_all(
        Recipient(
            workspace_id=account.workspace_id,
            campaign_id=campaign.id,
            email=address,
            email_normalised=address.lower(),
            name=f"पाठक {number}",
            fields={"city": "Köln"},
        )
        for number, address in enumerate(recipients)
    )
    session.flush()
    if start:
        now = database_now(session)
        schedule(
            session, campaign, at=now + timedelta(seconds=in_s), timezone="Asia/Kolkata", now=now
        )
    return campaign


def make_sending(
    session: Session, account: SmtpAccount, recipients: int | Iterable[str]
) -> Campaign:
    """Add a campaign that is prepared and ``sending``, without any service."""
    campaign = make_campaign(session, account, recipients)
    while prepare_chunk(session, campaign.id):
        pass
    start_due(session, now=database_now(session))
    session.refresh(campaign)
    return campaign


def states_of(session: Session, campaign: Campaign) -> Counter[EmailState]:
    """Count a campaign's ledger rows by state."""
    return Counter(session.scalars(select(Email.state).where(Email.campaign_id == campaign.id)))


def miscounted(session: Session, campaign: Campaign) -> dict[EmailState, int]:
    """Return how far the kept counters are from the rows; empty when they agree."""
    real = states_of(session, campaign)
    counted = read_counts(session, [campaign.id])[campaign.id]
    return {s: counted[s] - real[s] for s in EmailState if counted[s] != real[s]}


@dataclass(frozen=True)
class Audit:
    """Journal against ledger; all but ``unknown``, ``received`` and ``mails`` must be zero."""

    false_sent: int
    lost: int
    duplicates: int
    unknown: int
    stuck: int
    miscounted: int
    received: int
    mails: int

    @property
    def flaws(self) -> dict[str, int]:
        """What must not be."""
        names = ("false_sent", "lost", "duplicates", "stuck", "miscounted")
        return {name: getattr(self, name) for name in names if getattr(self, name)}


def audit(session: Session, campaign: Campaign, received: list[Received]) -> Audit:
    """Compare what a server received with what the ledger says."""
    campaign = session.get_one(Campaign, campaign.id)
    rows = session.execute(
        select(Email.recipient_id, Email.state).where(Email.campaign_id == campaign.id)
    ).all()
    assert campaign.message_domain is not None
    states = {
        message_id_of(
            campaign_id=campaign.id,
            token=campaign.token,
            domain=campaign.message_domain,
            recipient_id=recipient_id,
        ): state
        for recipient_id, state in rows
    }
    arrived = Counter(mail.message_id for mail in received if mail.message_id in states)
    real = Counter(states.values())
    recipients = session.scalars(
        select(Recipient.id).where(Recipient.campaign_id == campaign.id)
    ).all()
    return Audit(
        false_sent=sum(s is EmailState.SENT and not arrived[m] for m, s in states.items()),
        lost=sum(s not in FINAL and not arrived[m] for m, s in states.items())
        + len(recipients)
        - len(states),
        duplicates=sum(count - 1 for count in arrived.values() if count > 1),
        unknown=real[EmailState.UNKNOWN],
        stuck=sum(s not in FINAL for s in states.values()),
        miscounted=len(miscounted(session, campaign)),
        received=len(arrived),
        mails=len(recipients),
    )


def status_is(
    session_factory: SessionFactory,
    campaign: Campaign,
    *statuses: CampaignStatus,
    timeout_s: float = 180,
) -> None:
    """Wait until a campaign has come to one of these. Raises TimeoutError."""
    wait_until(
        session_factory,
        lambda s: s.get_one(Campaign, campaign.id).status in statuses,
        timeout_s=timeout_s,
    )


def audited(session_factory: SessionFactory, campaign: Campaign, received: list[Received]) -> Audit:
    """Audit a campaign, print the result for a failing test, and insist on no flaw."""
    with session_factory() as session:
        found = audit(session, campaign, received)
    print(found)
    assert not found.flaws
    return found


def wait_until(
    session_factory: SessionFactory, condition: Callable[[Session], bool], *, timeout_s: float = 180
) -> None:
    """Wait for a condition of the database. Raises TimeoutError."""
    deadline = time.monotonic() + timeout_s
    while True:
        with session_factory() as session:
            if condition(session):
                return
        if time.monotonic() > deadline:
            raise TimeoutError("the database did not come to the state that was waited for")
        time.sleep(0.1)
