"""The supervisor with real, small children."""

import io
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from dakiya_dev.children import Child, ChildRecord
from dakiya_dev.console import Console
from dakiya_dev.supervisor import StopRequested, StopSignals, Supervisor
from dakiya_dev.trouble import ServerTrouble
from tests.dev.waiting import wait_until

# Says its name when it ends in order.
POLITE = """
import signal, sys, time
def end(*_):
    print("ends", flush=True)
    sys.exit()
signal.signal(signal.SIGTERM, end)
print("ready", flush=True)
while True:
    time.sleep(0.05)
"""
# Has a worker in its process group, and neither of them heeds SIGTERM. Each says so in one piece,
# as two who print at once mix up their words where PYTHONUNBUFFERED is set.
STUBBORN = r"""
import os, signal, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
os.write(1, b"worker %d\n" % os.fork())
while True:
    time.sleep(0.05)
"""
OWNER = """
import sys, time
from pathlib import Path
from dakiya_dev.children import Child, ChildRecord
from dakiya_dev.console import Console
folder = Path(sys.argv[1])
child = Child("child", [sys.executable, "-c", sys.argv[2]], env={}, console=Console(),
              patience_s=1, record=ChildRecord(folder / "children.json"), marker=sys.argv[2])
child.start()
print(child.pid, flush=True)
time.sleep(600)
"""


class Stage:
    """A supervisor with its console's text."""

    def __init__(self, folder: Path) -> None:
        self.text = io.StringIO()
        self.console = Console(self.text)
        self.signals = StopSignals()
        self.supervisor = Supervisor(self.console, self.signals)
        self._record = ChildRecord(folder / "children.json")

    def child(self, name: str, script: str, *, patience_s: float = 10) -> Child:
        return Child(
            name,
            [sys.executable, "-c", script],
            env=dict(os.environ),
            console=self.console,
            patience_s=patience_s,
            record=self._record,
            marker=script,
        )

    def wait_for(self, words: str) -> None:
        self.supervisor.watch_until(lambda: words in self.text.getvalue())

    def lines(self) -> list[str]:
        return [" ".join(line.split()) for line in self.text.getvalue().splitlines()]


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    return Stage(tmp_path)


def test_stages_stop_in_the_reverse_order_of_their_start(stage: Stage) -> None:
    stage.supervisor.start(stage.child("first", POLITE))
    stage.supervisor.start(stage.child("second", POLITE))
    stage.supervisor.start(stage.child("third", POLITE))
    stage.supervisor.watch_until(lambda: stage.text.getvalue().count("ready") == 3)
    stage.supervisor.stop()
    wait_until(lambda: stage.text.getvalue().count("ends") == 3)
    ends = [line for line in stage.lines() if line.endswith("ends")]
    assert ends == ["third | ends", "second | ends", "first | ends"]


def test_child_that_died_is_started_again_and_said_so(stage: Stage) -> None:
    child = stage.child("sender-1", POLITE)
    stage.supervisor.start(child)
    stage.wait_for("ready")
    first_pid = child.pid
    os.kill(first_pid or 0, signal.SIGKILL)
    stage.supervisor.watch_until(lambda: stage.text.getvalue().count("ready") == 2)
    assert child.pid != first_pid
    assert "dakiya | sender-1 was killed by signal 9; again in 1 s" in stage.lines()
    stage.supervisor.stop()


def test_child_that_cannot_start_is_trouble_with_its_own_words_above(stage: Stage) -> None:
    stage.supervisor.start(stage.child("web", "raise SystemExit('no such setting')"))
    with pytest.raises(ServerTrouble, match="web does not start"):
        stage.supervisor.watch_until(lambda: False, deaths_allowed=1)
    assert "web | no such setting" in stage.lines()
    stage.supervisor.stop()


def test_second_wish_to_stop_kills_the_child_and_its_workers(stage: Stage) -> None:
    child = stage.child("stubborn", STUBBORN, patience_s=600)
    stage.supervisor.start(child)
    stage.wait_for("worker 0")
    stage.wait_for("stubborn   | worker")
    pid = child.pid or 0
    members = _group(pid)
    assert len(members) == 2
    stage.signals.count = 1
    # A child of a child is asked by a thread: the supervisor itself is busy stopping.
    with subprocess.Popen(
        [sys.executable, "-c", f"import os,time; time.sleep(1.5); os.kill({os.getpid()}, 10)"]
    ):
        previous = signal.signal(signal.SIGUSR1, stage.signals._note)
        try:
            stage.supervisor.stop()
        finally:
            signal.signal(signal.SIGUSR1, previous)
    wait_until(lambda: not _group(pid))
    assert "dakiya | stubborn is stopped by force" in stage.lines()


def test_presses_within_a_second_are_one_wish() -> None:
    signals = StopSignals()
    signals._note(signal.SIGINT, None)
    signals._note(signal.SIGINT, None)
    assert signals.count == 1
    with pytest.raises(StopRequested):
        signals.raise_if_any()


def test_nothing_starts_once_somebody_wished_to_stop(stage: Stage) -> None:
    stage.signals.count = 1
    child = stage.child("late", POLITE)
    with pytest.raises(StopRequested):
        stage.supervisor.start(child)
    assert child.pid is None


def test_children_of_a_killed_supervisor_end_or_are_swept(tmp_path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", OWNER, str(tmp_path), STUBBORN], stdout=subprocess.PIPE, text=True
    ) as owner:
        assert owner.stdout is not None
        pid = int(owner.stdout.readline())
        wait_until(lambda: len(_group(pid)) == 2)
        owner.kill()
    assert ChildRecord(tmp_path / "children.json").sweep() == 1
    wait_until(lambda: not _group(pid))
    assert ChildRecord(tmp_path / "children.json").sweep() == 0


def test_sweep_spares_a_stranger_with_a_reused_number(tmp_path: Path) -> None:
    with subprocess.Popen(["/bin/sleep", "600"], start_new_session=True) as stranger:
        record = ChildRecord(tmp_path / "children.json")
        record.add("web", stranger.pid, "dakiya-web")
        assert record.sweep() == 0
        assert stranger.poll() is None
        stranger.kill()


def test_console_prefixes_and_colours_lines_by_name() -> None:
    text = io.StringIO()
    console = Console(text, colour=True)
    console.line("web", "hello")
    console.line("sender-1", "hello")
    colours = [line.split("m", 1)[0] for line in text.getvalue().splitlines()]
    assert len(set(colours)) == 2
    plain = io.StringIO()
    Console(plain).line("web", "नमस्ते")
    assert plain.getvalue() == "web        | नमस्ते\n"


def _group(pgid: int) -> list[int]:
    """The living members of a process group."""
    listed = subprocess.run(
        ["ps", "-e", "-o", "pid=,pgid=,stat="], capture_output=True, check=True, text=True
    ).stdout
    rows = [line.split() for line in listed.splitlines()]
    return [int(pid) for pid, group, state in rows if int(group) == pgid and state[0] != "Z"]
