"""The sender's SMTP client.

`Connection.open(Server(...))`, then `begin(Envelope(...))`, `write_body(message)`,
`finish()`; `close()` or `abort()`.
"""

from .certificate import Certificate, CertificateChanged
from .connection import Connection
from .envelope import Envelope, Ready, Refusal
from .opening import Step, StepListener, look_at_certificate
from .reply import Reply
from .server import Security, Server
from .transcript import LineListener
from .trouble import OutcomeUnknown, Phase, SmtpTrouble

__all__ = [
    "Certificate",
    "CertificateChanged",
    "Connection",
    "Envelope",
    "LineListener",
    "OutcomeUnknown",
    "Phase",
    "Ready",
    "Refusal",
    "Reply",
    "Security",
    "Server",
    "SmtpTrouble",
    "Step",
    "StepListener",
    "look_at_certificate",
]
