"""Reads the fields of an SMTP account."""

import ipaddress
import re
from collections.abc import Mapping
from dataclasses import dataclass

from dakiya.mail.addresses import clean_header
from dakiya.models import Security
from dakiya.models.smtp import (
    DEFAULT_CONNECTIONS,
    DEFAULT_MAILS_PER_CONNECTION,
    MAX_CONNECTIONS,
)
from dakiya.smtp_accounts.accounts import AccountValues
from dakiya.smtp_accounts.egress import EgressRefused, EgressRule
from dakiya.smtp_accounts.providers import ungrouped
from dakiya_web.input.reader import FieldReader

MAX_RATE = 100_000_000
MAX_SENT_ELSEWHERE = 1_000_000
MAX_MAILS_PER_CONNECTION = 100_000
PACES = ("per_second", "per_minute", "per_hour", "per_day")

_HOST = re.compile(
    r"(?=.{1,253}$)[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*"
)
# What ends so is never a name: resolvers take 127.1 and 0x7f.0.0.0x1 for addresses (inet_aton).
_NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*")


@dataclass(frozen=True)
class AccountInput:
    """A valid account, and the password if one was sent."""

    values: AccountValues
    password: str | None


def read_account(
    body: Mapping[str, object], *, egress: EgressRule, has_password: bool = False
) -> AccountInput:
    """Read a whole account. Raises InvalidFields.

    ``has_password``: one is stored already, so a user name may come without it.
    """
    reader = FieldReader(body)
    host = _read_host(reader)
    port = reader.integer("port", minimum=1, maximum=65535) or 0
    security = reader.choice("security", Security)
    username = reader.line("username", max_chars=320, required=False) or None
    password = reader.secret("password", max_chars=1000)
    if host and port:
        _check_egress(reader, host, port, egress)
    _check_login(reader, host, security, username)
    if username and not (password or has_password) and not reader.is_wrong("password"):
        reader.wrong("password", "is required when there is a username.")
    if password and not username and not reader.is_wrong("username"):
        reader.wrong("username", "is required when there is a password.")
    sent = reader.mapping("limits")
    limits = FieldReader(sent, prefix="limits.")
    values = AccountValues(
        name=reader.line("name", max_chars=200),
        host=host,
        port=port,
        security=security,
        username=username,
        from_email=reader.address("from_email"),
        from_name=clean_header(reader.line("from_name", max_chars=200, required=False)) or None,
        connections=limits.integer(
            "connections", minimum=1, maximum=MAX_CONNECTIONS, required=False
        )
        or DEFAULT_CONNECTIONS,
        mails_per_connection=limits.integer(
            "mails_per_connection", minimum=1, maximum=MAX_MAILS_PER_CONNECTION, required=False
        )
        or DEFAULT_MAILS_PER_CONNECTION,
        **{name: _read_limit(limits, sent, name) for name in PACES},
    )
    reader.include(limits)
    reader.finish()
    return AccountInput(values, ungrouped(password, host) if password else None)


def read_test(body: Mapping[str, object]) -> str:
    """Read the address that a test mail goes to. Raises InvalidFields."""
    reader = FieldReader(body)
    to = reader.address("to")
    reader.finish()
    return to


def read_sent_elsewhere(body: Mapping[str, object]) -> int:
    """Read how many mails were sent by other means today. Raises InvalidFields."""
    reader = FieldReader(body)
    mails = reader.integer("mails", minimum=0, maximum=MAX_SENT_ELSEWHERE) or 0
    reader.finish()
    return mails


def _read_limit(limits: FieldReader, sent: Mapping[str, object], name: str) -> int | None:
    """Read one limit; 0 is no way to say "none", nor "stop"."""
    limit = limits.integer(name, minimum=1, maximum=MAX_RATE, required=False)
    if sent.get(name) == 0:
        limits.wrong(name, "Leave it empty for no limit; to send nothing, pause the campaigns.")
    return limit


def _read_host(reader: FieldReader) -> str:
    host = reader.line("host", max_chars=1000).lower().rstrip(".")
    if not host:
        return ""
    if "://" in host or "/" in host:
        reader.wrong("host", "Write only the host name, without smtp:// and without a path.")
        return ""
    if _is_literal(host):
        return host
    if not host.isascii():
        reader.wrong("host", "Write the host name in its ASCII form (xn--...).")
        return ""
    if ":" in host:
        reader.wrong("host", "Write the port in its own field, not behind the host name.")
        return ""
    if _NUMBER.fullmatch(host.rpartition(".")[2]):
        reader.wrong("host", "is not a whole IP address: write all of it, such as 192.0.2.1.")
        return ""
    if not _HOST.fullmatch(host):
        reader.wrong("host", "is not a host name, such as smtp.example.com.")
        return ""
    return host


def _is_literal(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return "%" not in host


def _check_egress(reader: FieldReader, host: str, port: int, egress: EgressRule) -> None:
    try:
        egress.check_literal(host, port)
    except EgressRefused as error:
        reader.wrong("port" if str(error).startswith("Port") else "host", str(error))


def _check_login(reader: FieldReader, host: str, security: Security, username: str | None) -> None:
    if username and security == Security.NONE and not _is_loopback(host):
        reader.wrong(
            "security",
            "would send the password unprotected: choose starttls or tls, or leave out the login.",
        )


def _is_loopback(host: str) -> bool:
    return host == "localhost" or (_is_literal(host) and ipaddress.ip_address(host).is_loopback)
