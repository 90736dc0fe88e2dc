"""How an SMTP dialogue can go wrong, and what that means for the mail in hand."""

import errno
import ssl
from enum import StrEnum
from smtplib import SMTPServerDisconnected

from dakiya.errors import DakiyaError

from .certificate import CertificateChanged
from .reply import Reply


class Phase(StrEnum):
    """Where in the dialogue something happened."""

    CONNECT = "connect"
    GREETING = "greeting"
    EHLO = "ehlo"
    TLS = "tls"
    AUTH = "auth"
    MAIL = "mail"
    RCPT = "rcpt"
    DATA = "data"
    BODY = "body"  # between the server's 354 and our final dot
    DOT = "dot"  # the final dot and the reply to it
    NOOP = "noop"


class SmtpTrouble(DakiyaError):
    """The dialogue cannot go on, and the server has not accepted the mail in hand.

    The connection is closed. Trying the same mail again is always safe.
    `detail` is for people; `reply` is what the server said, if it said something.
    """

    def __init__(self, phase: Phase, reply: Reply | None, detail: str) -> None:
        super().__init__(f"{phase}: {detail}")
        self.phase = phase
        self.reply = reply
        self.detail = detail


class OutcomeUnknown(DakiyaError):
    """The final dot left and no usable reply came: the mail may or may not be accepted.

    RFC 1047 is about this. The connection is closed.
    """

    def __init__(self, detail: str) -> None:
        super().__init__(detail)
        self.detail = detail


_ERRNO_WORDS = {
    errno.ECONNREFUSED: "the server refuses connections on this port",
    errno.ENETUNREACH: "the server's network cannot be reached",
    errno.EHOSTUNREACH: "the server cannot be reached",
    errno.ECONNRESET: "the server cut the connection",
    errno.ECONNABORTED: "the connection was cut",
    errno.EPIPE: "the server cut the connection",
}


def plain_words(error: OSError) -> str:
    """Say in plain words what a failed connect, handshake, read or write means."""
    if isinstance(error, TimeoutError):
        return "the server did not answer in time"
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"the server's certificate cannot be trusted: {error.verify_message}"
    if isinstance(error, CertificateChanged):
        return "the server shows another certificate than the one that you chose to trust"
    if isinstance(error, ssl.SSLError):
        if error.reason in {"WRONG_VERSION_NUMBER", "HTTP_REQUEST", "UNKNOWN_PROTOCOL"}:
            return "the server does not speak TLS here; this port may want STARTTLS or no TLS"
        return f"the encrypted connection failed: {error.reason or 'the server broke it off'}"
    if isinstance(error, SMTPServerDisconnected):
        return "the server closed the connection"
    if error.errno in _ERRNO_WORDS:
        return _ERRNO_WORDS[error.errno]
    return error.strerror or str(error) or "the connection failed"
