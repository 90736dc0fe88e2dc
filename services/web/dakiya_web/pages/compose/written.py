"""What the form of a mail says: read, checked, and compared with what is stored."""

import json
from typing import Any

from dakiya.campaigns.content import Content, ContentError, content_of, finish_content
from dakiya.campaigns.versions import latest_language, may_be_written_as
from dakiya.mail.languages import DEFAULT_LANGUAGE
from dakiya.mail.merge import TemplateError, parse
from dakiya.models import Campaign, ContentKind, ContentVersion, Template
from dakiya_web.input.reader import FieldReader, InvalidFields, sentence
from dakiya_web.pages.compose.blueprint import stamp
from dakiya_web.pages.compose.forms import ContentForm
from dakiya_web.pages.compose.ways import way_word
from dakiya_web.texts import gettext
from dakiya_web.wiring import request_session

# The field of the form that holds the source of each kind.
SOURCE_FIELDS = {ContentKind.RICH: "source", ContentKind.HTML: "html", ContentKind.TEXT: "text"}
_UNLIMITED = 10**7


def stored_form(campaign: Campaign, *, kind: ContentKind = ContentKind.HTML) -> ContentForm:
    """Return the form as it is stored; of a mail that is not begun, an empty one of a kind.

    Its language is that of the mail before.
    """
    if campaign.content is None:
        language = latest_language(request_session(), campaign.workspace_id)
        return ContentForm(
            formdata=None, kind=kind.value, language=language, seen=seen_of(campaign)
        )
    return form_of(campaign.content, seen=seen_of(campaign))


def form_of(stored: ContentVersion | Template, *, seen: str) -> ContentForm:
    """Return the form of a mail as it is stored; ``seen`` is the mark of what it shows."""
    source = stored.source
    return ContentForm(
        formdata=None,
        kind=stored.kind.value,
        subject=stored.subject,
        preheader=stored.preheader,
        language=stored.language,
        html=stored.html if stored.kind is ContentKind.HTML else "",
        source=json.dumps(source, ensure_ascii=False) if source is not None else "",
        text=stored.text or "",
        seen=seen,
    )


def read_written(form: ContentForm, *, complete: bool) -> Content | None:
    """Return what was written, None if it cannot be kept; mistakes then stand at their fields.

    ``complete``: it is to go on, so that a subject is wanted too.
    """
    kind = kind_of(form)
    form.kind.data = kind.value
    valid = form.validate()
    if complete and not (form.subject.data or "").strip():
        valid = _wrong(form, "subject", gettext("Write a subject."))
    if not _own_part(form, kind).strip():
        valid = _wrong(form, SOURCE_FIELDS[kind], gettext("Write the mail."))
    valid = _check_characters(form) and valid
    source = _read_source(form) if kind is ContentKind.RICH else None
    if not valid or (kind is ContentKind.RICH and source is None):
        return None
    content = Content(
        kind=kind,
        subject=(form.subject.data or "").strip(),
        preheader=(form.preheader.data or "").strip(),
        language=form.language.data or DEFAULT_LANGUAGE,
        html=_plain_newlines(form.html.data) if kind is ContentKind.HTML else "",
        text=_plain_newlines(form.text.data) or None,
        source=source,
    )
    return _finish(form, content)


def stored_content(campaign: Campaign) -> Content | None:
    """Return what is stored, to compare."""
    return content_of(campaign.content) if campaign.content is not None else None


def seen_of(campaign: Campaign) -> str:
    """Return the mark of the version that a page shows."""
    return stamp(campaign.content_version_id)


def kind_of(form: ContentForm) -> ContentKind:
    """Return the kind that the form was made for; HTML if it says none that is known."""
    sent = form.kind.data or ""
    return ContentKind(sent) if sent in list(ContentKind) else ContentKind.HTML


def why_other_way(form: ContentForm, campaign: Campaign) -> str:
    """Say why a mail cannot be saved in the way that a form was made for; "" if it can."""
    if may_be_written_as(request_session(), campaign, kind_of(form)):
        return ""
    assert campaign.content is not None  # noqa: S101 - otherwise any way is right
    return gettext(
        "This mail is written as %(way)s and stays so. Convert a copy to write it in another way. "
        "What you typed is still here.",
        way=way_word(campaign.content.kind),
    )


def mistakes_of(form: ContentForm) -> dict[str, str]:
    """Return what is wrong, in a line for each field."""
    return {field.name: " ".join(map(str, field.errors)) for field in form if field.errors}


def _own_part(form: ContentForm, kind: ContentKind) -> str:
    return form[SOURCE_FIELDS[kind]].data or ""


def _check_characters(form: ContentForm) -> bool:
    """Check control characters and merge tags of what was typed as it stands."""
    fields = (form.subject, form.preheader, form.html, form.text)
    reader = FieldReader({field.name: field.data or "" for field in fields})
    reader.line("subject", max_chars=_UNLIMITED, required=False)
    reader.line("preheader", max_chars=_UNLIMITED, required=False)
    reader.text("html", max_chars=_UNLIMITED, required=False)
    reader.text("text", max_chars=_UNLIMITED, required=False)
    too_long = [field for field in fields if field.errors]
    valid = True
    try:
        reader.finish()
    except InvalidFields as error:
        for name, messages in error.errors.items():
            valid = _wrong(form, name, f"This {' '.join(messages)}")
    for field in fields:
        if field in too_long:
            continue
        try:
            parse(_plain_newlines(field.data))
        except TemplateError as error:
            valid = _wrong(form, field.name, sentence(str(error)))
    return valid


def _read_source(form: ContentForm) -> dict[str, Any] | None:
    try:
        source = json.loads(form.source.data or "")
    except (ValueError, RecursionError):
        source = None
    if not isinstance(source, dict):
        _wrong(form, "source", gettext("The mail did not arrive whole. Please try again."))
        return None
    return source


def _finish(form: ContentForm, content: Content) -> Content | None:
    try:
        return finish_content(content)
    except ContentError as error:
        name = error.field if error.field in form else "source"
        for message in error.messages:
            _wrong(form, name, sentence(message))
        return None


def _wrong(form: ContentForm, name: str, words: str) -> bool:
    field = form[name]
    if words not in field.errors:
        field.errors = [*field.errors, words]
    return False


def _plain_newlines(text: str | None) -> str:
    """Undo what a form does to line ends (HTML 4.10.21.4)."""
    return (text or "").replace("\r\n", "\n")
