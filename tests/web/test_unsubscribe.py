"""The unsubscribe link: GET shows, POST acts (RFC 8058)."""

import pytest
from flask import Flask
from sqlalchemy import text

from dakiya.db import SessionFactory
from dakiya.mail.links import UNSUBSCRIBE_PURPOSE, UnsubscribeRef, derive_key, unsubscribe_token
from dakiya.models import Suppression, SuppressionReason
from dakiya_web.pages.unsubscribe.views import mask
from tests.web.conftest import Person, make_campaign


@pytest.fixture
def path(app: Flask, alice: Person, session_factory: SessionFactory) -> str:
    make_campaign(alice)
    with session_factory() as session:
        campaign_id, recipient_id = session.execute(
            text("SELECT campaign_id, id FROM recipient")
        ).one()
    key = derive_key(app.config["SECRET_KEY"], UNSUBSCRIBE_PURPOSE)
    return f"/u/{unsubscribe_token(key, UnsubscribeRef(campaign_id, recipient_id))}"


def suppressions(session_factory: SessionFactory) -> list[Suppression]:
    with session_factory() as session:
        return session.query(Suppression).all()


def test_get_shows_a_button_and_never_acts(
    app: Flask, path: str, session_factory: SessionFactory
) -> None:
    for method in ("GET", "HEAD", "OPTIONS"):
        assert app.test_client().open(path, method=method).status_code == 200
    page = app.test_client().get(path).text
    assert '<form method="post">' in page
    assert "r•••@example.org" in page
    assert "ravi" not in page
    assert suppressions(session_factory) == []


def test_page_opened_again_says_that_it_is_done(app: Flask, path: str) -> None:
    client = app.test_client()
    assert "unsubscribed already" not in client.post(path).text
    page = client.get(path).text
    assert "unsubscribed already" in page
    assert "<form" not in page


def test_one_click_acts_without_cookie_or_redirect(
    app: Flask, path: str, session_factory: SessionFactory
) -> None:
    client = app.test_client(use_cookies=False)
    answer = client.post(path, data={"List-Unsubscribe": "One-Click"})
    assert answer.status_code == 200
    assert "Set-Cookie" not in answer.headers
    found = suppressions(session_factory)
    assert [(s.email_normalised, s.reason) for s in found] == [
        ("ravi@example.org", SuppressionReason.UNSUBSCRIBED)
    ]
    assert found[0].campaign_id is not None


def test_one_click_is_read_from_multipart_too(
    app: Flask, path: str, session_factory: SessionFactory
) -> None:
    answer = app.test_client().post(
        path, data={"List-Unsubscribe": "One-Click"}, content_type="multipart/form-data"
    )
    assert answer.status_code == 200
    assert len(suppressions(session_factory)) == 1


def test_button_acts_and_says_so(app: Flask, path: str, session_factory: SessionFactory) -> None:
    answer = app.test_client().post(path)
    assert answer.status_code == 200
    assert "You are unsubscribed" in answer.text
    assert len(suppressions(session_factory)) == 1


def test_twice_changes_nothing(app: Flask, path: str, session_factory: SessionFactory) -> None:
    for _ in range(2):
        assert app.test_client().post(path).status_code == 200
    assert len(suppressions(session_factory)) == 1


def test_link_in_capitals_still_works(
    app: Flask, path: str, session_factory: SessionFactory
) -> None:
    capitals = "/u/" + path.removeprefix("/u/").upper()
    assert app.test_client().post(capitals).status_code == 200
    assert len(suppressions(session_factory)) == 1


@pytest.mark.parametrize(
    "token", ["x", "1.1.aaaaaaaaaaaaaaaaaaaaaaaaaa", "%00", "१.१.x", "." * 500]
)
def test_wrong_link_is_not_found(
    app: Flask, path: str, session_factory: SessionFactory, token: str
) -> None:
    for method in ("GET", "POST"):
        answer = app.test_client().open(f"/u/{token}", method=method)
        assert answer.status_code == 404
        assert "not complete" in answer.text
    assert suppressions(session_factory) == []


def test_link_of_another_installation_is_not_found(app: Flask, path: str) -> None:
    token = unsubscribe_token(derive_key("x" * 40, "unsubscribe"), UnsubscribeRef(1, 1))
    assert app.test_client().post(f"/u/{token}").status_code == 404


def test_mask_keeps_the_first_letter_and_the_domain() -> None:
    assert mask("asha.rao@example.com") == "a•••@example.com"


def test_link_of_a_deleted_campaign_still_works(
    app: Flask, path: str, alice: Person, session_factory: SessionFactory
) -> None:
    with session_factory.begin() as session:
        session.execute(text("UPDATE campaign SET deleted_at = now()"))
    assert alice.api.get("/campaigns").json["items"] == []
    assert app.test_client().post(path, data={"List-Unsubscribe": "One-Click"}).status_code == 200
    assert len(suppressions(session_factory)) == 1
