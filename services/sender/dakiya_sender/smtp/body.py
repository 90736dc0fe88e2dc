"""A message as it goes onto the wire (RFC 5321 sections 2.3.7, 4.5.2)."""

import re

_LONE_BREAK = re.compile(rb"\r(?!\n)|(?<!\r)\n")


def wire_form(message: bytes) -> bytes:
    """Return the message with CRLF line ends and stuffed dots, ending in CRLF, without the dot.

    Bare CR and bare LF never leave (SMTP smuggling, CVE-2023-51764).
    An empty message stays empty. Raises ValueError for a NUL byte.
    """
    if b"\0" in message:
        raise ValueError("the message contains a NUL byte")
    breaks = message.count(b"\r\n")
    if message.count(b"\n") != breaks or message.count(b"\r") != breaks:
        message = _LONE_BREAK.sub(b"\r\n", message)
    stuffed = message.replace(b"\r\n.", b"\r\n..")
    if stuffed.startswith(b"."):
        stuffed = b"." + stuffed
    if stuffed and not stuffed.endswith(b"\r\n"):
        stuffed += b"\r\n"
    return stuffed
