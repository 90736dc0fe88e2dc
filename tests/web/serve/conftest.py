"""The web as a real process, behind a real socket."""

import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing

import pytest
import requests

START_S = 30


@pytest.fixture
def web_environment(environment: dict[str, str], web_database_url: str) -> dict[str, str]:
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    return environment | {
        "DATABASE_URL": web_database_url,
        "DAKIYA_PORT": str(port),
        "DAKIYA_WEB_WORKERS": "1",
    }


@pytest.fixture
def running(web_environment: dict[str, str]) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """A started web and its address."""
    process = subprocess.Popen(
        [sys.executable, "-m", "dakiya_web.serve"],
        env=web_environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    url = f"http://127.0.0.1:{web_environment['DAKIYA_PORT']}"
    try:
        deadline = time.monotonic() + START_S
        while True:
            try:
                requests.get(f"{url}/api/v1/health", timeout=5)
                break
            except requests.ConnectionError:
                assert process.poll() is None, process.communicate()
                assert time.monotonic() < deadline
                time.sleep(0.05)
        yield process, url
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
        process.communicate(timeout=START_S)


@pytest.fixture
def port(running: tuple[subprocess.Popen[str], str]) -> int:
    """Where the started web listens on 127.0.0.1."""
    return int(running[1].rpartition(":")[2])
