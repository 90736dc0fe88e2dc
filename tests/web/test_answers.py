"""Errors, headers and health: what every answer of the web has in common."""

import re
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask, request
from sqlalchemy import text

from dakiya.db import SessionFactory
from dakiya_web.app import create_app
from dakiya_web.headers import CONTENT_SECURITY_POLICY, policy_for
from dakiya_web.settings import WebSettings
from tests.web.conftest import Api, Person


def test_broken_json_gets_400_with_a_hint(alice: Person) -> None:
    for body, words in (
        (b"{", "line 1, column 2"),
        (b"", "not JSON"),
        (b"[1]", "JSON object"),
        (b"null", "JSON object"),
        (b'{"a": NaN}', "NaN"),
        (b'{"a": Infinity}', "Infinity"),
        (b'{"a": "\xff"}', "UTF-8"),
        (b'{"a": "line\nbreak"}', "not JSON"),
        (b"[" * 100_000, "nested"),
        (b'{"port": ' + b"9" * 5000 + b"}", "number"),
    ):
        answer = alice.api.post(
            "/smtp-accounts", data=body, headers={"Content-Type": "application/json"}
        )
        assert answer.status == 400, answer.text
        assert words in answer.json["error"]


def test_wrong_content_type_gets_415(alice: Person) -> None:
    answer = alice.api.post("/smtp-accounts", data="name=x", content_type="text/plain")
    assert answer.status == 415
    assert "application/json" in answer.json["error"]


def test_wrong_method_gets_405_with_what_is_allowed(alice: Person) -> None:
    answer = alice.api("PUT", "/campaigns")
    assert answer.status == 405
    assert "POST" in answer.headers["Allow"]
    assert "error" in answer.json


def test_unknown_address_of_the_api_gets_json(alice: Person) -> None:
    for path in ("/nothing", "/campaigns/0", "/campaigns/-1", "/campaigns/x"):
        answer = alice.api.get(path)
        assert (answer.status, list(answer.json)) == (404, ["error"])


def test_id_beyond_the_column_is_not_found(alice: Person) -> None:
    for number in ("9" * 18, "9" * 19, "9" * 400):
        for path in (f"/campaigns/{number}", f"/smtp-accounts/{number}", f"/imports/{number}"):
            assert alice.api.get(path).status == 404


def test_unexpected_error_says_nothing_of_the_inside(app: Flask, alice: Person) -> None:
    def fail() -> str:
        raise RuntimeError("secret detail")

    app.view_functions["api.list_campaigns"] = fail
    app.view_functions["people.login"] = fail
    answer = alice.api.get("/campaigns")
    assert answer.status == 500
    assert list(answer.json) == ["error"]
    page = app.test_client().get("/login")
    assert page.status_code == 500
    assert "Something went wrong" in page.text
    assert "secret detail" not in answer.text + page.text


def test_every_answer_carries_the_security_headers(app: Flask, web_settings: WebSettings) -> None:
    policy = policy_for(web_settings)
    for path in (
        "/login", "/signup", "/", "/nothing", "/u/x", "/static/x", "/api/v1/health",
        "/api/v1/campaigns", "/api/nothing",
    ):  # fmt: skip
        with app.test_client().get(path) as answer:
            headers = answer.headers
            assert headers["Content-Security-Policy"] == policy, path
            assert headers["X-Content-Type-Options"] == "nosniff"
            assert headers["Referrer-Policy"] == "same-origin"
            assert "Strict-Transport-Security" not in headers
            if not path.startswith("/static"):
                assert headers["Cache-Control"] == "no-store"


def test_policy_allows_nothing_inline_and_nothing_foreign() -> None:
    assert "default-src 'none'" in CONTENT_SECURITY_POLICY
    assert "frame-ancestors 'none'" in CONTENT_SECURITY_POLICY
    assert "form-action 'self'" in CONTENT_SECURITY_POLICY
    assert "unsafe" not in CONTENT_SECURITY_POLICY
    assert "http" not in CONTENT_SECURITY_POLICY


def test_policy_shows_the_pictures_of_the_library_wherever_they_are_reached(
    web_settings: WebSettings,
) -> None:
    elsewhere = web_settings.model_copy(update={"public_url": "https://mail.example.com/x"})
    assert "img-src 'self' data: https://mail.example.com;" in policy_for(elsewhere)


