"""Imports: taken under a lease, moved on with their rows, ended once."""

import threading
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import func, select, text, update
from sqlalchemy.orm import Session

from dakiya.contacts.import_turns import MAX_OPEN_IMPORTS, imports_to_ring, next_import
from dakiya.contacts.imports import (
    TakenImport,
    cancel_import,
    create_import,
    finish_import,
    list_rejections,
    load_content,
    put_back_import,
    record_format,
    refuse_import,
    renew_lease,
    store_rows,
    take_import,
)
from dakiya.contacts.recipients import Intake, RawRecipient, Rejection
from dakiya.db import SessionFactory
from dakiya.errors import IllegalState
from dakiya.models import Campaign, ImportStatus, Recipient, RecipientImport
from tests.shared.contacts.drafts import add_draft, schedule_draft

CONTENT = b"Email\nasha@example.com\n"
LEASE_S = 60.0


def _add(session: Session) -> RecipientImport:
    return create_import(session, add_draft(session), filename="list.csv", content=CONTENT)


def _take(session: Session, import_id: int) -> TakenImport:
    taken = take_import(session, import_id, lease_s=LEASE_S)
    assert taken is not None
    return taken


def _store(session: Session, taken: TakenImport, *rows: int) -> Intake | None:
    raw = [RawRecipient(row, f"p{row}@example.com", None, {}) for row in rows]
    bad = [Rejection(rows[0] + 100, "x", "no")]
    return store_rows(session, taken, raw, bad_rows=bad, up_to_row=rows[0] + 100, first_rows={})


def _expire(session: Session, import_id: int, at: datetime) -> None:
    session.execute(
        update(RecipientImport).where(RecipientImport.id == import_id).values(lease_expires_at=at)
    )


def _fresh(session: Session, import_id: int) -> RecipientImport:
    session.expire_all()
    return session.get_one(RecipientImport, import_id)


def test_new_import_waits_with_its_bytes_and_a_tame_name(session: Session) -> None:
    campaign = add_draft(session)
    name = "C:\\Users\\x\\..\\my\r\nlist.csv"
    new = create_import(session, campaign, filename=name, content=CONTENT)
    found = _fresh(session, new.id)
    assert (found.status, found.filename) == (ImportStatus.QUEUED, "my list.csv")
    assert (found.workspace_id, found.content) == (campaign.workspace_id, CONTENT)


def test_import_into_a_campaign_that_is_no_draft_is_illegal(session: Session) -> None:
    campaign = add_draft(session)
    schedule_draft(session, campaign)
    with pytest.raises(IllegalState, match="only a draft"):
        create_import(session, campaign, filename="list.csv", content=CONTENT)


def test_import_is_taken_by_one_worker_at_a_time(session: Session) -> None:
    new = _add(session)
    taken = _take(session, new.id)
    assert (taken.fence, taken.rows_done) == (1, 0)
    assert load_content(session, taken) == CONTENT
    assert take_import(session, new.id, lease_s=LEASE_S) is None


@pytest.mark.parametrize(
    "lease",
    [timedelta(seconds=-1), timedelta(days=365)],
    ids=["expired", "written under a stepped clock"],
)
def test_import_is_taken_over_after_its_lease_and_the_first_worker_is_fenced_off(
    session: Session, lease: timedelta
) -> None:
    new = _add(session)
    first = _take(session, new.id)
    _expire(session, new.id, datetime.now(UTC) + lease)
    second = _take(session, new.id)
    assert second.fence == 2
    assert load_content(session, first) is None
    assert not renew_lease(session, first, lease_s=LEASE_S)
    assert not record_format(session, first, columns=[], file_format={})
    assert _store(session, first, 2) is None
    assert not finish_import(session, first)
    assert not refuse_import(session, first, error="no")
    assert not put_back_import(session, first)
    assert renew_lease(session, second, lease_s=LEASE_S)
    assert session.scalar(select(func.count()).select_from(Recipient)) == 0


def test_rows_move_the_import_on_once(session: Session) -> None:
    new = _add(session)
    taken = _take(session, new.id)
    stored = _store(session, taken, 2, 3)
    assert stored is not None
    assert stored.accepted == 2
    assert _store(session, taken, 2, 3) is None
    found = _fresh(session, new.id)
    assert (found.rows_done, found.accepted, found.rejected) == (102, 2, 1)
    assert list_rejections(session, new.id) == [Rejection(102, "x", "no")]
    assert list_rejections(session, new.id, after_row=102) == []
    assert session.scalar(select(func.count()).select_from(Recipient)) == 2


def test_rows_that_are_not_committed_leave_the_import_where_it_stood(
    session_factory: SessionFactory,
) -> None:
    with session_factory.begin() as session:
        new = _add(session)
        taken = _take(session, new.id)
    with session_factory() as session:
        assert _store(session, taken, 2, 3) is not None
    with session_factory() as session:
        found = session.get_one(RecipientImport, new.id)
        assert (found.rows_done, found.accepted, found.rejected) == (0, 0, 0)
        assert list_rejections(session, new.id) == []
        assert session.scalar(select(func.count()).select_from(Recipient)) == 0


