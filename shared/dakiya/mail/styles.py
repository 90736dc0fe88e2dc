"""Styles of somebody's own HTML, written beside the elements they are for.

Mail programs that drop <style> (Gmail for other people's addresses, many webmailers) then show the
mail as it was meant. It is done once, when the content is stored: never by a sender.
"""

import re
from functools import cache
from typing import Final

import css_inline

from dakiya.mail.html_pieces import Comment, Start, Text, html_pieces, nesting_of

# What it may cost: 2,000 rules for everything on 20,000 elements (40 million) took 2.2 s.
MAX_MATCHES: Final = 4_000_000
MAX_CHARS: Final = 1_500_000
MAX_NESTING: Final = 300

_MERGE_TAG = re.compile(r"\{\{[^{}]*\}\}|\{%[^{}%]*%\}")
_DOCTYPE = re.compile(r"\s*<!doctype[^>]*>", re.IGNORECASE)


def inline_styles(source: str) -> str | None:
    """Return the HTML with its styles inlined; None where it has none, or it cannot be done safely.

    Merge tags, comments and the <style> elements themselves stay as they are.
    """
    tags: list[str] = []
    # A private word, so that no one else's text is taken for a tag of ours.
    word = "dakiyatag"
    while word in source.lower():
        word += "x"

    def hold(found: re.Match[str]) -> str:
        tags.append(found.group())
        return f"{word}{len(tags) - 1}z"

    held = _MERGE_TAG.sub(hold, source)
    rules, elements = _count(held)
    if not rules or rules * elements > MAX_MATCHES or nesting_of(held) > MAX_NESTING:
        return None
    # Between the rows of a table only a comment stays where it stands.
    held = _in_comments(held, word)
    try:
        made = _inliner().inline(held)
    except (css_inline.InlineError, ValueError):
        return None
    if re.search(rf'{word}[0-9]+z=""', made):  # a merge tag among a tag's attributes
        return None
    made, count = re.subn(
        rf"<!--{word}([0-9]+)z-->|{word}([0-9]+)z",
        lambda found: tags[int(found[1] or found[2])],
        made,
    )
    if count != len(tags) or len(made) > MAX_CHARS:
        return None
    doctype = _DOCTYPE.match(source)
    return _DOCTYPE.sub(lambda _: doctype.group(), made, count=1) if doctype else made


def _count(source: str) -> tuple[int, int]:
    """Count the rules of its <style> elements, and its elements."""
    rules = elements = 0
    is_style = False
    for piece in html_pieces(source):
        if isinstance(piece, Start):
            elements += 1
            is_style = piece.name == "style"
        elif isinstance(piece, Text) and is_style:
            rules += piece.data.count("{") + piece.data.count(",")
            is_style = False
    return rules, elements


def _in_comments(source: str, word: str) -> str:
    """Make comments of the words that stand in text, outside tags, comments and styles."""
    pieces: list[str] = []
    sent = 0
    raw = False

    def send_text(until: int) -> None:
        text = source[sent:until]
        pieces.append(text if raw else re.sub(rf"{word}[0-9]+z", r"<!--\g<0>-->", text))

    for piece in html_pieces(source):
        if isinstance(piece, Text):
            continue
        begin = piece.begin
        end = begin + len(piece.data) if isinstance(piece, Comment) else piece.end
        send_text(begin)
        pieces.append(source[begin:end])
        sent = end
        raw = isinstance(piece, Start) and piece.name in ("style", "title", "textarea", "xmp")
    send_text(len(source))
    return "".join(pieces)


@cache
def _inliner() -> css_inline.CSSInliner:
    return css_inline.CSSInliner(keep_style_tags=True, load_remote_stylesheets=False)
