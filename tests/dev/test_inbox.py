"""The demo inbox as its own process: what is acknowledged is kept, and shown safely."""

import http.client
import json
import re
import signal
import smtplib
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest

from dakiya_dev.inbox.pages import list_page
from dakiya_dev.inbox.store import Arrival, Page, Store


@dataclass(frozen=True)
class Inbox:
    process: subprocess.Popen[str]
    smtp_port: int
    http_port: int

    def ask(
        self, path: str, *, method: str = "GET", headers: dict[str, str] | None = None
    ) -> tuple[http.client.HTTPResponse, str]:
        with closing(http.client.HTTPConnection("127.0.0.1", self.http_port)) as connection:
            connection.request(method, path, headers=headers or {})
            response = connection.getresponse()
            return response, response.read().decode(errors="replace")

    def json(self, path: str) -> Any:
        return json.loads(self.ask(path)[1])


@contextmanager
def running_inbox(folder: Path, *options: str) -> Iterator[Inbox]:
    command = [sys.executable, "-m", "dakiya_dev.inbox", "--dir", str(folder), *options]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            ports = re.search(r":(\d+), http://127.0.0.1:(\d+)", process.stdout.readline())
            assert ports
            yield Inbox(process, int(ports[1]), int(ports[2]))
        finally:
            process.terminate()


@pytest.fixture
def inbox(tmp_path: Path) -> Iterator[Inbox]:
    with running_inbox(tmp_path) as running:
        yield running


def send(inbox: Inbox, message: str | bytes, *, to: str = "someone@example.com") -> None:
    with smtplib.SMTP("127.0.0.1", inbox.smtp_port) as client:
        client.sendmail("sender@example.com", [to], message)


def hindi_mail() -> bytes:
    message = EmailMessage()
    message["From"] = "Dakiya डाकिया <sender@example.com>"
    message["Subject"] = "नमस्ते — Grüße"
    message["Message-ID"] = "<one@example.com>"
    message.set_content("सादा पाठ\n")
    message.add_alternative("<p>नमस्ते <script>alert(1)</script></p>", subtype="html")
    return message.as_bytes()


def test_mail_is_listed_with_its_decoded_headers(inbox: Inbox) -> None:
    send(inbox, hindi_mail(), to="दिल्ली".encode("punycode").decode() + "@example.com")
    listed = inbox.json("/api/messages?limit=10&offset=0")
    assert listed["total"] == 1
    item = listed["items"][0]
    assert item["subject"] == "नमस्ते — Grüße"
    assert item["from"] == "Dakiya डाकिया <sender@example.com>"
    assert item["message_id"] == "<one@example.com>"
    assert item["to"].endswith("@example.com")
    assert datetime.fromisoformat(item["received_at"]).tzinfo is not None


def test_mail_is_shown_with_text_html_and_source(inbox: Inbox) -> None:
    send(inbox, hindi_mail())
    shown = inbox.json("/api/messages/1")
    assert shown["text"].strip() == "सादा पाठ"
    assert "नमस्ते" in shown["html"]
    assert "सादा पाठ" in inbox.ask("/messages/1")[1]
    assert "Message-ID: <one@example.com>" in inbox.ask("/messages/1/raw")[1]


def test_html_of_a_mail_is_inert_wherever_it_is_opened(inbox: Inbox) -> None:
    send(inbox, hindi_mail())
    response, _ = inbox.ask("/messages/1/html")
    policy = response.headers["Content-Security-Policy"]
    assert policy.startswith("sandbox ")
    assert "allow-scripts" not in policy
    assert "allow-same-origin" not in policy
    assert "default-src 'none'" in policy
    page = inbox.ask("/messages/1")[1]
    assert re.search(r'<iframe [^>]*sandbox="allow-popups allow-popups-to-escape-sandbox"', page)
    assert "<script>" not in page


def test_subject_with_markup_is_shown_as_text(inbox: Inbox) -> None:
    send(inbox, "Subject: <script>alert(1)</script>\r\n\r\nbody")
    for path in ("/", "/messages/1"):
        response, page = inbox.ask(path)
        assert "<script>" not in page
        assert "&lt;script&gt;" in page
        assert "script-src" not in response.headers["Content-Security-Policy"]


