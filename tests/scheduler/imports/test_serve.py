"""The import worker's process, rung through a real queue."""

import os
import signal
import subprocess
import sys
import time

from sqlalchemy import select

from dakiya.contacts.imports import create_import
from dakiya.db import SessionFactory
from dakiya.models import ImportStatus, RecipientImport
from dakiya.queue import Doorbell
from tests.shared.contacts.drafts import add_draft

WORKER = """
import sys
from dakiya.config import Settings
from dakiya_scheduler.imports.serve import run_worker
run_worker(Settings.load(), int(sys.argv[1]))
"""


def start_worker(parent_pid: int, environment: dict[str, str]) -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, "-c", WORKER, str(parent_pid)], env=environment)


def test_one_ring_reads_all_that_waits_one_after_the_other(
    session_factory: SessionFactory, doorbell: Doorbell, environment: dict[str, str]
) -> None:
    with session_factory.begin() as session:
        campaign = add_draft(session)
        first, *_ = [
            create_import(session, campaign, filename=name, content=b"Email\na@example.com\n").id
            for name in "abc"
        ]
    doorbell.ring_import(first)
    worker = start_worker(os.getpid(), environment)
    try:
        deadline = time.monotonic() + 60
        statuses: list[ImportStatus] = []
        while statuses != [ImportStatus.DONE] * 3:
            assert (worker.poll(), time.monotonic() < deadline) == (None, True), statuses
            time.sleep(0.05)
            with session_factory() as session:
                statuses = list(session.scalars(select(RecipientImport.status)))
    finally:
        worker.send_signal(signal.SIGTERM)
        assert worker.wait() == 0


def test_worker_whose_scheduler_died_before_it_was_ready_ends(
    database_url: str, environment: dict[str, str]
) -> None:
    gone = subprocess.Popen(["true"])
    gone.wait()
    worker = start_worker(gone.pid, environment)
    try:
        assert worker.wait(timeout=60) == 0
    finally:
        worker.kill()
        worker.wait()
