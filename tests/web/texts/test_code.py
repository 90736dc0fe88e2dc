"""What the code behind the pages says is looked up, and the modules say nothing of their own."""

import ast
import re
from collections import Counter
from pathlib import Path

import pytest

import dakiya_web
from tests.web.texts.code import strings_of

FOLDER = Path(dakiya_web.__path__[0])
MODULES = FOLDER.parent / "assets" / "src"
# pages/ and what else speaks to people; the API and input/ speak English to programs.
SPEAKING = (
    *sorted((FOLDER / "pages").rglob("*.py")),
    *sorted((FOLDER / "pictures").rglob("*.py")),
    *(FOLDER / f"{name}.py" for name in ("confirming", "failures", "navigation", "rendering")),
    *(FOLDER / f"{name}.py" for name in ("wording", "zones")),
)
NOT_SHOWN = {
    # Headers, limits, names of servers and accounts.
    "Allow", "Lax", 'Bearer realm="dakiya"', "text/plain; charset=utf-8",
    "30 per 5 minutes; 200 per day", "20 per hour",
    "Demo inbox", "Seen", "Asha",
    ("sandbox; default-src 'none'; img-src https: data: {media}; style-src 'unsafe-inline'; "
    "form-action 'none'; base-uri 'none'; frame-ancestors 'self'"),
    "default-src 'none'; sandbox", 'inline; filename="{}"',
    '<time datetime="{}" title="{}">{}</time>',
    # How a date is written.
    "d MMMM yyyy", "EEEE, d MMMM",
    # For programs, and in files to download.
    "Log in first.", "Unsubscribed.\n", "not taken from {}", "Column {}", "The campaign is {}.",
    # What the API says about a field, made into sentences here.
    "This {}", "The name {}", "would send", "a whole number, without quotes", "a whole number",
    "when there is a username", "when there is a user name", "is required.",
}  # fmt: skip
LOOK_UP = re.compile(r"""\b(?:lazy_)?gettext\(("[^"%\n]+")\)""")
# A sentence between quotes, or anything that is put where people see or hear it.
_SAID_BY_A_MODULE = re.compile(
    r"""["'`][A-Z][a-z]+ [a-z]|(textContent|placeholder|title) = (?!place\.get).*["'`][A-Za-z]"""
    r"""|aria-label", ["'`]|notify\(["'`][^"'`]* """
)


def test_code_of_the_pages_looks_all_its_texts_up() -> None:
    found = {
        text: f"{path.relative_to(FOLDER)}:{line}"
        for path in SPEAKING
        for line, text in strings_of(path.read_text("utf-8"))
    }
    assert {text: place for text, place in found.items() if text not in NOT_SHOWN} == {}
    assert set(found) >= NOT_SHOWN, "exceptions that are none any more"


def test_each_look_up_of_the_code_would_be_missed() -> None:
    """The test above can fail: for each text of one line, when nothing looks it up."""
    tried = 0
    for path in SPEAKING:
        source = path.read_text("utf-8")
        plain = Counter(ast.literal_eval(found[1]) for found in LOOK_UP.finditer(source))
        before, after = (
            Counter(text for _, text in strings_of(code))
            for code in (source, LOOK_UP.sub(lambda found: found[1], source))
        )
        # A word without a capital says too little about itself.
        telling = {text: n for text, n in plain.items() if " " in text or text[:1].isupper()}
        told = after - before
        assert {text: told[text] for text in telling} == telling, path
        assert told.keys() <= plain.keys(), path
        tried += sum(telling.values())
    assert tried > 200


def test_modules_take_their_texts_from_the_page() -> None:
    said = [
        f"{path.name}: {line.strip()}"
        for path in MODULES.rglob("*.js")
        for line in path.read_text(encoding="utf-8").splitlines()
        if _SAID_BY_A_MODULE.search(line.partition("// ")[0])
    ]
    assert said == []


@pytest.mark.parametrize("line", [
    'said.textContent = "Copied";',
    'words.textContent = left > 0 ? `${left} s left` : "None";',
    'close.setAttribute("aria-label", "Close this notice");',
    'notify("The server cannot be reached.", "bad");',
    'if (!file) return wrong(form, "Choose a file first.");',
])  # fmt: skip
def test_text_in_a_module_would_be_found(line: str) -> None:
    assert _SAID_BY_A_MODULE.search(line)