def test_pages_have_nothing_inline(app: Flask) -> None:
    for path in ("/login", "/signup", "/nothing", "/u/x"):
        page = app.test_client().get(path).text
        for script in re.findall(r"<script[^>]*>.*?</script>", page, re.DOTALL):
            assert re.fullmatch(
                r'<script( type="module")? src="/static/dist/[^"]+"></script>', script
            )
        assert "<style" not in page
        assert re.search(r"<[^>]* (style|on\w+)=", page) is None


def test_https_sets_hsts_and_a_secure_cookie(
    web_settings: WebSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DAKIYA_PUBLIC_URL", "https://mail.example.com")
    answer = create_app(WebSettings.load()).test_client().get("/login")
    assert answer.headers["Strict-Transport-Security"].startswith("max-age=")
    cookie = answer.headers["Set-Cookie"]
    assert "Secure" in cookie
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie


def health(api: Api) -> tuple[int, dict[str, Any]]:
    answer = api.get("/health")
    return answer.status, answer.json


def test_health_tells_ticks_and_senders(anonymous: Api, session_factory: SessionFactory) -> None:
    status, found = health(anonymous)
    assert (status, found["status"], found["senders_alive"]) == (200, "degraded", 0)
    assert (found["database"], found["queue"], found["last_tick_at"]) == ("ok", "ok", None)
    with session_factory() as session:
        session.execute(text("INSERT INTO tick (id, ticked_at) VALUES (1, now())"))
        session.execute(text("INSERT INTO service (id, kind) VALUES ('a', 'sender')"))
        session.execute(text("INSERT INTO service (id, kind) VALUES ('b', 'scheduler')"))
        session.commit()
    status, found = health(anonymous)
    assert (status, found["status"], found["senders_alive"]) == (200, "ok", 1)
    assert 0 <= found["last_tick_age_s"] < 30
    with session_factory() as session:
        session.execute(text("UPDATE tick SET ticked_at = now() - interval '5 minutes'"))
        session.commit()
    assert health(anonymous)[1]["status"] == "degraded"


def test_health_is_503_without_the_queue(
    web_settings: WebSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REDIS_URL", "redis://127.0.0.1:1/0")
    status, found = health(Api(create_app(WebSettings.load()), None))
    assert (status, found["queue"], found["database"]) == (503, "down", "ok")


def test_health_is_503_without_the_database(
    web_settings: WebSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://dakiya_web:secret-word@127.0.0.1:1/none")
    answer = Api(create_app(WebSettings.load()), None).get("/health")
    assert (answer.status, answer.json["database"]) == (503, "down")
    assert "secret-word" not in answer.text


def test_pages_and_api_answer_503_without_the_database(
    web_settings: WebSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://dakiya_web:secret-word@127.0.0.1:1/none")
    app = create_app(WebSettings.load())
    answer = Api(app, "dk_x").get("/campaigns")
    assert (answer.status, list(answer.json)) == (503, ["error"])
    assert int(answer.headers["Retry-After"]) > 0
    client = app.test_client()
    with client.session_transaction() as session:
        session["_user_id"], session["login_key"] = "1.1", "x"
    page = client.get("/")
    assert (page.status_code, page.headers["Retry-After"]) == (503, answer.headers["Retry-After"])
    assert "not available at present" in page.text
    assert "secret-word" not in answer.text + page.text
    assert client.get("/u/x").status_code == 404
    # Whether somebody is logged in cannot be told, and who has no session is not.
    assert client.post("/login").status_code == 503
    assert client.post("/profile").status_code == 503
    assert app.test_client().post("/login").status_code == 400


def test_forwarded_headers_count_only_behind_a_proxy(
    web_settings: WebSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    def address(app: Flask) -> str:
        seen: list[str] = []
        app.before_request(lambda: seen.append(str(request.remote_addr)))
        app.test_client().get("/login", headers={"X-Forwarded-For": "203.0.113.9"})
        return seen[0]

    assert address(create_app(WebSettings.load())) == "127.0.0.1"
    monkeypatch.setenv("DAKIYA_PROXY_HOPS", "1")
    assert address(create_app(WebSettings.load())) == "203.0.113.9"


def test_session_outlives_the_browser_by_two_weeks(app: Flask) -> None:
    assert app.permanent_session_lifetime == timedelta(days=14)
