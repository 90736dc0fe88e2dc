"""A campaign's mail as one recipient will see it, without sending it."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from dakiya.mail.languages import DEFAULT_LANGUAGE
from dakiya.mail.merge import Escape, parse
from dakiya.mail.parts import complete_parts

_SCHEME = re.compile(r"\(\s*prefers-color-scheme\s*:\s*(dark|light)\s*\)", re.IGNORECASE)
_BOTH = re.compile(r"(color-scheme\s*:\s*|content=[\"'])light dark", re.IGNORECASE)
# About what Gmail's and Outlook's apps do to a mail without colours of its own for the dark.
_TURNED: Final = (
    "<style>html{background:#fff;filter:invert(.9) hue-rotate(180deg)}"
    "img,video,[background]{filter:invert(1) hue-rotate(180deg)}</style>"
)


@dataclass(frozen=True, slots=True)
class Preview:
    """What a mail's reader sees; ``html`` is as foreign as whoever wrote it, None in a text."""

    subject: str
    preheader: str
    html: str | None
    text: str


def render_preview(
    subject: str,
    html: str | None,
    text: str | None,
    *,
    preheader: str = "",
    postal_address: str = "",
    language: str = DEFAULT_LANGUAGE,
    envelope: str,
    name: str,
    values: Mapping[str, str],
    unsubscribe_url: str,
) -> Preview:
    """Fill in one recipient's values, as `CompiledMessage.fill` does.

    Raises TemplateError or MessageError, both as the real mail would.
    """
    parts = complete_parts(
        html, text, preheader=preheader, postal_address=postal_address, language=language
    )
    filled = {**values, "email": envelope, "unsubscribe_url": unsubscribe_url}
    filled["postal_address"] = postal_address
    if name:
        filled["name"] = name
    return Preview(
        subject=parse(subject).render(filled, Escape.HEADER),
        preheader=parse(preheader).render(filled, Escape.HEADER) if html is not None else "",
        html=parts.html.render(filled, Escape.HTML) if parts.html else None,
        text=parts.text.render(filled, Escape.TEXT),
    )


def in_the_dark(html: str) -> str:
    """Return a mail's HTML as a mail program shows it in the dark, whatever the browser's own mode.

    With colours of its own for the dark it gets those; otherwise its colours are turned, which is
    only about what the various programs do.
    """
    if not _SCHEME.search(html):
        return html + _TURNED
    # A media query that always or never holds: width is never negative.
    html = _SCHEME.sub(
        lambda found: "(min-width:0)" if found[1].lower() == "dark" else "(max-width:0)", html
    )
    return _BOTH.sub(lambda found: f"{found[1]}dark", html)
