"""The parts of a mail as they go out: with preheader and footer, ready to be filled."""

import html as markup
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from dakiya.mail.bodies import MessageError
from dakiya.mail.languages import DEFAULT_LANGUAGE, MailLanguage, mail_language
from dakiya.mail.links_in import keep_links_whole
from dakiya.mail.merge import MAX_SOURCE_CHARS, Escape, Template
from dakiya.mail.merge import parse as parse_source
from dakiya.mail.plain import text_from_html
from dakiya.mail.template import settle
from dakiya.mail.unseen import seen, without_merge_tags

LINK: Final = "unsubscribe_url"
ADDRESS: Final = "postal_address"

_BODY_END = re.compile(r"</body\s*>", re.IGNORECASE)
# Where what is shown begins, best first.
_BEGINNINGS: Final = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (r"<body\b[^<>]*>", r"</head\s*>", r"<html\b[^<>]*>", r"<!doctype\b[^<>]*>")
)

_SMALL: Final = "font:13px/1.5 sans-serif;color:#666;text-align:center"
# The address is in whatever language its owner wrote it.
_HTML_ADDRESS: Final = (
    f'<p dir="auto" style="margin:1em 0 0;{_SMALL}">{{{{ postal_address }}}}</p>\r\n'
)
_TEXT_SIGN: Final = "\r\n-- \r\n"
_TEXT_ADDRESS: Final = "{{ postal_address }}\r\n"

# Without them a mail program shows the mail's first words behind a short preheader.
_FILLER: Final = "&#847;&zwnj;&nbsp;" * 60
_HIDDEN: Final = (
    '<div style="display:none;font-size:1px;line-height:1px;max-height:0;max-width:0;opacity:0;'
    'overflow:hidden;mso-hide:all" aria-hidden="true">'
)


@dataclass(frozen=True, slots=True)
class Parts:
    """Both bodies as templates; what is the same for every recipient is filled in already."""

    html: Template | None
    text: Template


def complete_parts(
    html: str | None,
    text: str | None,
    *,
    preheader: str = "",
    postal_address: str = "",
    language: str = DEFAULT_LANGUAGE,
) -> Parts:
    """Add what each mail has: preheader, unsubscribe link, postal address, a text part.

    `html` None: a mail of text alone. A blank `text` is made from the HTML. Link and address
    are added unless every recipient sees them, in the mail's language; no address, no line for one.
    Raises TemplateError, and MessageError where the footer cannot be added.
    """
    spoken = mail_language(language)
    known = {ADDRESS: postal_address.strip()}
    if html is not None:
        html = _with_html_footer(html, known, spoken)
    written = text if text and text.strip() else text_from_html(html) if html is not None else ""
    return Parts(
        html=None if html is None else _settled(_with_preheader(html, preheader), known),
        text=settle(
            keep_links_whole(parse(_with_text_footer(written, known, spoken)), Escape.TEXT),
            known,
            Escape.TEXT,
        ),
    )


def parse(source: str) -> Template:
    """Read a body that may have grown by its footer, its preheader and its styles."""
    return parse_source(source, max_chars=3 * MAX_SOURCE_CHARS)


def _settled(html: str, known: Mapping[str, str]) -> Template:
    lines = {name: markup.escape(value) for name, value in known.items()}
    lines[ADDRESS] = lines[ADDRESS].replace("\r\n", "\n").replace("\n", "<br>")
    return settle(keep_links_whole(parse(html), Escape.HTML), lines, Escape.TEXT)


def _missing(source: str, known: Mapping[str, str]) -> list[str]:
    """Name what the footer has to say, as the source does not say it to every recipient."""
    shown = parse(source).always_with({name for name, value in known.items() if value})
    wanted = (LINK, ADDRESS) if known[ADDRESS] else (LINK,)
    return [name for name in wanted if name not in shown]


def _with_html_footer(html: str, known: Mapping[str, str], spoken: MailLanguage) -> str:
    """Add the footer at the end of the body."""
    missing = _missing(seen(html), known)
    if not missing:
        return html
    lines = {LINK: _html_link(spoken), ADDRESS: _HTML_ADDRESS}
    footer = "".join(lines[name] for name in missing)
    ends = [found.start() for found in _BODY_END.finditer(without_merge_tags(html))]
    for at in (*ends[-1:], len(html)):
        longer = html[:at] + footer + html[at:]
        if not _missing(seen(longer), known):
            return longer
    raise MessageError(
        "the unsubscribe link cannot be added to this HTML where it is seen: look for something "
        "hidden (display:none and the like) that is never closed"
    )


def _html_link(spoken: MailLanguage) -> str:
    return (
        f'<p lang="{spoken.code}" dir="{spoken.direction}" style="margin:2em 0 0;{_SMALL}">'
        f'{spoken.question} <a href="{{{{ unsubscribe_url }}}}" style="color:#666">'
        f"{spoken.unsubscribe}</a></p>\r\n"
    )


def _with_text_footer(text: str, known: Mapping[str, str], spoken: MailLanguage) -> str:
    missing = _missing(text, known)
    if not missing:
        return text
    link = f"{spoken.unsubscribe}: {{{{ unsubscribe_url }}}}\r\n"
    lines = {LINK: link, ADDRESS: _TEXT_ADDRESS}
    return text + _TEXT_SIGN + "".join(lines[name] for name in missing)


def _with_preheader(html: str, preheader: str) -> str:
    """Put the words that an inbox shows behind the subject where the body begins, unseen."""
    if not preheader.strip():
        return html
    # Inside a merge tag or a comment nothing is a tag of HTML.
    shown = without_merge_tags(html)
    found = next((tag for begin in _BEGINNINGS if (tag := begin.search(shown))), None)
    at = found.end() if found else 0
    hidden = f"{_HIDDEN}{markup.escape(preheader, quote=False)}\r\n{_FILLER}</div>\r\n"
    return html[:at] + hidden + html[at:]
