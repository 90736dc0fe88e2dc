"""Every text of every template is looked up, in branches that no page shows too."""

import re
from collections import Counter
from pathlib import Path

import pytest
from jinja2 import Environment

import dakiya_web
from tests.web.texts.templates import untranslated

FOLDER = Path(dakiya_web.__path__[0]) / "templates"
TEMPLATES = sorted(str(path.relative_to(FOLDER)) for path in FOLDER.rglob("*.html"))
ENVIRONMENT = Environment(
    extensions=["jinja2.ext.i18n", "jinja2.ext.do"],
    autoescape=True,
)
# Names, formats and what is typed into a terminal.
NAMES = {
    "· Dakiya", "Dakiya", "CSV", "XLSX", "BooleanField", "SelectField",
    "dd MMM", "EEE dd MMM", "HTML", "Ctrl", "Control",
    "{{ name }}", '{{ name | default("friend") }}',
    "asha@example.com\nRavi Kumar <ravi@example.com>",
    "dakiya user password you@example.com",
    "dakiya token create ", '\ncurl -H "Authorization: Bearer TOKEN" ',
    'curl -H "Authorization: Bearer ',
}  # fmt: skip
MARK = "\x01"
LOOK_UP = re.compile(r"""\{\{ _\("([^"%{}]+)"\) \}\}|\b_\(("[^"%{}]+")\)""")


@pytest.mark.parametrize("name", TEMPLATES)
def test_template_looks_all_its_texts_up(name: str) -> None:
    source = (FOLDER / name).read_text(encoding="utf-8")
    assert list(untranslated(ENVIRONMENT, source, names=NAMES)) == []


def test_each_look_up_would_be_missed() -> None:
    """The test above can fail: for each text of its own, when nothing looks it up."""
    tried = 0
    for name in TEMPLATES:
        source = (FOLDER / name).read_text(encoding="utf-8")
        plain = Counter((found[1] or found[2]).strip('"') for found in LOOK_UP.finditer(source))
        broken = LOOK_UP.sub(lambda found: marked(found[1]) if found[1] else found[2], source)
        before, after = (
            Counter(untranslated(ENVIRONMENT, text, names=NAMES)) for text in (source, broken)
        )
        told = Counter(text for words in (after - before).elements() for text in unmarked(words))
        assert told == plain, name
        assert not plain.keys() & NAMES, name
        tried += plain.total()
    assert tried > 700


def marked(text: str) -> str:
    """Mark where a text begins and ends: in the markup it may stand right beside others."""
    return f"{MARK}{text}{MARK}"


def unmarked(words: str) -> list[str]:
    """Return the texts among these words, without what was there before."""
    return words.split(MARK)[1::2] if MARK in words else [words]
