"""A campaign's mail as one recipient will see it, without sending it."""

from collections.abc import Mapping
from dataclasses import dataclass

from dakiya.mail.merge import Escape, parse
from dakiya.mail.parts import complete_parts


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
    envelope: str,
    name: str,
    values: Mapping[str, str],
    unsubscribe_url: str,
) -> Preview:
    """Fill in one recipient's values, as `CompiledMessage.fill` does.

    Raises TemplateError or MessageError, both as the real mail would.
    """
    parts = complete_parts(html, text, preheader=preheader, postal_address=postal_address)
    filled = {**values, "email": envelope, "unsubscribe_url": unsubscribe_url}
    filled["postal_address"] = postal_address
    if name:
        filled["name"] = name
    return Preview(
        subject=parse(subject).render(filled, Escape.HEADER),
        preheader=parse(preheader).render(filled, Escape.HEADER),
        html=parts.html.render(filled, Escape.HTML) if parts.html else None,
        text=parts.text.render(filled, Escape.TEXT),
    )
