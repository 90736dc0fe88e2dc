"""The body of a request: whole or refused, with an answer that says what was wrong with it."""

import io
from functools import cached_property
from typing import IO, Any, cast

from flask import Request
from gunicorn.http.errors import ParseException
from werkzeug.exceptions import (
    BadRequest,
    ClientDisconnected,
    RequestEntityTooLarge,
    RequestTimeout,
)

MAX_FORM_PARTS = 100
# 100,000 pasted addresses, or a long mail in a script that takes 9 bytes a letter.
MAX_FORM_BYTES = 6_000_000
_PIECE_BYTES = 64 * 1024


class BodyTooLarge(RequestEntityTooLarge):
    """More bytes than are accepted; a form with too many parts raises the plain kind."""


class WholeBody(io.RawIOBase):
    """Reads what the server has, at most ``max_bytes`` and, when it is known, ``length``.

    A limit that is reached is an error, never the end: half a body would be stored as a whole
    one. Raises BodyTooLarge, BadRequest, ClientDisconnected and RequestTimeout.
    """

    def __init__(self, stream: IO[bytes], *, max_bytes: int, length: int | None) -> None:
        self._stream = stream
        self._max_bytes = max_bytes
        self._length = length
        self._read = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        # One byte more than is accepted shows that there is one.
        data = self._next(min(len(buffer), self._max_bytes + 1 - self._read))
        self._read += len(data)
        if self._read > self._max_bytes:
            raise BodyTooLarge
        if not data and len(buffer) and self._length is not None and self._read < self._length:
            raise ClientDisconnected
        buffer[: len(data)] = data
        return len(data)

    def readall(self) -> bytes:
        pieces = []
        while piece := self.read(_PIECE_BYTES):
            pieces.append(piece)
        return b"".join(pieces)

    def _next(self, size: int) -> bytes:
        try:
            return self._stream.read(size)
        except TimeoutError:
            raise RequestTimeout from None
        except OSError:
            raise ClientDisconnected from None
        except ParseException:
            raise BadRequest from None


class BodyRequest(Request):
    """A request whose body is read by `WholeBody`, however its end is told (RFC 9112, 6.3)."""

    @cached_property
    def stream(self) -> IO[bytes]:
        limit, length = self.max_content_length, self.content_length
        if limit is not None and length is not None and length > limit:
            raise BodyTooLarge
        if limit is None or "wsgi.input_terminated" not in self.environ:
            return super().stream
        body = WholeBody(self.environ["wsgi.input"], max_bytes=limit, length=length)
        return cast("IO[bytes]", body)