def test_rows_are_not_stored_once_the_campaign_is_no_draft(session: Session) -> None:
    new = _add(session)
    taken = _take(session, new.id)
    schedule_draft(session, session.get_one(Campaign, new.campaign_id))
    with pytest.raises(IllegalState, match="only a draft"):
        _store(session, taken, 2)
    assert session.scalar(select(func.count()).select_from(Recipient)) == 0


def test_nothing_is_stored_for_an_import_that_was_deleted(session: Session) -> None:
    new = _add(session)
    taken = _take(session, new.id)
    session.delete(new)
    session.flush()
    assert _store(session, taken, 2) is None


def test_finished_import_drops_its_bytes(session: Session) -> None:
    new = _add(session)
    assert finish_import(session, _take(session, new.id))
    found = _fresh(session, new.id)
    assert (found.status, found.content) == (ImportStatus.DONE, None)
    assert found.finished_at is not None
    assert take_import(session, new.id, lease_s=LEASE_S) is None


def test_refused_import_says_why_and_drops_its_bytes(session: Session) -> None:
    new = _add(session)
    assert refuse_import(session, _take(session, new.id), error="save it as .xlsx")
    found = _fresh(session, new.id)
    assert (found.status, found.error, found.content) == (
        ImportStatus.REFUSED,
        "save it as .xlsx",
        None,
    )


def test_cancelled_import_takes_no_more_rows(session: Session) -> None:
    new = _add(session)
    taken = _take(session, new.id)
    cancel_import(session, new.id)
    assert _store(session, taken, 2) is None
    assert not finish_import(session, taken)
    assert _fresh(session, new.id).status is ImportStatus.CANCELLED
    with pytest.raises(IllegalState, match="ended already"):
        cancel_import(session, new.id)


def test_import_that_waits_is_rung_again_after_a_while(session: Session) -> None:
    new = _add(session)
    now = datetime.now(UTC)
    later = now + timedelta(seconds=31)
    assert imports_to_ring(session, now=now) == []
    assert imports_to_ring(session, now=later) == [new.id]
    # rung_at is the database's present, so a later tick comes to it anew
    assert imports_to_ring(session, now=now) == []
    taken = _take(session, new.id)
    assert imports_to_ring(session, now=later) == []
    _expire(session, new.id, now - timedelta(seconds=1))
    assert imports_to_ring(session, now=later) == [new.id]
    put_back_import(session, _take(session, new.id))
    finish_import(session, taken)
    assert imports_to_ring(session, now=later) == [new.id]


def test_one_import_of_a_workspace_is_taken_at_a_time(session: Session) -> None:
    campaign = add_draft(session)
    first, second = (
        create_import(session, campaign, filename=name, content=CONTENT) for name in "ab"
    )
    other = _add(session)
    later = datetime.now(UTC) + timedelta(seconds=31)
    assert sorted(imports_to_ring(session, now=later)) == [first.id, other.id]
    taken = _take(session, first.id)
    assert take_import(session, second.id, lease_s=LEASE_S) is None
    assert next_import(session) == other.id
    _take(session, other.id)
    assert next_import(session) is None
    assert imports_to_ring(session, now=later + timedelta(seconds=31)) == []
    finish_import(session, taken)
    assert next_import(session) == second.id
    _take(session, second.id)


def test_two_workers_cannot_take_two_imports_of_a_workspace_at_once(
    session_factory: SessionFactory,
) -> None:
    with session_factory.begin() as session:
        campaign = add_draft(session)
        ids = [create_import(session, campaign, filename=name, content=CONTENT).id for name in "ab"]
    taken: list[TakenImport | None] = []

    def take_second() -> None:
        with session_factory.begin() as session:
            taken.append(take_import(session, ids[1], lease_s=LEASE_S))

    with session_factory() as session, session_factory() as watching:
        _take(session, ids[0])
        second = threading.Thread(target=take_second)
        second.start()
        waiting = text("SELECT count(*) FROM pg_locks WHERE NOT granted")
        while second.is_alive() and not watching.scalar(waiting):
            watching.rollback()
        session.commit()
    second.join()
    assert taken == [None]


def test_workspace_has_only_so_many_unfinished_imports(session: Session) -> None:
    campaign = add_draft(session)
    kept = [
        create_import(session, campaign, filename="list.csv", content=CONTENT)
        for _ in range(MAX_OPEN_IMPORTS)
    ]
    with pytest.raises(IllegalState, match="20 recipient files are unfinished"):
        create_import(session, campaign, filename="list.csv", content=CONTENT)
    _add(session)  # another workspace's
    cancel_import(session, kept[0].id)
    create_import(session, campaign, filename="list.csv", content=CONTENT)
