"""What a page saves by itself: answers in JSON, two tabs, sessions that end, versions."""

import json
import re
from typing import Any

import pytest
from flask.testing import FlaskClient

from dakiya.db import SessionFactory
from tests.web.browsing import form_of
from tests.web.conftest import Person, make_campaign

DOCUMENT = {
    "type": "doc",
    "content": [
        {
            "type": "paragraph",
            "content": [
                {"type": "text", "text": "नमस्ते "},
                {"type": "mergeField", "attrs": {"field": "name", "fallback": "friend"}},
            ],
        }
    ],
}
JSON = {"Accept": "application/json"}


def opened(client: FlaskClient, campaign_id: int) -> dict[str, str]:
    url = f"/campaigns/{campaign_id}/edit/content"
    return form_of(client.get(url).text, url)


def keep(client: FlaskClient, campaign_id: int, **values: Any) -> Any:
    url = f"/campaigns/{campaign_id}/edit/content/keep"
    return client.post(url, data=values, headers=JSON)


def test_words_are_kept_and_the_checks_follow(client: FlaskClient, alice: Person) -> None:
    campaign_id = make_campaign(alice)
    form = opened(client, campaign_id)
    answer = keep(client, campaign_id, **form | {"subject": "", "html": "<p>{{ city }}</p>"})
    assert answer.status_code == 200, answer.text
    assert answer.json["words"].startswith("Saved ")
    assert answer.json["seen"] != form["seen"]
    found = alice.api.get(f"/campaigns/{campaign_id}").json
    assert (found["subject"], found["html"]) == ("", "<p>{{ city }}</p>")
    again = keep(
        client,
        campaign_id,
        **form | {"seen": answer.json["seen"], "subject": "Two", "html": "<p>two</p>"},
    )
    assert again.status_code == 200
    # One by hand (the API's), one of this sitting.
    page = client.get(f"/campaigns/{campaign_id}/versions").text
    assert "Version 2" in page
    assert "Version 3" not in page


def test_rich_document_is_kept_as_it_is(client: FlaskClient, alice: Person) -> None:
    empty = {"type": "doc", "content": [{"type": "paragraph"}]}
    campaign_id = make_campaign(alice, kind="rich", html=None, source=empty)
    form = opened(client, campaign_id)
    rich = {"source": json.dumps(DOCUMENT), "subject": "Hello"}
    answer = keep(client, campaign_id, **form | rich)
    assert answer.status_code == 200, answer.text
    kept = opened(client, campaign_id)
    assert kept["kind"] == "rich"
    made = client.get(f"/campaigns/{campaign_id}/edit/content/text")
    assert 'default("friend")' in made.get_json()["text"]


@pytest.mark.parametrize(
    ("values", "field", "words"),
    [
        ({"html": "<p>{{ name</p>"}, "html", "never closed"),
        ({"html": ""}, "html", "Write the mail."),
        ({"kind": "text", "text": " "}, "text", "Write the mail."),
        ({"kind": "rich", "source": "{"}, "source", "did not arrive whole"),
        ({"kind": "rich", "source": "[" * 5000}, "source", "did not arrive whole"),
        ({"kind": "rich", "source": '{"type": "doc", "content": [{"type": "script"}]}'}, "source",
         "no part “script”"),
        ({"subject": "a\nb"}, "subject", "line break"),
        ({"preheader": "{% if %}"}, "preheader", "name is missing"),
    ],
)  # fmt: skip
def test_mistake_is_told_at_its_field_and_nothing_is_replaced(
    client: FlaskClient, alice: Person, values: dict[str, str], field: str, words: str
) -> None:
    parts: dict[str, dict[str, Any]] = {
        "rich": {"html": None, "source": DOCUMENT},
        "text": {"html": None, "text": "x"},
    }
    kind = values.get("kind", "html")
    campaign_id = make_campaign(alice, kind=kind, **parts.get(kind, {}))
    form = opened(client, campaign_id) | {"subject": "Hi", kind: "<p>x</p>"}
    answer = keep(client, campaign_id, **form | values)
    assert answer.status_code == 422
    assert words in answer.json["mistakes"][field]
    assert alice.api.get(f"/campaigns/{campaign_id}").json["subject"] == "Hello {{ name }}"


