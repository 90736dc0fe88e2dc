"""Becomes another program that dies with its parent and may hold fewer rights than it.

Run as a plain script (``python -I -S launch.py SPEC COMMAND...``), so that nothing runs
between fork and exec of a threaded parent. SPEC is a JSON object:

``parent``        pid that must still be our parent
``death_signal``  sent to the program when the parent's starting thread ends (Linux only)
``uid``, ``gid``  become this user, without supplementary groups; null keeps root
``capability``    number of the one Linux capability kept across the change, or null
"""

import ctypes
import json
import os
import sys

PR_SET_PDEATHSIG = 1
PR_SET_SECUREBITS = 28
SECBIT_NO_SETUID_FIXUP = 1 << 2
PR_CAP_AMBIENT = 47
PR_CAP_AMBIENT_RAISE = 2
LINUX_CAPABILITY_VERSION_3 = 0x20080522


class _CapabilityHeader(ctypes.Structure):
    _fields_ = (("version", ctypes.c_uint32), ("pid", ctypes.c_int))


class _CapabilitySet(ctypes.Structure):
    _fields_ = tuple((name, ctypes.c_uint32) for name in ("effective", "permitted", "inheritable"))


def _call(name: str, *args: object) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    if getattr(libc, name)(*args) != 0:
        error = ctypes.get_errno()
        raise OSError(error, f"{name}: {os.strerror(error)}")


def _prctl(option: int, *args: int) -> None:
    padded = [ctypes.c_ulong(value) for value in (*args, 0, 0, 0, 0)[:4]]
    _call("prctl", ctypes.c_int(option), *padded)


def become(uid: int, gid: int, capability: int | None) -> None:
    """Change to an unprivileged user for good, keeping at most one capability.

    The capability is made ambient, or else the next exec would drop it, and the fix-up of
    setuid is switched off, or else access(2) would ignore it (capabilities(7)).
    """
    if capability is not None:
        _prctl(PR_SET_SECUREBITS, SECBIT_NO_SETUID_FIXUP)
    os.setgroups([])
    os.setgid(gid)
    os.setuid(uid)
    if capability is None:
        return
    word, bit = divmod(capability, 32)
    sets = (_CapabilitySet * 2)()
    sets[word] = _CapabilitySet(1 << bit, 1 << bit, 1 << bit)
    header = _CapabilityHeader(LINUX_CAPABILITY_VERSION_3, 0)
    _call("capset", ctypes.byref(header), sets)
    _prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, capability)


def main(spec_json: str, command: list[str]) -> None:
    """Follow the spec, then exec the command; never returns."""
    spec = json.loads(spec_json)
    if spec["uid"] is not None:
        become(spec["uid"], spec["gid"], spec["capability"])
    if sys.platform == "linux":
        # After the change of user, which clears it (prctl(2)).
        _prctl(PR_SET_PDEATHSIG, spec["death_signal"])
    if os.getppid() != spec["parent"]:
        sys.exit("the process that started this one is gone")
    os.execv(command[0], command)  # noqa: S606 - replacing ourselves is the point


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
