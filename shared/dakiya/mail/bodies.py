"""The encoded body of one part: lines that all recipients share are encoded only once.

Where the server takes 8BITMIME (RFC 6152) a body can go out as it is, if its lines are short;
elsewhere it goes in quoted-printable or base64.
"""

import binascii
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from dakiya.errors import InvalidInput
from dakiya.mail.template import MAX_OUTPUT_CHARS, Escape, Node, Template, render_nodes

_BASE64_LINE_BYTES: Final = 57  # 76 characters, RFC 2045 6.8
_LINE_BYTES: Final = 998  # without its CRLF, RFC 5322 2.1.1
_AS_8BIT: Final = b"Content-Transfer-Encoding: 8bit\r\n\r\n"
_AS_QP: Final = b"Content-Transfer-Encoding: quoted-printable\r\n\r\n"
_AS_BASE64: Final = b"Content-Transfer-Encoding: base64\r\n\r\n"


class MessageError(InvalidInput):
    """A mail that cannot be built as it should stand on the wire."""


class _LongLineError(Exception):
    """A line that may not stand on the wire as it is."""


_Pieces = tuple[bytes | tuple[Node, ...], ...]


@dataclass(frozen=True, slots=True)
class Body:
    """A part of a mail, to be filled for each recipient.

    `pieces` are whole lines, as octets or as nodes that are still to be filled and end with a line;
    `tail` is the last line. `encoded` are the pieces in quoted-printable, None where base64 is
    smaller. `is_short`: no line is too long to go out as it is by what all recipients share.
    """

    nodes: tuple[Node, ...]
    pieces: _Pieces
    encoded: _Pieces | None
    tail: tuple[Node, ...]
    escape: Escape
    is_short: bool

    def fill(self, values: Mapping[str, str], *, eight_bit: bool = False) -> bytes:
        """Encode the body for one recipient, from the header that names the encoding onwards.

        7-bit, unless it may be `eight_bit` and has no line of more than 998 octets. It ends with
        the CRLF that belongs to the boundary (RFC 2046 5.1.1). Raises MessageError or
        TemplateError.
        """
        if eight_bit and self.is_short:
            try:
                return _AS_8BIT + self._fill(self.pieces, values, _plain)
            except _LongLineError:
                pass
        if self.encoded is None:
            text = render_nodes(self.nodes, values, self.escape, MAX_OUTPUT_CHARS)
            return _AS_BASE64 + _base64(_octets(text))
        return _AS_QP + self._fill(self.encoded, values, _quoted_printable)

    def _fill(
        self, pieces: _Pieces, values: Mapping[str, str], encode: Callable[[bytes], bytes]
    ) -> bytes:
        room_chars = MAX_OUTPUT_CHARS
        filled = []
        for piece in pieces:
            if isinstance(piece, bytes):
                filled.append(piece)
                continue
            text = render_nodes(piece, values, self.escape, room_chars)
            room_chars -= len(text)
            filled.append(encode(_octets(text)))
        text = render_nodes(self.tail, values, self.escape, room_chars)
        filled.append(encode(_octets(text) + b"\r\n"))
        return b"".join(filled)


def compile_body(template: Template, escape: Escape) -> Body:
    """Choose the encoding by the template's own text, and encode what no value can change.

    Raises MessageError for half a character (a lone surrogate).
    """
    data = _octets("".join(node for node in template.nodes if isinstance(node, str)))
    lines, tail = _by_line(template.nodes)
    pieces = tuple(_octets(line) if isinstance(line, str) else line for line in lines)
    # Quoted-printable is readable, and smaller up to one byte in five beyond ASCII.
    as_base64 = 5 * sum(byte > 0x7F for byte in data) > len(data)
    return Body(
        nodes=template.nodes,
        pieces=pieces,
        encoded=None
        if as_base64
        else tuple(_quoted_printable(p) if isinstance(p, bytes) else p for p in pieces),
        tail=tail,
        escape=escape,
        is_short=all(map(_has_short_lines, map(_shared, (*pieces, tail)))),
    )


def _by_line(nodes: tuple[Node, ...]) -> tuple[list[str | tuple[Node, ...]], tuple[Node, ...]]:
    """Part nodes into whole lines, with tags (nodes) or without (text), and an unended tail.

    Cuts are only made behind a line feed, so that line ends can be normalised piece by piece.
    """
    pieces: list[str | tuple[Node, ...]] = []
    line: list[Node] = []
    for node in nodes:
        if not isinstance(node, str) or "\n" not in node:
            line.append(node)
            continue
        first = node.index("\n") + 1 if line else 0
        whole = node.rfind("\n") + 1
        if line:
            pieces.append((*line, node[:first]))
        if whole > first:
            pieces.append(node[first:whole])
        line = [node[whole:]] if node[whole:] else []
    return pieces, tuple(line)


def _octets(text: str) -> bytes:
    """UTF-8 with every line end as CRLF."""
    if "\0" in text:
        raise MessageError("there is a NUL character in the mail")
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    try:
        return text.replace("\n", "\r\n").encode("utf-8")
    except UnicodeEncodeError:
        raise MessageError("there is half a character (a lone surrogate) in the mail") from None


def _plain(lines: bytes) -> bytes:
    """Let whole lines stand as they are; raises _LongLineError where they may not."""
    if not _has_short_lines(lines):
        raise _LongLineError
    return lines


def _has_short_lines(lines: bytes) -> bool:
    return len(lines) <= _LINE_BYTES or max(map(len, lines.split(b"\r\n"))) <= _LINE_BYTES


def _shared(piece: bytes | tuple[Node, ...]) -> bytes:
    """Return what a piece has for every recipient, at least."""
    if isinstance(piece, bytes):
        return piece
    return _octets("".join(node for node in piece if isinstance(node, str)))


def _quoted_printable(lines: bytes) -> bytes:
    """Encode whole lines: b2a_qp takes its own line ends from the first one that it sees."""
    return binascii.b2a_qp(lines, istext=True)


def _base64(data: bytes) -> bytes:
    lines = [
        binascii.b2a_base64(data[at : at + _BASE64_LINE_BYTES], newline=False)
        for at in range(0, len(data), _BASE64_LINE_BYTES)
    ]
    return b"\r\n".join([*lines, b""])