@pytest.mark.parametrize(
    ("name", "most"), [("html", 500_000), ("text", 500_000), ("subject", 500), ("preheader", 500)]
)
def test_what_is_too_long_is_refused_whole_with_words(
    client: FlaskClient, alice: Person, name: str, most: int
) -> None:
    campaign_id = make_campaign(alice)
    url = f"/campaigns/{campaign_id}/edit/content"
    # A browser would cut a paste off there, silently.
    assert "maxlength" not in client.get(url).text.partition(f'action="{url}"')[2]
    form = opened(client, campaign_id) | {"subject": "Hi", "html": "<p>x</p>"}
    long = form | {name: "x" * (most + 1)}
    words = f"At most {most:,} characters fit here, and these are {most + 1:,}. Nothing was cut off"
    assert words in keep(client, campaign_id, **long).json["mistakes"][name]
    page = client.post(url, data=long)
    assert page.status_code == 422
    assert words in page.text
    assert "x" * (most + 1) in page.text
    assert alice.api.get(f"/campaigns/{campaign_id}").json["subject"] == "Hello {{ name }}"


def test_five_megabytes_are_refused_with_words(client: FlaskClient, alice: Person) -> None:
    campaign_id = make_campaign(alice)
    form = opened(client, campaign_id) | {"subject": "Hi"}
    refused = keep(client, campaign_id, **form | {"html": "x" * 5_000_000})
    assert refused.status_code == 422
    assert "these are 5,000,000" in refused.json["error"]
    # More than a form may have: whoever saves by itself is told too.
    part = b'--b\r\nContent-Disposition: form-data; name="html"\r\n\r\n%b\r\n--b--\r\n'
    larger: Any = client.post(
        f"/campaigns/{campaign_id}/edit/content/keep",
        data=part % (b"x" * 7_000_000),
        headers=JSON,
        content_type="multipart/form-data; boundary=b",
    )
    assert larger.status_code == 413
    assert "6 MB of text" in larger.json["error"]


def test_line_ends_of_forms_count_once(client: FlaskClient, alice: Person) -> None:
    campaign_id = make_campaign(alice)
    lines = "x\r\n" * 249_990
    form = opened(client, campaign_id) | {"subject": "Hi", "html": f"<p>{lines}"}
    answer = keep(client, campaign_id, **form)
    assert answer.status_code == 200, answer.text


def test_two_tabs_are_told_and_both_are_kept(client: FlaskClient, alice: Person) -> None:
    campaign_id = make_campaign(alice)
    first = second = opened(client, campaign_id)
    one = keep(client, campaign_id, **first | {"subject": "One", "html": "<p>one</p>"})
    assert one.status_code == 200
    mine = second | {"subject": "Two", "html": "<p>two</p>"}
    refused = keep(client, campaign_id, **mine)
    assert refused.status_code == 409
    assert refused.json["other"] == one.json["seen"]
    assert alice.api.get(f"/campaigns/{campaign_id}").json["subject"] == "One"
    kept = keep(client, campaign_id, **mine | {"seen": refused.json["other"], "by_hand": "1"})
    assert kept.status_code == 200
    url = f"/campaigns/{campaign_id}/versions"
    assert "One" in client.get(url).text
    # And back to the other: it becomes the newest, mine stays.
    restore = f"{url}/{refused.json['number']}"
    page = client.get(url)
    assert client.post(restore, data=form_of(page.text, restore)).status_code == 303
    assert alice.api.get(f"/campaigns/{campaign_id}").json["subject"] == "One"
    assert "Two" in client.get(url).text


def test_other_mail_that_cannot_be_taken_is_told_to_the_page(
    client: FlaskClient, alice: Person
) -> None:
    campaign_id = make_campaign(alice)
    url = f"/campaigns/{campaign_id}/versions"
    token = {"csrf_token": opened(client, campaign_id)["csrf_token"]}
    assert "seen" in client.post(f"{url}/1", data=token, headers=JSON).get_json()
    missing: Any = client.post(f"{url}/9", data=token, headers=JSON)
    assert (missing.status_code, missing.json["error"]) == (404, "There is no such version.")
    assert alice.api.post(f"/campaigns/{campaign_id}/schedule", {"at": "now"}).status == 200
    late: Any = client.post(f"{url}/1", data=token, headers=JSON)
    assert late.status_code == 409
    assert "Nothing was changed." in late.json["error"]


def test_way_of_a_mail_is_not_switched(client: FlaskClient, alice: Person) -> None:
    campaign_id = make_campaign(alice)
    url = f"/campaigns/{campaign_id}/edit/content"
    switched = opened(client, campaign_id) | {"kind": "text", "subject": "Hi", "text": "Typed"}
    refused = keep(client, campaign_id, **switched)
    assert refused.status_code == 422
    words = "This mail is written as HTML and stays so."
    assert words in refused.json["error"]
    page = client.post(url, data=switched)
    assert (page.status_code, words in page.text) == (422, True)
    # What was typed is there to be copied, the stored mail beside it, and a copy can be this way.
    assert re.search(r'<textarea[^>]* name="text"[^>]*>\s*Typed</textarea>', page.text)
    assert "The version that is saved now" in page.text
    assert f"/campaigns/{campaign_id}/convert?to=text" in page.text
    assert alice.api.get(f"/campaigns/{campaign_id}").json["kind"] == "html"


