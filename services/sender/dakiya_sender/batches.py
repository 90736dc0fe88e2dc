"""From a ring to a delivered batch: take it, make ready what it needs, deliver, close."""

import threading
import zlib
from dataclasses import dataclass
from datetime import timedelta

import psycopg2
from dns.resolver import Resolver
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from dakiya.db import SessionFactory
from dakiya.delivery.counters import FIRST_SENDER_SLOT, SLOTS
from dakiya.delivery.ledger import load_emails
from dakiya.delivery.taking import EARLY_S, Taken, hand_back_batch, take_batch
from dakiya.log import get_logger
from dakiya.mail.compiled import MessageError
from dakiya.mail.merge import TemplateError
from dakiya.models import Batch, BatchState
from dakiya.queue import Doorbell
from dakiya_sender import judging
from dakiya_sender.delivery import BatchDelivery, Report
from dakiya_sender.fairness import Share, others_wait
from dakiya_sender.keeper import Keeper
from dakiya_sender.leave import note_login
from dakiya_sender.ledger_writer import LedgerWriter
from dakiya_sender.lending import NoConnectionFree
from dakiya_sender.links.visiting import Visitor
from dakiya_sender.messages import MessageCache
from dakiya_sender.pace import SharedPace
from dakiya_sender.pool import ConnectionPool
from dakiya_sender.recording import Recorder
from dakiya_sender.servers import ServerRefused, Servers
from dakiya_sender.system_mail import SystemServer
from dakiya_sender.verdicts import RetryRule

log = get_logger(__name__)

# Long enough for an idle connection elsewhere to be closed, short enough not to be felt.
WAIT_FOR_CONNECTION_S = 0.5


@dataclass(frozen=True)
class SenderContext:
    """What the threads of a sender process share."""

    session_factory: SessionFactory
    doorbell: Doorbell
    keeper: Keeper
    writer: LedgerWriter
    pool: ConnectionPool
    servers: Servers
    messages: MessageCache
    retry: RetryRule
    service_id: str
    threads: int
    lease_s: float
    public_url: str
    link_key: bytes
    system_server: SystemServer | None
    resolver: Resolver
    visitor: Visitor
    stop: threading.Event


def deliver_batch(context: SenderContext, batch_id: int, *, newcomer: bool = False) -> None:
    """Deliver a batch if it is still to be had; a second message for it does nothing.

    A ``newcomer`` is of a workspace that has no other batch in this process.
    While nobody else waits, the account's next batches follow on the same connection:
    others would have to wait until it is free.
    """
    following = _deliver_one(context, batch_id, early_s=EARLY_S, newcomer=newcomer)
    while following is not None and not context.stop.is_set():
        following = _deliver_one(
            context, following, early_s=WAIT_FOR_CONNECTION_S, newcomer=newcomer
        )


def _deliver_one(
    context: SenderContext, batch_id: int, *, early_s: float, newcomer: bool
) -> int | None:
    """Deliver one batch and return the one that may follow it."""
    slot = counter_slot(context.service_id, threading.get_ident())
    taken = None
    try:
        with context.session_factory() as session:
            taken = take_batch(
                session,
                batch_id,
                taken_by=context.service_id,
                lease_s=context.lease_s,
                slot=slot,
                early_s=early_s,
            )
            put_off = taken is not None and not _may_begin(
                context, taken, session, newcomer=newcomer
            )
            if taken is not None and put_off:
                hand_back_batch(session, taken, wait_s=WAIT_FOR_CONNECTION_S)
            session.commit()
        if taken is None or put_off:
            return None
        delivered = _deliver_taken(context, taken, slot)
    finally:
        if taken is not None:
            context.keeper.let_go(taken.claim)
    if not delivered:
        context.doorbell.ring_tick()
        return None
    return _following(context, taken)


def _may_begin(context: SenderContext, taken: Taken, session: Session, *, newcomer: bool) -> bool:
    """Hold a batch, if its mailbox has a connection left here and its workspace a thread."""
    return not _share(context, taken).is_used_up(session) and context.keeper.hold(
        taken.claim, connections=taken.connections, newcomer=newcomer
    )


