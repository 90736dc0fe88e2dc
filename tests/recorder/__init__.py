"""A recording SMTP server for tests, in a process of its own.

It journals every mail before it answers, so that journal and ledger can be compared after
any crash, and misbehaves on demand, per recipient and per phase.
"""

from .behaviour import Action, Behaviour, Rule
from .journal import Event, Sync
from .recorder import Certificate, Received, Recorder

__all__ = [
    "Action",
    "Behaviour",
    "Certificate",
    "Event",
    "Received",
    "Recorder",
    "Rule",
    "Sync",
]
