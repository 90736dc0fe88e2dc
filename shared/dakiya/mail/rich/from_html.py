"""A rich document out of HTML: of another kind of mail, or pasted from Word, Google Docs or a page.

What has a place in a document comes along; the rest is counted and told, never kept in secret.
"""

import re
from collections import Counter
from dataclasses import dataclass, field
from typing import Any, Final

import nh3

from dakiya.mail.html_pieces import Start, html_pieces, nesting_of
from dakiya.mail.plain import text_from_html
from dakiya.mail.rich.from_text import document_of_text
from dakiya.mail.rich.html_tree import tree_of
from dakiya.mail.rich.lines import Line
from dakiya.mail.rich.reading import MAX_TEXT_CHARS, Flow, Room
from dakiya.mail.rich.word_lists import read_word_lists

# Without embedded pictures, which are most of a paste of some megabytes.
MAX_CHARS: Final = 500_000
MAX_NESTING: Final = 300

_EMBEDDED = re.compile(r"data:[^\s\"'<>]{100,}+", re.IGNORECASE)

_TAGS: Final = frozenset(
    {"p", "div", "h1", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "li", "blockquote", "hr", "br"}
    | {"a", "b", "strong", "i", "em", "u", "ins", "s", "strike", "del", "code", "pre", "span"}
    | {"font", "center", "img", "table", "thead", "tbody", "tfoot", "tr", "td", "th", "section"}
    | {"article", "header", "footer", "main", "address", "dl", "dt", "dd", "figure", "figcaption"}
)
_ATTRIBUTES: Final = {
    "*": {"style", "class", "dir", "align", "role"},
    "a": {"href"},
    "img": {"src", "alt", "title", "width"},
    "ol": {"start"},
    "td": {"colspan", "rowspan"},
    "th": {"colspan", "rowspan"},
    "table": {"border"},
    "font": {"color"},
}
_GONE: Final = frozenset(
    {"script", "style", "title", "head", "iframe", "object", "svg", "math", "noscript", "template"}
    | {"select", "textarea", "button", "audio", "video"}
)
_VOID: Final = frozenset({"br", "hr", "img"})
# What people miss when it is gone, in their words.
_MISSED: Final = {
    "script": "scripts",
    "style": "styles of its own",
    "iframe": "embedded pages",
    "svg": "drawings",
    "form": "forms",
    "input": "form fields",
    "button": "form fields",
    "select": "form fields",
    "textarea": "form fields",
    "video": "videos",
    "audio": "sounds",
}


@dataclass(frozen=True)
class FromHtml:
    """A document's JSON, and what of the HTML is not in it: "forms (2)"."""

    document: dict[str, Any]
    lost: list[str] = field(default_factory=list)


def document_of_html(source: str) -> FromHtml:
    """Read any HTML into a document; never raises, and cuts what is longer than MAX_CHARS."""
    lost: Counter[str] = Counter()
    source = _EMBEDDED.sub("data:,", Line.clean(source))
    if len(source) > MAX_CHARS:
        source = source[:MAX_CHARS]
        lost[f"all behind the first {MAX_CHARS:,} characters"] += 1
    for piece in html_pieces(source):
        if isinstance(piece, Start) and piece.name in _MISSED:
            lost[_MISSED[piece.name]] += 1
    if nesting_of(source) > MAX_NESTING:
        plain = document_of_text(text_from_html(source)[:MAX_TEXT_CHARS])
        return FromHtml(plain, ["all but its text: its parts are too deep inside one another"])
    sound = nh3.clean(
        source,
        tags=set(_TAGS),
        attributes={name: set(names) for name, names in _ATTRIBUTES.items()},
        clean_content_tags=set(_GONE),
        url_schemes={"http", "https", "mailto", "tel", "sms", "data"},
        link_rel=None,
    )
    tree = tree_of(read_word_lists(html_pieces(sound)), _VOID)
    blocks = Flow(lost, Room()).read(tree)
    return FromHtml(
        {"type": "doc", "content": blocks or [{"type": "paragraph"}]},
        [_counted(what, count) for what, count in lost.items() if count],
    )


def _counted(what: str, count: int) -> str:
    return what if what.startswith(("all ", "styles")) else f"{what} ({count})"
