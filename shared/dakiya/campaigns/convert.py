"""The same mail in another of the three ways to write one, as a copy; what is lost is told.

A conversion never replaces the content it comes from: the source of a mail is written by a person,
and switching back and forth would wear it down.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from html import escape
from typing import Any, Final

from sqlalchemy.orm import Session

from dakiya.campaigns.content import Content, content_of, finish_content
from dakiya.campaigns.drafts import set_content
from dakiya.campaigns.duplicate import duplicate_campaign
from dakiya.errors import IllegalState
from dakiya.mail.html_check import take_out
from dakiya.mail.html_pieces import Start, html_pieces
from dakiya.mail.plain import text_from_html
from dakiya.mail.rich.from_html import document_of_html
from dakiya.mail.rich.from_text import document_of_text
from dakiya.models import Campaign, ContentKind

# What a text has no room for, by the tag that shows it.
_SHOWN: Final = {"img": "pictures", "table": "tables", "hr": "dividers"}
_LOOK: Final = "colours, sizes, bold and alignment"
_TOOLBAR: Final = "the toolbar: from now on the mail is written as code"


@dataclass(frozen=True)
class Converted:
    """Content of another kind, and what it has lost on the way, in words for a list."""

    content: Content
    lost: list[str]


def convert(content: Content, to: ContentKind) -> Converted:
    """Write content in another way. Raises ContentError where it cannot be, as a tag is cut in two.

    Into the same kind nothing is lost. The content is complete (`finish_content`).
    """
    made = _CONVERSIONS.get((content.kind, to), _same)(content)
    return Converted(finish_content(made.content), made.lost)


def convert_copy(
    session: Session, campaign: Campaign, to: ContentKind, *, with_recipients: bool
) -> tuple[Campaign, list[str]]:
    """Add a draft that says the same in another way; returns it and what was lost.

    Raises IllegalState without content, and ContentError. The caller has authorised, and commits.
    """
    if campaign.content is None:
        raise IllegalState("The campaign has no content yet. There is nothing to convert.")
    converted = convert(content_of(campaign.content), to)
    copy = duplicate_campaign(session, campaign, with_recipients=with_recipients)
    set_content(session, copy, converted.content)
    return copy, converted.lost


def _same(content: Content) -> Converted:
    return Converted(content, [])


def _rich_to_html(content: Content) -> Converted:
    return Converted(replace(content, kind=ContentKind.HTML, source=None), [_TOOLBAR])


def _html_to_text(content: Content) -> Converted:
    text = content.text or text_from_html(content.html)
    counted = Counter(
        _SHOWN[piece.name]
        for piece in html_pieces(content.html)
        if isinstance(piece, Start) and _is_seen(piece)
    )
    lost = [_LOOK, *(f"{what} ({count})" for what, count in counted.items())]
    if content.preheader:
        lost.append("the preview text: a mail of plain text has none")
    plain = Content(content.subject, text=text, kind=ContentKind.TEXT, language=content.language)
    return Converted(plain, lost)


def _is_seen(piece: Start) -> bool:
    return piece.name in _SHOWN and piece.attributes.get("role") != "presentation"


def _html_to_rich(content: Content) -> Converted:
    sound, taken = take_out(content.html)
    found = document_of_html(sound)
    rich = replace(content, kind=ContentKind.RICH, source=found.document, html="")
    lost = [*taken, *found.lost, "fonts, paddings and whatever else its own styles say"]
    return Converted(rich, lost)


def _text_to_rich(content: Content) -> Converted:
    document = document_of_text(content.text or "")
    return Converted(replace(content, kind=ContentKind.RICH, source=document, text=None), [])


def _text_to_html(content: Content) -> Converted:
    document = document_of_text(content.text or "")
    html = "".join(f"<p>{''.join(_as_html(block))}</p>\n" for block in document["content"])
    return Converted(replace(content, kind=ContentKind.HTML, html=html, text=None), [])


def _as_html(block: Mapping[str, Any]) -> Iterator[str]:
    for piece in block.get("content", ()):
        if piece["type"] == "hardBreak":
            yield "<br>\n"
        elif "marks" in piece:
            yield f'<a href="{escape(piece["text"])}">{escape(piece["text"])}</a>'
        else:
            yield escape(piece["text"], quote=False)


_CONVERSIONS: Final = {
    (ContentKind.RICH, ContentKind.HTML): _rich_to_html,
    (ContentKind.RICH, ContentKind.TEXT): _html_to_text,
    (ContentKind.HTML, ContentKind.TEXT): _html_to_text,
    (ContentKind.HTML, ContentKind.RICH): _html_to_rich,
    (ContentKind.TEXT, ContentKind.RICH): _text_to_rich,
    (ContentKind.TEXT, ContentKind.HTML): _text_to_html,
}
