"""Whom to talk to: one SMTP server with a way in."""

import ipaddress
import re
import ssl
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cache

_HELO_NAME = re.compile(r"[A-Za-z0-9.\-_]+|\[[A-Za-z0-9.:]+\]")


class Security(StrEnum):
    """How the connection is encrypted."""

    NONE = "none"
    STARTTLS = "starttls"
    TLS = "tls"


@dataclass(frozen=True, slots=True)
class Server:
    """An SMTP server, the addresses its name was resolved to, and the way in.

    The connection goes to `addresses` in their order and nowhere else; `host` is only
    what TLS asks for and verifies. `security` is a value of Security. Times are total
    for each exchange, not for each socket operation: `connect_timeout_s` for connecting
    and for a TLS handshake, `reply_timeout_s` for a command and its reply,
    `dot_timeout_s` for the reply to the final dot (RFC 5321 section 4.5.3.2.6).
    `certificate_sha256` is the fingerprint (hexadecimal) of the one certificate to trust,
    whoever vouches for it: its owner has seen it and chosen so.
    Raises ValueError for values that could never work or that would weaken TLS.
    """

    host: str
    port: int
    security: str
    addresses: tuple[str, ...]
    helo_name: str
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    connect_timeout_s: float = 15.0
    reply_timeout_s: float = 60.0
    dot_timeout_s: float = 600.0
    tls_context: ssl.SSLContext | None = field(default=None, repr=False)
    certificate_sha256: str | None = None

    def __post_init__(self) -> None:
        Security(self.security)
        if not self.addresses:
            raise ValueError("a server needs at least one address")
        for address in self.addresses:
            ipaddress.ip_address(address)
        if not _HELO_NAME.fullmatch(self.helo_name):
            raise ValueError("the name for EHLO must be a host name or an address literal")
        context = self.tls_context
        if context and not (context.check_hostname and context.verify_mode is ssl.CERT_REQUIRED):
            raise ValueError("the TLS context must verify the certificate and the host name")

    def verifying_context(self) -> ssl.SSLContext:
        """Return the TLS context to use; without one of its own, the system's trust.

        With a `certificate_sha256` nobody else vouches: who shakes hands has to compare it.
        """
        if self.certificate_sha256 is not None:
            return unverified_context()
        return self.tls_context or _default_context()


def unverified_context() -> ssl.SSLContext:
    """Return a context that trusts anybody: for certificates that are compared, or only seen."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


@cache
def _default_context() -> ssl.SSLContext:
    # Loading the system's certificates takes tens of milliseconds: once per process.
    return ssl.create_default_context()
