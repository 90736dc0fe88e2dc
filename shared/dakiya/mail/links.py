"""Signed references that leave with a mail and come back: unsubscribe links and Message-IDs."""

import base64
import hmac
import re
from dataclasses import dataclass
from typing import Final

# What `derive_key` is asked for by those who sign unsubscribe links and those who read them.
UNSUBSCRIBE_PURPOSE: Final = "unsubscribe"

# 128 bits, as RFC 2104 section 5 asks: no less than half of the hash's output.
_TOKEN_TAG_BYTES: Final = 16
# A forged Message-ID only misfiles a bounce: 80 bits are enough, and 16 characters.
_MESSAGE_TAG_BYTES: Final = 10

_ID = r"([1-9][0-9]{0,18})"
_TOKEN = re.compile(rf"{_ID}\.{_ID}\.([a-z2-7]{{26}})", re.ASCII)
_MESSAGE_TOKEN = re.compile(r"[A-Za-z0-9_-]{1,64}", re.ASCII)
_MESSAGE_DOMAIN = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9.-]{0,252})", re.ASCII)
_MESSAGE_ID = re.compile(
    rf"<?{_ID}\.{_ID}\.({_MESSAGE_TOKEN.pattern})@{_MESSAGE_DOMAIN.pattern}>?", re.ASCII
)


@dataclass(frozen=True, slots=True)
class UnsubscribeRef:
    """Whose unsubscribe link it is; both ids are positive."""

    campaign_id: int
    recipient_id: int


def derive_key(secret: str, purpose: str) -> bytes:
    """Derive 32 bytes that serve one purpose only (HKDF-SHA256 without a salt, RFC 5869)."""
    extracted = hmac.digest(bytes(32), secret.encode(), "sha256")
    return hmac.digest(extracted, purpose.encode() + b"\x01", "sha256")


def unsubscribe_token(key: bytes, ref: UnsubscribeRef) -> str:
    """Sign a reference: digits, dots and a-z2-7 only, so that it stands in a URL or a mailbox."""
    payload = f"{ref.campaign_id}.{ref.recipient_id}"
    return f"{payload}.{_tag(key, f'unsubscribe {payload}', _TOKEN_TAG_BYTES)}"


def read_unsubscribe_token(key: bytes, token: str) -> UnsubscribeRef | None:
    """Read a token that `unsubscribe_token` made with this key, in any letter case; else None."""
    token = token.strip().lower()
    found = _TOKEN.fullmatch(token)
    if found is None:
        return None
    ref = UnsubscribeRef(campaign_id=int(found[1]), recipient_id=int(found[2]))
    # The whole text is compared, so that one reference has exactly one token.
    expected = unsubscribe_token(key, ref)
    return ref if hmac.compare_digest(expected.encode(), token.encode()) else None


def message_tag(key: bytes, *, campaign_id: int, recipient_id: int) -> str:
    """Make the `token` of `message_id`, so that nobody else can make up a Message-ID of ours."""
    return _tag(key, f"message {campaign_id}.{recipient_id}", _MESSAGE_TAG_BYTES)


def message_id(*, token: str, campaign_id: int, recipient_id: int, domain: str) -> str:
    """Build the Message-ID of one recipient's mail, the same on every attempt (RFC 5322 3.6.4).

    `token` is letters, digits, - and _; `domain` is ASCII. Raises ValueError otherwise.
    """
    if not _MESSAGE_TOKEN.fullmatch(token) or not _MESSAGE_DOMAIN.fullmatch(domain):
        raise ValueError("a Message-ID needs a plain token and an ASCII domain")
    return f"<{campaign_id}.{recipient_id}.{token}@{domain}>"


def read_message_id(value: str) -> tuple[int, int, str] | None:
    """Read campaign, recipient and token out of a Message-ID of ours; None for any other.

    Brackets may be missing. The token is not checked here: compare it with `message_tag`.
    """
    found = _MESSAGE_ID.fullmatch(value.strip())
    return (int(found[1]), int(found[2]), found[3]) if found else None


def _tag(key: bytes, text: str, size_bytes: int) -> str:
    digest = hmac.digest(key, text.encode(), "sha256")[:size_bytes]
    return base64.b32encode(digest).decode().rstrip("=").lower()
