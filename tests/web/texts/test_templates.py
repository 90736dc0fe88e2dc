"""Every text of every template is looked up, in branches that no page shows too."""

import re
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
        for found in LOOK_UP.finditer(source):
            plain = found[1] or found[2]
            broken = source[: found.start()] + plain + source[found.end() :]
            words = [*untranslated(ENVIRONMENT, broken, names=NAMES)]
            assert any(plain.strip('"') in text for text in words), (name, plain)
            tried += 1
    assert tried > 300