@pytest.mark.parametrize(
    "body",
    [b"", b".\r\n", b"..\r\n", b"a\r\n.b\r\n\r\n.\r\nc\r\n", b"\r\n" * 3, b"x" * 300_000 + b"\r\n"],
)
def test_source_is_kept_as_sent_whatever_dots_it_has(inbox: Inbox, body: bytes) -> None:
    message = b"Subject: dots\r\n\r\n" + body
    send(inbox, message)
    assert inbox.ask("/messages/1/raw")[1].encode() == message


def test_message_that_is_one_dot_alone_is_empty(inbox: Inbox) -> None:
    with socket.create_connection(("127.0.0.1", inbox.smtp_port)) as client:
        replies = client.makefile("rb")
        replies.readline()
        envelope = b"HELO x\r\nMAIL FROM:<a@example.com>\r\nRCPT TO:<b@example.com>\r\nDATA\r\n"
        client.sendall(envelope + b".\r\nQUIT\r\n")
        assert [line[:3] for line in replies] == [b"250", b"250", b"250", b"354", b"250", b"221"]
    assert inbox.json("/api/messages")["items"][0]["size_bytes"] == 0


def test_pipelined_mails_are_all_kept_in_order(inbox: Inbox) -> None:
    envelope = b"MAIL FROM:<a@example.com>\r\nRCPT TO:<%d@example.com>\r\nDATA\r\n"
    with socket.create_connection(("127.0.0.1", inbox.smtp_port)) as client:
        replies = client.makefile("rb")
        replies.readline()
        mails = b"".join(
            envelope % number + b"Subject: %d\r\n\r\n..dot\r\n.\r\n" % number
            for number in range(50)
        )
        client.sendall(b"HELO x\r\n" + mails + b"QUIT\r\n")
        codes = [line[:3] for line in replies]
    assert codes == [b"250", *[b"250", b"250", b"354", b"250"] * 50, b"221"]
    items = inbox.json("/api/messages?limit=100")["items"]
    assert [item["subject"] for item in items] == [str(number) for number in range(49, -1, -1)]
    assert inbox.ask("/messages/1/raw")[1].endswith("\r\n.dot\r\n")


def test_inboxes_that_start_at_once_take_a_port_each(tmp_path: Path) -> None:
    with ExitStack() as stack, ThreadPoolExecutor(8) as threads:
        begun = threads.map(
            lambda n: stack.enter_context(running_inbox(tmp_path / str(n))), range(8)
        )
        ports = [port for inbox in begun for port in (inbox.smtp_port, inbox.http_port)]
    assert len(set(ports)) == 16


