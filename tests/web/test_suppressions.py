"""Suppressions by API: listed, searched, added and taken away."""

from typing import Any

import pytest

from dakiya.accounts.users import workspace_of
from dakiya.contacts.suppressions import suppress
from dakiya.db import SessionFactory
from dakiya.models import SuppressionReason
from tests.web.conftest import Person


def emails_of(person: Person, query: str = "") -> list[str]:
    return [line["email"] for line in person.api.get(f"/suppressions{query}").json["items"]]


def test_addresses_are_added_once_and_bad_ones_come_back(alice: Person, bob: Person) -> None:
    sent = ["Ravi@Example.org", "nobody", 5, "ravi@example.org", "asha@example.org", None]
    answer = alice.api.post("/suppressions", {"emails": sent})
    assert answer.status == 200, answer.text
    assert (answer.json["added"], answer.json["known"]) == (2, 0)
    assert [(line["row"], line["email"]) for line in answer.json["rejected"]] == [
        (2, "nobody"), (3, ""), (6, ""),
    ]  # fmt: skip
    again = alice.api.post("/suppressions", {"emails": ["ravi@example.org", "a/b@example.org"]})
    assert (again.json["added"], again.json["known"]) == (1, 1)
    assert sorted(emails_of(alice)) == ["a/b@example.org", "asha@example.org", "ravi@example.org"]
    assert emails_of(bob) == []


def test_line_tells_why_and_since_when(alice: Person, session_factory: SessionFactory) -> None:
    with session_factory() as session:
        workspace_id = workspace_of(session, alice.user_id)
        suppress(session, workspace_id, "ravi@example.org", SuppressionReason.UNSUBSCRIBED)
        session.commit()
    (line,) = alice.api.get("/suppressions").json["items"]
    assert line["created_at"].endswith("Z")
    assert (line["reason"], line["campaign_id"]) == ("unsubscribed", None)


def test_list_goes_on_where_the_page_before_ended(alice: Person) -> None:
    alice.api.post("/suppressions", {"emails": [f"p{n}@example.org" for n in range(5)]})
    seen: list[str] = []
    cursor: Any = ""
    for _ in range(3):
        page = alice.api.get(f"/suppressions?limit=2&cursor={cursor}").json
        seen += [line["email"] for line in page["items"]]
        cursor = page["next"]
    assert sorted(seen) == [f"p{n}@example.org" for n in range(5)]
    assert cursor is None
    for query in ("cursor=nonsense", "limit=0", "limit=501"):
        answer = alice.api.get(f"/suppressions?{query}")
        assert (answer.status, list(answer.json["errors"])) == (422, [query.partition("=")[0]])


def test_search_finds_any_part_of_an_address(alice: Person) -> None:
    alice.api.post("/suppressions", {"emails": ["ravi@example.org", "a_b@example.com"]})
    assert emails_of(alice, "?search=EXAMPLE.org") == ["ravi@example.org"]
    assert emails_of(alice, "?search=_") == ["a_b@example.com"]
    assert emails_of(alice, "?search=%00%ED%A0%80nobody") == []


@pytest.mark.parametrize(
    "body",
    [{}, {"emails": []}, {"emails": "ravi@example.org"}, {"emails": ["x@y.example"] * 100_001}],
)
def test_anything_but_a_filled_list_is_refused(alice: Person, body: Any) -> None:
    answer = alice.api.post("/suppressions", body)
    assert (answer.status, list(answer.json["errors"])) == (422, ["emails"])


def test_unknown_field_is_named(alice: Person) -> None:
    answer = alice.api.post("/suppressions", {"emails": ["x@example.org"], "reason": "bounced"})
    assert (answer.status, list(answer.json["errors"])) == (422, ["reason"])


def test_deleted_address_may_get_mail_again(alice: Person, bob: Person) -> None:
    alice.api.post("/suppressions", {"emails": ["ravi@example.org", "a/b@example.org"]})
    assert bob.api.delete("/suppressions/ravi@example.org").status == 404
    assert alice.api.delete("/suppressions/RAVI@example.org").status == 204
    assert alice.api.delete("/suppressions/a%2Fb@example.org").status == 204
    assert alice.api.delete("/suppressions/ravi@example.org").status == 404
    assert alice.api.delete("/suppressions/nonsense").status == 404
    assert emails_of(alice) == []
