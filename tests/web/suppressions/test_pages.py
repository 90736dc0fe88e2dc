"""The pages of suppressions."""

from io import BytesIO

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from dakiya.accounts.users import workspace_of
from dakiya.contacts.suppressions import is_suppressed, suppress, suppress_many
from dakiya.db import SessionFactory
from dakiya.models import SuppressionReason
from dakiya_web.input.suppression_cursor import read_cursor
from tests.web.browsing import csrf_token, send
from tests.web.conftest import Person


def add(session_factory: SessionFactory, person: Person, text: str) -> None:
    with session_factory() as session:
        suppress_many(session, workspace_of(session, person.user_id), text)
        session.commit()


def upload(client: FlaskClient, content: bytes) -> TestResponse:
    token = csrf_token(client, "/suppressions/add")
    form = {"csrf_token": token, "pasted": "", "file": (BytesIO(content), "list.csv")}
    return client.post("/suppressions/add", data=form)


def is_listed(session_factory: SessionFactory, person: Person, address: str) -> bool:
    with session_factory() as session:
        return is_suppressed(session, workspace_of(session, person.user_id), address)


def test_list_is_searched_and_shows_only_own_addresses(
    client: FlaskClient, alice: Person, bob: Person, session_factory: SessionFactory
) -> None:
    assert "Nobody is on this list yet" in client.get("/suppressions").text
    add(session_factory, alice, "asha@example.org\nravi@example.com")
    add(session_factory, bob, "his@example.org")
    page = client.get("/suppressions").text
    assert "asha@example.org" in page
    assert "his@example.org" not in page
    found = client.get("/suppressions?address=ASHA").text
    assert "asha@example.org" in found
    assert "ravi@example.com" not in found
    assert "Nothing found" in client.get("/suppressions?address=%25").text


def test_list_goes_on_page_by_page(
    client: FlaskClient, alice: Person, session_factory: SessionFactory
) -> None:
    add(session_factory, alice, "\n".join(f"r{n:03}@example.org" for n in range(60)))
    first = client.get("/suppressions").text
    assert "r059@example.org" in first
    assert "r009@example.org" not in first
    link = first.partition('rel="next" href="')[2].partition('"')[0].replace("&amp;", "&")
    second = client.get(link).text
    assert "r009@example.org" in second
    assert "r010@example.org" not in second
    assert client.get("/suppressions?before=nonsense").status_code == 200


@pytest.mark.parametrize("text", ["", "%", "AAAA", "x" * 700, "MjAyNi0wMS0wMSBh", "ü"])
def test_cursor_that_nobody_gave_is_the_beginning(text: str) -> None:
    assert read_cursor(text) is None


def test_pasted_addresses_are_added(
    client: FlaskClient, alice: Person, session_factory: SessionFactory
) -> None:
    answer = send(client, "/suppressions/add", pasted="Asha <Asha@Example.org>; ravi@example.com")
    assert answer.status_code == 303
    assert "2 addresses added." in client.get("/suppressions").text
    assert is_listed(session_factory, alice, "asha@example.org")


def test_bad_lines_are_reported_and_the_others_added(
    client: FlaskClient, alice: Person, session_factory: SessionFactory
) -> None:
    content = (
        b"\xef\xbb\xbfemail,why\r\nasha@example.org,moved\r\nno <b>address\r\na..b@example.org\r\n"
    )
    answer = upload(client, content)
    assert answer.status_code == 200
    assert "1 address added." in answer.text
    assert "2 lines were not taken" in answer.text
    assert "<b>address" not in answer.text
    assert is_listed(session_factory, alice, "asha@example.org")


def test_junk_before_a_good_address_is_told(client: FlaskClient) -> None:
    answer = send(client, "/suppressions/add", pasted="junk\nasha@example.org")
    assert answer.status_code == 200
    assert "1 address added." in answer.text
    assert "1 line was not taken" in answer.text
    assert ">junk</th>" in answer.text


@pytest.mark.parametrize(
    ("content", "words"), [(b"", "Paste at least one"), (b"PK\x03\x04rest", "Save it as CSV")]
)
def test_refused_file_says_why(client: FlaskClient, content: bytes, words: str) -> None:
    answer = upload(client, content)
    assert answer.status_code == 422
    assert words in answer.text


def test_utf_16_and_an_old_code_page_are_read(
    client: FlaskClient, alice: Person, session_factory: SessionFactory
) -> None:
    assert upload(client, "Müller <m@example.org>".encode("utf-16")).status_code == 303
    assert upload(client, "Müller <n@example.org>".encode("cp1252")).status_code == 303
    assert is_listed(session_factory, alice, "m@example.org")
    assert is_listed(session_factory, alice, "n@example.org")


def test_removed_address_may_get_mail_again_and_nobody_elses_is_touched(
    client: FlaskClient, alice: Person, bob: Person, session_factory: SessionFactory
) -> None:
    for person in (alice, bob):
        add(session_factory, person, "asha@example.org")
    asked = client.get("/suppressions/remove?address=asha@example.org").text
    assert "Send mail to asha@example.org again?" in asked
    form = {"csrf_token": csrf_token(client, "/suppressions/remove"), "address": "Asha@Example.org"}
    assert client.post("/suppressions/remove", data=form).status_code == 303
    assert not is_listed(session_factory, alice, "asha@example.org")
    assert is_listed(session_factory, bob, "asha@example.org")
    for address in ("asha@example.org", "nonsense", ""):
        answer = client.post("/suppressions/remove", data=form | {"address": address})
        assert answer.status_code == 303


def test_export_holds_everything_and_no_formula(
    client: FlaskClient, alice: Person, bob: Person, session_factory: SessionFactory
) -> None:
    add(session_factory, bob, "his@example.org")
    with session_factory() as session:
        workspace_id = workspace_of(session, alice.user_id)
        suppress(session, workspace_id, "+1@example.org", SuppressionReason.BOUNCED)
        suppress(session, workspace_id, "=cmd@example.org", SuppressionReason.UNSUBSCRIBED)
        session.commit()
    answer = client.get("/suppressions.csv")
    lines = answer.data.decode("utf-8-sig").splitlines()
    assert lines[0] == "email,reason,since"
    assert {line.split(",")[0] for line in lines[1:]} == {"'+1@example.org", "'=cmd@example.org"}
    assert "attachment" in answer.headers["Content-Disposition"]
    # What was exported can be taken in again.
    assert upload(client, answer.data).status_code == 303
