"""What a campaign says, by API: its kinds, what is made from them, and changing them."""

from typing import Any

import pytest
from sqlalchemy import func, select, update

from dakiya.db import SessionFactory
from dakiya.models import ContentVersion
from tests.shared.mail.rich.documents import FULL, doc
from tests.web.conftest import Person, campaign_body, make_account, make_campaign

RICH = {"kind": "rich", "html": None, "source": doc("Hi")}


def versions(session_factory: SessionFactory, campaign_id: int) -> int:
    with session_factory() as session:
        query = select(func.count()).where(ContentVersion.campaign_id == campaign_id)
        return session.scalars(query).one()


def shown(alice: Person, campaign_id: int) -> Any:
    return alice.api.get(f"/campaigns/{campaign_id}").json


def test_rich_campaign_keeps_its_source_and_the_html_made_of_it(alice: Person) -> None:
    campaign_id = make_campaign(
        alice, kind="rich", html=None, source=FULL, preheader="Only {{ name }}"
    )
    found = shown(alice, campaign_id)
    assert (found["kind"], found["source"], found["text"]) == ("rich", FULL, None)
    assert found["preheader"] == "Only {{ name }}"
    assert "{{ unsubscribe_url }}" in found["html"]


def test_text_campaign_has_no_html(alice: Person) -> None:
    campaign_id = make_campaign(alice, kind="text", html=None, text="Hello {{ name }}")
    found = shown(alice, campaign_id)
    assert (found["kind"], found["html"], found["source"]) == ("text", "", None)


@pytest.mark.parametrize(
    ("first", "change", "kind"),
    [
        ({}, {"preheader": "Soon"}, "html"),
        ({"kind": "text", "html": None, "text": "Hi"}, {"subject": "New"}, "text"),
        (RICH, {"subject": "New"}, "rich"),
        ({"text": "old"}, {"kind": "rich", "source": doc("Hi")}, "rich"),
        (RICH, {"kind": "html", "html": "<p>x"}, "html"),
        ({}, {"kind": "text", "text": "Hi"}, "text"),
    ],
)  # fmt: skip
def test_patch_makes_a_version_of_the_kind(
    alice: Person,
    session_factory: SessionFactory,
    first: dict[str, Any],
    change: dict[str, Any],
    kind: str,
) -> None:
    campaign_id = make_campaign(alice, **first)
    answer = alice.api.patch(f"/campaigns/{campaign_id}", change)
    assert answer.status == 200, answer.text
    assert answer.json["kind"] == kind
    assert versions(session_factory, campaign_id) == 2
    again = alice.api.patch(f"/campaigns/{campaign_id}", change)
    assert again.status == 200
    assert versions(session_factory, campaign_id) == 2


def test_change_of_kind_wants_the_new_source(alice: Person) -> None:
    campaign_id = make_campaign(alice)
    answer = alice.api.patch(f"/campaigns/{campaign_id}", {"kind": "rich"})
    assert answer.status == 422
    assert "source" in answer.json["errors"]


def test_copy_keeps_kind_source_and_preheader(alice: Person) -> None:
    campaign_id = make_campaign(alice, kind="rich", html=None, source=FULL, preheader="Soon")
    answer = alice.api.post(f"/campaigns/{campaign_id}/duplicate", {})
    assert answer.status == 201
    mine, copy = shown(alice, campaign_id), shown(alice, answer.json["id"])
    for part in ("kind", "source", "preheader", "subject", "html", "text"):
        assert copy[part] == mine[part]


def test_unknown_fields_of_every_part_are_named(alice: Person) -> None:
    campaign_id = make_campaign(
        alice, kind="rich", html=None, source=doc("{{ towm }}"), preheader="{{ pre }}"
    )
    answer = alice.api.post(f"/campaigns/{campaign_id}/schedule", {"at": "now"})
    assert answer.status == 422
    assert "“towm”" in answer.json["errors"]["html"][0]
    assert "“pre”" in answer.json["errors"]["preheader"][0]


def test_html_that_runs_something_is_refused_with_every_reason(alice: Person) -> None:
    account_id = make_account(alice)
    html = "<p onclick='x()'>Hi</p>\n<script>x()</script><img src='data:image/png;base64,AA'>"
    answer = alice.api.post("/campaigns", campaign_body(account_id, html=html))
    assert answer.status == 422
    told = " ".join(answer.json["errors"]["html"])
    for words in ("onclick on line 1", "a script on line 2", "a picture inside the HTML itself"):
        assert words in told


def test_styles_are_inlined_once_in_what_is_sent(
    alice: Person, session_factory: SessionFactory
) -> None:
    html = "<style>p { margin: 0 }</style><p>Hi {{ name }}</p>"
    campaign_id = make_campaign(alice, html=html)
    assert shown(alice, campaign_id)["html"] == html
    with session_factory() as session:
        [version] = session.scalars(select(ContentVersion))
        assert '<p style="margin: 0;">Hi {{ name }}</p>' in (version.html_sent or "")


