"""The demo inbox's page and JSON over HTTP, with nothing but the standard library."""

import json
import re
import threading
from functools import partial
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.resources import files
from typing import Any
from urllib.parse import parse_qs, urlsplit

from dakiya_dev.inbox.pages import PAGE_SIZE, body_text, list_page, mail_page, parse
from dakiya_dev.inbox.store import Store, StoredMail

MAX_LIMIT = 1000
LOOPBACK_NAMES = ("127.0.0.1", "localhost")
IDLE_TIMEOUT_S = 30
PAGE_POLICY = (
    "default-src 'none'; style-src 'self'; frame-src 'self'; form-action 'self';"
    " base-uri 'none'; frame-ancestors 'none'"
)
# Shown like a mail reader shows it: styles and pictures, never a script, a form or a frame.
# Its own sandbox makes it inert when opened directly, too.
MAIL_POLICY = (
    "sandbox allow-popups allow-popups-to-escape-sandbox; default-src 'none';"
    " img-src http: https: data:; style-src 'unsafe-inline'; frame-ancestors 'self'"
)


def start_site(store: Store, *, host: str, port: int) -> ThreadingHTTPServer:
    """Serve from a thread; ``shutdown()`` and ``server_close()`` end it."""
    server = ThreadingHTTPServer((host, port), partial(_Request, store, host in LOOPBACK_NAMES))
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, name="inbox-site", daemon=True).start()
    return server


def mail_json(mail: StoredMail) -> dict[str, Any]:
    """A mail as the JSON list shows it; ``to`` is the envelope's."""
    return {
        "id": mail.id,
        "to": mail.rcpt_to,
        "from": mail.sender,
        "subject": mail.subject,
        "message_id": mail.message_id,
        "received_at": mail.received_at.isoformat(),
        "size_bytes": mail.size_bytes,
    }


class _Request(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_version = "DakiyaInbox"
    sys_version = ""
    timeout = IDLE_TIMEOUT_S

    def __init__(self, store: Store, loopback: bool, *args: Any) -> None:
        self._store = store
        self._loopback = loopback
        super().__init__(*args)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base's name
        """Say nothing: addresses of a search would stand in the log."""

    def do_GET(self) -> None:
        url = urlsplit(self.path)
        query = {name: values[-1] for name, values in parse_qs(url.query).items()}
        if not self._knows_its_host():
            return
        if url.path == "/":
            self._list(query)
        elif url.path == "/api/messages":
            self._api_list(query)
        elif url.path == "/style.css":
            css = files("dakiya_dev.inbox").joinpath("style.css").read_bytes()
            self._answer(css, "text/css; charset=utf-8")
        elif match := re.fullmatch(r"/(api/)?messages/(\d{1,15})(/html|/raw)?", url.path):
            self._mail(int(match[2]), "json" if match[1] else (match[3] or "").strip("/"))
        else:
            self._refuse(HTTPStatus.NOT_FOUND)

    def do_POST(self) -> None:
        if self.path != "/empty":
            self._refuse(HTTPStatus.NOT_FOUND)
        elif self._knows_its_host() and self._comes_from_here():
            self._store.clear()
            self.send_response(HTTPStatus.SEE_OTHER)
            self.send_header("Location", "/")
            self.send_header("Content-Length", "0")
            # A body, which no form of ours has, would be taken for the next request.
            self.send_header("Connection", "close")
            self.end_headers()

    def do_DELETE(self) -> None:
        if self.path != "/api/messages":
            self._refuse(HTTPStatus.NOT_FOUND)
        elif self._knows_its_host() and self._comes_from_here():
            self._store.clear()
            self.send_response(HTTPStatus.NO_CONTENT)
            self.end_headers()

    def _list(self, query: dict[str, str]) -> None:
        search, offset = query.get("q", "").strip(), _number(query.get("offset"), 0)
        page = self._store.page(search=search, limit=PAGE_SIZE, offset=offset)
        self._answer_html(list_page(page, search=search, offset=offset))

    def _api_list(self, query: dict[str, str]) -> None:
        page = self._store.page(
            search=query.get("q", "").strip(),
            limit=min(_number(query.get("limit"), PAGE_SIZE), MAX_LIMIT),
            offset=_number(query.get("offset"), 0),
        )
        self._answer_json({"total": page.total, "items": [mail_json(mail) for mail in page.mails]})

    def _mail(self, mail_id: int, form: str) -> None:
        found = self._store.find(mail_id)
        if found is None:
            self._refuse(HTTPStatus.NOT_FOUND)
            return
        mail, raw = found
        if form == "raw":
            self._answer(raw, "text/plain; charset=utf-8")
        elif form == "html":
            # Links open in a tab of their own: the sandboxed frame must not be navigated.
            html = (body_text(parse(raw), "html") or "") + '<base target="_blank">'
            self._answer_html(html, policy=MAIL_POLICY)
        elif form == "json":
            message = parse(raw)
            headers = [[name, str(value)] for name, value in message.raw_items()]
            text, html_or_none = body_text(message, "plain"), body_text(message, "html")
            self._answer_json(
                {**mail_json(mail), "headers": headers, "text": text, "html": html_or_none}
            )
        else:
            self._answer_html(mail_page(mail, raw))

    def _knows_its_host(self) -> bool:
        """Refuse a name that is not ours: a foreign page may point its own name at us."""
        name = self.headers.get("Host", "").rpartition(":")[0] or self.headers.get("Host", "")
        if not self._loopback or name in LOOPBACK_NAMES:
            return True
        self._refuse(HTTPStatus.MISDIRECTED_REQUEST)
        return False

    def _comes_from_here(self) -> bool:
        """Refuse what a foreign page's form or script asks for."""
        origin = self.headers.get("Origin")
        if origin is None or urlsplit(origin).netloc == self.headers.get("Host"):
            return True
        self._refuse(HTTPStatus.FORBIDDEN)
        return False

    def _refuse(self, status: HTTPStatus) -> None:
        self._answer(status.phrase.encode(), "text/plain; charset=utf-8", status=status)

    def _answer_html(self, html: str, *, policy: str = PAGE_POLICY) -> None:
        content = html.encode("utf-8", "replace")
        self._answer(content, "text/html; charset=utf-8", policy=policy)

    def _answer_json(self, value: object) -> None:
        self._answer(json.dumps(value).encode(), "application/json")

    def _answer(
        self,
        content: bytes,
        content_type: str,
        *,
        status: HTTPStatus = HTTPStatus.OK,
        policy: str = PAGE_POLICY,
    ) -> None:
        self.send_response(status)
        for name, value in (
            ("Content-Type", content_type),
            ("Content-Length", str(len(content))),
            ("Content-Security-Policy", policy),
            ("X-Content-Type-Options", "nosniff"),
            ("Referrer-Policy", "no-referrer"),
            ("Cache-Control", "no-store"),
        ):
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)


def _number(text: str | None, default: int) -> int:
    return int(text) if text and re.fullmatch(r"\d{1,15}", text) else default
