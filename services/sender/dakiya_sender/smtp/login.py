"""Logging in (RFC 4954) with PLAIN, LOGIN or CRAM-MD5."""

import hmac
from base64 import b64decode, b64encode
from binascii import Error as Base64Error
from collections.abc import Callable
from dataclasses import replace

from .reply import Reply
from .wire import Wire

# The server does not know the mechanism it offered; another one may work.
_MECHANISM_REFUSED = frozenset({500, 501, 502, 504, 534})


def log_in(wire: Wire, username: str, password: str) -> Reply | None:
    """Try the mechanisms that the server offers until one gives an answer; None if none fits.

    smtplib's own login sends only ASCII and tries a refused password again with every
    mechanism, which locks accounts. Secrets that a server repeats are taken out of the
    reply.
    """
    offered = wire.esmtp_features.get("auth", "").upper().split()
    refused: Reply | None = None
    for name, dialogue in _MECHANISMS:
        if name not in offered:
            continue
        reply = dialogue(wire, username.encode(), password.encode())
        if reply.code == 334:
            reply = wire.ask("*")
        if reply.code not in _MECHANISM_REFUSED:
            return _without(reply, username, password)
        refused = _without(reply, username, password)
    return refused


def _plain(wire: Wire, username: bytes, password: bytes) -> Reply:
    """RFC 4616."""
    secret = _base64(b"\0" + username + b"\0" + password)
    reply = wire.ask(f"AUTH PLAIN {secret}")
    return wire.ask(secret) if reply.code == 334 else reply


def _login(wire: Wire, username: bytes, password: bytes) -> Reply:
    """Never standardised; Microsoft and many others offer nothing else."""
    reply = wire.ask("AUTH LOGIN")
    for secret in (username, password):
        if reply.code != 334:
            break
        reply = wire.ask(_base64(secret))
    return reply


def _cram_md5(wire: Wire, username: bytes, password: bytes) -> Reply:
    """RFC 2195."""
    reply = wire.ask("AUTH CRAM-MD5")
    if reply.code != 334:
        return reply
    try:
        challenge = b64decode(reply.text, validate=True)
    except Base64Error:
        return reply
    digest = hmac.new(password, challenge, "md5").hexdigest()
    return wire.ask(_base64(username + b" " + digest.encode()))


_MECHANISMS: tuple[tuple[str, Callable[[Wire, bytes, bytes], Reply]], ...] = (
    ("PLAIN", _plain),
    ("LOGIN", _login),
    ("CRAM-MD5", _cram_md5),
)


def _base64(raw: bytes) -> str:
    return b64encode(raw).decode("ascii")


def secrets_of(username: str, password: str) -> tuple[str, ...]:
    """Return what may never be shown: the password, as it is and as it goes over the wire."""
    together = _base64(f"\0{username}\0{password}".encode())
    return (together, _base64(password.encode()), password)


def _without(reply: Reply, username: str, password: str) -> Reply:
    text = reply.text
    for secret in secrets_of(username, password):
        # A shorter one would take ordinary words apart and give more away than it hides.
        if len(secret) >= 4:
            text = text.replace(secret, "[removed]")
    return replace(reply, text=text)
