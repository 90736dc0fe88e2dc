"""Parse a recipient file in a child process that can neither hang nor eat the machine."""

import json
import os
import selectors
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import PurePath
from typing import IO

from dakiya_scheduler.imports.parsed import (
    TOO_MUCH_MEMORY,
    TOO_SLOW,
    FileLimits,
    FileRefused,
    Parsed,
)
from dakiya_scheduler.imports.wire import ParserFailed, decode

_CHILD = "dakiya_scheduler.imports.child"
_READ_BYTES = 256 * 1024
# Far above what the child puts on a line: 500 rows of at most 1 MB of text.
_MAX_LINE_BYTES = 64 * 1024 * 1024


def parse_in_child(data: bytes, filename: str, limits: FileLimits) -> Generator[Parsed, None, None]:
    """Yield the header, then the rows, of a file that somebody uploaded.

    The child starts with the first item asked for and is killed when the iterator is closed;
    it ends with this process, and on Linux with the thread that asked, however that ends.
    It inherits no environment and no open file but the data. Raises FileRefused (also after
    some rows, for a workbook that turns out to be damaged) and ParserFailed.
    """
    if len(data) > limits.size_bytes:
        raise FileRefused(
            f"The file {PurePath(filename).name[:80]} has {len(data) / 1e6:,.1f} MB, more than "
            f"the {limits.size_bytes / 1e6:,.1f} MB that are allowed: split it into several files."
        )
    with tempfile.TemporaryFile() as file:
        file.write(data)
        file.flush()
        file.seek(0)
        del data
        with _child(file, limits) as child:
            yield from decode(_lines(child, limits))


@contextmanager
def _child(file: IO[bytes], limits: FileLimits) -> Iterator[subprocess.Popen[bytes]]:
    # isolated: neither PYTHON* variables nor the current folder choose what is imported
    command = [sys.executable, "-I", "-B", "-X", "utf8", "-m", _CHILD]
    child = subprocess.Popen(
        [*command, json.dumps(asdict(limits)), str(os.getpid())],
        stdin=file,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,  # a traceback may quote the file
        env={
            "LANG": "C.UTF-8",
            # a thread pool per core would reserve address space that the cap counts
            "OPENBLAS_NUM_THREADS": "1",
            "OMP_NUM_THREADS": "1",
        },
        start_new_session=True,
    )
    try:
        yield child
    finally:
        child.kill()
        if child.stdout is not None:
            child.stdout.close()
        child.wait()


def _lines(child: subprocess.Popen[bytes], limits: FileLimits) -> Iterator[bytes]:
    """Yield the child's lines. Only the time spent waiting for it counts against its limit."""
    assert child.stdout is not None  # noqa: S101 - PIPE was asked for
    fd = child.stdout.fileno()
    left_s = limits.wait_s
    rest = b""
    with selectors.DefaultSelector() as selector:
        selector.register(fd, selectors.EVENT_READ)
        while True:
            began = time.monotonic()
            ready = selector.select(timeout=max(left_s, 0))
            left_s -= time.monotonic() - began
            if not ready:
                raise FileRefused(TOO_SLOW)
            block = os.read(fd, _READ_BYTES)
            if not block:
                break
            *lines, rest = (rest + block).split(b"\n")
            yield from lines
            if len(rest) > _MAX_LINE_BYTES:
                raise ParserFailed("line too long")
    _explain_end(child)


def _explain_end(child: subprocess.Popen[bytes]) -> None:
    """Say why a child ended that did not say so itself."""
    status = child.wait()
    if status == -signal.SIGXCPU:
        raise FileRefused(TOO_SLOW)
    # A container short of memory kills; native code that gets no memory aborts or crashes.
    if status in (-signal.SIGKILL, -signal.SIGABRT, -signal.SIGSEGV):
        raise FileRefused(TOO_MUCH_MEMORY)
    raise ParserFailed(f"exit status {status}")
