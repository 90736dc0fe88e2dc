"""A campaign's mail as one recipient will see it, without sending it."""

from collections.abc import Mapping
from dataclasses import dataclass

from dakiya.mail.compiled import complete_bodies
from dakiya.mail.merge import Escape, parse


@dataclass(frozen=True, slots=True)
class Preview:
    """What a mail's reader sees; ``html`` is as foreign as whoever wrote it."""

    subject: str
    html: str
    text: str


def render_preview(
    subject: str,
    html: str,
    text: str | None,
    *,
    envelope: str,
    name: str,
    values: Mapping[str, str],
    unsubscribe_url: str,
) -> Preview:
    """Fill in one recipient's values, as `CompiledMessage.fill` does.

    Raises TemplateError or MessageError, both as the real mail would.
    """
    full_html, full_text = complete_bodies(html, text)
    filled = {**values, "email": envelope, "unsubscribe_url": unsubscribe_url}
    if name:
        filled["name"] = name
    return Preview(
        subject=parse(subject).render(filled, Escape.HEADER),
        html=parse(full_html).render(filled, Escape.HTML),
        text=parse(full_text).render(filled, Escape.TEXT),
    )
