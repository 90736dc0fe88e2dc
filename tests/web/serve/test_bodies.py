"""Bodies that are too large, cut off or malformed, as real clients send them."""

import socket
from collections.abc import Iterator

import pytest
import requests

from dakiya.accounts.tokens import create_token
from dakiya.accounts.users import create_user
from dakiya.db import SessionFactory

MB = 1024 * 1024


@pytest.fixture
def web_environment(web_environment: dict[str, str]) -> dict[str, str]:
    return web_environment | {"DAKIYA_MAX_UPLOAD_MB": "1"}


@pytest.fixture
def api(port: int, session_factory: SessionFactory) -> requests.Session:
    """A client with a token."""
    with session_factory() as session:
        user = create_user(session, email="alice@example.com", password="a long password")
        token = create_token(session, user=user, name="tests")
        session.commit()
    client = requests.Session()
    client.headers["Authorization"] = f"Bearer {token}"
    return client


def token_of(api: requests.Session) -> str:
    return str(api.headers["Authorization"])


def chunks(size_bytes: int) -> Iterator[bytes]:
    """A JSON text of this size, sent without saying so."""
    yield b'["' + b"x" * (size_bytes - 4)
    yield b'"]'


def exchange(port: int, request: bytes) -> tuple[int, bytes]:
    """Send bytes as they are, and return the answer's status and all that came."""
    with socket.create_connection(("127.0.0.1", port), timeout=30) as client:
        client.sendall(request)
        client.shutdown(socket.SHUT_WR)
        answer = b"".join(iter(lambda: client.recv(65536), b""))
    return int(answer.split()[1]), answer


def test_largest_body_is_read_and_one_byte_more_gets_413(api: requests.Session, port: int) -> None:
    url = f"http://127.0.0.1:{port}/api/v1/smtp-accounts"
    headers = {"Content-Type": "application/json"}
    for size_bytes, status, words in ((MB, 400, "Send a JSON object"), (MB + 1, 413, "1 MB")):
        whole = b"".join(chunks(size_bytes))
        for body in (chunks(size_bytes), whole):
            answer = api.post(url, data=body, headers=headers, timeout=30)
            assert (answer.status_code, list(answer.json())) == (status, ["error"])
            assert words in answer.json()["error"]


@pytest.mark.parametrize(
    ("path", "status"), [("/api/v1/campaigns", 413), ("/login", 413), ("/nothing", 404)]
)
def test_answer_reaches_a_client_that_sends_far_too_much(
    api: requests.Session, port: int, path: str, status: int
) -> None:
    head = (
        f"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
        f"Authorization: {token_of(api)}\r\nContent-Length: {20 * MB}\r\n\r\n"
    )
    assert exchange(port, head.encode() + b"x" * 20 * MB)[0] == status
    assert api.get(f"http://127.0.0.1:{port}/api/v1/campaigns", timeout=30).status_code == 200


def test_bad_chunk_gets_400(api: requests.Session, port: int) -> None:
    head = (
        "POST {} HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n"
        f"Authorization: {token_of(api)}\r\nContent-Type: {{}}\r\n\r\n"
    )
    for path, kind in (
        ("/api/v1/campaigns", "application/json"),
        ("/login", "application/x-www-form-urlencoded"),
        ("/login", "multipart/form-data; boundary=b"),
    ):
        for body in (b"xyz\r\n{}\r\n0\r\n\r\n", b"5\r\n{}\r\n0\r\n\r\n", b"-1\r\n\r\n", b"5\r\n{"):
            status, answer = exchange(port, head.format(path, kind).encode() + body)
            assert status == 400, answer
            assert answer.count(b"HTTP/1.1 ") == 1


def test_body_that_ends_early_is_no_whole_one(api: requests.Session, port: int) -> None:
    request = (
        "POST /api/v1/campaigns HTTP/1.1\r\nHost: x\r\nContent-Length: 70000\r\n"
        f"Authorization: {token_of(api)}\r\nContent-Type: application/json\r\n\r\n"
        "[1]"
    ).encode()
    status, answer = exchange(port, request)
    assert status == 400
    assert b"could not be understood" in answer


def test_form_of_too_many_parts_is_told_so(api: requests.Session, port: int) -> None:
    url = f"http://127.0.0.1:{port}/api/v1/campaigns/1/recipients"
    files = [(f"part{n}", (None, "x")) for n in range(200)]
    answer = api.post(url, files=files, timeout=30)
    assert answer.status_code == 413
    assert "100 parts" in answer.json()["error"]
