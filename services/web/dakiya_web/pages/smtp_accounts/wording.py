"""What an account's limits, pauses and test steps mean, in plain words. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from dakiya.mail.verdict import Reason
from dakiya.models import Security, SmtpAccount, SmtpTest, TestStatus

PACES = (
    ("per_second", "a second"),
    ("per_minute", "a minute"),
    ("per_hour", "an hour"),
    ("per_day", "a day"),
)
SECURITY_WORDS: Mapping[Security, str] = {
    Security.STARTTLS: "encrypted (STARTTLS)",
    Security.TLS: "encrypted (TLS)",
    Security.NONE: "not encrypted",
}
STEP_WORDS: Mapping[str, str] = {
    "dns": "Find the server's address",
    "connect": "Connect",
    "greeting": "Wait for the server's greeting",
    "ehlo": "Introduce ourselves",
    "tls": "Encrypt the connection",
    "auth": "Log in",
    "send": "Send the test mail",
}
_REMEDIES: Mapping[str, str] = {
    Reason.AUTH: "Check the user name and password; many providers want an app password. "
    "Saving them lets the account send again.",
    Reason.SENDER_REFUSED: "Use a “from” address that this login may send as, or have the "
    "provider allow this one.",
    Reason.BLOCKED: "The server refuses mail from here. Ask your provider why, mend that, "
    "and then test the account: a passed test lets it send again.",
    Reason.QUOTA: "Your provider's quota is used up. You may enter its limit below, so that "
    "Dakiya spreads the mails instead of running into it.",
    Reason.RATE: "The server asks for less speed. Enter a lower limit, or fewer connections.",
    Reason.CONNECTION: "Check host, port and encryption, and whether the server is running.",
}
_TITLES: Mapping[str, str] = {
    Reason.AUTH: "The server refuses the login",
    Reason.SENDER_REFUSED: "The server refuses the sender's address",
    Reason.BLOCKED: "The server blocks our mail",
    Reason.QUOTA: "The provider's quota is used up",
    Reason.RATE: "The server asks us to slow down",
    Reason.CONNECTION: "The server cannot be reached",
}


@dataclass(frozen=True)
class Health:
    """How an account stands: a pill, and for a pause its reason and what mends it."""

    text: str
    tone: str
    title: str = ""
    remedy: str = ""
    needs_owner: bool = False


def health(account: SmtpAccount, test: SmtpTest | None, *, now: datetime) -> Health:
    """Judge an account by its pause and, when there is none, by its last test."""
    needs_owner = account.paused_at is not None and account.paused_until is None
    waits = account.paused_until is not None and account.paused_until > now
    if needs_owner or waits:
        reason = account.pause_reason or ""
        return Health(
            "Needs you" if needs_owner else "Waiting",
            "bad" if needs_owner else "wait",
            _TITLES.get(reason, "The server does not take our mail"),
            _REMEDIES.get(reason, "Test the account to see what the server says."),
            needs_owner,
        )
    if account.paused_at is not None:
        return Health("Trying again", "wait")
    if test is None:
        return Health("Not tested yet", "idle")
    if test.status is TestStatus.FAILED:
        return Health("Last test failed", "bad")
    return Health("Fine", "good")


def limits(account: SmtpAccount) -> str:
    """Say an account's limits: "500 mails a day, 30 a minute"; "No limit" without any."""
    found = [
        (getattr(account, name), words) for name, words in reversed(PACES) if getattr(account, name)
    ]
    if not found:
        return "No limit"
    first, *others = found
    return ", ".join(
        [_mails(*first), *(f"{amount:,} {words}" for amount, words in others)],
    )


def quota(limit: str, left: int) -> str:
    """Say what is left of a limit: "320 left within 24 hours"."""
    words = {"per_hour": "within the hour", "per_day": "within 24 hours"}[limit]
    return f"{left:,} left {words}" if left else f"used up {words}"


def connections(account: SmtpAccount) -> str:
    """Say how many connections an account may use: "up to 4 connections"."""
    many = account.connections != 1
    return f"up to {account.connections} connections" if many else "one connection at a time"


def _mails(amount: int, words: str) -> str:
    return f"{amount:,} {'mail' if amount == 1 else 'mails'} {words}"
