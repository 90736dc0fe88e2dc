"""The recording server from a test's side: start it, ask what it has seen."""

import bisect
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from .behaviour import Behaviour, Rule
from .journal import Event, JournalReader, Sync

ROOT = Path(__file__).parents[2]
WELL_BEHAVED = Behaviour()


@dataclass(frozen=True, slots=True)
class Certificate:
    """Where a server's certificate and key are, in PEM."""

    certificate_path: Path
    key_path: Path


@dataclass(frozen=True, slots=True)
class Received:
    """A mail that the server has taken responsibility for; `at` is Unix time."""

    message_id: str
    recipient: str
    sender: str
    at: float
    connection: str
    size_bytes: int
    body_at: int
    bare_breaks: bool


class Recorder:
    """A recording SMTP server in a process of its own, with its journal.

    It can be stopped or killed and started again on the same port; the journal goes on.
    Mails are kept, for `body`, if `keep_bodies` says so.
    """

    host = "127.0.0.1"

    def __init__(
        self,
        directory: Path,
        behaviour: Behaviour = WELL_BEHAVED,
        *,
        certificate: Certificate | None = None,
        sync: Sync = Sync.GROUPED,
        keep_bodies: bool = False,
    ) -> None:
        self.directory = directory
        self.behaviour = behaviour
        self.port = 0
        self.journal_path = directory / "journal"
        self._journal = JournalReader(self.journal_path)
        self._certificate = certificate
        self._sync = sync
        self._bodies = directory / "bodies" if keep_bodies else None
        self._process: subprocess.Popen[str] | None = None

    def start(self) -> None:
        """Start the server and wait until it listens."""
        behaviour = self.directory / "behaviour.json"
        behaviour.write_text(self.behaviour.to_json())
        options = ["--journal", str(self.journal_path), "--behaviour", str(behaviour)]
        options += ["--port", str(self.port), "--sync", self._sync, "--control"]
        if self._bodies is not None:
            options += ["--bodies", str(self._bodies)]
        if self._certificate is not None:
            options += ["--certificate", str(self._certificate.certificate_path)]
            options += ["--key", str(self._certificate.key_path)]
        self._process = subprocess.Popen(
            # The server needs the standard library only; -S saves most of its start.
            [sys.executable, "-S", "-m", "tests.recorder", *options],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.port = int(self._hear("listening"))

    def stop(self) -> None:
        """End the server and its connections; nothing happens if it does not run."""
        self._end(signal.SIGTERM)

    def kill(self) -> None:
        """End the server as a crash would."""
        self._end(signal.SIGKILL)

    def pause(self) -> None:
        """Freeze the server: its kernel still accepts connections and some bytes."""
        self._running().send_signal(signal.SIGSTOP)

    def resume(self) -> None:
        """Wake the server up."""
        self._running().send_signal(signal.SIGCONT)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def behave(self, *rules: Rule, **changes: object) -> None:
        """Change the behaviour at once, for open connections too.

        Either rules (the rest is the default conduct) or, by keyword, any field.
        """
        self.behaviour = Behaviour(rules=rules, **changes)  # type: ignore[arg-type]
        process = self._running()
        assert process.stdin is not None
        process.stdin.write(self.behaviour.to_json() + "\n")
        process.stdin.flush()
        self._hear("behaving")

    def events(self, *names: str) -> list[Event]:
        """Return the journal, or only the events of these names."""
        return [e for e in self._journal.events() if not names or e.name in names]

    def received(self) -> list[Received]:
        """Return what the server has accepted, in order."""
        return [_received(event) for event in self.events("received")]

    def wait_for(
        self, condition: Callable[[list[Event]], bool], *, timeout_s: float = 30.0
    ) -> list[Event]:
        """Wait until the journal fulfils the condition and return it; raises TimeoutError."""
        deadline = time.monotonic() + timeout_s
        while not condition(events := self.events()):
            if time.monotonic() > deadline:
                raise TimeoutError(f"not seen in a journal of {len(events)} events")
            time.sleep(0.02)
        return events

    def wait_for_received(self, count: int, *, timeout_s: float = 30.0) -> list[Received]:
        """Wait until so many mails have been accepted."""

        def are_enough(events: list[Event]) -> bool:
            return sum(event.name == "received" for event in events) >= count

        events = self.wait_for(are_enough, timeout_s=timeout_s)
        return [_received(event) for event in events if event.name == "received"]

    def body(self, received: Received) -> bytes:
        """Return a mail as its author wrote it: the stuffed dots are taken out."""
        assert self._bodies is not None, "keep_bodies was not asked for"
        assert received.body_at >= 0, "the mail's body was not kept"
        with self._bodies.open("rb") as bodies:
            bodies.seek(received.body_at)
            raw = bodies.read(received.size_bytes)
        unstuffed = raw.replace(b"\r\n.", b"\r\n")
        return unstuffed[1:] if unstuffed.startswith(b".") else unstuffed

    def busiest_window(self, window_s: float) -> int:
        """Return the most mails accepted within any span of this length."""
        times = sorted(mail.at for mail in self.received())
        return max(
            (bisect.bisect_left(times, at + window_s) - n for n, at in enumerate(times)), default=0
        )

    def counts_per(self, window_s: float) -> list[int]:
        """Return the mails of each window of this length, from the first mail to the last."""
        times = sorted(mail.at for mail in self.received())
        counts = [0] * (int((times[-1] - times[0]) / window_s) + 1) if times else []
        for at in times:
            counts[int((at - times[0]) / window_s)] += 1
        return counts

    def most_connections(self) -> int:
        """Return how many connections were open at once at most."""
        return _peak(self.events("opened", "closed"))

    def _hear(self, word: str) -> str:
        process = self._running()
        assert process.stdout is not None
        said, _, rest = process.stdout.readline().strip().partition(" ")
        assert said == word, f"the recorder said {said!r} instead of {word!r}"
        return rest

    def _running(self) -> "subprocess.Popen[str]":
        assert self._process is not None, "the recorder is not running"
        return self._process

    def _end(self, number: int) -> None:
        process, self._process = self._process, None
        if process is not None:
            process.send_signal(number)
            process.send_signal(signal.SIGCONT)  # it may be frozen
            process.communicate(timeout=10)


def _received(event: Event) -> Received:
    return Received(
        event.message_id,
        event.recipient,
        event.sender,
        event.at,
        event.connection,
        event.size_bytes,
        event.body_at,
        event.bare_breaks,
    )


def _peak(events: Iterable[Event]) -> int:
    run, peak, open_now = "", 0, set[str]()
    for event in events:
        if event.connection.rpartition(".")[0] != run:
            # A server that was killed has not journalled how its connections ended.
            run, open_now = event.connection.rpartition(".")[0], set()
        (open_now.add if event.name == "opened" else open_now.discard)(event.connection)
        peak = max(peak, len(open_now))
    return peak
