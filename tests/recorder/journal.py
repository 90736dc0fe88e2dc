"""The journal: one JSON line per event, on disk before the server answers."""

import asyncio
import json
import os
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path


class Sync(StrEnum):
    """How lines reach the disk; always before the answer that they are about."""

    EACH = "each"  # one fsync per line
    GROUPED = "grouped"  # one fsync for whatever arrived during the last one
    NONE = "none"  # written, which survives the process but not the machine


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened on a connection.

    `name` is opened, login, command, received, refused, unfinished (the client left
    between DATA and the dot) or closed. `at` is Unix time. `body_at` is the message's
    place in the file of bodies, if those are kept. `bare_breaks`: it held a bare CR or LF.
    """

    name: str
    connection: str
    at: float = 0.0
    phase: str = ""
    reply: str = ""
    sender: str = ""
    recipient: str = ""
    message_id: str = ""
    size_bytes: int = 0
    body_at: int = -1
    bare_breaks: bool = False
    encrypted: bool = False
    detail: str = ""


# macOS has no fdatasync.
_to_disk: Callable[[int], None] = getattr(os, "fdatasync", os.fsync)

_DEFAULTS = asdict(Event("", ""))


class Journal:
    """The server's side of the journal."""

    def __init__(self, path: Path, *, sync: Sync, bodies: Path | None = None) -> None:
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND
        self._file = os.open(path, flags, 0o600)
        self._bodies = os.open(bodies, flags, 0o600) if bodies else None
        self._sync = sync
        self._lines: list[bytes] = []
        self._waiting: list[Callable[[], None]] = []

    def keep_body(self, body: bytes) -> int:
        """Store a message and return its place, or -1 if bodies are not kept."""
        if self._bodies is None:
            return -1
        os.write(self._bodies, body)
        return os.lseek(self._bodies, 0, os.SEEK_CUR) - len(body)

    def record(self, event: Event, then: Callable[[], None] | None = None) -> None:
        """Write the event, and call `then` once it is on disk."""
        fields = {name: value for name, value in asdict(event).items() if value != _DEFAULTS[name]}
        fields["at"] = time.time()
        self._lines.append(json.dumps(fields).encode() + b"\n")
        if then is not None:
            self._waiting.append(then)
        if self._sync is not Sync.GROUPED:
            self.flush()
        elif len(self._lines) == 1:
            # Runs after every connection that had something to say in this round of the loop.
            asyncio.get_running_loop().call_soon(self.flush)

    def flush(self) -> None:
        """Write what is waiting, and let the answers go."""
        if not self._lines:
            return
        os.write(self._file, b"".join(self._lines))
        if self._sync is not Sync.NONE:
            _to_disk(self._file)
        waiting, self._lines, self._waiting = self._waiting, [], []
        for then in waiting:
            then()


def read_events(path: Path) -> Iterator[Event]:
    """Read a journal, also one that is being written (a line without its end is left out)."""
    if not path.exists():
        return
    with path.open("rb") as lines:
        for line in lines:
            if line.endswith(b"\n"):
                yield Event(**json.loads(line))
