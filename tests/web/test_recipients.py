"""Recipients by API: JSON lists and files."""

from io import BytesIO
from typing import Any

from flask import Flask
from sqlalchemy import text

from dakiya.db import SessionFactory
from dakiya.models import ImportRejection, ImportStatus, RecipientImport
from tests.web.conftest import Answer, Person, make_campaign


def upload(person: Person, campaign_id: int, content: bytes, name: str = "list.csv") -> Answer:
    return person.api.post(
        f"/campaigns/{campaign_id}/recipients", data={"file": (BytesIO(content), name)}
    )


def test_list_is_taken_at_once_and_bad_rows_come_back(alice: Person) -> None:
    campaign_id = make_campaign(alice)
    answer = alice.api.post(
        f"/campaigns/{campaign_id}/recipients",
        [{"email": "a@example.org"}, {"email": "ravi@example.org"}, 5, {"email": "nobody"}],
    )
    assert answer.status == 200
    assert answer.json["accepted"] == 1
    assert [(r["row"], r["email"]) for r in answer.json["rejected"]] == [
        (2, "ravi@example.org"), (3, ""), (4, "nobody"),
    ]  # fmt: skip
    assert alice.api.get(f"/campaigns/{campaign_id}").json["recipients"] == 2


def test_anything_but_a_filled_list_is_refused(alice: Person) -> None:
    campaign_id = make_campaign(alice)
    bodies: list[Any] = [[], {"email": "a@example.org"}, "a@example.org", 5]
    for body in bodies:
        answer = alice.api.post(f"/campaigns/{campaign_id}/recipients", body)
        assert answer.status == 422
        assert list(answer.json["errors"]) == ["recipients"]


def test_file_waits_in_the_database_and_the_worker_is_rung(
    app: Flask, alice: Person, session_factory: SessionFactory
) -> None:
    campaign_id = make_campaign(alice)
    content = b"email\n\xff\x00binary"
    answer = upload(alice, campaign_id, content, "..\\..\\पता \u2028.csv")
    assert answer.status == 202
    assert app.extensions["dakiya"].redis.llen("dramatiq:imports") == 1
    with session_factory() as session:
        stored = session.get_one(RecipientImport, answer.json["import_id"])
        assert stored.content == content
        assert (stored.campaign_id, stored.status) == (campaign_id, ImportStatus.QUEUED)
        assert "/" not in stored.filename
        assert "\\" not in stored.filename
        assert stored.filename.isprintable()
    shown = alice.api.get(f"/imports/{answer.json['import_id']}").json
    assert (shown["status"], shown["accepted"], shown["rejected"], shown["columns"]) == (
        "queued", 0, [], [],
    )  # fmt: skip


def test_import_shows_its_rejected_rows_in_pages(
    alice: Person, session_factory: SessionFactory
) -> None:
    import_id = upload(alice, make_campaign(alice), b"email\n").json["import_id"]
    with session_factory() as session:
        session.add_all(
            ImportRejection(import_id=import_id, row=row, email="x", error="no @")
            for row in (2, 3, 5)
        )
        session.execute(
            text("UPDATE recipient_import SET status = 'done', accepted = 4, rejected = 3")
        )
        session.commit()
    first = alice.api.get(f"/imports/{import_id}?limit=2").json
    assert (first["status"], first["accepted"], first["rejected_count"]) == ("done", 4, 3)
    assert first["rejected"][0] == {"row": 2, "email": "x", "error": "no @"}
    second = alice.api.get(f"/imports/{import_id}?limit=2&cursor={first['next']}").json
    assert [r["row"] for r in second["rejected"]] == [5]
    assert second["next"] is None


def test_empty_missing_or_second_file_is_refused(alice: Person) -> None:
    campaign_id = make_campaign(alice)
    assert "empty" in upload(alice, campaign_id, b"").json["errors"]["file"][0]
    two = {"file": (BytesIO(b"a"), "a.csv"), "other": (BytesIO(b"b"), "b.csv")}
    none = {"name": "x"}
    for data in (two, none):
        answer = alice.api.post(
            f"/campaigns/{campaign_id}/recipients",
            data=data,
            content_type="multipart/form-data",
        )
        assert answer.status == 422
        assert list(answer.json["errors"]) == ["file"]


def test_file_for_a_running_campaign_is_refused(alice: Person) -> None:
    campaign_id = make_campaign(alice)
    alice.api.post(f"/campaigns/{campaign_id}/schedule", {"at": "now"})
    assert upload(alice, campaign_id, b"email\n").status == 409


def test_upload_above_the_cap_is_refused_with_the_limit(app: Flask, alice: Person) -> None:
    app.config["MAX_CONTENT_LENGTH"] = 1000
    campaign_id = make_campaign(alice)
    answer = upload(alice, campaign_id, b"x" * 2000)
    assert answer.status == 413
    assert "25 MB" in answer.json["error"]
    big = [{"email": f"p{n}@example.org"} for n in range(100)]
    assert alice.api.post(f"/campaigns/{campaign_id}/recipients", big).status == 413


def test_imports_of_a_campaign_are_listed_the_newest_first(alice: Person) -> None:
    campaign_id, other_id = make_campaign(alice), make_campaign(alice)
    ids = [upload(alice, campaign_id, b"email\n").json["import_id"] for _ in range(3)]
    upload(alice, other_id, b"email\n")
    page = alice.api.get(f"/campaigns/{campaign_id}/imports?limit=2").json
    assert [one["id"] for one in page["items"]] == [ids[2], ids[1]]
    rest = alice.api.get(f"/campaigns/{campaign_id}/imports?cursor={page['next']}").json
    assert [(one["id"], one["status"]) for one in rest["items"]] == [(ids[0], "queued")]
    assert rest["next"] is None


def test_cancelled_import_has_ended_and_drops_its_file(
    alice: Person, session_factory: SessionFactory
) -> None:
    campaign_id = make_campaign(alice)
    import_id = upload(alice, campaign_id, b"email\nx@example.org\n").json["import_id"]
    answer = alice.api.post(f"/imports/{import_id}/cancel")
    assert (answer.status, answer.json["id"], answer.json["status"]) == (
        200,
        import_id,
        "cancelled",
    )
    assert answer.json["finished_at"] is not None
    again = alice.api.post(f"/imports/{import_id}/cancel")
    assert (again.status, list(again.json)) == (409, ["error"])
    with session_factory() as session:
        assert session.get_one(RecipientImport, import_id).content is None
    assert alice.api.post(f"/campaigns/{campaign_id}/schedule", {"at": "now"}).status == 200


def test_more_than_twenty_unfinished_imports_get_409(alice: Person) -> None:
    campaign_id = make_campaign(alice)
    answers = [upload(alice, campaign_id, b"email\n") for _ in range(21)]
    assert [answer.status for answer in answers] == [202] * 20 + [409]
    assert "20 recipient files" in answers[-1].json["error"]
    alice.api.post(f"/imports/{answers[0].json['import_id']}/cancel")
    assert upload(alice, campaign_id, b"email\n").status == 202
