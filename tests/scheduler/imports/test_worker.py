"""Imports as the worker runs them: to the end, and to the same end when it is killed."""

import subprocess
import sys
import threading
import time
from collections.abc import Callable

import psutil
import pytest
from sqlalchemy import func, select, update

from dakiya.contacts.imports import cancel_import, create_import, list_rejections, take_import
from dakiya.contacts.recipients import Rejection
from dakiya.db import SessionFactory
from dakiya.models import Campaign, ImportStatus, Recipient, RecipientImport
from dakiya_scheduler.imports.parsed import FileLimits
from dakiya_scheduler.imports.wire import ParserFailed
from dakiya_scheduler.imports.worker import run_import, run_next_import
from tests.scheduler.imports.files import parsing_children, replace_member, sheet_xml, xlsx
from tests.shared.contacts.drafts import add_draft, schedule_draft

LIMITS = FileLimits()
WORKER = """
import sys
from dakiya.db import make_engine, make_session_factory
from dakiya_scheduler.imports.parsed import FileLimits
from dakiya_scheduler.imports.worker import run_import
sessions = make_session_factory(make_engine(sys.argv[1]))
run_import(sessions, int(sys.argv[2]), FileLimits(), lease_s=3.0)
"""


def _add(session_factory: SessionFactory, content: bytes, filename: str = "list.csv") -> int:
    with session_factory.begin() as session:
        campaign = add_draft(session)
        return create_import(session, campaign, filename=filename, content=content).id


def _import(session_factory: SessionFactory, import_id: int) -> RecipientImport:
    with session_factory() as session:
        return session.get_one(RecipientImport, import_id)


def _emails(session_factory: SessionFactory) -> list[str]:
    with session_factory() as session:
        return list(session.scalars(select(Recipient.email).order_by(Recipient.id)))


def _wait_until(fulfilled: Callable[[], bool], timeout_s: float = 60) -> None:
    deadline = time.monotonic() + timeout_s
    while not fulfilled():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def _long_list(rows: int) -> tuple[bytes, list[str], list[Rejection]]:
    """A file in which every 100th row repeats row 2 and every 150th has no address."""
    lines, emails, rejections = ["Email,City"], [], []
    for row in range(2, rows + 2):
        email = f"p{row}@example.com"
        if row % 100 == 0:
            email = "p2@example.com"
            why = "the same address as in row 2"
            rejections.append(Rejection(row, email, why, [email, "Pune"]))
        elif row % 150 == 0:
            email = "nobody"
            why = "the @ is missing: an address looks like asha@example.com"
            rejections.append(Rejection(row, email, why, [email, "Pune"]))
        else:
            emails.append(email)
        lines.append(f"{email},Pune")
    return "\n".join(lines).encode(), emails, rejections


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_file_becomes_recipients_and_a_report(session_factory: SessionFactory, kind: str) -> None:
    rows = [
        ["E-Mail", "नाम", "City"],
        ["asha@example.com", "आशा", "Pune"],
        ["nobody", "X", ""],
        ["zoe@example.com", "Zoë", ""],
        ["Asha@Example.com", "Asha", ""],
    ]
    csv = "\n".join(",".join(row) for row in rows).encode()
    import_id = _add(session_factory, csv if kind == "csv" else xlsx(*rows), f"list.{kind}")
    assert run_import(session_factory, import_id, LIMITS) is ImportStatus.DONE
    done = _import(session_factory, import_id)
    assert (done.status, done.accepted, done.rejected) == (ImportStatus.DONE, 2, 2)
    assert done.columns == [
        {"header": "E-Mail", "role": "email", "field": "email"},
        {"header": "नाम", "role": "name", "field": "name"},
        {"header": "City", "role": "field", "field": "city"},
    ]
    assert done.file_format["sheet"] == ("Sheet" if kind == "xlsx" else None)
    with session_factory() as session:
        assert session.scalars(select(RecipientImport.content)).one() is None
        assert [(r.row, r.email) for r in list_rejections(session, import_id)] == [
            (3, "nobody"),
            (5, "Asha@example.com"),
        ]
        kept = [r.cells for r in list_rejections(session, import_id)]
        assert kept == [["nobody", "X", ""], ["Asha@Example.com", "Asha", ""]]
        first = session.scalars(select(Recipient).order_by(Recipient.id)).first()
        assert first is not None
        assert (first.email, first.name, first.fields) == (
            "asha@example.com",
            "आशा",
            {"city": "Pune"},
        )
    assert run_import(session_factory, import_id, LIMITS) is None


