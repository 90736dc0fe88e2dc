"""What the supervisor shows: its own words and every child's lines, prefixed by name."""

import sys
import threading
from typing import IO, TextIO

NAME_WIDTH = 10
# Readable on light and on dark terminals: cyan, magenta, blue, green, yellow and bright ones.
COLOURS = (36, 35, 34, 32, 33, 96, 95, 94)
LONGEST_LINE_BYTES = 8_192


class Console:
    """Writes whole lines from several threads; colours only where asked for."""

    def __init__(self, stream: TextIO | None = None, *, colour: bool = False) -> None:
        self._stream = stream or sys.stderr
        self._colour = colour
        self._lock = threading.Lock()
        self._names: list[str] = []

    def say(self, text: str) -> None:
        """Write the supervisor's own words, which may be several lines."""
        for line in text.splitlines() or [""]:
            self.line("dakiya", line)

    def line(self, name: str, text: str) -> None:
        """Write a line of a child."""
        prefix = f"{name:<{NAME_WIDTH}} |"
        with self._lock:
            if self._colour:
                prefix = f"\x1b[{self._colour_of(name)}m{prefix}\x1b[0m"
            try:
                self._stream.write(f"{prefix} {text}\n")
                self._stream.flush()
            except (OSError, ValueError):
                # The terminal is gone; what we supervise matters more than what we say.
                return

    def follow(self, name: str, pipe: IO[bytes]) -> None:
        """Copy a child's output until it ends, from a thread of its own."""
        threading.Thread(target=self._copy, args=(name, pipe), daemon=True).start()

    def _copy(self, name: str, pipe: IO[bytes]) -> None:
        with pipe:
            while raw := pipe.readline(LONGEST_LINE_BYTES):
                self.line(name, raw.decode("utf-8", "replace").rstrip("\r\n"))

    def _colour_of(self, name: str) -> int:
        if name not in self._names:
            self._names.append(name)
        return COLOURS[self._names.index(name) % len(COLOURS)]
