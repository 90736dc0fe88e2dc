"""Sends a campaign's mail to an address of its owner's choice, marked as a test."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from email.utils import make_msgid

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from dakiya.db import SessionFactory, database_now
from dakiya.delivery.limits import connections_of
from dakiya.log import get_logger
from dakiya.mail.compiled import Addressee, MessageError, compile_message
from dakiya.mail.merge import TemplateError
from dakiya.models import (
    Campaign,
    CampaignTest,
    ContentVersion,
    Recipient,
    SmtpAccount,
    TestStatus,
    Workspace,
)
from dakiya_sender.leave import LimitReached, ask_leave, note_login
from dakiya_sender.messages import content_of, sender_of
from dakiya_sender.pool import ConnectionPool
from dakiya_sender.servers import ServerRefused, Servers
from dakiya_sender.single import send_on
from dakiya_sender.smtp import SmtpTrouble

log = get_logger(__name__)

# A test's link must unsubscribe nobody, least of all the recipient it was filled in for.
_LINK = "/u/test"


def run_campaign_test(
    session_factory: SessionFactory,
    servers: Servers,
    pool: ConnectionPool,
    test_id: int,
    *,
    public_url: str,
) -> None:
    """Send a queued test; a second message for it does nothing. The ledger is left alone.

    It asks for leave like every mail, and counts in the limits from when it begins.
    """
    with session_factory() as session:
        test = _take(session, test_id)
        if test is None:
            return
        campaign = session.get_one(Campaign, test.campaign_id)
        account = session.get_one(SmtpAccount, campaign.smtp_account_id)
        why = ""
        try:
            message = _build(session, test, campaign, account, public_url=public_url)
        except (TemplateError, MessageError) as error:
            message, why = b"", str(error)
        session.commit()
    if message:
        lane = _Lane(session_factory, servers, pool, campaign.timezone)
        passed, detail = lane.send(account, to_email=test.to_email, message=message)
    else:
        passed, detail = False, why
    status = TestStatus.PASSED if passed else TestStatus.FAILED
    with session_factory() as session:
        session.execute(
            update(CampaignTest)
            .where(CampaignTest.id == test_id)
            .values(status=status, detail=detail, finished_at=func.clock_timestamp())
        )
        session.commit()
    log.info("campaign_test", test=test_id, campaign=campaign.id, status=status.value)


def _take(session: Session, test_id: int) -> CampaignTest | None:
    return session.scalar(
        update(CampaignTest)
        .where(CampaignTest.id == test_id, CampaignTest.status == TestStatus.QUEUED)
        .values(status=TestStatus.RUNNING, started_at=func.clock_timestamp())
        .returning(CampaignTest)
    )


def _build(
    session: Session,
    test: CampaignTest,
    campaign: Campaign,
    account: SmtpAccount,
    *,
    public_url: str,
) -> bytes:
    """Build the mail as the chosen recipient would get it. Raises TemplateError, MessageError."""
    version = session.get_one(ContentVersion, test.content_version_id)
    domain = account.from_email.rpartition("@")[2]
    workspace = session.get_one(Workspace, campaign.workspace_id)
    content = content_of(
        campaign, version, domain=domain, postal_address=workspace.postal_address or ""
    )
    compiled = compile_message(replace(content, is_test=True), sender_of(account))
    recipient = session.scalar(
        select(Recipient).where(
            Recipient.campaign_id == campaign.id, Recipient.id == test.recipient_id
        )
    )
    return compiled.fill(
        Addressee(
            test.to_email,
            recipient.name or None if recipient else None,
            recipient.fields if recipient else {},
        ),
        message_id=make_msgid(domain=domain),
        date=datetime.now(UTC),
        unsubscribe_url=f"{public_url}{_LINK}",
        unsubscribe_mailto=None,
    )


@dataclass(frozen=True)
class _Lane:
    """The way of a test's mail: a connection of its own, and leave from the account's limits."""

    session_factory: SessionFactory
    servers: Servers
    pool: ConnectionPool
    timezone: str

    def send(self, account: SmtpAccount, *, to_email: str, message: bytes) -> tuple[bool, str]:
        """Send the mail. Returns whether it was accepted, and the words for its reader."""
        if account.deleted_at is not None:
            return False, "The SMTP account was deleted."
        with self.session_factory() as session:
            connections = connections_of(session, account, now=database_now(session))
        try:
            server = self.servers.server_for(account)
            lent = self.pool.borrow_alone(account.mailbox_id, server, cap=connections)
        except ServerRefused as refused:
            return False, refused.trouble.detail
        except SmtpTrouble as trouble:
            return False, trouble.detail
        try:
            moved = note_login(self.session_factory, account)
            if moved is None:
                ask_leave(self.session_factory, account.id, timezone=self.timezone)
                return send_on(
                    lent.connection,
                    mail_from=account.from_email,
                    to_email=to_email,
                    message=message,
                )
        except LimitReached as reached:
            return False, str(reached)
        finally:
            self.pool.discard(lent)
        # It shares the limits and connections of a mailbox that others have proved before.
        return self.send(moved, to_email=to_email, message=message)
