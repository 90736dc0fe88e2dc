"""The parsing child: limited, without secrets, gone when nobody listens."""

import signal
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import psutil
import pytest

from dakiya_scheduler.imports.parsed import FileLimits, FileRefused, Header, Row
from dakiya_scheduler.imports.process import parse_in_child
from tests.scheduler.imports.files import (
    bomb,
    parsing_children,
    replace_member,
    with_shared_texts,
    xlsx,
)

# Enough for the interpreter and the checks, not for pandas.
BARE_INTERPRETER_BYTES = 100 * 1024 * 1024
WORKER = """
import time
from dakiya_scheduler.imports.parsed import FileLimits
from dakiya_scheduler.imports.process import parse_in_child
items = parse_in_child(b"Email\\n" + b"p@example.com\\n" * 100_000, "list.csv", FileLimits())
next(items)
print("reading", flush=True)
time.sleep(600)
"""
LEAVING_PARENT = """
import subprocess, sys
child = subprocess.Popen([sys.executable, "-c", sys.argv[1]], stdout=subprocess.PIPE)
child.stdout.readline()
print(child.pid)
"""
LOOKING_CHILD = """
import os
from dakiya_scheduler.imports.lifeline import watch_parent
watch_parent(os.getppid())
print("looking", flush=True)
while True:
    sum(range(1_000))
"""


def _list_of(rows: int) -> bytes:
    return b"Email,City\n" + b"".join(b"p%d@example.com,Pune\n" % n for n in range(rows))


@pytest.mark.parametrize(
    "stored", [_list_of(1_201), xlsx(["Email", "City"], *[["p@example.com", "Pune"]] * 1_201)]
)
def test_rows_come_through_the_child_in_order(stored: bytes) -> None:
    first, *rows = parse_in_child(stored, "list", FileLimits())
    assert isinstance(first, Header)
    assert [item.row for item in rows if isinstance(item, Row)] == list(range(2, 1_203))
    assert not parsing_children()


def test_refusal_comes_through_the_child() -> None:
    with pytest.raises(FileRefused, match=r"The columns are: “Name”"):
        list(parse_in_child(b"Name\nAsha\n", "list.csv", FileLimits()))


def test_what_is_wrong_with_a_workbook_comes_through_the_child() -> None:
    stored = replace_member(xlsx(["Email"]), "xl/styles.xml", b"<styleSheet><xf")
    with pytest.raises(FileRefused, match="damaged") as refused:
        list(parse_in_child(stored, "list.xlsx", FileLimits()))
    assert refused.value.damage == "ParseError"


def test_workbook_whose_parts_begin_before_the_file_is_damaged() -> None:
    stored = bytearray(xlsx(["Email"], ["a@example.com"]))
    # APPNOTE 4.3.16: where the directory begins stands 16 bytes into the end record.
    at = stored.rfind(b"PK\x05\x06") + 16
    place = int.from_bytes(stored[at : at + 4], "little") + 100_000
    stored[at : at + 4] = place.to_bytes(4, "little")
    with pytest.raises(FileRefused, match="damaged") as refused:
        list(parse_in_child(bytes(stored), "list.xlsx", FileLimits()))
    assert refused.value.damage in ("OSError", "ValueError")  # as the Python is


def test_child_inherits_no_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET_KEY", "a-sentinel-that-must-not-travel")
    with closing(parse_in_child(_list_of(50_000), "list.csv", FileLimits())) as items:
        next(items)
        (child,) = parsing_children()
        assert set(child.environ()) <= {
            "LANG",
            "LC_CTYPE",
            "OPENBLAS_NUM_THREADS",
            "OMP_NUM_THREADS",
        }
        open_files = {str(link.readlink()) for link in Path(f"/proc/{child.pid}/fd").iterdir()}
        assert not any("socket" in name for name in open_files)


def test_child_is_killed_when_its_rows_are_no_longer_wanted() -> None:
    items = parse_in_child(_list_of(50_000), "list.csv", FileLimits())
    next(items)
    (child,) = parsing_children()
    child.suspend()  # it cannot notice by itself that its pipe is closed
    items.close()
    assert not child.is_running()


@pytest.mark.parametrize("ends_it", [signal.SIGKILL, signal.SIGTERM])
def test_child_ends_with_its_worker(ends_it: signal.Signals) -> None:
    worker = subprocess.Popen([sys.executable, "-c", WORKER], stdout=subprocess.PIPE)
    try:
        assert worker.stdout is not None
        assert worker.stdout.readline() == b"reading\n"
        (child,) = psutil.Process(worker.pid).children()
        if sys.platform == "linux":
            child.suspend()  # the kernel has to do it
    finally:
        worker.send_signal(ends_it)
        worker.communicate()
    psutil.wait_procs([child], timeout=30)
    assert not child.is_running()


def test_child_looks_for_its_parent_by_itself() -> None:
    parent = [sys.executable, "-c", LEAVING_PARENT, LOOKING_CHILD]
    number = subprocess.run(parent, stdout=subprocess.PIPE, check=True).stdout
    child = psutil.Process(int(number)) if psutil.pid_exists(int(number)) else None
    psutil.wait_procs([child] if child else [], timeout=30)
    assert child is None or not child.is_running()


def test_file_is_refused_when_it_takes_too_long() -> None:
    with pytest.raises(FileRefused, match="takes too long"):
        list(parse_in_child(_list_of(10), "list.csv", FileLimits(wait_s=0.0)))
    with pytest.raises(FileRefused, match="takes too long"):
        list(parse_in_child(_list_of(500_000), "list.csv", FileLimits(cpu_s=1)))
    assert not parsing_children()


def test_file_is_refused_when_it_takes_too_much_memory() -> None:
    stored = with_shared_texts(xlsx(["Email"], ["a@example.com"]), 500_000)
    with pytest.raises(FileRefused, match="more memory than is allowed"):
        list(parse_in_child(stored, "list.xlsx", FileLimits(memory_bytes=160 * 1024 * 1024)))


def test_bomb_is_refused_before_anything_large_is_loaded() -> None:
    limits = FileLimits(memory_bytes=BARE_INTERPRETER_BYTES)
    with pytest.raises(FileRefused, match="unpack to"):
        list(parse_in_child(bomb(500), "list.xlsx", limits))


def test_oversized_file_is_refused_without_a_child() -> None:
    with pytest.raises(FileRefused, match=r"The file list\.csv has 0\.0 MB"):
        next(parse_in_child(b"x" * 101, "/tmp/list.csv", FileLimits(size_bytes=100)))
