"""What a campaign says: one source in one of three kinds, and what is made from it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from dakiya.errors import InvalidInput
from dakiya.mail.compiled import MessageError
from dakiya.mail.html_check import check_html
from dakiya.mail.languages import DEFAULT_LANGUAGE, LANGUAGES
from dakiya.mail.merge import MAX_SOURCE_CHARS, parse
from dakiya.mail.parts import complete_parts
from dakiya.mail.rich.document import RichError
from dakiya.mail.rich.render import html_of
from dakiya.mail.styles import inline_styles
from dakiya.mail.template import TemplateError
from dakiya.models import ContentKind, ContentVersion, Template

MAX_SUBJECT_CHARS: Final = 500
MAX_PREHEADER_CHARS: Final = 500


@dataclass(frozen=True)
class Content:
    """What a campaign says; every part may carry merge fields.

    ``language`` (dakiya.mail.languages) is that of the words which are ours. A mail of text alone
    has no ``preheader``.
    The kind tells which part is the source: ``html`` as it was written; ``source``, a rich
    document (dakiya.mail.rich), from which ``html`` is made whatever it was; or ``text``, without
    any HTML. Otherwise a blank ``text`` stands for one made from the HTML.
    """

    subject: str
    html: str = ""
    text: str | None = None
    kind: ContentKind = ContentKind.HTML
    source: dict[str, Any] | None = None
    preheader: str = ""
    language: str = DEFAULT_LANGUAGE


class ContentError(InvalidInput):
    """Content that cannot be kept; ``field`` names its part, ``messages`` tell each mistake."""

    def __init__(self, messages: Sequence[str], field: str) -> None:
        super().__init__(" ".join(messages), field)
        self.messages = messages


def finish_content(content: Content) -> Content:
    """Check content, and make from its source what follows from it. Doing it twice is harmless.

    Raises ContentError, for the mistakes of the first part that has any.
    """
    _require_language(content.language)
    for part, written in (("subject", content.subject), ("preheader", content.preheader)):
        _require_template(part, written)
    text = content.text if content.text and content.text.strip() else None
    _require_template("text", text or "")
    if content.kind is ContentKind.RICH:
        try:
            made = html_of(content.source, language=content.language, title=content.subject)
        except RichError as error:
            raise ContentError([str(error)], "source") from None
        if len(made) > MAX_SOURCE_CHARS:
            raise ContentError(["This mail is too long. Cut it in two."], "source")
        content = replace(content, html=made)
    elif content.kind is ContentKind.TEXT:
        if text is None:
            raise ContentError(["Write the mail."], "text")
        content = replace(content, html="", source=None, preheader="")
    else:
        _require_template("html", content.html)
        if messages := check_html(content.html):
            raise ContentError(messages, "html")
        content = replace(content, source=None)
    content = replace(content, text=text)
    try:
        complete_parts(html_or_none(content), text, preheader=content.preheader)
    except TemplateError as error:
        # The source itself was read above.
        words = f"In the plain text that is made from it {error.message}. Write that text yourself."
        raise ContentError([words], "text") from None
    except MessageError as error:
        part = "text" if content.kind is ContentKind.TEXT else "html"
        raise ContentError([f"{error}."], part) from None
    return content


def content_of(version: ContentVersion | Template) -> Content:
    """Return what a stored version or a template says."""
    return Content(
        subject=version.subject,
        html=version.html,
        text=version.text,
        kind=version.kind,
        source=version.source,
        preheader=version.preheader,
        language=version.language,
    )


def html_or_none(content: Content) -> str | None:
    """Return the HTML, None for a mail of text alone."""
    return None if content.kind is ContentKind.TEXT else content.html


def html_as_written(version: ContentVersion) -> str:
    """Return the HTML without what it repeats: the title of a rich mail is its subject."""
    return (
        version.html.rpartition("</title>")[2] if version.kind is ContentKind.RICH else version.html
    )


def inlined_of(content: Content) -> str | None:
    """Return how the HTML goes out where that differs: styles beside their elements."""
    return inline_styles(content.html) if content.kind is ContentKind.HTML else None


def _require_language(code: str) -> None:
    if code not in LANGUAGES:
        raise ContentError([f"Choose one of {', '.join(LANGUAGES)}."], "language")


def _require_template(part: str, written: str) -> None:
    try:
        parse(written)
    except TemplateError as error:
        raise ContentError([f"{error}."], part) from None
