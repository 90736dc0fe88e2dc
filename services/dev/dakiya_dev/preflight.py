"""What must hold before anything starts, each with a hint when it does not."""

import fcntl
import os
import platform
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from dakiya_dev.trouble import ServerTrouble

# The wheels of the embedded servers are built for this one.
OLDEST_GLIBC = (2, 28)
LEAST_FREE_BYTES = 500_000_000


def check_glibc(version: str | None = None) -> None:
    """Refuse a Linux whose C library is older than the servers need, or another one.

    ``version`` as in "2.36"; found out when not given. Raises ServerTrouble.
    """
    if platform.system() != "Linux":
        return
    if version is None:
        name, version = platform.libc_ver()
        if name != "glibc":
            raise ServerTrouble(
                "the embedded servers need a Linux with glibc",
                "On Alpine and other musl systems set DATABASE_URL and REDIS_URL, or use"
                " docker compose.",
            )
    found = tuple(int(number) for number in re.findall(r"\d+", version)[:2])
    if found < OLDEST_GLIBC:
        raise ServerTrouble(
            f"glibc {version} is too old: the embedded servers need 2.28"
            " (Debian 10, Ubuntu 20.04, RHEL 8 or newer)",
            "Set DATABASE_URL and REDIS_URL to servers of your own, or use docker compose.",
        )


def check_folder(var_dir: Path, *, free_bytes: int | None = None) -> None:
    """Make the data folder and see that it can be written and has room left.

    Raises ServerTrouble.
    """
    try:
        var_dir.mkdir(parents=True, exist_ok=True)
        probe = var_dir / ".writable"
        probe.write_bytes(b"")
        probe.unlink()
    except OSError as error:
        raise ServerTrouble(
            f"cannot write to {var_dir}: {error.strerror}",
            "Make the folder writable, or put the checkout where you may write.",
        ) from error
    if free_bytes is None:
        free_bytes = shutil.disk_usage(var_dir).free
    if free_bytes < LEAST_FREE_BYTES:
        raise ServerTrouble(
            f"only {free_bytes // 1_000_000} MB are free on the disk of {var_dir}",
            f"Free at least {LEAST_FREE_BYTES // 1_000_000} MB and start again.",
        )


@contextmanager
def only_one(var_dir: Path) -> Iterator[None]:
    """Hold the folder's lock; it ends with the process, however that ends.

    Raises ServerTrouble when another process holds it.
    """
    fd = os.open(var_dir / "run.lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            holder = os.read(fd, 200).decode("utf-8", "replace").strip() or "unknown"
            raise ServerTrouble(
                f"Dakiya already runs from this folder (process {holder})",
                "Use that one, or stop it with Ctrl-C first.",
            ) from error
        os.ftruncate(fd, 0)
        os.write(fd, f"{os.getpid()}\n".encode())
        yield
    finally:
        os.close(fd)
