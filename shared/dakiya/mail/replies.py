"""Reading a server's refusal: whose fault it is, why, and whether waiting can help.

The reply code's first digit says temporary or permanent (RFC 5321 section 4.2.1), the
enhanced status says about what (RFC 3463, RFC 5248 and the IANA registry), the phase says
about whom: what is refused at MAIL is the sender, what is refused at RCPT the recipient.
Large providers put quotas and throttles into codes that mean something else, so their
known words come first (`reply_rules`).
"""

import re
from typing import Final

from .reply_rules import RULES
from .verdict import Kind, Reason, Verdict

__all__ = ["SERVICE_CLOSING", "Kind", "Reason", "Verdict", "classify"]

# RFC 5321 sections 3.8 and 4.2.1: to any command, also to the dot, and for now.
SERVICE_CLOSING: Final = 421
_BEFORE_MAIL = frozenset({"connect", "greeting", "ehlo", "tls", "auth", "noop"})

# RFC 4954 section 6, RFC 5248 and Brevo's 525.
_AUTH_CODES = frozenset({523, 524, 525, 530, 534, 535, 538})

# qmail puts the status behind its words: "no mailbox here by that name. (#5.1.1)".
_TRAILING_STATUS = re.compile(r"\(#([245]\.\d{1,3}\.\d{1,3})\)")

# Subject and detail of RFC 3463 section 3, for a permanent refusal of the recipient or the
# message: the reason, and whether trying again can help.
_BY_STATUS: dict[str, tuple[Reason, bool]] = {
    "1.1": (Reason.UNKNOWN_USER, False),
    "1.2": (Reason.BAD_ADDRESS, False),
    "1.3": (Reason.BAD_ADDRESS, False),
    "1.6": (Reason.UNKNOWN_USER, False),  # moved, no forwarding address
    "1.10": (Reason.BAD_ADDRESS, False),  # RFC 7505, null MX; Exchange's RecipientNotFound
    "2.1": (Reason.MAILBOX_DISABLED, False),
    "2.2": (Reason.MAILBOX_FULL, True),
    "2.3": (Reason.TOO_LARGE, False),
    "3.4": (Reason.TOO_LARGE, False),
}
_SUPPRESSING = frozenset({"1.1", "1.2", "1.3", "1.6", "1.10", "2.1"})

_SENDER_STATUS = frozenset({"1.7", "1.8"})


def classify(phase: str, code: int, enhanced: str | None, text: str) -> Verdict:
    """Judge a 4xx or 5xx reply.

    `phase` is where it came: connect, greeting, ehlo, tls, auth, mail, rcpt, data, body,
    dot. Only a permanent and unmistakable word about the address suppresses it; words
    without an enhanced status have to name the user. Never raises.
    """
    if enhanced is None and (trailing := _TRAILING_STATUS.search(text)):
        enhanced = trailing[1]
    for rule in RULES:
        if rule.fits(phase, code, enhanced, text):
            return rule.verdict
    permanent = code >= 500
    if code in _AUTH_CODES or phase == "auth":
        return Verdict(Kind.ACCOUNT, Reason.AUTH, retry_can_help=not permanent)
    if phase in _BEFORE_MAIL or code == SERVICE_CLOSING:
        return Verdict(Kind.ACCOUNT, Reason.CONNECTION, retry_can_help=True)
    status = enhanced.partition(".")[2] if enhanced else ""
    if status in _SENDER_STATUS:
        return Verdict(Kind.ACCOUNT, Reason.SENDER_REFUSED, retry_can_help=not permanent)
    if phase == "mail" and not _is_about_size(code, status):
        reason = Reason.SENDER_REFUSED if permanent else Reason.OTHER_TEMPORARY
        return Verdict(Kind.ACCOUNT, reason, retry_can_help=not permanent)
    return _failed(code, status) if permanent else _deferred(status)


def _deferred(status: str) -> Verdict:
    full = status == "2.2"
    reason = Reason.MAILBOX_FULL if full else Reason.OTHER_TEMPORARY
    return Verdict(Kind.DEFERRED, reason, retry_can_help=True)


def _failed(code: int, status: str) -> Verdict:
    if status in _BY_STATUS:
        reason, retry_can_help = _BY_STATUS[status]
        suppress = status in _SUPPRESSING
        return Verdict(Kind.FAILED, reason, suppress=suppress, retry_can_help=retry_can_help)
    if _is_about_size(code, status):
        return Verdict(Kind.FAILED, Reason.TOO_LARGE)
    if status.startswith("6."):
        return Verdict(Kind.FAILED, Reason.CONTENT)
    if status.startswith("7."):
        return Verdict(Kind.FAILED, Reason.POLICY, retry_can_help=True)
    return Verdict(Kind.FAILED, Reason.OTHER_PERMANENT, retry_can_help=True)


def _is_about_size(code: int, status: str) -> bool:
    """RFC 1870: 552 is the message's size, if no status says that it is the mailbox's."""
    return status in {"3.4", "2.3"} or (code == 552 and status in {"", "0.0"})
