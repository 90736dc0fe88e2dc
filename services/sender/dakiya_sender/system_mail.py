"""Mail of the installation itself, through the operator's own server.

DAKIYA_SYSTEM_SMTP_URL is ``smtp://user:password@host:587?from=dakiya@example.com``, or
``smtps://`` for TLS from the first byte. ``smtp`` uses STARTTLS, except on the machine's own
loopback. The operator chose the host, so it may be an internal one.
"""

import ipaddress
from dataclasses import dataclass
from datetime import UTC, datetime
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, formataddr, make_msgid
from urllib.parse import parse_qs, unquote, urlsplit

from dakiya.accounts.resets import SUBJECT, make_reset_mail, record_reset_mail
from dakiya.db import SessionFactory, database_now
from dakiya.errors import ConfigurationError
from dakiya.log import get_logger
from dakiya.mail.addresses import AddressError, parse_address
from dakiya.smtp_accounts.egress import EgressRule, NameNotFound
from dakiya.smtp_accounts.notices import record_notice, take_notice
from dakiya_sender.single import send_single
from dakiya_sender.smtp import Security, Server

log = get_logger(__name__)

_HINT = "DAKIYA_SYSTEM_SMTP_URL: write it like smtp://user:password@smtp.example.com:587"
_PORTS = {"smtp": 587, "smtps": 465}


@dataclass(frozen=True)
class SystemServer:
    """Where the installation's own mail goes, and whom it comes from."""

    host: str
    port: int
    security: Security
    username: str | None
    password: str | None
    from_email: str

    @classmethod
    def parse(cls, url: str, *, public_url: str) -> "SystemServer | None":
        """Read the setting; None when it is empty. Raises ConfigurationError."""
        if not url:
            return None
        try:
            parts = urlsplit(url)
            host, port = parts.hostname or "", parts.port or _PORTS[parts.scheme]
            named = parse_qs(parts.query).get("from", [_default_from(parts.username, public_url)])
            from_email = parse_address(named[0]).envelope
        except (ValueError, KeyError, AddressError):
            raise ConfigurationError(_HINT) from None
        if not host:
            raise ConfigurationError(_HINT)
        security = Security.TLS if parts.scheme == "smtps" else Security.STARTTLS
        if parts.scheme == "smtp" and _is_loopback(host):
            security = Security.NONE
        return cls(
            host,
            port,
            security,
            unquote(parts.username) if parts.username else None,
            unquote(parts.password) if parts.password else None,
            from_email,
        )


def mail_password_reset(
    session_factory: SessionFactory,
    server: SystemServer | None,
    reset_id: int,
    *,
    public_url: str,
    helo_name: str,
) -> None:
    """Mail a link for a new password; a second message for it does nothing."""
    with session_factory() as session:
        mail = make_reset_mail(session, reset_id, public_url=public_url)
        session.commit()
    if mail is None:
        return
    mailed, _ = (
        (False, "")
        if server is None
        else _send(
            server, to_email=mail.to_email, subject=SUBJECT, text=mail.text, helo_name=helo_name
        )
    )
    with session_factory() as session:
        record_reset_mail(session, reset_id, mailed=mailed)
        session.commit()
    # The server's words may quote the address: they stay out of the log.
    log.info("password_reset_mail", reset=reset_id, mailed=mailed, has_server=server is not None)


def mail_trouble_notice(
    session_factory: SessionFactory,
    server: SystemServer | None,
    notice_id: int,
    *,
    public_url: str,
    helo_name: str,
) -> None:
    """Tell an account's people that it has stopped; a second message for it does nothing.

    What the server does not take is due again later, and rung for by a tick.
    """
    with session_factory() as session:
        now = database_now(session)
        mail = take_notice(session, notice_id, public_url=public_url, now=now)
        session.commit()
    if mail is None:
        return
    answers = [
        _send(server, to_email=to_email, subject=mail.subject, text=mail.text, helo_name=helo_name)
        for to_email in mail.to_emails
        if server is not None
    ]
    mailed = any(sent for sent, _ in answers)
    said = [words for sent, words in answers if sent is mailed]
    with session_factory() as session:
        record_notice(
            session,
            notice_id,
            mailed=mailed,
            answer=said[0] if said else "",
            now=database_now(session),
            again=server is not None,
        )
        session.commit()
    log.info("trouble_notice", notice=notice_id, mailed=mailed, has_server=server is not None)


def _send(
    server: SystemServer, *, to_email: str, subject: str, text: str, helo_name: str
) -> tuple[bool, str]:
    rule = EgressRule.parse(server.host)
    try:
        addresses = rule.resolve(server.host, server.port)
    except NameNotFound as error:
        return False, str(error)
    return send_single(
        Server(
            host=server.host,
            port=server.port,
            security=server.security.value,
            addresses=addresses,
            helo_name=helo_name,
            username=server.username,
            password=server.password,
        ),
        mail_from=server.from_email,
        to_email=to_email,
        message=_message(server.from_email, to_email, subject, text),
    )


def _message(from_email: str, to_email: str, subject: str, text: str) -> bytes:
    message = EmailMessage(policy=SMTP)
    message["From"] = formataddr(("Dakiya", from_email))
    message["To"] = to_email
    message["Subject"] = subject
    message["Date"] = format_datetime(datetime.now(UTC))
    message["Message-ID"] = make_msgid(domain=from_email.rpartition("@")[2])
    message["Auto-Submitted"] = "auto-generated"  # RFC 3834
    message.set_content(text)
    return message.as_bytes()


def _default_from(username: str | None, public_url: str) -> str:
    """The log-in if it is an address, else dakiya at the installation's own name."""
    if username and "@" in unquote(username):
        return unquote(username)
    host = urlsplit(public_url).hostname or ""
    return (
        f"dakiya@{host}"
        if "." in host and not _is_address(host)
        else "dakiya@localhost.localdomain"
    )


def _is_loopback(host: str) -> bool:
    return host == "localhost" or (_is_address(host) and ipaddress.ip_address(host).is_loopback)


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True
