"""The fields of a campaign, read from JSON."""

from typing import Any

import pytest

from dakiya.campaigns.content import Content
from dakiya.models import ContentKind
from dakiya_web.input.campaign import read_campaign
from dakiya_web.input.reader import InvalidFields
from tests.shared.mail.rich.documents import doc, node
from tests.web.conftest import campaign_body


def content(**changes: Any) -> Content:
    found = read_campaign(campaign_body(7, **changes)).content
    assert found is not None
    return found


def test_valid_campaign_is_read() -> None:
    found = read_campaign(campaign_body(7, text="", name=" Diwali "))
    assert (found.name, found.smtp_account_id) == ("Diwali", 7)
    assert content(text="").text is None
    assert [recipient.row for recipient in found.recipients.raw] == [1]


@pytest.mark.parametrize(
    ("changes", "field", "words"),
    [
        ({"name": None}, "name", "required"),
        ({"name": "x" * 201}, "name", "200"),
        ({"subject": ""}, "subject", "required"),
        ({"subject": "a\r\nBcc: x@example.com"}, "subject", "one line"),
        ({"subject": "Hello {{ name"}, "subject", "closed"),
        ({"html": None}, "html", "required"),
        ({"html": "a\0b"}, "html", "NUL"),
        ({"html": "\udc80"}, "html", "control"),
        ({"html": "{% for x in y %}"}, "html", "if field"),
        ({"html": "x" * 500_001}, "html", "500,000"),
        ({"text": "{{ name | shout }}"}, "text", "default"),
        ({"text": 7}, "text", "text"),
        ({"smtp_account_id": None}, "smtp_account_id", "required"),
        ({"smtp_account_id": "1"}, "smtp_account_id", "whole number"),
        ({"smtp_account_id": 10**25}, "smtp_account_id", "from 1"),
        ({"recipients": {"email": "x"}}, "recipients", "list"),
        ({"recipients": [{}] * 100_001}, "recipients", "100,000"),
        ({"status": "sending"}, "status", "known"),
    ],
)
def test_wrong_field_is_named_with_what_is_wrong(
    changes: dict[str, Any], field: str, words: str
) -> None:
    with pytest.raises(InvalidFields) as caught:
        read_campaign(campaign_body(1, **changes))
    assert list(caught.value.errors) == [field]
    assert words in " ".join(caught.value.errors[field])


def test_each_kind_is_read_from_its_own_source() -> None:
    rich = content(kind="rich", html=None, source=doc("Hello"))
    assert rich.kind is ContentKind.RICH
    assert "Hello" in rich.html
    text = content(kind="text", html=None, text="Hi {{ name }}")
    assert (text.kind, text.html) == (ContentKind.TEXT, "")
    html = content(preheader=" Only {{ name }} ")
    assert (html.kind, html.preheader) == (ContentKind.HTML, "Only {{ name }}")


@pytest.mark.parametrize(
    ("changes", "field", "words"),
    [
        ({"kind": "blocks"}, "kind", '"html" or "rich" or "text"'),
        ({"kind": 7}, "kind", "must be"),
        ({"preheader": "a\nb"}, "preheader", "one line"),
        ({"preheader": "{{ name"}, "preheader", "closed"),
        ({"preheader": "x" * 501}, "preheader", "500"),
        ({"kind": "text", "html": None}, "text", "required"),
        ({"kind": "text", "text": "Hi"}, "html", 'kind "text"'),
        ({"kind": "rich", "source": doc("x")}, "html", 'kind "rich"'),
        ({"source": doc("x")}, "source", 'kind "html"'),
        ({"kind": "rich", "html": None}, "source", "no document"),
        ({"kind": "rich", "html": None, "source": "x"}, "source", "object"),
        ({"kind": "rich", "html": None, "source": doc(node("script"))}, "source", "script"),
        ({"kind": "rich", "html": None, "source": doc("{{ a | b }}")}, "source", "can stand"),
    ],
)
def test_content_of_a_kind_is_refused_at_its_part(
    changes: dict[str, Any], field: str, words: str
) -> None:
    with pytest.raises(InvalidFields) as refusal:
        read_campaign(campaign_body(7, **changes))
    assert words in " ".join(refusal.value.errors[field])
