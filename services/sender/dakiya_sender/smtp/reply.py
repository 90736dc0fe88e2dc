"""What a server says on the wire, parsed: codes, enhanced codes and its words."""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from smtplib import SMTPException

TEXT_LENGTH = 500

_LINE = re.compile(rb"([2-5][0-9][0-9])(?:([ -])(.*))?", re.DOTALL)
# Cisco's appliances write "550 #5.1.0 Address rejected".
_ENHANCED = re.compile(r"#?([245]\.[0-9]{1,3}\.[0-9]{1,3})(?![0-9.])[ :-]*")


class ReplyGarbled(SMTPException):
    """The server sent something that is not an SMTP reply."""


@dataclass(frozen=True, slots=True)
class Reply:
    """One reply: RFC 5321 section 4.2 code, RFC 3463 status if there is one, bounded text.

    `text` is one line without control characters, at most TEXT_LENGTH long; the enhanced
    status is taken out of it.
    """

    code: int
    enhanced: str | None
    text: str

    @property
    def is_positive(self) -> bool:
        """Say whether the server agreed (2xx)."""
        return 200 <= self.code <= 299

    @property
    def is_temporary(self) -> bool:
        """Say whether the server refused for now (4xx)."""
        return 400 <= self.code <= 499

    @property
    def is_permanent(self) -> bool:
        """Say whether the server refused for good (5xx)."""
        return 500 <= self.code <= 599

    def __str__(self) -> str:
        return " ".join(str(part) for part in (self.code, self.enhanced, self.text) if part)


def split_line(line: bytes) -> tuple[int, bool, bytes]:
    """Split a reply line into its code, whether it is the last one, and the rest.

    Raises ReplyGarbled.
    """
    match = _LINE.fullmatch(line)
    if match is None:
        raise ReplyGarbled(f"the server sent something that is no SMTP reply: {printable(line)!r}")
    return int(match[1]), match[2] != b"-", match[3] or b""


def reply_of(code: int, lines: Sequence[bytes]) -> Reply:
    """Join the texts of a reply's lines; the enhanced status is the first line's (RFC 2034)."""
    enhanced: str | None = None
    words: list[str] = []
    for line in lines:
        text = printable(line)
        match = _ENHANCED.match(text)
        if match is not None and enhanced in (None, match[1]):
            enhanced = match[1]
            text = text[match.end() :]
        words.append(text)
    return Reply(code, enhanced, " ".join(filter(None, words))[:TEXT_LENGTH])


def printable(raw: bytes) -> str:
    """Decode a server's words: control, format and line-separating characters become blanks."""
    decoded = raw[: 4 * TEXT_LENGTH].decode("utf-8", "replace")
    blanked = (" " if unicodedata.category(char)[0] in "CZ" else char for char in decoded)
    return " ".join("".join(blanked).split())[:TEXT_LENGTH]
