"""The sender's SMTP client.

`Connection.open(Server(...))`, then `begin(Envelope(...))`, `write_body(message)`,
`finish()`; `close()` or `abort()`.
"""

from .connection import Connection
from .envelope import Envelope, Ready, Refusal
from .opening import Step, StepListener
from .reply import Reply
from .server import Security, Server
from .trouble import OutcomeUnknown, Phase, SmtpTrouble

__all__ = [
    "Connection",
    "Envelope",
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
]
