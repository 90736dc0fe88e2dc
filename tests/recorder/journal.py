"""The journal: one JSON line per event, on disk before the server answers."""

import asyncio
import json
import os
import time
from collections.abc import Callable
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
_NAMES = tuple(_DEFAULTS)


class Journal:
    """The server's side of the journal."""

    def __init__(self, path: Path, *, sync: Sync, bodies: Path | None = None) -> None:
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND
        self._file = os.open(path, flags, 0o600)
        self._bodies = os.open(bodies, flags, 0o600) if bodies else None
        self._sync = sync
        self._lines: list[bytes] = []
        self._waiting: list[Callable[[], None]] = []
        self._group: asyncio.Task[None] | None = None
        self._connections = 0

    def keep_body(self, body: bytes) -> int:
        """Store a message and return its place, or -1 if bodies are not kept."""
        if self._bodies is None:
            return -1
        os.write(self._bodies, body)
        return os.lseek(self._bodies, 0, os.SEEK_CUR) - len(body)

    def record(self, event: Event, then: Callable[[], None] | None = None) -> None:
        """Write the event, and call `then` once it is on disk."""
        self._lines.append(_line(event))
        if then is not None:
            self._waiting.append(then)
        self._connections += (event.name == "opened") - (event.name == "closed")
        # A lone connection has nobody to share with, and a thread costs more than it gives.
        if self._sync is not Sync.GROUPED or (self._connections <= 2 and self._group is None):
            self.flush()
        elif self._group is None:
            self._group = asyncio.get_running_loop().create_task(self._write_groups())

    def flush(self) -> None:
        """Write what is waiting, and let the answers go."""
        lines, waiting = self._take()
        self._write(lines)
        for then in waiting:
            then()

    async def _write_groups(self) -> None:
        # In a thread: other connections go on while the disk works.
        while self._lines:
            lines, waiting = self._take()
            await asyncio.to_thread(self._write, lines)
            for then in waiting:
                then()
        self._group = None

    def _take(self) -> tuple[list[bytes], list[Callable[[], None]]]:
        taken = self._lines, self._waiting
        self._lines, self._waiting = [], []
        return taken

    def _write(self, lines: list[bytes]) -> None:
        os.write(self._file, b"".join(lines))
        if self._sync is not Sync.NONE:
            _to_disk(self._file)


def _line(event: Event) -> bytes:
    fields = {n: value for n in _NAMES if (value := getattr(event, n)) != _DEFAULTS[n]}
    fields["at"] = time.time()
    return json.dumps(fields).encode() + b"\n"


class JournalReader:
    """Reads a journal, also one that is being written, and parses each line once."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._read_to = 0
        self._events: list[Event] = []

    def events(self) -> list[Event]:
        """Return the events so far; a line without its end is left out."""
        if self._path.exists():
            with self._path.open("rb") as lines:
                lines.seek(self._read_to)
                for line in lines:
                    if not line.endswith(b"\n"):
                        break
                    self._events.append(Event(**json.loads(line)))
                    self._read_to += len(line)
        return list(self._events)
