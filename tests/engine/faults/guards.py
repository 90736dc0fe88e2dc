"""Takes each guard of the promise out, one at a time, and shows that the tests notice.

    make guards

The code is copied, one line of it is changed, and the named tests run against the copy: they
have to fail. Prints a row per guard; exits with 1 if a guard was not missed.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[3]
FAULTS = "tests/engine/faults"
CONNECTION = "services/sender/dakiya_sender/smtp/connection.py"
REFUSALS = "shared/dakiya/delivery/refusals.py"
INTENTS = "shared/dakiya/delivery/intents.py"
PYTEST = ("-m", "pytest", "-q", "-x", "-p", "no:cacheprovider")
PACKAGES = ("shared", "services/scheduler", "services/sender", "services/web", "services/dev")


@dataclass(frozen=True)
class Guard:
    """A guard, the text that makes it, what stands there without it, and who has to notice."""

    name: str
    file: str
    text: str
    without: str
    noticed_by: str


GUARDS = [
    Guard(
        "the intent is committed before the dot",
        "services/sender/dakiya_sender/ledger_writer.py",
        "            commit_round(cursor)\n",
        '            cursor.execute("ROLLBACK")\n',
        f"{FAULTS}/test_processes.py::test_random_processes_killed_again_and_again",
    ),
    Guard(
        "the intent is committed before the dot, also of a connection that writes alone",
        "services/sender/dakiya_sender/recording.py",
        "            session.commit()\n        self._outcomes.clear()\n        return intent",
        "            session.rollback()\n        self._outcomes.clear()\n        return intent",
        "tests/sender/test_ledger_writer.py",
    ),
    Guard(
        "a commit whose fate nobody knows sends no dot",
        "services/sender/dakiya_sender/ledger_writer.py",
        "if committing else None",
        "if not committing else None",
        "tests/sender/test_ledger_writer.py",
    ),
    Guard(
        "what was on the wire of a lost sender is unknown, never pending",
        "shared/dakiya/delivery/rescue.py",
        ".values(state=EmailState.UNKNOWN, reason=Reason.SENDER_LOST.value)",
        ".values(state=EmailState.PENDING, batch_id=None)",
        f"{FAULTS}/test_processes.py::test_random_processes_killed_again_and_again",
    ),
    Guard(
        "lease: nothing is begun after it has run out",
        INTENTS,
        "       AND batch.lease_expires_at > clock_timestamp()\n",
        "",
        f"{FAULTS}/test_processes.py::test_sender_frozen_beyond_its_lease_begins_nothing",
    ),
    Guard(
        "fence: an earlier taking of a batch begins nothing",
        INTENTS,
        "batch.id = asked.batch_id AND batch.fence = asked.fence AND batch.state = 'taken'\n"
        "       AND batch.lease",
        "batch.id = asked.batch_id AND batch.state = 'taken'\n       AND batch.lease",
        "tests/shared/delivery/test_ledger.py",
    ),
    Guard(
        "pause lock: no intent while a campaign is being paused",
        INTENTS,
        "SELECT pg_advisory_xact_lock_shared(:key)",
        "SELECT CAST(:key AS bigint)",
        "tests/shared/delivery tests/shared/campaigns",
    ),
    Guard(
        "pause lock, of those who write together",
        "shared/dakiya/delivery/rounds.py",
        "     WHERE pg_try_advisory_xact_lock_shared(key)\n",
        "",
        "tests/sender/test_ledger_writer.py",
    ),
    Guard(
        "fence: an earlier taking of a batch records nothing, of those who write together",
        "shared/dakiya/delivery/rounds.py",
        "       AND email.fence = told.fence AND email.state = 'sending'\n",
        "       AND email.state = 'sending'\n",
        "tests/shared/delivery/test_rounds.py",
    ),
    Guard(
        "campaign: nothing is begun unless it is sending",
        INTENTS,
        "       AND campaign.id = batch.campaign_id AND campaign.status = 'sending'\n",
        "       AND campaign.id = batch.campaign_id\n",
        "tests/shared/delivery/test_ledger.py",
    ),
    Guard(
        "suppression: looked up again right before the dot",
        INTENTS,
        "       AND NOT EXISTS (\n           SELECT FROM suppression, recipient\n",
        "       AND 0 <= (\n           SELECT count(*) FROM suppression, recipient\n",
        f"{FAULTS}/test_stopping.py::test_address_suppressed_in_mid_run_gets_no_mail",
    ),
    Guard(
        "compare-and-set: a second message for a batch does nothing",
        "shared/dakiya/delivery/taking.py",
        "WHERE id = :batch_id AND state = 'ready'\n",
        "WHERE id = :batch_id\n",
        "tests/shared/delivery/test_taking.py",
    ),
    Guard(
        "claims: a claimed mail is not claimed again",
        "shared/dakiya/delivery/claims.py",
        "state IN ('pending', 'deferred') AND due_at <= :now\n         ORDER",
        "state IN ('pending', 'deferred', 'claimed') AND due_at <= :now\n         ORDER",
        "tests/shared/delivery/test_claims.py",
    ),
    Guard(
        "pipelining: a verdict is not believed when the answers behind it do not fit",
        CONNECTION,
        "        if answers.out_of_step:\n",
        "        if answers.out_of_step and answers.trouble is None:\n",
        "tests/sender/smtp/test_pipelining.py",
    ),
    Guard(
        "pipelining: a body asked for behind a refused sender gets no dot",
        CONNECTION,
        "            if refused is Phase.RCPT:\n",
        "            if refused:\n",
        "tests/sender/smtp/test_pipelining.py",
    ),
    Guard(
        "pipelining: an account with limits has no mail offered early",
        "services/sender/dakiya_sender/delivery.py",
        "            or self._pace.is_limited ",
        "            ",
        "tests/sender/test_taking_along.py",
    ),
    Guard(
        "refusals of everybody: five in a row stop the account",
        REFUSALS,
        "if len(in_a_row) >= REFUSALS_IN_A_ROW and",
        "if not in_a_row and",
        "tests/shared/delivery/test_refusals.py",
    ),
    Guard(
        "refusals of everybody: nobody who waits for the verdict is charged",
        REFUSALS,
        "        charged=False,\n",
        "",
        "tests/shared/delivery/test_refusals.py",
    ),
    Guard(
        "refusals of everybody: an acceptance that may be older makes none final",
        REFUSALS,
        "if mails > account.connections]",
        "if mails]",
        "tests/shared/delivery/test_refusals.py",
    ),
    Guard(
        "a closing service (421) charges nobody",
        "shared/dakiya/mail/replies.py",
        "if phase in _BEFORE_MAIL or code == SERVICE_CLOSING:",
        "if phase in _BEFORE_MAIL:",
        "tests/sender/test_throttles.py",
    ),
    Guard(
        "a mended account is not paused for what was met before",
        "shared/dakiya/delivery/trouble.py",
        "true() if mended is None else SmtpAccount.mended == mended,",
        "true(),",
        "tests/shared/delivery/test_trouble.py",
    ),
]


def tests_fail_without(guard: Guard, copy: Path) -> tuple[bool, str]:
    """Run the tests on a copy without the guard; returns whether they fail, and their last line."""
    place = copy / guard.file
    code = place.read_text()
    if code.count(guard.text) != 1:
        raise SystemExit(f"{guard.file} does not hold the guard once: {guard.name}")
    place.write_text(code.replace(guard.text, guard.without))
    try:
        run = subprocess.run(
            [sys.executable, *PYTEST, *guard.noticed_by.split()],
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(str(copy / p) for p in PACKAGES)},
            capture_output=True,
            text=True,
            check=False,
        )
    finally:
        place.write_text(code)
    failed = [line for line in run.stdout.splitlines() if line.startswith("FAILED")]
    noticed = failed[0].removeprefix("FAILED ").partition(" - ")[0] if failed else ""
    return run.returncode == 1, noticed.rpartition("::")[2] or run.stdout[-300:]


def main() -> int:
    """Take every guard out in turn."""
    missed = 0
    wanted = sys.argv[1:]
    print("| guard that was taken out | noticed by |\n| --- | --- |", flush=True)
    with tempfile.TemporaryDirectory() as place:
        copy = Path(place)
        for package in PACKAGES:
            shutil.copytree(
                ROOT / package,
                copy / package,
                ignore=shutil.ignore_patterns("node_modules", "__pycache__", "*.egg-info", "build"),
            )
        for guard in GUARDS:
            if wanted and not any(word in guard.name for word in wanted):
                continue
            fails, words = tests_fail_without(guard, copy)
            missed += not fails
            print(f"| {guard.name} | {words if fails else f'NOBODY: {words}'} |", flush=True)
    return 1 if missed else 0


if __name__ == "__main__":
    raise SystemExit(main())