def test_rows_that_are_not_taken_are_kept_as_they_stood(session_factory: SessionFactory) -> None:
    content = (
        b"Mail,Private,City\na@example.com,x@example.com,Pune\nnobody,also nobody,Goa\nb,c,d,e\n"
    )
    import_id = _add(session_factory, content)
    with session_factory.begin() as session:
        mapping = ["skip", "email", "field:town"]
        session.execute(update(RecipientImport).values(mapping=mapping))
    assert run_import(session_factory, import_id, LIMITS) is ImportStatus.DONE
    with session_factory() as session:
        assert [(r.row, r.email, r.cells) for r in list_rejections(session, import_id)] == [
            (3, "also nobody", ["nobody", "also nobody", "Goa"]),
            (4, "b", ["b", "c", "d", "e"]),
        ]


def test_refused_file_says_why_and_adds_nobody(session_factory: SessionFactory) -> None:
    import_id = _add(session_factory, b'Email\nasha@example.com\n"ravi@example.com\n')
    assert run_import(session_factory, import_id, LIMITS) is ImportStatus.REFUSED
    refused = _import(session_factory, import_id)
    assert refused.error is not None
    assert refused.error.startswith("Row 3 has an opening quote")
    assert _emails(session_factory) == []


def test_workbook_that_breaks_off_keeps_and_counts_what_came_before(
    session_factory: SessionFactory,
) -> None:
    cells = "".join(
        f'<row r="{n}"><c r="A{n}" t="inlineStr"><is><t>'
        f"{f'p{n}@example.com' if n > 1 else 'Email'}</t></is></c></row>"
        for n in range(1, 2_502)
    )
    broken = sheet_xml(cells).removesuffix(b"</sheetData></worksheet>") + b"<row></nonsense>"
    stored = replace_member(xlsx(["Email"]), "xl/worksheets/sheet1.xml", broken)
    import_id = _add(session_factory, stored, "list.xlsx")
    assert run_import(session_factory, import_id, LIMITS) is ImportStatus.REFUSED
    refused = _import(session_factory, import_id)
    assert refused.error is not None
    assert "damaged" in refused.error
    assert refused.accepted == len(_emails(session_factory))


def test_campaign_scheduled_meanwhile_refuses_the_file(session_factory: SessionFactory) -> None:
    import_id = _add(session_factory, b"Email\nasha@example.com\n")
    with session_factory.begin() as session:
        found = session.get_one(RecipientImport, import_id)
        campaign = add_draft(session)
        schedule_draft(session, campaign)
        found.campaign_id = campaign.id
    assert run_import(session_factory, import_id, LIMITS) is ImportStatus.REFUSED
    assert "only a draft" in str(_import(session_factory, import_id).error)
    assert _emails(session_factory) == []


def test_fault_of_ours_leaves_the_import_to_the_next_try_but_not_for_ever(
    session_factory: SessionFactory,
) -> None:
    import_id = _add(session_factory, b"Email\nasha@example.com\n")
    starved = FileLimits(memory_bytes=90 * 1024 * 1024)  # pandas cannot even be loaded
    with pytest.raises(ParserFailed):
        run_import(session_factory, import_id, starved)
    assert _import(session_factory, import_id).status is ImportStatus.QUEUED
    with session_factory.begin() as session:
        session.execute(update(RecipientImport).values(fence=2))
    assert run_import(session_factory, import_id, starved) is ImportStatus.REFUSED
    assert "several times" in str(_import(session_factory, import_id).error)


def test_file_whose_worker_was_killed_often_is_still_read(session_factory: SessionFactory) -> None:
    import_id = _add(session_factory, b"Email\nasha@example.com\n")
    with session_factory.begin() as session:
        session.execute(update(RecipientImport).values(fence=9))
    assert run_import(session_factory, import_id, LIMITS) is ImportStatus.DONE


def test_workspaces_take_turns(session_factory: SessionFactory) -> None:
    with session_factory.begin() as session:
        alice, bob = add_draft(session), add_draft(session)
        names = [(alice, "a1"), (alice, "a2"), (alice, "a3"), (bob, "b1"), (bob, "b2")]
        for campaign, name in names:
            content = f"Email\n{name}@example.com\n".encode()
            create_import(session, campaign, filename=name, content=content)
    following = [run_next_import(session_factory, LIMITS) for _ in names]
    assert [email.split("@")[0] for email in _emails(session_factory)] == [
        "a1", "b1", "a2", "b2", "a3"
    ]  # fmt: skip
    assert [id_ is not None for id_ in following] == [True, True, True, True, False]
    assert run_next_import(session_factory, LIMITS) is None


