"""API tokens by API: listed and revoked, never shown."""

from flask import Flask

from dakiya.accounts.tokens import create_token
from dakiya.db import SessionFactory
from dakiya.models import User
from tests.web.conftest import Api, Person


def test_tokens_are_listed_without_their_text(
    app: Flask, alice: Person, session_factory: SessionFactory
) -> None:
    with session_factory() as session:
        text = create_token(session, user=session.get_one(User, alice.user_id), name="Shop")
        session.commit()
    answer = alice.api.get("/tokens")
    assert [(t["name"], t["current"]) for t in answer.json["items"]] == [
        ("Shop", False), ("tests", True),
    ]  # fmt: skip
    assert [t["last_used_at"] is None for t in answer.json["items"]] == [True, False]
    assert text not in answer.text
    assert "hash" not in answer.text


def test_deleted_token_opens_nothing_any_more(
    app: Flask, alice: Person, bob: Person, session_factory: SessionFactory
) -> None:
    with session_factory() as session:
        text = create_token(session, user=session.get_one(User, alice.user_id), name="Shop")
        session.commit()
    shop = Api(app, text)
    shop_id = shop.get("/tokens").json["items"][0]["id"]
    assert bob.api.delete(f"/tokens/{shop_id}").status == 404
    assert shop.get("/campaigns").status == 200
    assert alice.api.delete(f"/tokens/{shop_id}").status == 204
    assert shop.get("/campaigns").status == 401
    assert alice.api.delete(f"/tokens/{shop_id}").status == 404
    assert [t["name"] for t in alice.api.get("/tokens").json["items"]] == ["tests"]
