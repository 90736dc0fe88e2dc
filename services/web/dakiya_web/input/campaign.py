"""Reads the fields of a campaign, its recipients and its schedule."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from dakiya.campaigns.content import (
    MAX_PREHEADER_CHARS,
    MAX_SUBJECT_CHARS,
    Content,
    ContentError,
    finish_content,
)
from dakiya.contacts.checks import RawRecipient, show_address
from dakiya.contacts.recipients import Rejection
from dakiya.mail.addresses import clean_header
from dakiya.mail.languages import DEFAULT_LANGUAGE
from dakiya.mail.merge import MAX_SOURCE_CHARS, parse
from dakiya.mail.template import TemplateError
from dakiya.models import ContentKind
from dakiya_web.input.reader import MAX_ID, FieldReader, InvalidFields

MAX_RECIPIENTS = 100_000
MAX_NAME_CHARS = 200
CONTENT_PARTS = ("kind", "subject", "preheader", "source", "html", "text", "language")


@dataclass(frozen=True)
class CampaignInput:
    """A valid campaign; its account is only a number so far."""

    name: str
    content: Content | None
    smtp_account_id: int
    recipients: "RecipientsInput"
    resend_unknown: bool = False


@dataclass(frozen=True)
class RecipientsInput:
    """The recipients that could be read, and those that could not; rows count from 1."""

    raw: list[RawRecipient] = field(default_factory=list)
    rejected: list[Rejection] = field(default_factory=list)


@dataclass(frozen=True)
class ScheduleInput:
    """When to send: "now" or a time, and the zone if one was given."""

    at: str
    timezone: str | None


def read_campaign(
    body: Mapping[str, object], *, with_recipients: bool = True, with_content: bool = True
) -> CampaignInput:
    """Read a whole campaign, or one without its recipients or its content. Raises InvalidFields."""
    reader = FieldReader(body)
    name = reader.line("name", max_chars=MAX_NAME_CHARS)
    reader.know(*CONTENT_PARTS)
    content = _read_content(reader) if with_content else None
    account_id = reader.integer("smtp_account_id", minimum=1, maximum=MAX_ID) or 0
    resend_unknown = reader.flag("resend_unknown")
    items = reader.sequence("recipients") if with_recipients else []
    if len(items) > MAX_RECIPIENTS:
        reader.wrong("recipients", _TOO_MANY)
    reader.finish()
    return CampaignInput(name, content, account_id, read_items(items), resend_unknown)


def _read_content(reader: FieldReader) -> Content:
    """Read what the campaign says, in any of its kinds; mistakes stand at their parts."""
    kind = reader.choice("kind", ContentKind) if reader.has("kind") else ContentKind.HTML
    source = dict(reader.mapping("source"))
    content = Content(
        kind=kind,
        subject=reader.line("subject", max_chars=MAX_SUBJECT_CHARS),
        preheader=reader.line("preheader", max_chars=MAX_PREHEADER_CHARS, required=False),
        html=reader.text("html", max_chars=MAX_SOURCE_CHARS, required=kind is ContentKind.HTML),
        text=reader.text("text", max_chars=MAX_SOURCE_CHARS, required=kind is ContentKind.TEXT)
        or None,
        source=source or None,
        language=reader.line("language", max_chars=20, required=False) or DEFAULT_LANGUAGE,
    )
    for part, source_of_part in (
        ("subject", content.subject),
        ("preheader", content.preheader),
        ("text", content.text or ""),
        ("html", content.html if kind is ContentKind.HTML else ""),
    ):
        _check_template(reader, part, source_of_part)
    own = "source" if kind is ContentKind.RICH else kind.value
    for part in ("html", "source"):
        if part != own and getattr(content, part):
            reader.wrong(part, f'cannot be sent with a mail of kind "{kind}".')
    if kind is ContentKind.TEXT and content.preheader:
        reader.wrong("preheader", 'cannot be sent with a mail of kind "text".')
    if not reader.any_wrong():
        try:
            return finish_content(content)
        except ContentError as error:
            for message in error.messages:
                reader.wrong(error.field, message)
    return content


def read_recipients(body: object) -> RecipientsInput:
    """Read a JSON list of recipients. Raises InvalidFields when it is not a list."""
    if not isinstance(body, list):
        raise InvalidFields({"recipients": ['Send a list: [{"email": "asha@example.com"}].']})
    if len(body) > MAX_RECIPIENTS:
        raise InvalidFields({"recipients": [_TOO_MANY]})
    if not body:
        raise InvalidFields({"recipients": ["The list is empty."]})
    return read_items(body)


def read_items(items: list[Any]) -> RecipientsInput:
    """Sort a list into recipients and rejected rows; one bad row never costs the others."""
    found = RecipientsInput()
    for row, item in enumerate(items, start=1):
        try:
            found.raw.append(_read_item(row, item))
        except _BadItem as error:
            found.rejected.append(Rejection(row=row, email=error.email, error=str(error)))
    return found


def read_schedule(body: Mapping[str, object]) -> ScheduleInput:
    """Read when to send. Raises InvalidFields."""
    reader = FieldReader(body)
    at = reader.line("at", max_chars=100)
    timezone = reader.line("timezone", max_chars=100, required=False) or None
    reader.finish()
    return ScheduleInput(at, timezone)


_TOO_MANY = f"At most {MAX_RECIPIENTS:,} recipients fit into one request; send the rest in another."
_KNOWN = frozenset({"email", "name", "fields"})


class _BadItem(Exception):
    """A recipient of the wrong shape."""

    def __init__(self, message: str, email: str = "") -> None:
        super().__init__(message)
        self.email = email


def _read_item(row: int, item: object) -> RawRecipient:
    if not isinstance(item, dict):
        raise _BadItem('each recipient is an object: {"email": "asha@example.com"}')
    email = item.get("email")
    if not isinstance(email, str):
        raise _BadItem("email is missing or is not text")
    unknown = item.keys() - _KNOWN
    if unknown:
        names = clean_header(", ".join(sorted(unknown)))[:200]
        raise _BadItem(f"unknown: {names}; merge fields go into fields", show_address(email))
    name, fields = item.get("name"), item.get("fields")
    if not isinstance(name, str | None):
        raise _BadItem("name is not text", show_address(email))
    if not isinstance(fields, dict | None):
        raise _BadItem('fields is not an object, such as {"city": "Pune"}', show_address(email))
    return RawRecipient(row=row, email=email, name=name, fields=fields or {})


def _check_template(reader: FieldReader, part: str, source: str) -> None:
    try:
        parse(source)
    except TemplateError as error:
        reader.wrong(part, f"{error}.")
