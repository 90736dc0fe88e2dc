"""A template as a file that another installation takes: JSON, the same as the starters are kept in.

    {"format": "dakiya-template", "version": 1, "name": …, "about": …,
     "kind": "rich" | "html" | "text", "subject": …, "preheader": …,
     "language": "en", "source": the document, "html": …, "text": …}

Pictures are named by their addresses; the file does not hold them.
"""

import json
from dataclasses import dataclass
from typing import Any, Final

from dakiya.campaigns.content import (
    MAX_PREHEADER_CHARS,
    MAX_SUBJECT_CHARS,
    Content,
    ContentError,
    finish_content,
)
from dakiya.errors import InvalidInput
from dakiya.mail.addresses import clean_header
from dakiya.mail.languages import DEFAULT_LANGUAGE
from dakiya.models import ContentKind

FORMAT: Final = "dakiya-template"
VERSION: Final = 1
MAX_BYTES: Final = 3_000_000
MAX_NAME_CHARS: Final = 200
_KNOWN: Final = frozenset(
    {"format", "version", "name", "about", "kind", "subject", "preheader", "source", "html", "text"}
    | {"language"}
)
_NO_FILE: Final = "This is no template of Dakiya. Choose a file that “Export” has written."


@dataclass(frozen=True)
class TemplateFile:
    """What a template's file says; its content was checked."""

    name: str
    about: str
    content: Content


def write_template(name: str, content: Content) -> bytes:
    """Return a template as a file, with its source and without what is made from that."""
    said: dict[str, Any] = {
        "format": FORMAT,
        "version": VERSION,
        "name": name,
        "kind": content.kind.value,
        "subject": content.subject,
        "preheader": content.preheader,
        "language": content.language,
    }
    if content.kind is ContentKind.RICH:
        said["source"] = content.source
    elif content.kind is ContentKind.HTML:
        said["html"] = content.html
    said["text"] = content.text
    return json.dumps(said, ensure_ascii=False, indent=1).encode() + b"\n"


def read_template(data: bytes) -> TemplateFile:
    """Read a template's file. Raises InvalidInput: what is wrong with it, in plain words."""
    if len(data) > MAX_BYTES:
        raise InvalidInput("A template's file may have at most 3 MB.")
    if not data.strip():
        raise InvalidInput("This file is empty.")
    try:
        said = json.loads(data.decode("utf-8-sig"), parse_constant=_refuse_constant)
    except (ValueError, RecursionError):
        raise InvalidInput(_NO_FILE) from None
    if not isinstance(said, dict) or said.get("format") != FORMAT:
        raise InvalidInput(_NO_FILE)
    if said.get("version") != VERSION:
        raise InvalidInput("This template was written by a newer Dakiya than this one.")
    for name in said:
        if name not in _KNOWN:
            raise InvalidInput(f"A template has no “{clean_header(name)[:40]}”.")
    template_name = clean_header(_text(said, "name")).strip()
    if len(template_name) > MAX_NAME_CHARS:
        raise InvalidInput(
            f"The template's name has {len(template_name):,} characters, and {MAX_NAME_CHARS} are "
            "the most: shorten “name” in the file."
        )
    return TemplateFile(
        name=template_name or "Template",
        about=clean_header(_text(said, "about")).strip(),
        content=_content(said),
    )


def _content(said: dict[str, Any]) -> Content:
    written = _text(said, "kind")
    if written not in list(ContentKind):
        kinds = ", ".join(ContentKind)
        raise InvalidInput(f"This template is of no kind that is known here: {kinds}.")
    source = said.get("source")
    content = Content(
        subject=clean_header(_text(said, "subject")).strip(),
        html=_text(said, "html"),
        text=_text(said, "text") or None,
        kind=ContentKind(written),
        source=source if isinstance(source, dict) else None,
        preheader=clean_header(_text(said, "preheader")).strip(),
        language=_text(said, "language") or DEFAULT_LANGUAGE,
    )
    for part, written, most in (
        ("subject", content.subject, MAX_SUBJECT_CHARS),
        ("preheader", content.preheader, MAX_PREHEADER_CHARS),
    ):
        if len(written) > most:
            raise InvalidInput(f"“{part}” is longer than {most} characters.")
    if content.kind is ContentKind.RICH and content.source is None:
        raise InvalidInput("This template has no document in “source”.")
    try:
        return finish_content(content)
    except (ContentError, RecursionError) as error:
        words = str(error) if isinstance(error, ContentError) else "It is too deep inside itself."
        raise InvalidInput(f"What this template says cannot be a mail. {words}") from None


def _text(said: dict[str, Any], name: str) -> str:
    value = said.get(name)
    if value is not None and not isinstance(value, str):
        raise InvalidInput(f"“{name}” is no text.")
    if value and any(ord(letter) == 0 or 0xD800 <= ord(letter) <= 0xDFFF for letter in value):
        raise InvalidInput(f"“{name}” holds a NUL or half a character.")
    return value or ""


def _refuse_constant(name: str) -> object:
    raise ValueError(name)
