"""`python -m tests.recorder --journal FILE`: run the recording server until it is stopped.

Prints `listening PORT`. With --control it reads one behaviour (JSON) per line from standard
input, answers `behaving`, and stops when its parent's end is closed.
"""

import argparse
import asyncio
import signal
import ssl
import sys
from pathlib import Path

from .behaviour import Behaviour, Conduct
from .journal import Journal, Sync
from .session import House, Session


def arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="python -m tests.recorder", description=__doc__)
    parser.add_argument("--journal", type=Path, required=True)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--behaviour", type=Path, help="JSON; see tests/recorder/behaviour.py")
    parser.add_argument("--sync", type=Sync, choices=list(Sync), default=Sync.GROUPED)
    parser.add_argument("--bodies", type=Path, help="keep the mails in this file")
    parser.add_argument("--certificate", type=Path, help="PEM, for STARTTLS and TLS")
    parser.add_argument("--key", type=Path)
    parser.add_argument("--control", action="store_true")
    return parser.parse_args()


async def listen(options: argparse.Namespace) -> None:
    """Serve until a signal or the end of the control channel."""
    text = options.behaviour.read_text() if options.behaviour else "{}"
    context: ssl.SSLContext | None = None
    if options.certificate:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(options.certificate, options.key)
    journal = Journal(options.journal, sync=options.sync, bodies=options.bodies)
    loop = asyncio.get_running_loop()
    house = House(Conduct(Behaviour.from_json(text)), journal, context, f"{loop.time():.3f}")
    stopped = asyncio.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(name, stopped.set)
    server = await loop.create_server(
        lambda: Session(house),
        options.host,
        options.port,
        ssl=context if house.conduct.behaviour.tls else None,
        backlog=1024,
    )
    print(f"listening {server.sockets[0].getsockname()[1]}", flush=True)
    control = loop.create_task(obey(house, stopped)) if options.control else None
    await stopped.wait()
    server.close()
    for session in list(house.sessions):
        session.transport.abort()
    if control is not None:
        control.cancel()
    await asyncio.sleep(0)
    journal.flush()


async def obey(house: House, stopped: asyncio.Event) -> None:
    """Take new behaviours; connections that are already open follow the new one too."""
    reader = asyncio.StreamReader(limit=1 << 24)
    protocol = asyncio.StreamReaderProtocol(reader)
    await asyncio.get_running_loop().connect_read_pipe(lambda: protocol, sys.stdin)
    while line := await reader.readline():
        house.conduct = Conduct(Behaviour.from_json(line.decode()))
        for session in house.sessions:
            session.conduct = house.conduct
        print("behaving", flush=True)
    stopped.set()


if __name__ == "__main__":
    asyncio.run(listen(arguments()))