def test_copy_can_be_converted_and_says_what_is_lost(alice: Person) -> None:
    campaign_id = make_campaign(alice, kind="rich", html=None, source=FULL)
    answer = alice.api.post(f"/campaigns/{campaign_id}/duplicate", {"kind": "text"})
    assert answer.status == 201
    assert (answer.json["kind"], answer.json["html"]) == ("text", "")
    assert "pictures (2)" in answer.json["lost"]
    assert alice.api.post(f"/campaigns/{campaign_id}/duplicate", {"kind": "x"}).status == 422


def test_versions_are_listed_and_restored(alice: Person) -> None:
    campaign_id = make_campaign(alice, kind="rich", html=None, source=FULL)
    place = f"/campaigns/{campaign_id}/versions"
    alice.api.patch(f"/campaigns/{campaign_id}", {"kind": "text", "text": "Hi", "subject": "Two"})
    [second, first] = alice.api.get(place).json["items"]
    assert (first["number"], first["kind"], first["present"]) == (1, "rich", False)
    assert (second["number"], second["subject"], second["present"]) == (2, "Two", True)
    answer = alice.api.post(f"{place}/1/restore")
    assert answer.status == 200
    assert (answer.json["kind"], answer.json["source"]) == ("rich", FULL)
    page = alice.api.get(f"{place}?limit=2").json
    assert [one["number"] for one in page["items"]] == [3, 2]
    assert [
        one["number"] for one in alice.api.get(f"{place}?cursor={page['next']}").json["items"]
    ] == [1]
    assert alice.api.post(f"{place}/9/restore").status == 404


def test_postal_address_of_the_workspace_is_kept(alice: Person, bob: Person) -> None:
    before = bob.api.get("/workspace").json
    answer = alice.api.patch("/workspace", {"postal_address": "Lamps & Co\r\n 12 MG Road "})
    assert answer.json == {"postal_address": "Lamps & Co\n12 MG Road"}
    assert alice.api.get("/workspace").json == answer.json
    assert bob.api.get("/workspace").json == before
    for wrong in ("x" * 301, "a\u0000", 7):
        refused = alice.api.patch("/workspace", {"postal_address": wrong})
        assert refused.status == 422
        assert "postal_address" in refused.json["errors"]
    assert alice.api.patch("/workspace", {"postal_address": None}).json == {"postal_address": None}


def test_content_of_laxer_days_can_be_copied_and_its_campaign_renamed(
    alice: Person, session_factory: SessionFactory
) -> None:
    campaign_id = make_campaign(alice)
    with session_factory() as session:
        session.execute(update(ContentVersion).values(html="<script>x</script><p>Hi"))
        session.commit()
    renamed = alice.api.patch(f"/campaigns/{campaign_id}", {"name": "New"})
    assert (renamed.status, renamed.json["name"]) == (200, "New")
    copy = alice.api.post(f"/campaigns/{campaign_id}/duplicate", {})
    assert (copy.status, copy.json["html"]) == (201, "<script>x</script><p>Hi")
    assert alice.api.patch(f"/campaigns/{campaign_id}", {"subject": "New"}).status == 422


def test_language_of_a_mail_is_kept_shown_and_changed(alice: Person) -> None:
    campaign_id = make_campaign(alice, kind="rich", html=None, source=doc("नमस्ते"), language="hi")
    found = shown(alice, campaign_id)
    assert found["language"] == "hi"
    assert "सदस्यता समाप्त करें" in found["html"]
    # What is not said stays; the words below follow the language.
    alice.api.patch(f"/campaigns/{campaign_id}", {"subject": "New"})
    assert shown(alice, campaign_id)["language"] == "hi"
    alice.api.patch(f"/campaigns/{campaign_id}", {"language": "ar"})
    changed = shown(alice, campaign_id)
    assert 'lang="ar" dir="rtl"' in changed["html"]
    refused = alice.api.patch(f"/campaigns/{campaign_id}", {"language": "xx"})
    assert refused.status == 422
    assert "hi" in refused.json["errors"]["language"][0]
    copy = alice.api.post(f"/campaigns/{campaign_id}/duplicate", {}).json["id"]
    assert shown(alice, copy)["language"] == "ar"
    assert shown(alice, make_campaign(alice))["language"] == "en"


def test_mail_of_text_alone_takes_no_preview_text(alice: Person) -> None:
    text = {"kind": "text", "html": None, "text": "Hi"}
    body = campaign_body(make_account(alice), **text, preheader="Soon")
    answer = alice.api.post("/campaigns", body)
    assert answer.status == 422
    assert "kind" in answer.json["errors"]["preheader"][0]
    # One that was there is not in the way of writing it as text.
    campaign_id = make_campaign(alice, preheader="Soon")
    assert alice.api.patch(f"/campaigns/{campaign_id}", text).status == 200
    assert shown(alice, campaign_id)["preheader"] == ""
