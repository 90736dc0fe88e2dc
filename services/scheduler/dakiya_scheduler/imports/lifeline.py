"""End this process when the one that started it is gone, however that one ended."""

import ctypes
import os
import signal
import sys
from types import FrameType

_PR_SET_PDEATHSIG = 1  # prctl(2)
_LOOK_EVERY_S = 0.5


def end_with_parent(parent_pid: int) -> None:
    """Have the kernel kill this process with its parent where it can, and look as well.

    The kernel of Linux does so when the parent's thread that started us ends, which here
    outlives us in every other case.
    """
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    watch_parent(parent_pid)


def watch_parent(parent_pid: int) -> None:
    """Look twice a second whether ``parent_pid`` is our parent still; exit at once when not.

    By a timer and not by a thread: a thread's stack and heap would count against the cap on
    address space (64 MiB and more with glibc).
    """

    def look(_number: int, _frame: FrameType | None) -> None:
        if os.getppid() != parent_pid:
            os._exit(1)

    signal.signal(signal.SIGALRM, look)
    signal.setitimer(signal.ITIMER_REAL, _LOOK_EVERY_S, _LOOK_EVERY_S)
    look(signal.SIGALRM, None)
