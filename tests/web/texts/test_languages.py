"""Which language a page is in, and what follows from it."""

from io import BytesIO
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from flask import Flask
from flask.testing import FlaskClient

from dakiya_web import texts, wording
from dakiya_web.texts import LazyText, install_texts, shipped_languages
from tests.web.campaigns.test_pages import sending  # noqa: F401 - a fixture

WORDS: dict[str, dict[str | tuple[str, str], str | tuple[str, str]]] = {
    "de": {
        "Sign up": "Anmelden",
        "The mailbox is full": "Das Postfach ist voll",
        ("%(num)s day", "%(num)s days"): ("%(num)s Tag", "%(num)s Tage"),
    },
    "pt_BR": {"Sign up": "Cadastre-se"},
    "ar": {"Sign up": "اشترك"},
}


def write_catalogue(folder: Path, language: str) -> None:
    catalogue = Catalog(locale=language)
    for message, words in WORDS[language].items():
        catalogue.add(message, words)
    place = folder / language / "LC_MESSAGES"
    place.mkdir(parents=True)
    with (place / "messages.mo").open("wb") as file:
        write_mo(file, catalogue)


@pytest.fixture
def speaking(app: Flask, tmp_path: Path) -> Flask:
    """The application with three catalogues."""
    for language in WORDS:
        write_catalogue(tmp_path, language)
    install_texts(app, tmp_path)
    return app


@pytest.mark.parametrize(
    ("asked", "tag", "direction", "title"),
    [
        ("", "en", "ltr", "Sign up"),
        ("en-IN,en;q=0.9", "en", "ltr", "Sign up"),
        ("de-AT,de;q=0.9,en;q=0.5", "de", "ltr", "Anmelden"),
        ("fr,pt-BR;q=0.8", "pt-BR", "ltr", "Cadastre-se"),
        ("ar", "ar", "rtl", "اشترك"),
        ("tlh, x-nothing;q=0.1", "en", "ltr", "Sign up"),
        ("*", "en", "ltr", "Sign up"),
        ("\x7f;;q=,,=", "en", "ltr", "Sign up"),
    ],
)
def test_page_is_in_the_language_that_the_browser_asks_for(
    speaking: Flask, asked: str, tag: str, direction: str, title: str
) -> None:
    page = speaking.test_client().get("/signup", headers={"Accept-Language": asked}).text
    assert f'<html lang="{tag}" dir="{direction}"' in page
    assert f"<h1>{title}</h1>" in page


def test_api_speaks_english_whatever_is_asked_for(speaking: Flask) -> None:
    client, german = speaking.test_client(), {"Accept-Language": "de"}
    assert client.get("/api/v1/nothing", headers=german).json == {"error": "There is nothing here."}


def test_page_is_translated_and_its_file_to_download_is_not(
    speaking: Flask,
    client: FlaskClient,
    sending: int,  # noqa: F811
) -> None:
    here, german = f"/campaigns/{sending}", {"Accept-Language": "de"}
    assert "Das Postfach ist voll" in client.get(here, headers=german).text
    file = client.get(f"{here}/export.csv", headers=german).text
    assert "The mailbox is full" in file
    assert "Postfach" not in file


def test_only_catalogues_that_were_compiled_are_offered(tmp_path: Path) -> None:
    write_catalogue(tmp_path, "pt_BR")
    (tmp_path / "fr" / "LC_MESSAGES").mkdir(parents=True)
    (tmp_path / "fr" / "LC_MESSAGES" / "messages.po").touch()
    assert shipped_languages(tmp_path) == {"en": "en", "pt_BR": "pt-BR"}


def test_figures_and_days_follow_the_language(speaking: Flask) -> None:
    with speaking.test_request_context("/", headers={"Accept-Language": "de"}):
        assert wording.number(1234567) == "1.234.567"
        assert wording.number(1234.5) == "1.234,5"
        assert wording.percent(1, 3) == "33,3 %"
        assert wording.duration(2 * 86400) == "2 Tage"
        assert wording.weekdays()[0] == ("Montag", "Mo.")
    with speaking.test_request_context("/"):
        assert wording.number(1234567) == "1,234,567"
        assert wording.weekdays()[0] == ("Monday", "Mon")
    assert wording.duration(2 * 86400) == "2 days"


def test_what_is_put_into_a_text_is_escaped_and_its_own_markup_is_not(app: Flask) -> None:
    source = "{{ _('<b>%(name)s</b>, 100 %%', name=name) }}{{ later }}"
    with app.test_request_context("/"):
        page = app.jinja_env.from_string(source).render(
            name="<script>", later=LazyText(lambda: "Asha <asha@example.com>")
        )
    assert page == "<b>&lt;script&gt;</b>, 100 %Asha &lt;asha@example.com&gt;"


def mistakes_of(catalogue: Catalog) -> list[str]:
    """Tell what would break a page: lost or unknown placeholders, and quotes in attributes."""
    found = []
    for message in catalogue:
        if not message.id or not message.string:
            continue
        found += [f"{message.id}: {error}" for error in message.check(catalogue)]
        if '"' in str(message.string) and '"' not in str(message.id):
            found.append(f"{message.id}: write “these” quotes")
    return found


def test_shipped_catalogues_break_no_page() -> None:
    for path in texts.TRANSLATIONS.glob("*/*/*.po"):
        with path.open("rb") as file:
            assert mistakes_of(read_po(file)) == [], path


@pytest.mark.parametrize("words", ["%(size)s MB", "%(people)d", '"%(people)s"'])
def test_catalogue_that_would_break_a_page_is_found(words: str) -> None:
    source = '#, python-format\nmsgid "to %(people)s"\nmsgstr "{}"\n'
    content = source.format(words.replace('"', '\\"')).encode()
    assert mistakes_of(read_po(BytesIO(content), locale="de"))
