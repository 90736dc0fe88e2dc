"""The table of the fault suite: what each fault did to the promise."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass

import pytest

PROPERTY = "fault"


@dataclass(frozen=True)
class Row:
    """One fault, journal against ledger. Zero are due: false sent, lost, duplicates, stuck.

    ``unknown`` may be as many as ``cuts``: connections that were cut while a mail was on them,
    at most. ``duplicates`` are due to be zero unless unknown mails were sent again.
    """

    fault: str
    mails: int
    received: int
    false_sent: int
    lost: int
    duplicates: int
    unknown: int
    cuts: int
    stuck: int


HEADINGS = {
    "fault": "fault",
    "mails": "mails",
    "received": "received",
    "false_sent": "false sent",
    "lost": "lost",
    "duplicates": "duplicates",
    "unknown": "unknown",
    "cuts": "cut at most",
    "stuck": "stuck",
}


def note(request: pytest.FixtureRequest, row: Row) -> None:
    """Keep a row with its test's report."""
    request.node.user_properties.append((PROPERTY, asdict(row)))


def rows_of(reports: Iterable[object]) -> Sequence[Row]:
    """Return the rows that tests have noted, in their order."""
    return [
        Row(**value)
        for report in reports
        if isinstance(report, pytest.TestReport) and report.when == "call"
        for name, value in report.user_properties
        if name == PROPERTY and isinstance(value, dict)
    ]


def in_markdown(rows: Sequence[Row]) -> str:
    """Write the rows as docs/reliability.md shows them."""
    lines = [
        "| " + " | ".join(HEADINGS.values()) + " |",
        "| --- |" + " ---: |" * (len(HEADINGS) - 1),
    ]
    for row in rows:
        values = [row.fault, *(f"{getattr(row, name):,}" for name in list(HEADINGS)[1:])]
        lines.append("| " + " | ".join(values) + " |")
    return "\n".join(lines)
