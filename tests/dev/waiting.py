"""Waiting for other processes."""

import time
from collections.abc import Callable


def wait_until(condition: Callable[[], bool], timeout_s: float = 30) -> None:
    """Look until the condition holds; fails the test when it never does."""
    deadline = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.02)
