"""The gallery as a browser meets it."""

import json
from io import BytesIO
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.test import TestResponse

from dakiya.db import SessionFactory
from dakiya.models import Campaign, ContentKind, Template
from dakiya.templates.starters import KEYS
from dakiya_web.settings import WebSettings
from tests.web.browsing import csrf_token, send
from tests.web.conftest import Person, make_account, make_campaign


def press(client: FlaskClient, page: str, path: str, **fields: str) -> TestResponse:
    return client.post(path, data={"csrf_token": csrf_token(client, page), **fields})


def keep(client: FlaskClient, campaign_id: int, **fields: str) -> int:
    path = f"/campaigns/{campaign_id}/save-as-template"
    answer = send(client, path, **{"name": "Mine", "replace": "", **fields})
    assert answer.status_code == 303, answer.text
    return int(answer.headers["Location"].rpartition("/")[2])


def templates_of(session_factory: SessionFactory) -> list[Template]:
    with session_factory() as session:
        return list(session.scalars(select(Template).order_by(Template.id)))


def test_gallery_shows_each_starter_as_it_looks(client: FlaskClient) -> None:
    page = client.get("/templates").text
    for key in KEYS:
        assert f'src="/templates/starters/{key}/preview"' in page
        preview = client.get(f"/templates/starters/{key}/preview")
        assert preview.status_code == 200
        assert "sandbox" in preview.headers["Content-Security-Policy"]
        assert "script-src" not in preview.headers["Content-Security-Policy"]
        assert "Asha" in preview.text or "Dear" in preview.text
        assert client.get(f"/templates/starters/{key}").status_code == 200
        dark = client.get(f"/templates/starters/{key}/preview?part=dark").text
        assert dark != preview.text
        text = client.get(f"/templates/starters/{key}/preview?part=text").text
        assert "<img" not in text
        assert "Unsubscribe" in text
    assert "None yet." in page
    for path in ("/templates/starters/nothing", "/templates/starters/nothing/preview"):
        assert client.get(path).status_code == 404


def test_pictures_of_starters_are_open_to_all_and_nothing_else_is(
    app: Flask, client: FlaskClient, web_settings: WebSettings
) -> None:
    place = client.get("/templates/starters/newsletter/preview").text
    address = place.partition('<img src="')[2].partition('"')[0]
    assert address.startswith(f"{web_settings.public_url}/m/starter-")
    assert f"data: {web_settings.public_url};" in client.get(
        "/templates/starters/newsletter/preview"
    ).headers["Content-Security-Policy"]  # fmt: skip
    path = address.removeprefix(web_settings.public_url)
    answer = app.test_client().get(path)
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "image/png")
    assert "immutable" in answer.headers["Cache-Control"]
    assert answer.headers["Cross-Origin-Resource-Policy"] == "cross-origin"
    for wrong in ("/m/starter-0/newsletter.png", "/m/starter-1/own.py", "/m/starter-1/..%2fown.py"):
        assert app.test_client().get(wrong).status_code == 404


def test_campaign_begins_with_a_starter(
    client: FlaskClient, alice: Person, session_factory: SessionFactory
) -> None:
    account_id = make_account(alice)
    answer = press(client, "/templates/starters/sale", "/templates/starters/sale/use")
    assert answer.status_code == 303
    with session_factory() as session:
        campaign = session.scalars(select(Campaign)).one()
        assert campaign.content is not None
        assert campaign.content.kind is ContentKind.RICH
        assert "FESTIVE20" in campaign.content.html
        assert campaign.smtp_account_id == account_id
    assert answer.headers["Location"] == f"/campaigns/{campaign.id}/edit"
    assert client.get(f"/campaigns/{campaign.id}/edit").status_code == 200


def test_template_is_taken_as_html_by_a_browser_without_scripts(
    client: FlaskClient, session_factory: SessionFactory
) -> None:
    place = "/templates/starters/sale"
    assert 'name="as" value="html"' in client.get(place).text
    assert press(client, place, f"{place}/use", **{"as": "html"}).status_code == 303
    with session_factory() as session:
        content = session.scalars(select(Campaign)).one().content
        assert content is not None
        assert (content.kind, content.source) == (ContentKind.HTML, None)
        assert "FESTIVE20" in content.html


def test_draft_that_waits_for_its_mail_takes_a_template(
    client: FlaskClient, alice: Person, bob: Person, session_factory: SessionFactory
) -> None:
    answer = send(client, "/campaigns/new", name="Empty", account=str(make_account(alice)))
    campaign_id = answer.headers["Location"].split("/")[2]
    ways = client.get(f"/campaigns/{campaign_id}/edit/content").text
    assert f'href="/templates?campaign={campaign_id}"' in ways
    gallery = client.get(f"/templates?campaign={campaign_id}").text
    assert "Choose a template for “Empty”" in gallery
    place = f"/templates/starters/welcome?campaign={campaign_id}"
    assert f'href="{place}"' in gallery
    assert "Use it for “Empty”" in client.get(place).text
    use = "/templates/starters/welcome/use"
    answer = press(client, place, use, campaign=campaign_id)
    assert answer.headers["Location"] == f"/campaigns/{campaign_id}/edit/content"
    with session_factory() as session:
        campaign = session.scalars(select(Campaign)).one()
        assert campaign.content is not None
        assert campaign.content.kind is ContentKind.RICH
    for odd in ("x", "-1", "9" * 40, "²"):
        assert client.get(f"/templates?campaign={odd}").status_code == 200
    his = make_campaign(bob)
    assert client.get(f"/templates?campaign={his}").status_code == 404
    assert press(client, place, use, campaign=str(his)).status_code == 404
    alice.api.post(f"/campaigns/{campaign_id}/recipients", [{"email": "a@example.com"}])
    assert alice.api.post(f"/campaigns/{campaign_id}/schedule", {"at": "now"}).status == 200
    assert press(client, "/templates/starters/sale", use, campaign=campaign_id).status_code == 409


