"""The envelope: whom a mail is from and to, as the server will read it."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from .reply import Reply
from .trouble import Phase

# RFC 5321 section 4.5.3.1: 64 octets, an @ and 255 octets.
ADDRESS_LENGTH = 320

_PLAIN = re.compile(r"[!#-;=?A-\[\]-~]+@[!#-;=?A-\[\]-~]+")
_INTERNATIONAL = re.compile(r"[!#-;=?A-\[\]-~\u00a1-\U0010ffff]+@[!#-;=?A-\[\]-~]+")


@dataclass(frozen=True, slots=True)
class Envelope:
    """One sender, one recipient, and the message's size as it will be transmitted.

    `eight_bit`: the message's bodies may hold any octets, which needs 8BITMIME (RFC 6152).
    """

    mail_from: str
    rcpt_to: str
    size_bytes: int
    eight_bit: bool = False

    @property
    def is_international(self) -> bool:
        """Whether the recipient has letters beyond ASCII, which needs SMTPUTF8 (RFC 6531)."""
        return not self.rcpt_to.isascii()


@dataclass(frozen=True, slots=True)
class Ready:
    """The server wants the body (354)."""

    reply: Reply


@dataclass(frozen=True, slots=True)
class Refusal:
    """The mail was refused before its body; nothing was accepted.

    `local` means that we refused it and the server was not asked: the reply is ours.
    """

    phase: Phase
    reply: Reply
    local: bool = False


def refuse_locally(envelope: Envelope, extensions: Mapping[str, str]) -> Refusal | None:
    """Refuse what must not be put onto the wire or what the server said it would not take.

    smtplib rewrites odd addresses (`"b\\r\\nRCPT TO:<evil@z>"@y` went to evil@z), so ours go
    out as they are or not at all: printable characters without blanks, brackets, quotes and
    backslashes. Only sign-up and import may mend an address.
    """
    max_size_bytes = size_limit(extensions)
    if not (_can_be_sent(envelope.mail_from) and envelope.mail_from.isascii()):
        return _refuse(Phase.MAIL, 553, "5.1.7", "The sender's address cannot be sent as it is.")
    if not _can_be_sent(envelope.rcpt_to):
        return _refuse(Phase.RCPT, 553, "5.1.3", "The address cannot be sent as it is.")
    if envelope.is_international and "smtputf8" not in extensions:
        # X.6.7 is what a relay says that finds the next server to be such a one (RFC 6531 3.5).
        words = "The server takes no addresses with letters such as é or अ before the @ (SMTPUTF8)."
        return _refuse(Phase.RCPT, 553, "5.6.7", words)
    if max_size_bytes is not None and envelope.size_bytes > max_size_bytes:
        words = f"The mail has {envelope.size_bytes} bytes, the server takes {max_size_bytes}."
        return _refuse(Phase.MAIL, 552, "5.3.4", words)
    return None


def size_limit(extensions: Mapping[str, str]) -> int | None:
    """Read the SIZE extension (RFC 1870): 0 or nothing means no fixed limit."""
    value = extensions.get("size", "")
    return int(value) or None if value.isascii() and value.isdigit() else None


def _can_be_sent(address: str) -> bool:
    if len(address) > ADDRESS_LENGTH:
        return False
    if _PLAIN.fullmatch(address):
        return True
    return (
        _INTERNATIONAL.fullmatch(address) is not None
        and address.isprintable()
        and len(address.encode()) <= ADDRESS_LENGTH
    )


def _refuse(phase: Phase, code: int, enhanced: str, text: str) -> Refusal:
    return Refusal(phase, Reply(code, enhanced, text), local=True)
