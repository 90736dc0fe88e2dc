"""Imports that show their first rows and wait for the user's word on the columns."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from dakiya.campaigns.drafts import check_ready
from dakiya.contacts.columns import WrongColumns, read_mapping
from dakiya.contacts.import_turns import imports_to_ring
from dakiya.contacts.imports import (
    WAITS_AT_MOST,
    cancel_import,
    create_import,
    forget_waiting,
    start_import,
)
from dakiya.db import SessionFactory, database_now
from dakiya.errors import IllegalState
from dakiya.models import Campaign, ImportStatus, Recipient, RecipientImport
from dakiya_scheduler.imports import worker
from dakiya_scheduler.imports.mapped import map_row
from dakiya_scheduler.imports.parsed import Column, FileLimits, Role, Row
from dakiya_scheduler.imports.worker import PREVIEW_ROWS, run_import
from tests.shared.contacts.drafts import add_draft

LIMITS = FileLimits()
HEADER = "Work mail,Private mail,First Name,Last Name,Town"
FILE = "\n".join(
    [HEADER, *(f"w{n}@example.com,p{n}@example.net,Asha,Rao {n},Pune" for n in range(50))]
).encode()


def look(sessions: SessionFactory, content: bytes = FILE) -> int:
    """Upload a file, and let the worker look at it."""
    with sessions.begin() as session:
        made = create_import(
            session, add_draft(session), filename="list.csv", content=content, look_first=True
        )
    run_import(sessions, made.id, LIMITS)
    return made.id


def start(sessions: SessionFactory, import_id: int, mapping: list[str]) -> ImportStatus | None:
    with sessions.begin() as session:
        start_import(session, session.get_one(RecipientImport, import_id), mapping=mapping)
    return run_import(sessions, import_id, LIMITS)


def the_import(sessions: SessionFactory, import_id: int) -> RecipientImport:
    with sessions() as session:
        return session.get_one(RecipientImport, import_id)


def test_import_shows_its_first_rows_and_waits(session_factory: SessionFactory) -> None:
    found = the_import(session_factory, look(session_factory))
    assert found.status is ImportStatus.WAITING
    assert [column["header"] for column in found.columns] == HEADER.split(",")
    assert [column["role"] for column in found.columns][:2] == ["email", "field"]
    assert found.preview is not None
    assert len(found.preview) == PREVIEW_ROWS
    assert found.preview[1] == ["w1@example.com", "p1@example.net", "Asha", "Rao 1", "Pune"]
    assert (found.accepted, found.rejected, found.rows_done) == (0, 0, 0)
    assert found.file_format["rows"] == 50
    with session_factory() as session:
        later = database_now(session) + timedelta(hours=1)
        assert imports_to_ring(session, now=later) == []
        assert session.scalars(select(Recipient.id)).all() == []


def test_rows_that_take_long_to_count_are_not_counted(
    session_factory: SessionFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker, "COUNT_FOR_S", 0.0)
    found = the_import(session_factory, look(session_factory))
    assert found.status is ImportStatus.WAITING
    assert "rows" not in found.file_format


def test_import_runs_by_the_users_word_on_its_columns(session_factory: SessionFactory) -> None:
    import_id = look(session_factory)
    mapping = ["field:Work Mail", "email", "name", "name", "skip"]
    assert start(session_factory, import_id, mapping) is ImportStatus.DONE
    with session_factory() as session:
        recipients = session.scalars(select(Recipient).order_by(Recipient.id)).all()
    assert len(recipients) == 50
    first = recipients[0]
    assert (first.email, first.name) == ("p0@example.net", "Asha Rao 0")
    assert first.fields == {"work_mail": "w0@example.com"}
    done = the_import(session_factory, import_id)
    assert (done.accepted, done.preview) == (50, None)


def test_upload_without_a_look_imports_at_once(session_factory: SessionFactory) -> None:
    with session_factory.begin() as session:
        made = create_import(session, add_draft(session), filename="list.csv", content=FILE)
    assert run_import(session_factory, made.id, LIMITS) is ImportStatus.DONE
    with session_factory() as session:
        first = session.scalars(select(Recipient).order_by(Recipient.id).limit(1)).one()
    assert (first.email, first.name) == ("w0@example.com", "Asha Rao 0")


def test_waiting_import_can_be_cancelled_and_not_started_twice(
    session_factory: SessionFactory,
) -> None:
    import_id = look(session_factory)
    with session_factory.begin() as session:
        found = session.get_one(RecipientImport, import_id)
        start_import(session, found, mapping=["email", *["skip"] * 4])
        with pytest.raises(IllegalState):
            start_import(session, found, mapping=["email", *["skip"] * 4])
    import_id = look(session_factory)
    with session_factory.begin() as session:
        cancel_import(session, import_id)
    found = the_import(session_factory, import_id)
    assert found.status is ImportStatus.CANCELLED
    assert found.finished_at is not None


def test_campaign_is_not_scheduled_while_a_file_waits(session_factory: SessionFactory) -> None:
    import_id = look(session_factory)
    with session_factory() as session:
        campaign = session.get_one(
            Campaign, session.get_one(RecipientImport, import_id).campaign_id
        )
        with pytest.raises(IllegalState, match="columns"):
            check_ready(session, campaign)


def test_file_that_nobody_comes_back_to_is_dropped(session_factory: SessionFactory) -> None:
    import_id = look(session_factory)
    with session_factory.begin() as session:
        now = database_now(session)
        assert forget_waiting(session, now=now + WAITS_AT_MOST / 2) == 0
        assert forget_waiting(session, now=now + WAITS_AT_MOST * 2) == 1
    with session_factory() as session:
        content = session.scalars(
            select(RecipientImport.content).where(RecipientImport.id == import_id)
        ).one()
    assert content is None


def test_refused_file_is_refused_at_the_look(session_factory: SessionFactory) -> None:
    found = the_import(session_factory, look(session_factory, b"Town\nPune\n"))
    assert found.status is ImportStatus.REFUSED


@pytest.mark.parametrize(
    ("mapping", "words"),
    [
        (["email"], "each of the 3"),
        (["email", "email", "skip"], "exactly one"),
        (["name", "skip", "skip"], "exactly one"),
        (["email", "field:Town", "field:town"], "both called “town”"),
        (["email", "field:!!", "skip"], "letters or digits"),
        (["email", "field:name", "skip"], "exists in every mail"),
        (["email", "city", "skip"], "email, name, field"),
    ],
)
def test_mapping_that_cannot_be_is_refused(mapping: list[str], words: str) -> None:
    with pytest.raises(WrongColumns, match=words) as refused:
        read_mapping(mapping, columns=3)
    assert refused.value.field == "mapping"


def test_every_column_that_is_wrong_is_named() -> None:
    with pytest.raises(WrongColumns) as refused:
        read_mapping(["email", "field:Town", "field:town", "field:!", "skip"], columns=5)
    assert sorted(refused.value.at) == [1, 2, 3]


def test_name_of_first_and_last_name_stays_when_none_was_chosen() -> None:
    columns = (Column("E", Role.EMAIL, "email"), Column("First", Role.FIELD, "first_name"))
    row = Row(2, "a@example.com", "Asha", {"first_name": "Asha"})
    assert map_row(row, columns, ["email", "field:first_name"]) == row
    assert map_row(row, columns, ["email", "skip"]).fields == {}


def test_recognised_name_that_the_user_skips_is_dropped() -> None:
    columns = (Column("E", Role.EMAIL, "email"), Column("N", Role.NAME, "name"))
    row = Row(2, "a@example.com", "Asha", {})
    assert map_row(row, columns, ["email", "skip"]).name is None
    assert map_row(row, columns, ["email", "field:nick"]).fields == {"nick": "Asha"}
