"""Tests an SMTP account step by step, up to a real mail, and writes the steps as they end."""

import time
from collections.abc import Callable
from dataclasses import asdict
from datetime import UTC, datetime
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, formataddr, make_msgid
from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from dakiya.db import SessionFactory
from dakiya.delivery.trouble import clear_trouble
from dakiya.log import get_logger
from dakiya.models import SmtpAccount, SmtpTest, TestStatus
from dakiya_sender.pool import ConnectionPool
from dakiya_sender.servers import ServerRefused, Servers
from dakiya_sender.single import send_on
from dakiya_sender.smtp import SmtpTrouble, Step

log = get_logger(__name__)


StepListener = Callable[[Step], None]


def run_smtp_test(
    session_factory: SessionFactory, servers: Servers, pool: ConnectionPool, test_id: int
) -> None:
    """Run a queued test; a second message for it does nothing. A pass ends the account's pause."""
    with session_factory() as session:
        account, to_email = _take(session, test_id)
        session.commit()
    if account is None:
        return
    steps: list[dict[str, Any]] = []

    def on_step(step: Step) -> None:
        steps.append({**asdict(step), "duration_s": round(step.duration_s, 3)})
        with session_factory() as session:
            session.execute(update(SmtpTest).where(SmtpTest.id == test_id).values(steps=steps))
            session.commit()

    passed = _walk(account, servers, pool, to_email, on_step)
    status = TestStatus.PASSED if passed else TestStatus.FAILED
    with session_factory() as session:
        session.execute(
            update(SmtpTest)
            .where(SmtpTest.id == test_id)
            .values(status=status, steps=steps, finished_at=func.clock_timestamp())
        )
        if passed:
            clear_trouble(session, account.id)
        session.commit()
    log.info("smtp_test", test=test_id, account=account.id, status=status.value)


def _take(session: Session, test_id: int) -> tuple[SmtpAccount | None, str]:
    to_email = session.scalar(
        update(SmtpTest)
        .where(SmtpTest.id == test_id, SmtpTest.status == TestStatus.QUEUED)
        .values(status=TestStatus.RUNNING, started_at=func.clock_timestamp())
        .returning(SmtpTest.to_email)
    )
    if to_email is None:
        return None, ""
    account = session.scalars(
        select(SmtpAccount).join(SmtpTest).where(SmtpTest.id == test_id)
    ).one()
    return account, to_email


def _walk(
    account: SmtpAccount,
    servers: Servers,
    pool: ConnectionPool,
    to_email: str,
    on_step: StepListener,
) -> bool:
    """Walk the steps; each one, good or bad, is told to the listener."""
    began_at = time.monotonic()
    try:
        server = servers.server_for(account)
    except ServerRefused as refused:
        on_step(Step("dns", ok=False, detail=refused.trouble.detail, duration_s=_since(began_at)))
        return False
    found = ", ".join(server.addresses)
    on_step(Step("dns", ok=True, detail=f"{account.host} is {found}", duration_s=_since(began_at)))
    told: list[Step] = []

    def tell(step: Step) -> None:
        told.append(step)
        on_step(step)

    began_at = time.monotonic()
    try:
        lent = pool.borrow_alone(account.id, server, cap=account.connections, on_step=tell)
    except SmtpTrouble as trouble:
        if not told:  # it was not even tried
            on_step(Step("connect", ok=False, detail=trouble.detail, duration_s=_since(began_at)))
        return False
    began_at = time.monotonic()
    try:
        ok, detail = send_on(
            lent.connection,
            mail_from=account.from_email,
            to_email=to_email,
            message=_test_message(account, to_email),
        )
    finally:
        pool.discard(lent)
    on_step(Step("send", ok=ok, detail=detail, duration_s=_since(began_at)))
    return ok


def _test_message(account: SmtpAccount, to_email: str) -> bytes:
    message = EmailMessage(policy=SMTP)
    message["From"] = formataddr((account.from_name or "", account.from_email))
    message["To"] = to_email
    message["Subject"] = "Dakiya test: this SMTP account works"
    message["Date"] = format_datetime(datetime.now(UTC))
    message["Message-ID"] = make_msgid(domain=account.from_email.rpartition("@")[2])
    message["Auto-Submitted"] = "auto-generated"  # RFC 3834
    message.set_content(
        f"This mail was sent by Dakiya to test the SMTP account {account.name!r}.\n"
        "If you can read it, the account can send.\n"
    )
    return message.as_bytes()


def _since(began_at: float) -> float:
    return time.monotonic() - began_at
