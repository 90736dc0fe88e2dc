"""The encoded body of one part: lines that all recipients share are encoded only once."""

import binascii
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from dakiya.errors import InvalidInput
from dakiya.mail.template import MAX_OUTPUT_CHARS, Escape, Node, Template, render_nodes

_BASE64_LINE_BYTES: Final = 57  # 76 characters, RFC 2045 6.8
_AS_QP: Final = b"Content-Transfer-Encoding: quoted-printable\r\n\r\n"
_AS_BASE64: Final = b"Content-Transfer-Encoding: base64\r\n\r\n"


class MessageError(InvalidInput):
    """A mail that cannot be built as it should stand on the wire."""


@dataclass(frozen=True, slots=True)
class Body:
    """A part's transfer encoding and body, to be filled for each recipient.

    In quoted-printable, `pieces` are whole lines that are encoded already, or nodes that are
    still to be filled and end with a line; base64 has one piece. `tail` is the last line.
    """

    pieces: tuple[bytes | tuple[Node, ...], ...]
    tail: tuple[Node, ...]
    escape: Escape
    as_base64: bool

    def fill(self, values: Mapping[str, str]) -> bytes:
        """Encode the body for one recipient, from the header that names the encoding onwards.

        It ends with the CRLF that belongs to the boundary (RFC 2046 5.1.1). Raises MessageError
        or TemplateError.
        """
        if self.as_base64:
            text = render_nodes(self.tail, values, self.escape, MAX_OUTPUT_CHARS)
            return _AS_BASE64 + _base64(_octets(text))
        room_chars = MAX_OUTPUT_CHARS
        encoded = [_AS_QP]
        for piece in self.pieces:
            if isinstance(piece, bytes):
                encoded.append(piece)
                continue
            text = render_nodes(piece, values, self.escape, room_chars)
            room_chars -= len(text)
            encoded.append(_quoted_printable(_octets(text)))
        text = render_nodes(self.tail, values, self.escape, room_chars)
        encoded.append(_quoted_printable(_octets(text) + b"\r\n"))
        return b"".join(encoded)


def compile_body(template: Template, escape: Escape) -> Body:
    """Choose the encoding by the template's own text, and encode what no value can change.

    Raises MessageError for half a character (a lone surrogate).
    """
    data = _octets("".join(node for node in template.nodes if isinstance(node, str)))
    # Quoted-printable is readable, and smaller up to one byte in five beyond ASCII.
    if 5 * sum(byte > 0x7F for byte in data) > len(data):
        return Body(pieces=(), tail=template.nodes, escape=escape, as_base64=True)
    lines, tail = _by_line(template.nodes)
    return Body(
        pieces=tuple(
            _quoted_printable(_octets(line)) if isinstance(line, str) else line for line in lines
        ),
        tail=tail,
        escape=escape,
        as_base64=False,
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


def _quoted_printable(lines: bytes) -> bytes:
    """Encode whole lines: b2a_qp takes its own line ends from the first one that it sees."""
    return binascii.b2a_qp(lines, istext=True)


def _base64(data: bytes) -> bytes:
    lines = [
        binascii.b2a_base64(data[at : at + _BASE64_LINE_BYTES], newline=False)
        for at in range(0, len(data), _BASE64_LINE_BYTES)
    ]
    return b"\r\n".join([*lines, b""])
