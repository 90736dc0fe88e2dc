"""The mail of an own template, changed in place."""

import json
import re
from typing import Any

import pytest
from flask.testing import FlaskClient

from dakiya.campaigns.content import Content
from dakiya.db import SessionFactory
from dakiya.models import ContentKind, Template
from dakiya.templates.own import keep_template
from tests.web.browsing import form_of
from tests.web.conftest import Person

JSON = {"Accept": "application/json"}


def document(words: str) -> dict[str, Any]:
    return {
        "type": "doc",
        "content": [{"type": "paragraph", "content": [{"type": "text", "text": words}]}],
    }


CONTENTS = {
    ContentKind.RICH: Content("One", kind=ContentKind.RICH, source=document("Hello")),
    ContentKind.HTML: Content("One", html="<p>Hello {{ city }}</p>"),
    ContentKind.TEXT: Content("One", kind=ContentKind.TEXT, text="Hello"),
}
CHANGED = {
    ContentKind.RICH: {"source": json.dumps(document("Changed"))},
    ContentKind.HTML: {"html": "<p>Changed</p>"},
    ContentKind.TEXT: {"text": "Changed"},
}


@pytest.fixture
def workspace_id(session_factory: SessionFactory, alice: Person) -> int:
    from dakiya.accounts.users import workspace_of

    with session_factory() as session:
        return workspace_of(session, alice.user_id)


def make(session_factory: SessionFactory, workspace_id: int, kind: ContentKind) -> int:
    with session_factory.begin() as session:
        made = keep_template(
            session, workspace_id=workspace_id, name="Mine", content=CONTENTS[kind]
        )
        return made.id


def opened(client: FlaskClient, template_id: int) -> dict[str, str]:
    url = f"/templates/{template_id}/edit"
    page = client.get(url)
    assert page.status_code == 200
    return form_of(page.text, url)


def stored(session_factory: SessionFactory, template_id: int) -> Template:
    with session_factory() as session:
        return session.get_one(Template, template_id)


@pytest.mark.parametrize("kind", ContentKind)
def test_mail_is_changed_in_place_in_its_own_way(
    client: FlaskClient, session_factory: SessionFactory, workspace_id: int, kind: ContentKind
) -> None:
    template_id = make(session_factory, workspace_id, kind)
    url = f"/templates/{template_id}/edit"
    assert f'href="{url}"' in client.get(f"/templates/{template_id}").text
    form = opened(client, template_id) | {"subject": "Two", "preheader": "Look"}
    answer = client.post(url, data=form | CHANGED[kind] | {"go_on": "1"})
    assert (answer.status_code, answer.location) == (303, f"/templates/{template_id}")
    found = stored(session_factory, template_id)
    assert (found.name, found.kind, found.subject) == ("Mine", kind, "Two")
    said = found.text if kind is ContentKind.TEXT else found.html
    assert "Changed" in (said or "")
    assert "Changed" in client.get(f"/templates/{template_id}/preview").text
    # The same words with an old mark are no conflict.
    assert client.post(f"{url}/keep", data=form | CHANGED[kind]).status_code == 200
    if kind is not ContentKind.TEXT:
        assert "Changed" in client.get(f"{url}/text").get_json()["text"]


def test_mail_is_saved_from_its_page_and_two_tabs_are_told(
    client: FlaskClient, session_factory: SessionFactory, workspace_id: int
) -> None:
    template_id = make(session_factory, workspace_id, ContentKind.HTML)
    url = f"/templates/{template_id}/edit"
    first = second = opened(client, template_id) | {"subject": "Two"}
    mine: Any = client.post(f"{url}/keep", data=first | {"html": "<p>mine</p>"}, headers=JSON)
    assert mine.status_code == 200
    assert mine.json["words"].startswith("Saved ")
    theirs = second | {"html": "<p>theirs</p>"}
    refused: Any = client.post(f"{url}/keep", data=theirs, headers=JSON)
    assert (refused.status_code, refused.json["other"]) == (409, mine.json["seen"])
    page = client.post(url, data=theirs)
    assert page.status_code == 422
    assert "changed in another tab" in page.text
    assert "&lt;p&gt;theirs" in page.text
    assert stored(session_factory, template_id).html == "<p>mine</p>"
    forced: Any = client.post(f"{url}/keep", data=theirs | {"seen": refused.json["other"]})
    assert forced.status_code == 200
    assert stored(session_factory, template_id).html == "<p>theirs</p>"


@pytest.mark.parametrize(
    ("values", "field", "words"),
    [
        ({"html": "<script>x</script>"}, "html", "script"),
        ({"html": ""}, "html", "Write the mail."),
        ({"subject": ""}, "subject", "Write a subject."),
        ({"subject": "{{ name"}, "subject", "never closed"),
    ],
)
def test_mistake_is_told_at_its_field_and_the_template_stays(
    client: FlaskClient,
    session_factory: SessionFactory,
    workspace_id: int,
    values: dict[str, str],
    field: str,
    words: str,
) -> None:
    template_id = make(session_factory, workspace_id, ContentKind.HTML)
    url = f"/templates/{template_id}/edit"
    form = opened(client, template_id) | {"subject": "Two", "html": "<p>x</p>"} | values
    answer: Any = client.post(f"{url}/keep", data=form, headers=JSON)
    assert answer.status_code == 422
    assert words in answer.json["mistakes"][field]
    page = client.post(url, data=form)
    assert page.status_code == 422
    assert words in page.text
    assert stored(session_factory, template_id).subject == "One"


def test_way_is_not_switched_and_ended_session_loses_nothing(
    client: FlaskClient, session_factory: SessionFactory, workspace_id: int
) -> None:
    template_id = make(session_factory, workspace_id, ContentKind.HTML)
    url = f"/templates/{template_id}/edit"
    form = opened(client, template_id) | {"subject": "Two"}
    switched = form | {"kind": "text", "text": "Typed"}
    words = "This template is written as HTML."
    refused: Any = client.post(f"{url}/keep", data=switched, headers=JSON)
    assert (refused.status_code, words in refused.json["error"]) == (422, True)
    page = client.post(url, data=switched).text
    assert words in page
    assert re.search(r'<textarea[^>]* name="text"[^>]*>\s*Typed</textarea>', page)
    without = {name: value for name, value in form.items() if name != "csrf_token"}
    late = form | {"html": "<p>late words</p>"}
    assert client.post(url, data=without | {"html": "<p>x</p>"}).status_code == 422
    client.delete_cookie("dakiya")
    assert client.post(f"{url}/keep", data=late, headers=JSON).status_code == 401
    kept = client.post(url, data=late)
    assert (kept.status_code, "late words" in kept.text) == (401, True)
    assert stored(session_factory, template_id).subject == "One"


def test_rich_template_is_copied_as_html_by_a_browser_without_scripts(
    client: FlaskClient, session_factory: SessionFactory, workspace_id: int
) -> None:
    template_id = make(session_factory, workspace_id, ContentKind.RICH)
    copy_url = f"/templates/{template_id}/duplicate"
    form = form_of(client.get(f"/templates/{template_id}/edit").text, copy_url)
    answer = client.post(copy_url, data=form | {"as": "html"})
    copy = stored(session_factory, int(answer.location.rpartition("/")[2]))
    assert (copy.kind, "Hello" in copy.html) == (ContentKind.HTML, True)
