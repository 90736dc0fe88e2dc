"""Connections to recording servers."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest

from dakiya_sender.smtp import Connection, Server
from tests.recorder import Recorder

from .scripted import ScriptedServer

OpenTo = Callable[..., Connection]


def server_at(listener: Recorder | ScriptedServer, **fields: Any) -> Server:
    """Describe what listens as a server; short times, so that silence is soon noticed."""
    server = Server(
        host="localhost",
        port=listener.port,
        security="none",
        addresses=("127.0.0.1",),
        helo_name="sender.test",
        reply_timeout_s=10,
        dot_timeout_s=10,
    )
    return replace(server, **fields)


@pytest.fixture
def open_to() -> Iterator[OpenTo]:
    """Open connections that are closed after the test."""
    opened = []

    def open_connection(recorder: Recorder, **fields: Any) -> Connection:
        connection = Connection.open(server_at(recorder, **fields))
        opened.append(connection)
        return connection

    yield open_connection
    for connection in opened:
        connection.abort()
