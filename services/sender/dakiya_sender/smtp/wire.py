"""Bytes to and from one server, under a deadline."""

import smtplib
import socket
import ssl
import time
from contextlib import suppress
from typing import Any

from .reply import Reply, ReplyGarbled, reply_of, split_line

# RFC 5321 section 4.5.3.1.5 allows 512 octets; real servers exceed it, none reaches these.
LINE_SIZE_BYTES = 8192
REPLY_LINES = 200


class Wire(smtplib.SMTP):
    """smtplib's client with a deadline over a whole exchange instead of one per operation.

    A server that drips one byte a second holds a plain smtplib connection for ever.
    Whoever starts an exchange calls `allow()`; every read and write until the next
    `allow()` shares that time. Everything here raises OSError (smtplib's own errors and
    ReplyGarbled are among its children) and leaves closing to the caller.
    """

    ehlo_msg = "EHLO"

    def __init__(self, sock: socket.socket, *, host: str, helo_name: str) -> None:
        super().__init__(local_hostname=helo_name)
        self.command_encoding = "utf-8"  # beyond ASCII only for servers with SMTPUTF8 (RFC 6531)
        self.sock = sock
        self.host = host
        self._buffer = bytearray()
        self._deadline = 0.0
        self._stall_s = 0.0

    def allow(self, seconds: float, *, stall_s: float | None = None) -> None:
        """Give the exchange that starts now this much time in total.

        With `stall_s`, no single wait within it may be longer than that.
        """
        self._deadline = time.monotonic() + seconds
        self._stall_s = seconds if stall_s is None else stall_s

    def send(self, s: Any) -> None:
        """Write text or bytes completely before the deadline."""
        view = memoryview(s.encode(self.command_encoding) if isinstance(s, str) else s)
        while view:
            view = view[self._armed().send(view) :]

    def send_head(self, head: bytes, rest: bytes) -> None:
        """Write both at once; raises only if not even the whole head was handed to the kernel."""
        payload = memoryview(head + rest)
        written = 0
        try:
            while written < len(payload):
                written += self._armed().send(payload[written:])
        except OSError:
            if written < len(head):
                raise

    def getreply(self) -> tuple[int, bytes]:
        """Read a reply as smtplib wants it: the code and the lines' texts."""
        code, lines = self._read_lines()
        return code, b"\n".join(lines)

    def read_reply(self) -> Reply:
        """Read one reply before the deadline."""
        return reply_of(*self._read_lines())

    def ask(self, command: str) -> Reply:
        """Send one command and read the reply to it."""
        self.putcmd(command)
        return self.read_reply()

    def encrypt(self, context: ssl.SSLContext) -> str:
        """Speak TLS from here on; return the protocol's version. Old extensions are forgotten.

        Bytes that came in the clear behind the reply to STARTTLS are an injection
        (CVE-2011-0411) and raise ReplyGarbled.
        """
        if self._buffer:
            raise ReplyGarbled("the server sent more than its reply before TLS began")
        encrypted = context.wrap_socket(self._armed(), server_hostname=self.host)
        self.sock = encrypted
        self.esmtp_features = {}
        return encrypted.version() or ""

    def peer_certificate(self) -> bytes:
        """Return the server's certificate (DER) of an encrypted connection."""
        der = (
            self.sock.getpeercert(binary_form=True) if isinstance(self.sock, ssl.SSLSocket) else b""
        )
        return der or b""

    def has_news(self) -> bool:
        """Say whether the server has spoken or hung up unasked; never waits."""
        sock = self._open_socket()
        if self._buffer:
            return True
        sock.settimeout(0)
        try:
            self._buffer += sock.recv(LINE_SIZE_BYTES)
        except (BlockingIOError, ssl.SSLWantReadError):
            return False
        except OSError:
            return True
        return True

    def last_words(self) -> Reply | None:
        """Return what a server said while it hung up, if that can be read at once."""
        self.allow(0.2)
        try:
            return self.read_reply()
        except OSError:
            return None

    def cut(self) -> None:
        """Close the socket at once, without a word; never raises."""
        if self.sock is not None:
            # A forked child may still hold the descriptor: close() alone would not end it.
            with suppress(OSError):
                self.sock.shutdown(socket.SHUT_RDWR)
        self.close()

    def _read_lines(self) -> tuple[int, list[bytes]]:
        code, is_last, text = split_line(self._read_line())
        lines = [text]
        while not is_last:
            next_code, is_last, text = split_line(self._read_line())
            if next_code != code or len(lines) >= REPLY_LINES:
                raise ReplyGarbled("the server sent a reply of many lines that do not agree")
            lines.append(text)
        return code, lines

    def _read_line(self) -> bytes:
        while (end := self._buffer.find(b"\n")) < 0:
            if len(self._buffer) > LINE_SIZE_BYTES:
                raise ReplyGarbled("the server sent a line without an end")
            chunk = self._armed().recv(LINE_SIZE_BYTES)
            if not chunk:
                raise smtplib.SMTPServerDisconnected("the server closed the connection")
            self._buffer += chunk
        line = bytes(self._buffer[:end])
        del self._buffer[: end + 1]
        return line.rstrip(b"\r")

    def _armed(self) -> socket.socket:
        sock = self._open_socket()
        remaining_s = self._deadline - time.monotonic()
        if remaining_s <= 0:
            raise TimeoutError("the deadline has passed")
        sock.settimeout(min(remaining_s, self._stall_s))
        return sock

    def _open_socket(self) -> socket.socket:
        if self.sock is None:
            raise smtplib.SMTPServerDisconnected("the connection is closed")
        return self.sock
