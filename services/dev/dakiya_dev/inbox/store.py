"""Where the demo inbox keeps its mails: one SQLite file, bounded, newest first."""

import sqlite3
import threading
import zlib
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from email.errors import HeaderParseError
from email.header import decode_header, make_header
from email.parser import BytesHeaderParser
from pathlib import Path
from typing import Any

MAX_MAILS = 50_000
MAX_TOTAL_BYTES = 2_000_000_000
# Level 1 shrinks a quoted-printable mail to a quarter at a cost of some 40 us.
COMPRESSION = 1
BUSY_TIMEOUT_S = 30.0

_SCHEMA = """
CREATE TABLE IF NOT EXISTS mail (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    received_at TEXT NOT NULL,
    mail_from TEXT NOT NULL,
    rcpt_to TEXT NOT NULL,
    sender TEXT NOT NULL,
    subject TEXT NOT NULL,
    message_id TEXT NOT NULL,
    size_bytes INTEGER NOT NULL
);
CREATE TABLE IF NOT EXISTS content (id INTEGER PRIMARY KEY, raw BLOB NOT NULL);
"""


@dataclass(frozen=True)
class Arrival:
    """A mail as it came over the wire."""

    mail_from: str
    rcpt_to: tuple[str, ...]
    raw: bytes
    received_at: datetime


@dataclass(frozen=True)
class StoredMail:
    """What the list shows of a mail; ``rcpt_to`` is the envelope's, joined by commas."""

    id: int
    received_at: datetime
    mail_from: str
    rcpt_to: str
    sender: str
    subject: str
    message_id: str
    size_bytes: int


@dataclass(frozen=True)
class Page:
    """A slice of the mails that match, and how many match in all."""

    total: int
    mails: tuple[StoredMail, ...]


class Store:
    """The mails of one folder; safe to use from several threads.

    What ``add`` has returned from survives a kill -9; the last seconds before a power cut
    may be lost, which is enough for a demo.
    """

    def __init__(
        self,
        folder: Path,
        *,
        max_mails: int = MAX_MAILS,
        max_total_bytes: int = MAX_TOTAL_BYTES,
    ) -> None:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._path = folder / "inbox.sqlite3"
        self._max_mails = max_mails
        self._max_total_bytes = max_total_bytes
        self._lock = threading.Lock()
        self._connection = self._connect()
        self._connection.execute("PRAGMA journal_mode = WAL")
        self._connection.executescript(_SCHEMA)
        self._count, self._total_bytes = self._connection.execute(
            "SELECT count(*), coalesce(sum(size_bytes), 0) FROM mail"
        ).fetchone()

    def close(self) -> None:
        """Close the file; nothing may be added after that."""
        with self._lock:
            self._connection.close()

    def add(self, arrivals: Sequence[Arrival]) -> None:
        """Keep mails, in one transaction, and drop the oldest beyond the bounds."""
        rows = [
            (_columns(arrival), zlib.compress(arrival.raw, COMPRESSION)) for arrival in arrivals
        ]
        with self._lock, self._connection:
            for columns, raw in rows:
                cursor = self._connection.execute(
                    "INSERT INTO mail (received_at, mail_from, rcpt_to, sender, subject,"
                    " message_id, size_bytes) VALUES (?, ?, ?, ?, ?, ?, ?)",
                    columns,
                )
                self._connection.execute(
                    "INSERT INTO content VALUES (?, ?)", (cursor.lastrowid, raw)
                )
            self._count += len(arrivals)
            self._total_bytes += sum(len(arrival.raw) for arrival in arrivals)
            self._drop_oldest()

    def clear(self) -> None:
        """Forget every mail and give the space back."""
        with self._lock:
            with self._connection:
                self._connection.execute("DELETE FROM mail")
                self._connection.execute("DELETE FROM content")
            self._connection.execute("VACUUM")
            self._count = self._total_bytes = 0

    def page(self, *, search: str = "", limit: int = 50, offset: int = 0) -> Page:
        """Mails, newest first, whose addresses, subject or Message-ID hold the search text."""
        where, values = "", []
        if search:
            escaped = search.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
            columns = ("rcpt_to", "sender", "subject", "message_id")
            where = "WHERE " + " OR ".join(f"{name} LIKE ? ESCAPE '\\'" for name in columns)
            values = [f"%{escaped}%"] * len(columns)
        with closing(self._connect()) as connection:
            (total,) = connection.execute(
                f"SELECT count(*) FROM mail {where}",  # noqa: S608 - fixed text
                values,
            ).fetchone()
            rows = connection.execute(
                f"SELECT * FROM mail {where} ORDER BY id DESC LIMIT ? OFFSET ?",  # noqa: S608
                [*values, limit, offset],
            ).fetchall()
        return Page(total, tuple(map(_stored_mail, rows)))

    def find(self, mail_id: int) -> tuple[StoredMail, bytes] | None:
        """A mail and its source as received."""
        with closing(self._connect()) as connection:
            row = connection.execute("SELECT * FROM mail WHERE id = ?", (mail_id,)).fetchone()
            raw = connection.execute("SELECT raw FROM content WHERE id = ?", (mail_id,)).fetchone()
        if row is None or raw is None:
            return None
        return _stored_mail(row), zlib.decompress(raw[0])

    def _connect(self) -> sqlite3.Connection:
        connection = sqlite3.connect(self._path, timeout=BUSY_TIMEOUT_S, check_same_thread=False)
        connection.execute("PRAGMA synchronous = NORMAL")
        return connection

    def _drop_oldest(self) -> None:
        while self._count > self._max_mails or self._total_bytes > self._max_total_bytes:
            rows = self._connection.execute(
                "SELECT id, size_bytes FROM mail ORDER BY id LIMIT ?",
                (max(1, self._count - self._max_mails),),
            ).fetchall()
            last_id = rows[-1][0]
            self._connection.execute("DELETE FROM mail WHERE id <= ?", (last_id,))
            self._connection.execute("DELETE FROM content WHERE id <= ?", (last_id,))
            self._count -= len(rows)
            self._total_bytes -= sum(size for _, size in rows)


def _columns(arrival: Arrival) -> tuple[Any, ...]:
    head, _, _ = arrival.raw.partition(b"\r\n\r\n")
    headers = BytesHeaderParser().parsebytes(head)
    return (
        arrival.received_at.astimezone(UTC).isoformat(),
        arrival.mail_from,
        ", ".join(arrival.rcpt_to),
        *(readable(headers.get(name, "")) for name in ("From", "Subject", "Message-ID")),
        len(arrival.raw),
    )


def readable(value: object) -> str:
    """A header's value with its encoded words (RFC 2047) decoded; as it is when broken."""
    text = " ".join(str(value).split())
    if "=?" not in text:
        return text
    try:
        return " ".join(str(make_header(decode_header(text))).split())
    except (HeaderParseError, LookupError, ValueError):
        return text


def _stored_mail(row: tuple[Any, ...]) -> StoredMail:
    mail_id, received_at, *rest = row
    return StoredMail(mail_id, datetime.fromisoformat(received_at), *rest)