def test_everything_acknowledged_is_there_after_kill_9(tmp_path: Path) -> None:
    acknowledged: list[str] = []

    def send_many(inbox: Inbox, sender: int) -> None:
        try:
            with smtplib.SMTP("127.0.0.1", inbox.smtp_port) as client:
                for number in range(10_000):
                    to = f"{sender}.{number}@example.com"
                    client.sendmail("a@example.com", [to], "Subject: x\r\n\r\nbody")
                    acknowledged.append(to)
                    if len(acknowledged) == 400:
                        inbox.process.send_signal(signal.SIGKILL)
        except (smtplib.SMTPException, OSError):
            return

    with running_inbox(tmp_path) as inbox:
        threads = [threading.Thread(target=send_many, args=(inbox, n)) for n in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert len(acknowledged) >= 400
    with running_inbox(tmp_path) as inbox:
        kept = {item["to"] for item in inbox.json("/api/messages?limit=1000")["items"]}
    # Four may have been stored whose replies were cut off.
    assert set(acknowledged) <= kept
    assert len(kept) <= len(acknowledged) + 4


def test_search_finds_addresses_and_subjects_and_takes_percent_literally(inbox: Inbox) -> None:
    send(inbox, "Subject: 100% cotton\r\n\r\n", to="first@example.com")
    send(inbox, "Subject: 1000 parcels\r\n\r\n", to="second@example.com")
    assert inbox.json("/api/messages?q=first@")["total"] == 1
    assert inbox.json("/api/messages?q=100%25")["total"] == 1
    assert inbox.json("/api/messages?q=example.com")["total"] == 2
    assert "Nothing matches" in inbox.ask("/?q=nowhere")[1]


def test_offset_and_limit_page_through_the_list(inbox: Inbox) -> None:
    for number in range(3):
        send(inbox, f"Subject: {number}\r\n\r\n")
    page = inbox.json("/api/messages?limit=1&offset=1")
    assert (page["total"], [item["subject"] for item in page["items"]]) == (3, ["1"])
    assert inbox.json("/api/messages?limit=nonsense&offset=-3")["total"] == 3


def test_delete_empties_the_inbox(inbox: Inbox) -> None:
    send(inbox, "Subject: x\r\n\r\n")
    response, _ = inbox.ask("/api/messages", method="DELETE")
    assert response.status == 204
    assert inbox.json("/api/messages") == {"total": 0, "items": []}
    assert inbox.ask("/messages/1")[0].status == 404


@pytest.mark.parametrize(("method", "path"), [("DELETE", "/api/messages"), ("POST", "/empty")])
def test_foreign_pages_cannot_empty_the_inbox(inbox: Inbox, method: str, path: str) -> None:
    send(inbox, "Subject: x\r\n\r\n")
    headers = {"Origin": "http://elsewhere.example"}
    assert inbox.ask(path, method=method, headers=headers)[0].status == 403
    assert inbox.json("/api/messages")["total"] == 1
    own = {"Origin": f"http://127.0.0.1:{inbox.http_port}"}
    assert inbox.ask(path, method=method, headers=own)[0].status in {204, 303}


def test_foreign_host_names_are_refused(inbox: Inbox) -> None:
    headers = {"Host": "rebound.example"}
    assert inbox.ask("/api/messages", headers=headers)[0].status == 421


def test_oldest_mails_leave_when_there_are_too_many(tmp_path: Path) -> None:
    store = Store(tmp_path, max_mails=3, max_total_bytes=1000)
    now = datetime.now(UTC)

    def arrive(subject: str, size_bytes: int = 0) -> None:
        raw = f"Subject: {subject}\r\n\r\n{'x' * size_bytes}".encode()
        store.add([Arrival("a@example.com", ("b@example.com",), raw, now)])

    for number in range(5):
        arrive(str(number))
    assert [mail.subject for mail in store.page().mails] == ["4", "3", "2"]
    arrive("large", 900)
    arrive("larger", 950)
    assert [mail.subject for mail in store.page().mails] == ["larger"]
    store.close()


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"\xff\xfe\x00garbage without any header",
        b"Subject: =?utf-8?b?broken?=\r\nTo: <<>>,,@\r\nDate: never\r\n\r\n",
        b"Content-Type: text/html; charset=no-such\r\n\r\n<p>\xff</p>",
        b"Content-Type: multipart/mixed\r\n\r\nno boundary",
        b"Content-Transfer-Encoding: base64\r\nContent-Type: text/plain\r\n\r\n!!!",
    ],
)
def test_broken_mails_are_shown_all_the_same(inbox: Inbox, raw: bytes) -> None:
    with smtplib.SMTP("127.0.0.1", inbox.smtp_port) as client:
        client.sendmail("a@example.com", ["b@example.com"], raw, ["BODY=8BITMIME"])
    for path in ("/", "/messages/1", "/messages/1/html", "/messages/1/raw", "/api/messages/1"):
        assert inbox.ask(path)[0].status == 200, path


def test_empty_list_says_so() -> None:
    assert "No mail yet" in list_page(Page(0, ()), search="", offset=0)


@pytest.mark.parametrize("option", ["--http-port", "--smtp-port"])
def test_taken_port_is_said_plainly(tmp_path: Path, option: str) -> None:
    with closing(socket.socket()) as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        command = [sys.executable, "-m", "dakiya_dev.inbox", "--dir", str(tmp_path), option, port]
        ended = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
    assert ended.returncode == 1
    assert f"port {port} is taken by another program" in ended.stderr
    assert option in ended.stderr
    assert "Traceback" not in ended.stderr
