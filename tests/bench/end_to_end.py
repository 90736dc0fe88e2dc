"""A campaign from its instant to the last committed outcome, against bare loops."""

from collections.abc import Iterator
from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from dakiya.db import SessionFactory
from dakiya.delivery.ledger import ClaimedEmail
from dakiya.models import Campaign, Recipient, SmtpAccount
from dakiya_sender.messages import MessageCache
from tests.bench.figures import Figure
from tests.bench.material import add_account, add_campaign, is_finished, seconds_to_send
from tests.bench.servers import bare_loop, smtp_sink, smtp_source
from tests.bench.stack import Stack, until

SENDERS = 2
# Preparing is not what is measured here: so much time is left for it.
PREPARED_PER_S = 4_000
SERVICES = ("postgres", "scheduler", "sender")
SENDER_MIB = 150


def measure(stack: Stack, *, mails: int = 100_000) -> Iterator[Figure]:
    """Send a campaign to smtp-sink with two senders."""
    with smtp_sink() as port:
        account_id = add_account(stack.sessions, port, "end@example.com", connections=16)
        empty_bytes = stack.database_bytes()
        stack.start_engine(SENDERS)
        ahead = timedelta(seconds=20 + mails / PREPARED_PER_S)
        campaign_id = add_campaign(stack.sessions, account_id, mails, ahead=ahead)
        message = built(stack.sessions, campaign_id)
        prepared_bytes = stack.database_bytes()
        before = stack.usage()
        until(lambda: is_finished(stack.sessions, campaign_id), timeout_s=60 + mails / 20)
        after = stack.usage()
        speed = mails / seconds_to_send(stack.sessions, campaign_id)
        sent_bytes = stack.database_bytes()
        stack.stop_services()
        bare = bare_loop(port, message, mails=min(mails, 20_000), processes=SENDERS)
        source = smtp_source(
            port, mails=min(mails, 20_000), connections=SENDERS, size_bytes=len(message)
        )
    size = f"{len(message) / 1000:.1f} KB"
    name = f"{mails:,} mails of {size}, {SENDERS} senders"
    yield Figure(name, speed, "mails/s", bare, "smtplib", at_least=0.6)
    yield Figure("the same", speed, "mails/s", source, "smtp-source")
    for service in SERVICES:
        cpu_s = (after.cpu_s[service] - before.cpu_s[service]) * 1000 / mails
        yield Figure(f"CPU of {service}", cpu_s, "s/1,000 mails")
    for service in SERVICES:
        most = SENDER_MIB if service == "sender" else None
        yield Figure(f"peak memory, {service}", after.peak_mib[service], "MiB", at_most=most)
    yield Figure(
        "database at the end, per mail",
        (sent_bytes - empty_bytes) / mails,
        "bytes",
        (prepared_bytes - empty_bytes) / mails,
        "before sending",
    )


def built(sessions: SessionFactory, campaign_id: int) -> bytes:
    """Return the mail to a campaign's first recipient, as it goes onto the wire."""
    with sessions() as session:
        campaign = session.get_one(Campaign, campaign_id)
        account = session.get_one(SmtpAccount, campaign.smtp_account_id)
        message = MessageCache().get(session, campaign_id, account)
        return message.build(
            _first_mail(session, campaign_id),
            public_url="https://mail.example.org",
            link_key=b"0" * 32,
        )


def _first_mail(session: Session, campaign_id: int) -> ClaimedEmail:
    recipient = session.scalars(
        select(Recipient).where(Recipient.campaign_id == campaign_id).order_by(Recipient.id)
    ).first()
    if recipient is None:
        raise LookupError("the campaign has no recipients")
    return ClaimedEmail(
        id=0,
        recipient_id=recipient.id,
        email=recipient.email,
        name=recipient.name,
        fields=recipient.fields,
        attempts=0,
        age_s=0.0,
        suppressed=False,
    )
