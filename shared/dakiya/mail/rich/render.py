"""The HTML of a rich document, as mail programs need it: tables for Outlook, styles inlined."""

from dataclasses import replace
from functools import cache
from html import escape
from importlib.resources import files
from string import Template as Text
from typing import Final

import css_inline

from dakiya.mail.languages import DEFAULT_LANGUAGE, mail_language
from dakiya.mail.merge import parse
from dakiya.mail.rich.blocks import blocks
from dakiya.mail.rich.colours import lightened_for_dark, quiet_on
from dakiya.mail.rich.direction import is_mostly_rtl
from dakiya.mail.rich.document import Node, RichError, read_document
from dakiya.mail.rich.look import Look
from dakiya.mail.template import TemplateError

_FONTS: Final = {
    "sans": "-apple-system, Segoe UI, Roboto, Noto Sans, Helvetica, Arial, sans-serif",
    "serif": "Georgia, Cambria, Noto Serif, Times New Roman, serif",
    "mono": "Menlo, Consolas, Noto Sans Mono, Courier New, monospace",
}
# Outlook takes the first font of a list alone, and none that it does not have.
_OUTLOOK_FONTS: Final = {
    "sans": "Segoe UI, Arial, sans-serif",
    "serif": "Georgia, serif",
    "mono": "Consolas, monospace",
}

_ADDRESS: Final = '{% if postal_address %}<p dir="auto">{{ postal_address }}</p>{% endif %}\n'
_LINK: Final = Text('<p>$question <a href="{{ unsubscribe_url }}">$unsubscribe</a></p>\n')
_FOOT: Final = Text(
    '<table class="card-foot" role="presentation" width="100%" cellpadding="0" cellspacing="0" '
    'border="0"><tr><td class="foot" align="center" dir="$way">\n$lines</td></tr></table>\n'
)


def html_of(source: object, *, language: str = DEFAULT_LANGUAGE, title: str = "") -> str:
    """Make the HTML of a document as JSON gives it, with its merge tags and its footer.

    ``title`` is the subject, with its merge tags. About 2 ms for a newsletter. Raises RichError.
    """
    document = read_document(source)
    spoken = mail_language(language)
    look = look_of(document)
    if spoken.is_rtl:
        look = replace(look, rtl=True)
    body = blocks(document.content, look)
    try:
        written = parse(body)
    except TemplateError as error:
        raise RichError(f"{error.message[:1].upper()}{error.message[1:]}.") from None
    shown = written.always_with({"postal_address"})
    link = _LINK.substitute(question=spoken.question, unsubscribe=spoken.unsubscribe)
    lines = ("" if "postal_address" in shown else _ADDRESS) + (
        "" if "unsubscribe_url" in shown else link
    )
    page = _read("layout.html").substitute(
        language=spoken.code,
        title=escape(title, quote=False),
        way="rtl" if look.rtl else "ltr",
        side="right" if look.rtl else "left",
        outlook_font=_OUTLOOK_FONTS[look.font],
        css=_read("layout.css").substitute(
            font=_FONTS[look.font],
            accent=look.accent,
            accent_dark=lightened_for_dark(look.accent),
            background=look.background,
            foot=quiet_on(look.background),
        ),
        body=body,
        foot=_FOOT.substitute(lines=lines, way=spoken.direction) if lines else "",
    )
    return _inliner().inline(page)


def look_of(document: Node) -> Look:
    """Return the colours and the font that a document asks for, or ours."""
    attrs = document.attrs
    return Look(
        accent=attrs["accent"] or Look.accent,
        background=attrs["background"] or Look.background,
        font=attrs["font"] or Look.font,
        rtl=is_mostly_rtl(document),
    )


@cache
def _read(name: str) -> Text:
    return Text((files("dakiya.mail.rich") / name).read_text("utf-8"))


@cache
def _inliner() -> css_inline.CSSInliner:
    return css_inline.CSSInliner(
        keep_style_tags=False, keep_at_rules=True, load_remote_stylesheets=False
    )