def test_template_of_text_alone_is_offered_no_preview_text(
    client: FlaskClient, alice: Person
) -> None:
    for changes, offered in (({"kind": "text", "html": None, "text": "Hello"}, False), ({}, True)):
        template_id = keep(client, make_campaign(alice, **changes))
        page = client.get(f"/templates/{template_id}").text
        assert ('name="preheader"' in page) is offered


def test_starter_is_copied_renamed_duplicated_and_deleted(
    client: FlaskClient, session_factory: SessionFactory
) -> None:
    answer = press(client, "/templates/starters/welcome", "/templates/starters/welcome/copy")
    path = answer.headers["Location"]
    changed = send(client, path, name="Hello new ones", subject="Welcome!", preheader="Come in")
    assert changed.status_code == 303
    page = client.get(path).text
    assert "Hello new ones" in page
    refused = send(client, path, name="", subject="{{ name", preheader="")
    assert refused.status_code == 422
    assert "Give the template a name." in refused.text
    long = send(client, path, name="x", subject="x" * 501, preheader="")
    assert (long.status_code, "Nothing was cut off" in long.text) == (422, True)
    refused = send(client, path, name="x", subject="{{ name", preheader="")
    assert (refused.status_code, "{{ name" in refused.text) == (422, True)
    press(client, path, f"{path}/duplicate")
    first, second = templates_of(session_factory)
    assert (first.name, second.name) == ("Hello new ones", "Hello new ones (copy)")
    assert (second.subject, second.source) == ("Welcome!", first.source)
    assert "Hello new ones (copy)" in client.get("/templates").text
    question = client.get(f"{path}/delete").text
    assert "Delete the template “Hello new ones”?" in question
    assert press(client, f"{path}/delete", f"{path}/delete").status_code == 303
    assert [one.id for one in templates_of(session_factory)] == [second.id]
    assert client.get(path).status_code == 404


def test_campaign_is_saved_as_a_template_and_again_in_its_place(
    client: FlaskClient, alice: Person, session_factory: SessionFactory
) -> None:
    campaign_id = make_campaign(alice, html="<p>First {{ name }}</p>")
    template_id = keep(client, campaign_id)
    assert "First Asha" in client.get(f"/templates/{template_id}/preview").text
    alice.api.patch(f"/campaigns/{campaign_id}", {"html": "<p>Second {{ name }}</p>"})
    again = keep(client, campaign_id, replace=str(template_id), name="not used")
    assert again == template_id
    (stored,) = templates_of(session_factory)
    assert (stored.name, "Second" in stored.html) == ("Mine", True)
    for wrong in ("999999", "x", "-1"):
        path = f"/campaigns/{campaign_id}/save-as-template"
        assert send(client, path, name="x", replace=wrong).status_code in (404, 422)
    use = press(client, f"/templates/{template_id}", f"/templates/{template_id}/use")
    assert use.headers["Location"].startswith("/campaigns/")


def test_campaign_without_content_is_no_template(client: FlaskClient, alice: Person) -> None:
    account_id = make_account(alice)
    answer = send(client, "/campaigns/new", name="Empty", account=str(account_id))
    campaign_id = answer.headers["Location"].split("/")[2]
    assert client.get(f"/campaigns/{campaign_id}/save-as-template").status_code == 404


def test_somebody_elses_template_cannot_be_replaced(
    client: FlaskClient, alice: Person, bob: Person, session_factory: SessionFactory
) -> None:
    with session_factory() as session:
        from dakiya.accounts.users import workspace_of

        his = Template(
            workspace_id=workspace_of(session, bob.user_id), name="His", subject="x", html="y"
        )
        session.add(his)
        session.commit()
        his_id = his.id
    campaign_id = make_campaign(alice)
    path = f"/campaigns/{campaign_id}/save-as-template"
    assert send(client, path, name="x", replace=str(his_id)).status_code == 422
    assert [(one.name, one.html) for one in templates_of(session_factory)] == [("His", "y")]


def test_template_travels_as_a_file(
    client: FlaskClient, alice: Person, session_factory: SessionFactory
) -> None:
    template_id = keep(client, make_campaign(alice), name="Diwali / offer ✨")
    answer = client.get(f"/templates/{template_id}/export")
    assert answer.headers["Content-Type"] == "application/json"
    assert "diwali-offer.dakiya-template.json" in answer.headers["Content-Disposition"]
    assert json.loads(answer.data)["name"] == "Diwali / offer ✨"
    taken = take_in(client, answer.data)
    assert taken.status_code == 303
    first, second = templates_of(session_factory)
    assert (first.name, first.html, first.subject) == (second.name, second.html, second.subject)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (None, "Choose a file first."),
        (b"", "This file is empty."),
        (b"PK\x03\x04", "This is no template of Dakiya."),
        (json.dumps({"format": "dakiya-template", "version": 9}).encode(), "newer Dakiya"),
    ],
)
def test_file_that_is_none_is_refused_with_words(
    client: FlaskClient, session_factory: SessionFactory, data: bytes | None, words: str
) -> None:
    answer = take_in(client, data)
    assert answer.status_code == 422
    assert words in answer.text
    assert templates_of(session_factory) == []


def take_in(client: FlaskClient, data: bytes | None) -> TestResponse:
    form: dict[str, Any] = {"csrf_token": csrf_token(client, "/templates/import")}
    if data is not None:
        form["file"] = (BytesIO(data), "t.json")
    return client.post("/templates/import", data=form)
