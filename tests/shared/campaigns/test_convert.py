"""A mail in another way to write it: a copy that keeps its words and says what is lost."""

from itertools import product

import pytest
from sqlalchemy.orm import Session

from dakiya.campaigns.content import Content, ContentError, finish_content
from dakiya.campaigns.convert import convert, convert_copy
from dakiya.campaigns.drafts import content_of, set_content
from dakiya.errors import IllegalState
from dakiya.mail.plain import text_from_html
from dakiya.models import ContentKind
from tests.shared.contacts.drafts import add_draft
from tests.shared.mail.rich.documents import FULL, doc

HTML, RICH, TEXT = ContentKind.HTML, ContentKind.RICH, ContentKind.TEXT
WORDS = 'Dear {{ name | default("friend") }}, see https://shop.example/?a=b&c=d'
SOURCES = {
    HTML: Content("S {{ name }}", f"<p>{WORDS.replace('&', '&amp;')}</p>", preheader="Soon"),
    RICH: Content("S {{ name }}", kind=RICH, source=doc(WORDS), preheader="Soon"),
    TEXT: Content("S {{ name }}", kind=TEXT, text=f"{WORDS}\n\nBye\n"),
}


@pytest.mark.parametrize(("kind", "to"), list(product(SOURCES, SOURCES)))
def test_every_conversion_keeps_subject_and_words(kind: ContentKind, to: ContentKind) -> None:
    content = finish_content(SOURCES[kind])
    made = convert(content, to)
    assert made.content.kind is to
    assert made.content.subject == content.subject
    words = made.content.text if to is TEXT else text_from_html(made.content.html)
    assert WORDS in (words or "")
    if kind is to:
        assert made.content == content
        assert made.lost == []
    if to is not TEXT and kind is not TEXT:
        assert made.content.preheader == "Soon"


def test_what_a_text_has_no_room_for_is_told() -> None:
    lost = convert(finish_content(Content("S", kind=RICH, source=FULL, preheader="x")), TEXT).lost
    assert "pictures (2)" in lost
    assert "tables (1)" in lost
    assert any("preview text" in one for one in lost)
    assert any("colours" in one for one in lost)


def test_own_text_part_is_what_a_text_says() -> None:
    content = finish_content(Content("S", "<p>html</p>", "my own words"))
    assert convert(content, TEXT).content.text == "my own words"
    assert convert(content, RICH).content.text == "my own words"


def test_what_html_has_and_rich_text_has_not_is_told() -> None:
    html = "<form><input></form><p>x</p><img src='lamp.png'>"
    lost = convert(finish_content(Content("S", html)), RICH).lost
    assert "forms (1)" in lost
    assert "pictures without a usable address (1)" in lost


def test_text_becomes_sound_html() -> None:
    text = 'a < b & "c"\nnext\n\n<script>alert(1)</script>'
    html = convert(finish_content(Content("S", kind=TEXT, text=text)), HTML).content.html
    assert html == (
        '<p>a &lt; b &amp; "c"<br>\nnext</p>\n<p>&lt;script&gt;alert(1)&lt;/script&gt;</p>\n'
    )


def test_tag_of_which_a_part_is_bold_cannot_be_converted() -> None:
    with pytest.raises(ContentError, match="formatting inside this tag"):
        convert(Content("S", "<p>{{ na<b>me</b> }}</p>"), RICH)


def test_copy_is_a_draft_and_the_campaign_stays(session: Session) -> None:
    campaign = add_draft(session)
    with pytest.raises(IllegalState, match="nothing to convert"):
        convert_copy(session, campaign, TEXT, with_recipients=False)
    set_content(session, campaign, SOURCES[RICH])
    before = campaign.content
    copy, lost = convert_copy(session, campaign, TEXT, with_recipients=False)
    assert campaign.content is before
    assert copy.content is not None
    assert copy.content.kind is TEXT
    assert lost
    back, _ = convert_copy(session, copy, RICH, with_recipients=False)
    assert back.content is not None
    assert WORDS in text_from_html(content_of(back.content).html)