def _following(context: SenderContext, taken: Taken) -> int | None:
    """Return the account's next batch that may start, unless another account waits.

    Without limits, batches wait for nothing but a connection, and here is one. A tick is rung for
    when no more batches are left than the account has connections: it claims up to twice as many.
    """
    account, limited = taken.account, bool(taken.limits.windows)
    early = timedelta(seconds=0 if limited else WAIT_FOR_CONNECTION_S)
    with context.session_factory() as session:
        left = session.execute(
            select(Batch.id, Batch.start_at <= func.clock_timestamp() + early)
            .where(Batch.smtp_account_id == account.id, Batch.state == BatchState.READY)
            .order_by(Batch.id)
            .limit(taken.connections + 1)
        ).all()
        if len(left) <= taken.connections:
            context.doorbell.ring_tick()
        if not left or others_wait(session, account.id):
            return None
    return next((batch_id for batch_id, may_start in left if may_start), None)


def _deliver_taken(context: SenderContext, taken: Taken, slot: int) -> bool:
    """Send and close a batch; False when the account cannot go on now."""
    claim = taken.claim
    recorder = Recorder(
        context.session_factory, claim, writer=context.writer, slot=slot, stop=context.stop
    )
    try:
        report = _send(context, taken, recorder)
    except (NoConnectionFree, psycopg2.Error):
        # Every connection of the account is in use elsewhere, or its locks cannot be asked.
        with context.session_factory() as session:
            hand_back_batch(session, taken, wait_s=WAIT_FOR_CONNECTION_S)
            session.commit()
        return False
    except BaseException:
        recorder.flush()  # what was learned is worth more than "unknown"
        raise
    returned = recorder.finish(
        trouble=report.trouble,
        had_trouble=taken.account.trouble_count > 0,
        mended=taken.account.mended,
        waits=taken.account if report.waits else None,
    )
    if report.trouble is not None:
        log.warning("account_paused", account=claim.smtp_account_id, reason=report.trouble.reason)
    log.info(
        "batch_done",
        batch=claim.batch_id,
        campaign=claim.campaign_id,
        account=claim.smtp_account_id,
        mails=taken.mails,
        attempted=report.attempted,
        accepted=report.accepted,
        returned=returned,
        waits=report.waits,
    )
    return report.trouble is None and not report.waits


def _send(context: SenderContext, taken: Taken, recorder: Recorder) -> Report:
    with context.session_factory() as session:
        mails = load_emails(session, taken.claim)
        try:
            message = context.messages.get(session, taken.claim.campaign_id, taken.account)
        except (TemplateError, MessageError) as error:
            for mail in mails:
                if not recorder.refuse_content(mail, judging.not_built(error)):
                    break
            return Report(0, 0, None)
    try:
        server = context.servers.server_for(taken.account)
    except ServerRefused as refused:
        return Report(0, 0, refused.trouble)
    delivery = BatchDelivery(
        taken,
        message=message,
        server=server,
        pool=context.pool,
        recorder=recorder,
        pace=SharedPace(context.session_factory, taken.account, taken.limits, context.stop),
        retry=context.retry,
        public_url=context.public_url,
        link_key=context.link_key,
        stop=context.stop,
        must_yield=_share(context, taken).must_yield,
        note_login=lambda: note_login(context.session_factory, taken.account) is not None,
    )
    return delivery.run(mails)


def _share(context: SenderContext, taken: Taken) -> Share:
    return Share(
        context.session_factory,
        context.keeper,
        taken.claim,
        threads=context.threads,
    )


def counter_slot(service_id: str, thread: int | str) -> int:
    """Give each thread of each process a counter slot; sharing one costs speed, not truth."""
    name = f"{service_id}/{thread}".encode()
    return FIRST_SENDER_SLOT + zlib.crc32(name) % (SLOTS - FIRST_SENDER_SLOT)
