"""A server that says what it was told to, in whatever order: no server that means well does so."""

import socket
import threading
from collections.abc import Sequence
from types import TracebackType
from typing import Self

# Bytes to wait for, and what is said then; None: the connection is closed.
Line = tuple[bytes, bytes | None]
GREETING: tuple[Line, ...] = (
    (b"", b"220 scripted\r\n"),
    (b"\r\n", b"250-scripted\r\n250-PIPELINING\r\n250 ENHANCEDSTATUSCODES\r\n"),
)
WAITS_S = 30


class ScriptedServer:
    """Serves one connection by its script, then keeps it open; ``heard`` is all that came."""

    def __init__(self, *script: Line) -> None:
        self._script: Sequence[Line] = (*GREETING, *script)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._listener.settimeout(WAITS_S)
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._done = threading.Event()
        self.port: int = self._listener.getsockname()[1]
        self.heard = b""

    def wait_until_heard(self, words: bytes) -> None:
        """Wait for some bytes that come after the script's end."""
        for _ in range(WAITS_S * 100):
            if words in self.heard:
                return
            self._done.wait(0.01)
        raise TimeoutError(f"not heard: {words!r} in {self.heard!r}")

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._done.set()
        self._listener.close()
        self._thread.join(WAITS_S)

    def _serve(self) -> None:
        connection, _ = self._listener.accept()
        connection.settimeout(0.05)
        searched = 0
        with connection:
            for awaited, said in self._script:
                while (found := self.heard.find(awaited, searched)) < 0:
                    if not self._hear(connection):
                        return
                searched = found + len(awaited)
                if said is None:
                    return
                connection.sendall(said)
            while self._hear(connection):
                pass

    def _hear(self, connection: socket.socket) -> bool:
        while not self._done.is_set():
            try:
                came = connection.recv(65_536)
            except TimeoutError:
                continue
            except OSError:
                return False
            self.heard += came
            return bool(came)
        return False
