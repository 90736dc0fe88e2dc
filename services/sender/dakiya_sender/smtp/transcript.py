"""The dialogue with a server as a person may read it: what was said, without secrets."""

from collections.abc import Callable
from typing import Any

from .reply import printable, split_line
from .wire import Wire

LINES_MAX = 400
HIDDEN = "••••••••"

# Who said it (client, server, or "note" for what is neither), and the words.
LineListener = Callable[[str, str], None]


class TranscribedWire(Wire):
    """A wire that tells each line to a listener, as it goes out or comes in.

    What follows AUTH and its mechanism, and every line that answers a 334, is hidden; so are
    ``secrets`` wherever a server repeats them. Mails are told as their size.
    """

    def __init__(
        self, *args: Any, on_line: LineListener, secrets: tuple[str, ...] = (), **named: Any
    ) -> None:
        super().__init__(*args, **named)
        self._on_line = on_line
        self._secrets = [secret for secret in secrets if len(secret) >= 4]
        self._lines = 0
        self._challenged = False

    def send(self, s: Any) -> None:
        """Write, and tell what was written."""
        if isinstance(s, str):
            for line in s.splitlines():
                self._tell("client", self._hide(line))
        else:
            self._tell("note", f"the mail, {len(s):,} bytes")
        super().send(s)

    def send_head(self, head: bytes, rest: bytes) -> None:
        """Write the end of a mail, and tell it."""
        self._tell("client", head.decode("ascii").strip())
        super().send_head(head, rest)

    def encrypt(self, context: Any) -> str:
        """Encrypt, and tell from where on."""
        version = super().encrypt(context)
        self._tell("note", f"encrypted from here on, {version}")
        return version

    def _read_line(self) -> bytes:
        line = super()._read_line()
        self._tell("server", printable(line))
        self._challenged = line.startswith(b"334") and split_line(line)[1]
        return line

    def _hide(self, line: str) -> str:
        if self._challenged:
            self._challenged = False
            return line if line == "*" else HIDDEN
        words = line.split(" ", 2)
        if words[0].upper() == "AUTH" and len(words) > 2:
            return f"AUTH {words[1]} {HIDDEN}"
        return line

    def _tell(self, who: str, words: str) -> None:
        self._lines += 1
        if self._lines > LINES_MAX:
            return
        for secret in self._secrets:
            words = words.replace(secret, HIDDEN)
        self._on_line(who, words)
