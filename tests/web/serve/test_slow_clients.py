"""Clients that keep the web waiting: however many they are, others are served."""

import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest
import requests

THREADS = 2
SLOW = 20 * THREADS
# A thread that waits for one of them is free again after 15 s; SLOW of them take minutes.
SOON_S = 10

UPLOAD = "POST /login HTTP/1.1\r\nHost: x\r\nContent-Type: multipart/form-data; boundary=b\r\n"
HALVES = {
    "nothing": "",
    "half a head": "GET /login HTTP/1.1\r\nHost:",
    "half a form": "POST /login HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nemail=",
    "half an upload": f"{UPLOAD}Content-Length: 900000\r\n\r\n--b\r\n",
    "half a chunked upload": f"{UPLOAD}Transfer-Encoding: chunked\r\n\r\n5\r\n--b",
    "waiting to be told": f"{UPLOAD}Content-Length: 900000\r\nExpect: 100-continue\r\n\r\n",
    "answered, not closed": "GET /login HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
    "kept, then half": "GET /login HTTP/1.1\r\nHost: x\r\n\r\nGET /login HTTP/1.1\r\nHost",
}


@pytest.fixture
def web_environment(web_environment: dict[str, str]) -> dict[str, str]:
    return web_environment | {"DAKIYA_WEB_THREADS": str(THREADS)}


@pytest.fixture
def connect(port: int) -> Iterator[Callable[[str], socket.socket]]:
    """Open connections that send something and stay."""
    with ExitStack() as opened:

        def open_one(sent: str) -> socket.socket:
            client = socket.create_connection(("127.0.0.1", port), timeout=60)
            opened.enter_context(client)
            client.sendall(sent.encode())
            return client

        yield open_one


def all_from(client: socket.socket) -> bytes:
    return b"".join(iter(lambda: client.recv(65536), b""))


@pytest.mark.parametrize("half", HALVES)
def test_others_are_served_while_many_send_only_half(
    port: int, connect: Callable[[str], socket.socket], half: str
) -> None:
    for _ in range(SLOW):
        connect(HALVES[half])
    for _ in range(5):
        answer = requests.get(f"http://127.0.0.1:{port}/login", timeout=SOON_S)
        assert answer.status_code == 200
        form = requests.post(f"http://127.0.0.1:{port}/login", data={"a": "b"}, timeout=SOON_S)
        assert form.status_code == 400


def test_request_in_drops_is_served(connect: Callable[[str], socket.socket]) -> None:
    client = connect("")
    body = "a=" + "b" * 100
    for piece in ("POST /login HT", "TP/1.1\r\nHost: x\r", "\nContent-Le", "ngth: 102\r\n\r", "\n"):
        client.sendall(piece.encode())
    for letter in body:
        client.sendall(letter.encode())
    assert client.recv(100).startswith(b"HTTP/1.1 400 ")


def test_requests_sent_together_are_answered_in_order(
    connect: Callable[[str], socket.socket],
) -> None:
    one = "GET {} HTTP/1.1\r\nHost: x\r\nConnection: {}\r\n\r\n"
    client = connect(
        one.format("/login", "keep-alive")
        + "POST /login HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\na=b"
        + one.format("/nothing", "close")
    )
    answers = all_from(client)
    statuses = [part[:3] for part in answers.split(b"HTTP/1.1 ")[1:]]
    assert statuses == [b"200", b"400", b"404"]


def test_connection_that_never_asks_is_closed(connect: Callable[[str], socket.socket]) -> None:
    halves = ("half an upload", "nothing", "half a head", "half a form")
    clients = [connect(HALVES[half]) for half in halves]
    answers = [all_from(client) for client in clients]
    assert answers[0].startswith(b"HTTP/1.1 408 ")
    assert answers[1:] == [b"", b"", b""]


def test_more_connections_than_the_web_holds_do_not_shut_it(
    port: int, connect: Callable[[str], socket.socket]
) -> None:
    for _ in range(900):
        connect(HALVES["half a head"])
    assert requests.get(f"http://127.0.0.1:{port}/login", timeout=SOON_S).status_code == 200
