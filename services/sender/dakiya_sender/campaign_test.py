"""Sends a campaign's mail to an address of its owner's choice, marked as a test."""

from dataclasses import replace
from datetime import UTC, datetime
from email.utils import make_msgid

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from dakiya.db import SessionFactory
from dakiya.delivery.usage import count_mails
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
    """Send a queued test; a second message for it does nothing. The ledger is left alone."""
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
        passed, detail = _send(servers, pool, account, to_email=test.to_email, message=message)
    else:
        passed, detail = False, why
    status = TestStatus.PASSED if passed else TestStatus.FAILED
    with session_factory() as session:
        session.execute(
            update(CampaignTest)
            .where(CampaignTest.id == test_id)
            .values(status=status, detail=detail, finished_at=func.clock_timestamp())
        )
        if passed:
            count_mails(session, account, 1)
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


def _send(
    servers: Servers, pool: ConnectionPool, account: SmtpAccount, *, to_email: str, message: bytes
) -> tuple[bool, str]:
    if account.deleted_at is not None:
        return False, "The SMTP account was deleted."
    try:
        server = servers.server_for(account)
    except ServerRefused as refused:
        return False, refused.trouble.detail
    try:
        lent = pool.borrow_alone(account.id, server, cap=account.connections)
    except SmtpTrouble as trouble:
        return False, trouble.detail
    try:
        return send_on(
            lent.connection, mail_from=account.from_email, to_email=to_email, message=message
        )
    finally:
        pool.discard(lent)
