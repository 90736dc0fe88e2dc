"""A recording SMTP server for tests, in a process of its own.

It journals every mail before it answers, so that journal and ledger can be compared after
any crash, and misbehaves on demand, per recipient and per phase.
"""

from .authority import Authority, Certificate
from .behaviour import Action, Behaviour, Rule
from .journal import Event, Sync
from .recorder import Received, Recorder

__all__ = [
    "Action",
    "Authority",
    "Behaviour",
    "Certificate",
    "Event",
    "Received",
    "Recorder",
    "Rule",
    "Sync",
]
