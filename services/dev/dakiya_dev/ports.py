"""Ports on this machine."""

import socket
from collections.abc import Collection
from contextlib import suppress

from dakiya_dev.trouble import ServerTrouble

HOST = "127.0.0.1"
SEARCHED_PORTS = 100
LAST_PORT = 65535
PROBE_TIMEOUT_S = 0.5


def port_is_free(port: int, host: str = HOST) -> bool:
    """Whether a server could listen on this port now, and be the one that is reached."""
    # macOS lets us bind beside a listener on all addresses (AirPlay sits on 5000 like that).
    for address in {host, "::1" if host == HOST else host}:
        with suppress(OSError), socket.create_connection((address, port), PROBE_TIMEOUT_S):
            return False
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True


def read_port(text: str) -> int:
    """Read a port number. Raises ServerTrouble."""
    if text.isascii() and text.isdigit() and 1 <= int(text) <= LAST_PORT - SEARCHED_PORTS:
        return int(text)
    raise ServerTrouble(
        f"DAKIYA_PORT={text} is not a port",
        f"Choose a number from 1024 to {LAST_PORT - SEARCHED_PORTS}, or leave it out for 5000.",
    )


def first_free_port(start: int, host: str = HOST, *, spoken_for: Collection[int] = ()) -> int:
    """The first port from ``start`` that a server could listen on and nobody else will.

    Raises ServerTrouble when a hundred in a row are taken.
    """
    for port in range(start, start + SEARCHED_PORTS):
        if port not in spoken_for and port_is_free(port, host):
            return port
    raise ServerTrouble(
        f"no port is free from {start} to {start + SEARCHED_PORTS - 1}",
        "Stop what holds them.",
    )
