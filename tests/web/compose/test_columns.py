"""What a file's columns are for: shown as recognised, corrected, and kept when it is refused."""

import pytest
from flask.testing import FlaskClient
from sqlalchemy import update

from dakiya.accounts.users import workspace_of
from dakiya.db import SessionFactory
from dakiya.models import ImportStatus, RecipientImport, Workspace
from tests.shared.contacts.drafts import add_draft
from tests.web.browsing import csrf_token
from tests.web.conftest import Person

COLUMNS = [
    {"header": "E-mail", "role": "email", "field": "email"},
    {"header": "Who", "role": "field", "field": "who"},
    {"header": "", "role": "skip", "field": None},
]


@pytest.fixture
def waiting(alice: Person, session_factory: SessionFactory) -> int:
    """A file of alice's that waits for her word on its columns."""
    with session_factory.begin() as session:
        workspace = session.get_one(Workspace, workspace_of(session, alice.user_id))
        found = RecipientImport(
            workspace_id=workspace.id,
            campaign_id=add_draft(session, workspace).id,
            filename="<b>.csv",
            content=b"...",
            status=ImportStatus.WAITING,
            columns=COLUMNS,
            preview=[["asha@example.org", "<i>Asha", ""], ["ravi@example.org", "", ""]],
            file_format={"rows": 1234, "warning": "Half of it is in Greek."},
        )
        session.add(found)
        session.flush()
        return found.id


def choose(client: FlaskClient, import_id: int, **roles: str) -> tuple[int, str]:
    sent = {
        "csrf_token": csrf_token(client, f"/imports/{import_id}"),
        **{name.replace("_", "-"): value for name, value in roles.items()},
    }
    answer = client.post(f"/imports/{import_id}/columns", data=sent)
    return answer.status_code, answer.text


def the_import(session_factory: SessionFactory, import_id: int) -> RecipientImport:
    with session_factory() as session:
        return session.get_one(RecipientImport, import_id)


def test_waiting_file_shows_its_rows_its_warning_and_how_many_there_are(
    client: FlaskClient, waiting: int
) -> None:
    page = client.get(f"/imports/{waiting}").text
    assert "Import 1,234 rows" in page
    assert "Half of it is in Greek." in page
    assert "&lt;i&gt;Asha" in page
    assert "recognised as the e-mail address" in page
    assert 'name="role-1"' in page
    assert 'name="role-2"' not in page  # nothing in it
    assert client.get(f"/imports/{waiting}/progress").get_json()["reload"] is True


def test_chosen_columns_start_the_import_once(
    client: FlaskClient, waiting: int, session_factory: SessionFactory
) -> None:
    chosen = {"role_0": "email", "role_1": "field", "field_1": "Who it is"}
    assert choose(client, waiting, **chosen)[0] == 303
    found = the_import(session_factory, waiting)
    assert found.status is ImportStatus.QUEUED
    assert found.mapping == ["email", "field:who_it_is", "skip"]
    assert "who_it_is" in client.get(f"/imports/{waiting}").text
    again = client.post(f"/imports/{waiting}/columns", data={"csrf_token": "x", **chosen})
    assert again.status_code == 400
    status, _ = choose(client, waiting, role_0="email", role_1="skip")
    assert status == 303
    assert the_import(session_factory, waiting).mapping == found.mapping


@pytest.mark.parametrize(
    ("roles", "words"),
    [
        ({"role_0": "field", "field_0": "Kept as typed", "role_1": "skip"}, "exactly one"),
        ({"role_0": "email", "role_1": "field", "field_1": "name"}, "exists in every mail"),
        ({"role_0": "email", "role_1": "pink"}, "A column is"),
        ({}, "A column is"),
    ],
)
def test_refused_columns_keep_what_was_chosen(
    client: FlaskClient,
    waiting: int,
    session_factory: SessionFactory,
    roles: dict[str, str],
    words: str,
) -> None:
    status, page = choose(client, waiting, **roles)
    assert status == 422
    assert words in page
    assert all(value in page for name, value in roles.items() if name.startswith("field"))
    assert the_import(session_factory, waiting).status is ImportStatus.WAITING


def test_waiting_file_is_put_aside_and_nothing_of_it_is_kept(
    client: FlaskClient, waiting: int, session_factory: SessionFactory
) -> None:
    token = csrf_token(client, f"/imports/{waiting}")
    answer = client.post(f"/imports/{waiting}/cancel", data={"csrf_token": token})
    assert answer.headers["Location"].endswith("/edit#recipients")
    found = the_import(session_factory, waiting)
    assert (found.status, found.preview) == (ImportStatus.CANCELLED, None)


def test_draft_leads_to_the_file_that_waits(
    client: FlaskClient, waiting: int, session_factory: SessionFactory
) -> None:
    campaign_id = the_import(session_factory, waiting).campaign_id
    edit = f"/campaigns/{campaign_id}/edit"
    assert "“&lt;b&gt;.csv” is not imported yet" in client.get(edit).text
    with session_factory.begin() as session:
        session.execute(update(RecipientImport).values(status=ImportStatus.DONE))
    assert "is not imported yet" not in client.get(edit).text
