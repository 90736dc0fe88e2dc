"""HTTP connections to an address that was checked: the name is not looked up a second time."""

import http.client
import socket
import ssl
import threading
from collections.abc import Sequence
from contextlib import suppress

MOST_ADDRESSES = 3


class PinnedConnection(http.client.HTTPConnection):
    """Connects to one of ``addresses`` and speaks as if to ``host``.

    `kill` ends it from another thread.
    """

    def __init__(
        self,
        host: str,
        port: int,
        *,
        addresses: Sequence[str],
        timeout_s: float,
        tls: ssl.SSLContext | None,
    ) -> None:
        super().__init__(host, port, timeout=timeout_s)
        self._addresses = addresses[:MOST_ADDRESSES]
        self._tls = tls
        self._plain: socket.socket | None = None
        self.default_port = 443 if tls else 80  # what need not stand in the Host header

    def connect(self) -> None:
        self._plain = self._reach()
        self.sock = self._plain
        if self._tls is not None:
            self.sock = self._tls.wrap_socket(self._plain, server_hostname=self.host)

    def _reach(self) -> socket.socket:
        """Try them in turn: a name may have an IPv6 address that cannot be reached from here."""
        *others, last = self._addresses
        for address in others:
            with suppress(OSError):
                return socket.create_connection((address, self.port), self.timeout)
        return socket.create_connection((last, self.port), self.timeout)

    def kill(self) -> None:
        """Cut it, whatever it waits for."""
        for sock in (self.sock, self._plain):
            if sock is not None:
                with suppress(OSError):
                    sock.shutdown(socket.SHUT_RDWR)


class Deadline:
    """Kills a connection when its time is over: a server may send one byte every few seconds."""

    def __init__(self, connection: PinnedConnection, *, after_s: float) -> None:
        self._timer = threading.Timer(max(after_s, 0.01), connection.kill)
        self._timer.daemon = True

    def __enter__(self) -> None:
        self._timer.start()

    def __exit__(self, *_: object) -> None:
        self._timer.cancel()
