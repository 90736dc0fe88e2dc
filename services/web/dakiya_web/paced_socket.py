"""A client's socket on which a thread never waits for long."""

import socket
import time

# Nothing comes or goes for so long: the client is given up.
IDLE_S = 15.0
# A request that a thread reads may take this long, and longer as its bytes come.
GRACE_S = 20.0
SLOWEST_BYTES_PER_S = 1_000
# A time-out of `sendall` holds for the whole of what is sent, so it is sent in pieces.
_PIECE_BYTES = 64 * 1024


class PacedSocket(socket.socket):
    """Blocks with a time-out where gunicorn asks it to block; raises TimeoutError."""

    _begun_at_s = 0.0
    _received = 0

    @classmethod
    def of(cls, accepted: socket.socket) -> "PacedSocket":
        """Take a socket over."""
        return cls(accepted.family, accepted.type, accepted.proto, fileno=accepted.detach())

    def begin_request(self) -> None:
        """Count time and bytes from now on."""
        self._begun_at_s, self._received = time.monotonic(), 0

    def setblocking(self, flag: bool, /) -> None:
        """Block, but not for ever."""
        self.settimeout(IDLE_S if flag else 0.0)

    def recv(self, bufsize: int, flags: int = 0, /) -> bytes:
        """Receive as any socket, and give up a client that keeps a thread waiting for drops."""
        allowed_s = GRACE_S + self._received / SLOWEST_BYTES_PER_S
        if self.gettimeout() and time.monotonic() - self._begun_at_s > allowed_s:
            raise TimeoutError("the request came too slowly")
        data = super().recv(bufsize, flags)
        self._received += len(data)
        return data

    def sendall(self, data: bytes, flags: int = 0, /) -> None:  # type: ignore[override]
        """Send all of it, as long as each piece gets away in time."""
        view = memoryview(data)
        for at in range(0, len(view), _PIECE_BYTES):
            super().sendall(view[at : at + _PIECE_BYTES], flags)
