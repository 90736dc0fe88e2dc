"""Gunicorn's threaded worker, with no thread for a client that keeps it waiting.

1. A connection is accepted into the waiting room: the main loop gathers its request there.
2. A request that has arrived whole gets a thread.
3. A lengthy one (an upload) gets one of half the threads, which reads it at a `PacedSocket`.
4. An answered connection that ends is drained by the main loop: a client that still sends
   when its answer is ready can read it (RFC 9112, 9.6), and holds nothing but a descriptor.

Gunicorn 27 gives a thread to each half of a request and waits in the main loop for closes.
"""

import socket
import time
from collections import deque
from concurrent.futures import Future
from contextlib import suppress
from functools import partial
from selectors import EVENT_READ
from typing import Any

from gunicorn.workers.gthread import STOP_KEEPALIVE_LINGER, TConn, ThreadWorker

from dakiya_web.arrival import Arrival, Arrived
from dakiya_web.paced_socket import PacedSocket

# A request in the waiting room, and a lengthy one until a thread is free for it.
ARRIVES_WITHIN_S = 15.0
QUEUES_AT_MOST_S = 60.0
# A connection that ends: as much as the largest upload, for as long as a slow line needs.
DRAINS_AT_MOST_S = 30.0
DRAINED_BYTES = 512 * 1024 * 1024
_RECEIVED_AT_ONCE = 64 * 1024


class _Guest(TConn):
    """A connection, and how far its request is."""

    def __init__(self, cfg: Any, sock: PacedSocket, client: Any, server: Any) -> None:
        super().__init__(cfg, sock, client, server)
        self.arrival = Arrival()
        self.lengthy = False
        self.drained_bytes = 0


class PatientWorker(ThreadWorker):
    """A worker whose threads wait for nobody but uploads, and half of them not even for those."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._uploads_at_once = max(1, self.cfg.threads // 2)
        self._uploads = 0
        self._queue: deque[_Guest] = deque()
        self._draining: deque[_Guest] = deque()

    def accept(self, listener: socket.socket) -> None:
        """Show a new connection to the waiting room."""
        try:
            accepted, address = listener.accept()
        except (BlockingIOError, ConnectionAbortedError):
            return
        self.nr_conns += 1
        self._make_room()
        sock = PacedSocket.of(accepted)
        self._gather(_Guest(self.cfg, sock, address, listener.getsockname()))

    def on_client_socket_readable(self, conn: _Guest, client: socket.socket) -> None:
        """The next request on a connection that was kept."""
        self.poller.unregister(client)
        self.keepalived_conns.remove(conn)
        self._gather(conn)

    def on_pending_socket_readable(self, conn: _Guest, client: socket.socket) -> None:
        """Gather what has come."""
        try:
            data = client.recv(_RECEIVED_AT_ONCE)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            self._leave(self.pending_conns, conn)
        elif (arrived := conn.arrival.add(data)) is not Arrived.PART:
            self.poller.unregister(client)
            self.pending_conns.remove(conn)
            self._serve(conn, arrived)

    def handle(self, conn: _Guest) -> Any:
        """Serve a request, in a thread; what was gathered comes before what is received."""
        conn.init()
        conn.data_ready = True
        conn.parser.unreader.unread(bytes(conn.arrival.gathered))
        conn.arrival = Arrival()
        conn.sock.begin_request()
        return super().handle(conn)

    def finish_request(self, conn: _Guest, fs: "Future[Any]") -> None:
        """Keep the connection or drain it, and let the next upload in."""
        if conn.lengthy:
            conn.lengthy = False
            self._uploads -= 1
            self._serve_queue()
        if fs.cancelled() or fs.exception() is not None or not fs.result():
            self._drain(conn)
        elif ahead := conn.parser.unreader.take_buffered():
            self._gather(conn, ahead)
        else:
            super().finish_request(conn, fs)

    def murder_pending(self) -> None:
        """End the connections whose time is over; a worker that stops gives them less."""
        now = time.monotonic()
        if not self.alive:
            for conn in (*self.pending_conns, *self._draining):
                conn.timeout = min(conn.timeout, now + STOP_KEEPALIVE_LINGER)
        for place in (self.pending_conns, self._draining, self._queue):
            while place and place[0].timeout <= now:
                self._leave(place, place[0])

    def _make_room(self) -> None:
        """A full worker would not even see who comes: end what has waited longest."""
        if self.nr_conns >= self.worker_connections:
            for place in (self._draining, self.keepalived_conns, self.pending_conns):
                if place:
                    self._leave(place, place[0])
                    return

    def _gather(self, conn: _Guest, ahead: bytes = b"") -> None:
        if ahead and (arrived := conn.arrival.add(ahead)) is not Arrived.PART:
            self._serve(conn, arrived)
            return
        self._wait(self.pending_conns, conn, ARRIVES_WITHIN_S, self.on_pending_socket_readable)

    def _serve(self, conn: _Guest, arrived: Arrived) -> None:
        if arrived is Arrived.WHOLE:
            self.enqueue_req(conn)
            return
        conn.timeout = time.monotonic() + QUEUES_AT_MOST_S
        self._queue.append(conn)
        self._serve_queue()

    def _serve_queue(self) -> None:
        while self._queue and self._uploads < self._uploads_at_once:
            conn = self._queue.popleft()
            conn.lengthy = True
            self._uploads += 1
            self.enqueue_req(conn)

    def _drain(self, conn: _Guest) -> None:
        try:
            conn.sock.shutdown(socket.SHUT_WR)
        except OSError:
            self._close(conn)
            return
        self._wait(self._draining, conn, DRAINS_AT_MOST_S, self._on_draining_socket_readable)

    def _on_draining_socket_readable(self, conn: _Guest, client: socket.socket) -> None:
        try:
            drained_bytes = len(client.recv(_RECEIVED_AT_ONCE))
        except BlockingIOError:
            return
        except OSError:
            drained_bytes = 0
        conn.drained_bytes += drained_bytes
        if not drained_bytes or conn.drained_bytes > DRAINED_BYTES:
            self._leave(self._draining, conn)

    def _wait(self, place: deque[_Guest], conn: _Guest, at_most_s: float, then: Any) -> None:
        conn.sock.settimeout(0.0)
        conn.timeout = time.monotonic() + at_most_s
        place.append(conn)
        self.poller.register(conn.sock, EVENT_READ, partial(then, conn))

    def _leave(self, place: deque[_Guest], conn: _Guest) -> None:
        place.remove(conn)
        with suppress(KeyError, ValueError):
            self.poller.unregister(conn.sock)
        self._close(conn)

    def _close(self, conn: _Guest) -> None:
        self.nr_conns -= 1
        conn.close()
