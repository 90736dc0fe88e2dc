"""The words of ours in a mail, in the language of its readers."""

import re

import pytest

from dakiya.campaigns.content import Content, ContentError, finish_content
from dakiya.campaigns.convert import convert
from dakiya.mail.languages import DEFAULT_LANGUAGE, LANGUAGES, MailLanguage, mail_language
from dakiya.mail.preview import Preview, render_preview
from dakiya.models import ContentKind
from dakiya.templates.exchange import read_template, write_template
from tests.shared.mail.mails import compiled, filled, read
from tests.shared.mail.rich.documents import doc

OTHERS = [language for code, language in LANGUAGES.items() if code != DEFAULT_LANGUAGE]
RICH, HTML, TEXT = ContentKind.RICH, ContentKind.HTML, ContentKind.TEXT
ADDRESS = "१४ Lake Road"


def content(kind: ContentKind, code: str) -> Content:
    """A short mail in a language."""
    return finish_content(
        Content(
            "For {{ name | default('you & me') }} <3",
            kind=kind,
            html="<p>Hello</p>" if kind is HTML else "",
            text="Hello" if kind is TEXT else None,
            source=doc("Hello") if kind is RICH else None,
            preheader="Soon",
            language=code,
        )
    )


def shown(said: Content) -> Preview:
    return render_preview(
        said.subject, None if said.kind is TEXT else said.html, said.text,
        preheader=said.preheader, postal_address=ADDRESS, language=said.language,
        envelope="a@b.in", name="", values={}, unsubscribe_url="https://u.in/x",
    )  # fmt: skip


@pytest.mark.parametrize("kind", list(ContentKind))
@pytest.mark.parametrize("language", OTHERS, ids=lambda one: one.code)
def test_words_below_a_mail_are_in_its_language(kind: ContentKind, language: MailLanguage) -> None:
    mail = shown(content(kind, language.code))
    assert language.unsubscribe in mail.text
    assert "https://u.in/x" in mail.text
    assert ADDRESS in mail.text
    for part in (mail.html or "", mail.text):
        assert "Unsubscribe" not in part
        assert "any more" not in part
    if mail.html is not None:
        assert f"{language.question} <a href" in mail.html
        assert f'dir="{language.direction}"' in mail.html
        assert '<p dir="auto"' in mail.html


@pytest.mark.parametrize("code", ["en", "hi", "ar"])
def test_rich_mail_says_its_language_direction_and_subject(code: str) -> None:
    mail = shown(content(RICH, code))
    way = "rtl" if code == "ar" else "ltr"
    assert f'<html lang="{code}" dir="{way}"' in (mail.html or "")
    assert "<title>For you &amp; me &lt;3</title>" in (mail.html or "")


def test_mail_that_runs_the_other_way_stays_so_in_any_language() -> None:
    said = finish_content(Content("S", kind=RICH, source=doc("مرحبا بكم")))
    assert '<html lang="en" dir="rtl"' in said.html
    # The words of ours are still English.
    assert re.search(r'class="foot"[^>]* dir="ltr"', said.html)


def test_test_is_marked_in_the_language_of_the_mail() -> None:
    for language, mark in (("en", "[Test] S"), ("hi", "[परीक्षण] S")):
        message = compiled(subject="S", is_test=True, language=language)
        assert read(filled(message))["Subject"] == mark


def test_language_that_is_not_known_is_refused_and_falls_back_where_it_is_stored() -> None:
    with pytest.raises(ContentError) as refused:
        content(HTML, "tlh")
    assert refused.value.field == "language"
    assert mail_language("tlh").code == "en"


def test_mail_of_text_alone_has_no_preview_text() -> None:
    assert content(TEXT, "en").preheader == ""
    assert shown(content(HTML, "en")).preheader == "Soon"


@pytest.mark.parametrize("to", list(ContentKind))
def test_language_outlives_conversion_and_export(to: ContentKind) -> None:
    said = convert(content(RICH, "hi"), to).content
    assert said.language == "hi"
    assert read_template(write_template("x", said)).content.language == "hi"
