"""What stands in Latin letters on a page in any language, and what is English yet."""

import re
from collections.abc import Sequence
from functools import cache
from pathlib import Path

import dakiya
import dakiya_web
from dakiya.mail.languages import LANGUAGES
from tests.web.texts.code import pattern_of, strings_of

# docs/decisions/0013-texts.md: the domain and the API speak English on the pages too.
_ENGLISH = (
    *Path(dakiya.__path__[0]).rglob("*.py"),
    *(Path(dakiya_web.__path__[0]) / "input").rglob("*.py"),
)
_LEAST_LETTERS = 10

_DATA = (
    r"https?://\S+",
    r"[\w.+•-]+@[\w.-]+",
    r"\b[a-z0-9-]+(\.[a-z0-9-]+)+\b",
    # Days and months have their own catalogue, zones their own names.
    r"\b(Mon|Tues?|Wed(nes)?|Thu(rs)?|Fri|Sat(ur)?|Sun)(day)?\b",
    r"\b(Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)\b",
    # What the merge language makes of a date is English, and keys have the names on them.
    r"\bNovember\b|\((Ctrl|Shift|Tab)[\w+]*\)",
    r"\b(IST|UTC)\b",
    # Each language is called what its people call it.
    rf"\b({'|'.join(language.name for language in LANGUAGES.values())})\b",
    r"\b[A-Z]\w+/[A-Z][\w ]+\b",
    r"\{\{.*?\}\}",
    r"</?p>",
    r"\b(Dakiya|CSV|XLSX|HTML|MB|kB|utf-8)\b",
    r"\bGmail\b|\bMicrosoft 365\b|\bAmazon SES\b|\bBrevo\b|\bSendGrid\b|\bZoho Mail\b",
    r"\bOutlook\.com\b|\bMailgun\b|\biCloud\b|\bYahoo\b|\bGoogle (relay|Workspace)\b",
    # The API's words, which the form of an account mends.
    r"must be a whole number\.",
    # WTForms brings catalogues of its own, English here.
    r"Not a valid choice\.|Field cannot be longer than \d+ characters\.",
    # Names that people gave, and what servers said.
    r"\bRavi Kumar\b|=cmd\(\)|Over <quota>|“said by the server”",
    r"\bDiwali offer( \(copy\))?",
    r"\b(Running|Relay|Demo inbox|Empty|Asha|asha|Ravi|Hello|Pune)\b",
    # What a starter says in its subject and behind it.
    r"What kept us busy this month|A story from the hills, a book for the bus, and a date to keep",
    r"\bA picture of alice\b|\bLogo\b",
    r"\b(city|name|email|tests|[Nn]obody)\b",
)
DATA: Sequence[re.Pattern[str]] = [re.compile(pattern) for pattern in _DATA]


@cache
def english_yet() -> Sequence[re.Pattern[str]]:
    """Return the texts that nothing looks up: of the domain, and the API's about mistakes."""
    found = {text for path in _ENGLISH for _, text in strings_of(path.read_text("utf-8"))}
    long = [text for text in found if len(re.sub(r"\{\}|[^A-Za-z]", "", text)) >= _LEAST_LETTERS]
    return [pattern_of(text) for text in sorted(long, key=len, reverse=True)]