def test_slow_file_holds_up_no_other_workspace(session_factory: SessionFactory) -> None:
    content, _, _ = _long_list(30_000)
    slow = _add(session_factory, content)
    with session_factory.begin() as session:
        campaign = session.get_one(Campaign, session.get_one(RecipientImport, slow).campaign_id)
        behind = create_import(
            session, campaign, filename="b", content=b"Email\nb@example.com\n"
        ).id
    other = _add(session_factory, b"Email\nother@example.com\n")
    runner = threading.Thread(target=run_import, args=(session_factory, slow, LIMITS))
    runner.start()
    _wait_until(lambda: bool(parsing_children()))
    (child,) = parsing_children()
    child.suspend()
    try:
        assert run_next_import(session_factory, LIMITS) is None  # its own next one must wait
        assert _import(session_factory, other).status is ImportStatus.DONE
        assert _import(session_factory, behind).status is ImportStatus.QUEUED
        assert run_import(session_factory, behind, LIMITS) is None
    finally:
        child.resume()
        runner.join()
    assert run_import(session_factory, behind, LIMITS) is ImportStatus.DONE


def test_killed_worker_loses_and_doubles_nothing(
    session_factory: SessionFactory, database_url: str
) -> None:
    content, emails, rejections = _long_list(40_000)
    import_id = _add(session_factory, content)
    worker = subprocess.Popen([sys.executable, "-c", WORKER, database_url, str(import_id)])
    _wait_until(lambda: _import(session_factory, import_id).rows_done >= 2_000)
    children = psutil.Process(worker.pid).children()
    worker.kill()
    worker.wait()
    killed = _import(session_factory, import_id)
    assert (killed.status, len(children)) == (ImportStatus.RUNNING, 1)
    assert 2_000 <= killed.rows_done < 40_000
    assert killed.accepted == len(_emails(session_factory))
    _wait_until(lambda: not any(child.is_running() for child in children))

    with session_factory.begin() as session:
        assert take_import(session, import_id, lease_s=3.0) is None  # the lease still runs
    _wait_until(lambda: run_import(session_factory, import_id, LIMITS, lease_s=3.0) is not None)

    done = _import(session_factory, import_id)
    assert (done.status, done.fence) == (ImportStatus.DONE, 2)
    assert (done.accepted, done.rejected) == (len(emails), len(rejections))
    assert _emails(session_factory) == emails
    with session_factory() as session:
        assert list_rejections(session, import_id) == rejections


def test_lease_is_kept_while_a_long_file_is_read(session_factory: SessionFactory) -> None:
    content, emails, _ = _long_list(30_000)
    import_id = _add(session_factory, content)
    runner = threading.Thread(
        target=run_import, args=(session_factory, import_id, LIMITS), kwargs={"lease_s": 1.5}
    )
    runner.start()
    _wait_until(lambda: bool(parsing_children()))
    (child,) = parsing_children()
    child.suspend()
    try:
        until = time.monotonic() + 4
        while time.monotonic() < until:
            with session_factory.begin() as session:
                assert take_import(session, import_id, lease_s=1.5) is None
            time.sleep(0.1)
    finally:
        child.resume()
        runner.join()
    assert _import(session_factory, import_id).fence == 1
    assert _emails(session_factory) == emails


def test_cancelled_import_stops_early_and_keeps_what_it_added(
    session_factory: SessionFactory,
) -> None:
    content, emails, _ = _long_list(40_000)
    import_id = _add(session_factory, content)
    ended: list[ImportStatus | None] = []
    runner = threading.Thread(
        target=lambda: ended.append(run_import(session_factory, import_id, LIMITS))
    )
    runner.start()
    _wait_until(lambda: _import(session_factory, import_id).rows_done > 0)
    with session_factory.begin() as session:
        cancel_import(session, import_id)
    runner.join()
    assert ended == [None]
    cancelled = _import(session_factory, import_id)
    assert cancelled.status is ImportStatus.CANCELLED
    with session_factory() as session:
        stored = session.scalar(select(func.count()).select_from(Recipient))
    assert cancelled.accepted == stored
    assert 0 < cancelled.accepted < len(emails)
