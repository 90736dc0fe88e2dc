"""The envelope: whom a mail is from and to, as the server will read it."""

from collections.abc import Mapping
from dataclasses import dataclass

from .reply import Reply
from .trouble import Phase

# RFC 5321 section 4.5.3.1: 64 octets, an @ and 255 octets.
ADDRESS_LENGTH = 320


@dataclass(frozen=True, slots=True)
class Envelope:
    """One sender, one recipient, and the message's size as it will be transmitted."""

    mail_from: str
    rcpt_to: str
    size_bytes: int


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


def refuse_locally(envelope: Envelope, max_size_bytes: int | None) -> Refusal | None:
    """Refuse what must not be put onto the wire or what the server said it would not take.

    smtplib rewrites odd addresses (`"b\\r\\nRCPT TO:<evil@z>"@y` went to evil@z), so ours go
    out as they are or not at all: printable ASCII without blanks, brackets, quotes and
    backslashes. Only sign-up and import may mend an address.
    """
    if not _can_be_sent(envelope.mail_from):
        return _refuse(Phase.MAIL, 553, "5.1.7", "The sender's address cannot be sent as it is.")
    if not _can_be_sent(envelope.rcpt_to):
        return _refuse(Phase.RCPT, 553, "5.1.3", "The address cannot be sent as it is.")
    if max_size_bytes is not None and envelope.size_bytes > max_size_bytes:
        words = f"The mail has {envelope.size_bytes} bytes, the server takes {max_size_bytes}."
        return _refuse(Phase.MAIL, 552, "5.3.4", words)
    return None


def size_limit(extensions: Mapping[str, str]) -> int | None:
    """Read the SIZE extension (RFC 1870): 0 or nothing means no fixed limit."""
    value = extensions.get("size", "")
    return int(value) or None if value.isascii() and value.isdigit() else None


def _can_be_sent(address: str) -> bool:
    local_part, at, domain = address.rpartition("@")
    return (
        bool(local_part and at and domain)
        and "@" not in local_part
        and len(address) <= ADDRESS_LENGTH
        and all("!" <= char <= "~" and char not in '<>"\\' for char in address)
    )


def _refuse(phase: Phase, code: int, enhanced: str, text: str) -> Refusal:
    return Refusal(phase, Reply(code, enhanced, text), local=True)
