"""Children that cannot outlive us, and the few facts about processes that we ask for."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

_LAUNCHER = Path(__file__).with_name("launch.py")


@dataclass(frozen=True)
class Identity:
    """The user a child becomes, and the one Linux capability it keeps."""

    uid: int
    gid: int
    capability: int | None = None


def spawn(
    command: Sequence[str | Path],
    *,
    death_signal: signal.Signals,
    identity: Identity | None = None,
    env: Mapping[str, str] | None = None,
    cwd: str | None = None,
    stdin: int | IO[bytes] = subprocess.DEVNULL,
    stdout: int | IO[bytes] | None = None,
    stderr: int | IO[bytes] | None = subprocess.STDOUT,
) -> subprocess.Popen[bytes]:
    """Start a child in a session of its own, so that Ctrl-C does not reach it.

    ``command`` begins with an absolute path. On Linux the child gets ``death_signal`` when
    the calling *thread* ends: call from one that lives as long as the child should.
    """
    spec = {
        "parent": os.getpid(),
        "death_signal": int(death_signal),
        "uid": identity.uid if identity else None,
        "gid": identity.gid if identity else None,
        "capability": identity.capability if identity else None,
    }
    launcher = [sys.executable, "-I", "-S", str(_LAUNCHER), json.dumps(spec)]
    return subprocess.Popen(
        [*launcher, *map(str, command)],
        start_new_session=True,
        cwd=cwd,
        env=env,
        stdin=stdin,
        stdout=stdout,
        stderr=stderr,
    )


def wait_for_exit(process: subprocess.Popen[bytes], timeout_s: float) -> bool:
    """Wait for a child's end; False when it still lives."""
    try:
        process.wait(timeout_s)
    except subprocess.TimeoutExpired:
        return False
    return True


def command_line(pid: int) -> str | None:
    """A process's command line with spaces between the words; None when there is none."""
    procfs = Path("/proc")
    try:
        if (procfs / "self").exists():
            words = (procfs / str(pid) / "cmdline").read_bytes().rstrip(b"\0")
            return os.fsdecode(words.replace(b"\0", b" ")) or None
        found = subprocess.run(
            ["ps", "-ww", "-o", "command=", "-p", str(pid)],
            capture_output=True,
            check=False,
            text=True,
        )
        return found.stdout.strip() or None
    except OSError:
        return None
