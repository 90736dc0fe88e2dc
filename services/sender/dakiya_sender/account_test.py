"""Tests an SMTP account step by step, up to a real mail, and writes the steps as they end."""

import time
from dataclasses import asdict, replace
from datetime import UTC, datetime
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, formataddr, make_msgid
from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from dakiya.db import SessionFactory, database_now
from dakiya.delivery.limits import connections_of
from dakiya.delivery.trouble import clear_trouble
from dakiya.log import get_logger
from dakiya.models import Membership, SmtpAccount, SmtpTest, TestStatus, User
from dakiya.models.people import DEFAULT_TIMEZONE
from dakiya.smtp_accounts.causes import UNTRUSTED, Cause
from dakiya.smtp_accounts.facts import ServerFacts
from dakiya_sender.diagnosis import cause_of, cause_of_reply
from dakiya_sender.leave import LimitReached, ask_leave, note_login
from dakiya_sender.pool import ConnectionPool
from dakiya_sender.servers import ServerRefused, Servers
from dakiya_sender.smtp import (
    Connection,
    Envelope,
    OutcomeUnknown,
    Phase,
    Refusal,
    Server,
    SmtpTrouble,
    Step,
)

log = get_logger(__name__)

# Somebody sits and waits: a server that says nothing for so long has failed.
REPLY_TIMEOUT_S = 20.0


def run_smtp_test(
    session_factory: SessionFactory, servers: Servers, pool: ConnectionPool, test_id: int
) -> None:
    """Run a queued test; a second message for it does nothing. A pass ends the account's pause.

    Its mail asks for leave like every other, and counts in the limits from when it begins.
    """
    with session_factory() as session:
        account, to_email = _take(session, test_id)
        timezone = _timezone_of(session, account) if account is not None else ""
        session.commit()
    if account is None:
        return
    report = _Report(session_factory, test_id)
    walk = _Walk(session_factory, account, servers, pool, report, timezone=timezone)
    passed = walk.go(to_email)
    status = TestStatus.PASSED if passed else TestStatus.FAILED
    with session_factory() as session:
        report.store(session, status=status, finished_at=func.clock_timestamp())
        stored = session.get_one(SmtpAccount, account.id)
        # Changed meanwhile, it is another server or login that nobody has tested.
        is_same = stored.settings_version == account.settings_version
        if walk.facts is not None and is_same:
            stored.server_facts = walk.facts.as_json()
        if passed and is_same:
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
    # It may have been changed since the test was asked for.
    session.get_one(SmtpTest, test_id).settings_version = account.settings_version
    return account, to_email


def _timezone_of(session: Session, account: SmtpAccount) -> str:
    """Return the time zone of the account's people."""
    found = session.scalar(
        select(User.timezone)
        .join(Membership, Membership.user_id == User.id)
        .where(Membership.workspace_id == account.workspace_id)
        .order_by(User.id)
        .limit(1)
    )
    return found or DEFAULT_TIMEZONE


class _Report:
    """The steps and the dialogue so far; written whenever a step has ended."""

    def __init__(self, session_factory: SessionFactory, test_id: int) -> None:
        self._sessions = session_factory
        self._test_id = test_id
        self.steps: list[dict[str, Any]] = []
        self._dialogue: list[list[str]] = []

    def begin_anew(self) -> None:
        """Forget the steps so far."""
        self.steps.clear()
        self._dialogue.clear()

    def hear(self, who: str, words: str) -> None:
        """Keep a line of the dialogue."""
        self._dialogue.append([who, words])

    def tell(self, step: Step) -> None:
        """Write a step, for those who watch."""
        self.steps.append({**asdict(step), "duration_s": round(step.duration_s, 3)})
        with self._sessions() as session:
            self.store(session)
            session.commit()

    def fail(self, name: str, detail: str, cause: Cause, began_at: float, **more: Any) -> None:
        """Tell why it ends here: at this step, or at the one that was told as failed already."""
        if not self.steps or self.steps[-1]["ok"]:
            self.tell(Step(name, ok=False, detail=detail, duration_s=time.monotonic() - began_at))
        self.steps[-1].update(detail=detail, cause=cause.value, **more)

    def store(self, session: Session, **values: Any) -> None:
        """Write all of it."""
        session.execute(
            update(SmtpTest)
            .where(SmtpTest.id == self._test_id)
            .values(steps=self.steps, dialogue=self._dialogue, **values)
        )


