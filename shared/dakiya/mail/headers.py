"""Header fields as bytes: folded, and encoded where ASCII does not suffice (RFC 2047)."""

import binascii
import re
from collections.abc import Iterator
from typing import Final

from dakiya.mail.addresses import clean_header

LINE_CHARS: Final = 76  # RFC 2047 2: a line with an encoded word has at most 76 characters

_WORD_CHARS: Final = 75 - len("=?utf-8?b??=")
# What RFC 2047 5 (3) lets stand for itself in a phrase, the strictest of its places.
_Q_SAFE: Final = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789!*+-/")
_ATOMS = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~ -]*")


def text_header(name: str, value: str) -> bytes:
    """Build `name: value` with its line end, for unstructured text such as a subject."""
    value = clean_header(value)
    if _is_plain(value):
        if len(name) + 2 + len(value) <= LINE_CHARS:
            return f"{name}: {value}\r\n".encode("ascii")
        return _folded(name, value.split(" "))
    return _folded(name, _encoded_words(value, LINE_CHARS - len(name) - 2))


def mailbox_header(name: str, display_name: str, address: str) -> bytes:
    """Build `name: Display Name <address>` with its line end.

    An address that is not ASCII stands as UTF-8 (RFC 6532 3.2).
    """
    display_name = clean_header(display_name)
    if not display_name:
        return f"{name}: {address}\r\n".encode()
    if not _is_plain(display_name):
        words = list(_encoded_words(display_name, LINE_CHARS - len(name) - 2))
    elif _ATOMS.fullmatch(display_name):
        words = display_name.split(" ")
    else:
        quoted = display_name.replace("\\", "\\\\").replace('"', '\\"')
        words = f'"{quoted}"'.split(" ")
    return _folded(name, [*words, f"<{address}>"])


def _is_plain(value: str) -> bool:
    """Whether ASCII says it: short words that cannot be taken for an encoded word."""
    if not value.isascii() or "=?" in value:
        return False
    return len(value) <= LINE_CHARS // 2 or max(map(len, value.split(" "))) <= LINE_CHARS // 2


def _folded(name: str, words: Iterator[str] | list[str]) -> bytes:
    """Join words by single blanks, with a line break before a word that passes the line's end."""
    pieces = [f"{name}:"]
    column = len(name) + 1
    for word in words:
        column += 1 + len(word)
        # A first word never starts a line of its own: a line of blanks only is obsolete syntax.
        if column > LINE_CHARS and len(pieces) > 1:
            pieces.append("\r\n")
            column = 1 + len(word)
        pieces.append(f" {word}")
    pieces.append("\r\n")
    return "".join(pieces).encode()


def _encoded_words(value: str, first_room_chars: int) -> Iterator[str]:
    """Cut a text into encoded words that never split a character, each short enough for a line."""
    data = value.encode("utf-8")
    as_q = sum(byte not in _Q_SAFE and byte != 0x20 for byte in data) * 6 < len(data)
    room = min(_WORD_CHARS, first_room_chars - len("=?utf-8?b??="))
    chunk = ""
    size = 0
    for character in value:
        cost = _q_cost(character) if as_q else len(character.encode("utf-8"))
        if (size + cost if as_q else -(-(size + cost) // 3) * 4) > room:
            yield _word(chunk, as_q)
            chunk, size, room = "", 0, _WORD_CHARS
        chunk += character
        size += cost
    yield _word(chunk, as_q)


def _q_cost(character: str) -> int:
    return sum(1 if byte in _Q_SAFE or byte == 0x20 else 3 for byte in character.encode("utf-8"))


def _word(chunk: str, as_q: bool) -> str:
    data = chunk.encode("utf-8")
    if not as_q:
        return f"=?utf-8?b?{binascii.b2a_base64(data, newline=False).decode('ascii')}?="
    encoded = "".join(
        "_" if byte == 0x20 else chr(byte) if byte in _Q_SAFE else f"={byte:02X}" for byte in data
    )
    return f"=?utf-8?q?{encoded}?="