def test_tab_from_before_a_template_of_another_way_keeps_its_words(
    client: FlaskClient, alice: Person
) -> None:
    campaign_id = make_campaign(alice)
    old = opened(client, campaign_id) | {"subject": "Mine", "html": "<p>mine</p>"}
    use = "/templates/starters/sale/use"
    place = f"/templates/starters/sale?campaign={campaign_id}"
    assert client.post(use, data=form_of(client.get(place).text, use)).status_code == 303
    asked = keep(client, campaign_id, **old)
    assert asked.status_code == 409
    kept = keep(client, campaign_id, **old | {"seen": asked.json["other"], "by_hand": "1"})
    assert kept.status_code == 200
    found = alice.api.get(f"/campaigns/{campaign_id}").json
    assert (found["kind"], found["html"]) == ("html", "<p>mine</p>")


def test_what_another_tab_saved_alike_is_no_conflict(client: FlaskClient, alice: Person) -> None:
    campaign_id = make_campaign(alice)
    form = opened(client, campaign_id) | {"subject": "Same", "html": "<p>same</p>"}
    assert keep(client, campaign_id, **form).status_code == 200
    assert keep(client, campaign_id, **form).status_code == 200


def test_ended_session_and_foreign_page_save_nothing(client: FlaskClient, alice: Person) -> None:
    campaign_id = make_campaign(alice)
    form = opened(client, campaign_id) | {"subject": "Late", "html": "<p>late</p>"}
    without = {name: value for name, value in form.items() if name != "csrf_token"}
    assert keep(client, campaign_id, **without).status_code == 422
    client.delete_cookie("dakiya")
    ended = keep(client, campaign_id, **form)
    assert (ended.status_code, ended.json) == (401, {"error": "Log in first."})
    assert alice.api.get(f"/campaigns/{campaign_id}").json["subject"] == "Hello {{ name }}"


def test_scheduled_campaign_is_not_saved_by_its_old_page(
    client: FlaskClient, alice: Person
) -> None:
    campaign_id = make_campaign(alice)
    form = opened(client, campaign_id) | {"subject": "Late", "html": "<p>late</p>"}
    assert alice.api.post(f"/campaigns/{campaign_id}/schedule", {"at": "now"}).status == 200
    answer = keep(client, campaign_id, **form)
    assert answer.status_code == 409
    assert "no draft any more" in answer.json["error"]


def test_empty_subject_is_kept_but_not_scheduled(client: FlaskClient, alice: Person) -> None:
    campaign_id = make_campaign(alice)
    form = opened(client, campaign_id) | {"subject": "", "html": "<p>x</p>"}
    assert keep(client, campaign_id, **form).status_code == 200
    url = f"/campaigns/{campaign_id}/edit/content"
    on = client.post(
        url, data=form_of(client.get(url).text, url) | {"html": "<p>x</p>", "go_on": "1"}
    )
    assert on.status_code == 422
    assert "Write a subject." in on.text
    refused = alice.api.post(f"/campaigns/{campaign_id}/schedule", {"at": "now"})
    assert refused.status == 422
    assert "no subject" in refused.text


def test_ways_are_offered_until_something_is_written(
    client: FlaskClient, alice: Person, session_factory: SessionFactory
) -> None:
    campaign_id = make_campaign(alice)
    url = f"/campaigns/{campaign_id}/edit/content"
    assert "How do you want to write it?" not in client.get(f"{url}?way=text").text
    with session_factory.begin() as session:
        session.connection().exec_driver_sql("UPDATE campaign SET content_version_id = NULL")
    page = client.get(url).text
    for way in ("rich", "html", "text"):
        assert f"?way={way}" in page
        assert f'name="kind" type="hidden" value="{way}"' in client.get(f"{url}?way={way}").text
    assert "How do you want to write it?" in client.get(f"{url}?way=blocks").text


def test_page_of_html_allows_the_styles_of_its_editor_and_no_others(
    client: FlaskClient, alice: Person
) -> None:
    campaign_id = make_campaign(alice)
    first, second = (client.get(f"/campaigns/{campaign_id}/edit/content") for _ in range(2))
    policies = [answer.headers["Content-Security-Policy"] for answer in (first, second)]
    for answer, policy in zip((first, second), policies, strict=True):
        nonce = policy.partition("'nonce-")[2].partition("'")[0]
        assert f'data-nonce="{nonce}"' in answer.text
        assert "unsafe-inline" not in policy
    assert policies[0] != policies[1]
    plain = client.get("/campaigns").headers["Content-Security-Policy"]
    assert "nonce" not in plain
    assert "https:" not in plain.replace("http://", "")
