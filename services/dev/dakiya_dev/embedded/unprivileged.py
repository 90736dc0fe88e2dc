"""Under which user the servers run when we are root.

PostgreSQL refuses to run as root. We run it as a user that every system has and add none.
That user may be unable to reach the checkout (below /root, mode 700, or installed under
umask 077). Loosening those modes or moving the data out of ./var would be worse than
lending the server the one capability that lets it pass.
"""

import os
import pwd
import stat
import sys
from collections.abc import Iterator
from pathlib import Path

from dakiya_dev.processes import Identity
from dakiya_dev.trouble import ServerTrouble

SYSTEM_USERS = ("nobody", "daemon")
CAP_DAC_OVERRIDE = 1
CAP_DAC_READ_SEARCH = 2


def server_identity(program: Path, data_dir: Path) -> Identity | None:
    """Pick the user for a server: None (ourselves) unless we are root.

    Raises ServerTrouble when the user cannot reach the files and cannot be helped to.
    """
    if os.geteuid() != 0:
        return None
    for name in SYSTEM_USERS:
        try:
            user = pwd.getpwnam(name)
        except KeyError:
            continue
        return Identity(user.pw_uid, user.pw_gid, _missing_capability(program, data_dir))
    raise ServerTrouble(
        "the servers refuse to run as root, and there is no user nobody or daemon here",
        "Run this as an ordinary user.",
    )


def _missing_capability(program: Path, data_dir: Path) -> int | None:
    wanted: tuple[int, ...]
    if not _anyone_may(program.resolve(), stat.S_IROTH | stat.S_IXOTH):
        wanted = (CAP_DAC_OVERRIDE,)
    elif all(_anyone_may(folder, stat.S_IXOTH) for folder in _folders_above(program, data_dir)):
        return None
    else:
        # Containers often hold only the second one.
        wanted = (CAP_DAC_READ_SEARCH, CAP_DAC_OVERRIDE)
    held = _held_capabilities()
    for capability in wanted:
        if held >> capability & 1:
            return capability
    raise ServerTrouble(
        f"the servers cannot run as root, and other users cannot reach {data_dir}",
        "Run this as an ordinary user, or move the checkout to a folder that all may enter.",
    )


def _folders_above(*paths: Path) -> Iterator[Path]:
    for path in paths:
        yield from path.resolve().parents


def _anyone_may(path: Path, bits: int) -> bool:
    return path.stat().st_mode & bits == bits


def _held_capabilities() -> int:
    if sys.platform != "linux":
        return 0
    for line in Path("/proc/self/status").read_text(encoding="ascii").splitlines():
        if line.startswith("CapPrm:"):
            return int(line.split()[1], 16)
    return 0
