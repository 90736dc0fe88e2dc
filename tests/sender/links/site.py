"""A small web site with every kind of trouble, on this machine."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import unquote

STATUSES = {
    "/gone": 410, "/broken": 500, "/login": 401, "/teapot": 418, "/nothing/here": 404,
}  # fmt: skip


@dataclass
class Site:
    """Where it is, and what was asked of it."""

    port: int
    asked: list[tuple[str, str]] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)

    @property
    def place(self) -> str:
        return f"127.0.0.1:{self.port}"

    def url(self, path: str) -> str:
        return f"http://{self.place}{path}"


class _Handler(BaseHTTPRequestHandler):
    site: Site

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        pass

    def _answer(self) -> None:
        path = unquote(self.path.partition("?")[0])
        self.site.asked.append((self.command, self.path))
        self.site.headers.append(dict(self.headers))
        if path in ("/drip", "/silent", "/rubbish"):
            self._misbehave(path)
            return
        status = STATUSES.get(path, 200)
        if path == "/no-head" and self.command == "HEAD":
            status = 405
        self.send_response(302 if path.startswith("/to/") else status)
        if path.startswith("/to/"):
            self.send_header("Location", path.removeprefix("/to/"))
        if path.endswith(".png"):
            self.send_header("Content-Type", "image/png")
        if path == "/picture.png":
            self.send_header("Content-Length", "123456")
        self.end_headers()
        if path == "/unsized.png" and self.command == "GET":
            self.wfile.write(b"x" * 5_000)

    def _misbehave(self, path: str) -> None:
        if path == "/rubbish":
            self.wfile.write(b"\x00\x01 not http at all\r\n\r\n")
            return
        if path == "/silent":
            time.sleep(3)
            return
        self.wfile.write(b"HTTP/1.1 200 OK\r\n")
        for _ in range(100):
            time.sleep(0.1)
            self.wfile.write(b"X-A: b\r\n")

    do_GET = do_HEAD = _answer  # noqa: N815 - as http.server wants them


class _Quiet(ThreadingHTTPServer):
    def handle_error(self, request: object, client_address: object) -> None:
        pass  # whoever asked has gone


@contextmanager
def running() -> Iterator[Site]:
    """The site, until the test is over."""
    site = Site(0)
    server = _Quiet(("127.0.0.1", 0), type("Handler", (_Handler,), {"site": site}))
    site.port = server.server_port
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield site
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
