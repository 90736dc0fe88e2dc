"""The lines of JSON that the parsing child writes and its parent reads."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from typing import Any

from dakiya.errors import DakiyaError
from dakiya_scheduler.imports.parsed import (
    BadRow,
    Column,
    FileRefused,
    Header,
    Parsed,
    Role,
    Row,
)

_ROWS_PER_LINE = 500
_CHARS_PER_LINE = 1_000_000


class ParserFailed(DakiyaError):
    """The parser broke for a reason that is not the file's; the text names the exception."""


def encode(items: Iterable[Parsed]) -> Iterator[bytes]:
    """Yield the lines for what was read, and a last one that says that it is all."""
    rows: list[list[Any]] = []
    size = 0
    for item in items:
        if isinstance(item, Header):
            yield _line({"header": asdict(item)})
            continue
        if isinstance(item, Row):
            rows.append([item.row, item.email, item.name, item.fields])
            size += len(item.email) + sum(map(len, item.fields.values()))
        else:
            rows.append([item.row, item.email, item.error, item.cells])
            size += sum(map(len, item.cells))
        if len(rows) >= _ROWS_PER_LINE or size >= _CHARS_PER_LINE:
            yield _line({"rows": rows})
            rows, size = [], 0
    if rows:
        yield _line({"rows": rows})
    yield _line({"end": True})


def encode_refusal(message: str, damage: str = "") -> bytes:
    """The line for a file that is refused."""
    return _line({"refused": message, "damage": damage})


def encode_failure(error: BaseException) -> bytes:
    """The line for a fault of ours; it names the exception's type and none of the data."""
    return _line({"failed": type(error).__name__})


def decode(lines: Iterable[bytes]) -> Iterator[Parsed]:
    """Yield what the lines say. Raises FileRefused or ParserFailed, also without an end."""
    for line in lines:
        message = json.loads(line)
        if "header" in message:
            yield _header(message["header"])
        for row in message.get("rows", ()):
            # Fields by name, or cells in order.
            yield Row(*row) if isinstance(row[3], dict) else BadRow(*row)
        if "refused" in message:
            raise FileRefused(message["refused"], message["damage"])
        if "failed" in message:
            raise ParserFailed(message["failed"])
        if "end" in message:
            return
    raise ParserFailed("no end")


def _header(told: dict[str, Any]) -> Header:
    columns = tuple(Column(c["header"], Role(c["role"]), c["field"]) for c in told["columns"])
    return Header(columns, told["encoding"], told["delimiter"], told["sheet"], told["warning"])


def _line(message: dict[str, Any]) -> bytes:
    text = json.dumps(message, ensure_ascii=False, separators=(",", ":"))
    return text.encode("utf-8", "replace") + b"\n"