class _Walk:
    """The way from a name to an accepted mail."""

    def __init__(
        self,
        session_factory: SessionFactory,
        account: SmtpAccount,
        servers: Servers,
        pool: ConnectionPool,
        report: _Report,
        *,
        timezone: str,
    ) -> None:
        self._sessions = session_factory
        self._timezone = timezone
        self._account = account
        self._servers = servers
        self._pool = pool
        self._report = report
        self._encryption = ""
        self.facts: ServerFacts | None = None

    def go(self, to_email: str) -> bool:
        """Walk the steps; each one, good or bad, is told. Returns whether the mail was taken."""
        account, began_at = self._account, time.monotonic()
        try:
            server = self._servers.server_for(account)
        except ServerRefused as refused:
            self._report.fail("dns", refused.trouble.detail, refused.cause, began_at)
            return False
        found = ", ".join(server.addresses)
        detail = f"{account.host} is {found}" if found != account.host else "It is an address."
        self._report.tell(
            Step("dns", ok=True, detail=detail, duration_s=time.monotonic() - began_at)
        )
        server = replace(server, reply_timeout_s=REPLY_TIMEOUT_S)
        began_at = time.monotonic()
        try:
            lent = self._pool.borrow_alone(
                account.mailbox_id,
                server,
                cap=self._connections(),
                on_step=self._tell,
                on_line=self._report.hear,
            )
        except SmtpTrouble as trouble:
            self._explain(trouble, server, began_at)
            return False
        self.facts = self._facts_of(lent.connection)
        try:
            moved = note_login(self._sessions, account)
            if moved is None:
                return self._send(lent.connection, to_email)
        finally:
            self._pool.discard(lent)
        # It shares the limits and connections of a mailbox that others have proved before.
        self._account = moved
        self._report.begin_anew()
        return self.go(to_email)

    def _connections(self) -> int:
        with self._sessions() as session:
            return connections_of(session, self._account, now=database_now(session))

    def _tell(self, step: Step) -> None:
        if step.name == Phase.TLS:
            self._encryption = step.detail if step.ok else ""
        self._report.tell(step)

    def _explain(self, trouble: SmtpTrouble, server: Server, began_at: float) -> None:
        if self._report.steps[-1]["ok"]:  # it was not even tried
            self._report.fail("connect", trouble.detail, Cause.ALL_IN_USE, began_at)
            return
        cause = cause_of(trouble, server)
        detail, more = trouble.detail, dict[str, Any]()
        if cause in UNTRUSTED:
            more = self._certificate(server)
        password = server.password or ""
        if cause is Cause.LOGIN_REFUSED and password != password.strip():
            # Copied with what stood beside it; nobody sees that in a field of dots.
            detail += " (the password begins or ends with a blank)"
        self._report.fail(trouble.phase.value, detail, cause, began_at, **more)

    def _certificate(self, server: Server) -> dict[str, Any]:
        """Return what the server shows to anybody, for its owner to decide."""
        try:
            seen = self._pool.look_at(self._account.mailbox_id, server, cap=self._connections())
        except SmtpTrouble:
            return {}
        if seen is None:
            return {}
        return {"certificate": {**asdict(seen), "not_after": seen.not_after.isoformat()}}

    def _facts_of(self, connection: Connection) -> ServerFacts:
        return ServerFacts(
            extensions=sorted(name.upper() for name in connection.extensions),
            size_bytes=connection.max_size_bytes,
            encryption=self._encryption,
            seen_at=datetime.now(UTC).isoformat(timespec="seconds"),
        )

    def _send(self, connection: Connection, to_email: str) -> bool:
        """Ask whether the address may send, then send the mail."""
        account, report = self._account, self._report
        message, began_at = _test_message(account, to_email), time.monotonic()
        try:
            ask_leave(self._sessions, account.id, timezone=self._timezone)
        except LimitReached as reached:
            report.fail("leave", str(reached), Cause.LIMIT_REACHED, began_at)
            return False
        name = "mail"
        try:
            answer = connection.begin(Envelope(account.from_email, to_email, len(message)))
            if not isinstance(answer, Refusal) or answer.phase is not Phase.MAIL:
                words = f"the server lets this account send as {account.from_email}"
                report.tell(
                    Step(name, ok=True, detail=words, duration_s=time.monotonic() - began_at)
                )
                name, began_at = "send", time.monotonic()
            if isinstance(answer, Refusal):
                detail = f"refused at {answer.phase.value.upper()}: {answer.reply}"
                report.fail(name, detail, cause_of_reply(answer.phase, answer.reply), began_at)
                return False
            connection.write_body(message)
            reply = connection.finish()
        except SmtpTrouble as trouble:
            cause = Cause.BROKE_OFF
            if trouble.reply is not None:
                cause = cause_of_reply(trouble.phase, trouble.reply)
            if trouble.phase not in (Phase.MAIL, Phase.CONNECT) and name == "mail":
                name = "send"
            report.fail(name, trouble.detail, cause, began_at)
            return False
        except OutcomeUnknown as unknown:
            report.fail("send", unknown.detail, Cause.SILENT, began_at)
            return False
        detail = f"the server answered: {reply}"
        if not reply.is_positive:
            report.fail("send", detail, cause_of_reply(Phase.DOT, reply), began_at)
            return False
        report.tell(Step("send", ok=True, detail=detail, duration_s=time.monotonic() - began_at))
        return True


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
