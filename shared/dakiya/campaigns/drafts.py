"""Drafts: make, change, delete, and check whether one can be scheduled."""

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from sqlalchemy import ColumnElement, func, select, text
from sqlalchemy.orm import Session

from dakiya.campaigns.content import (
    Content,
    content_of,
    finish_content,
    html_as_written,
    inlined_of,
)
from dakiya.campaigns.thinning import thin_out
from dakiya.errors import IllegalState, InvalidInput
from dakiya.mail.fields import BUILT_IN_FIELDS, check_fields
from dakiya.mail.merge import parse
from dakiya.mail.template import Template
from dakiya.models import (
    Campaign,
    CampaignStatus,
    ContentVersion,
    ImportStatus,
    Recipient,
    RecipientImport,
    SmtpAccount,
)

__all__ = [
    "Content",
    "MissingField",
    "Readiness",
    "check_ready",
    "content_of",
    "copy_content",
    "create_campaign",
    "has_open_import",
    "require_draft",
    "set_content",
]

OPEN_IMPORT = (ImportStatus.QUEUED, ImportStatus.RUNNING)
# A list of 200 columns in an error helps nobody.
FIELDS_SHOWN = 20


@dataclass(frozen=True)
class MissingField:
    """A merge field that some recipients lack: they get its default, or nothing."""

    field: str
    missing: int
    of: int


@dataclass(frozen=True)
class Readiness:
    """What stands in the way of scheduling a draft, by field; and what its owner should know.

    ``unknown`` names the merge field that each error is about, where it is about one.
    """

    errors: Mapping[str, list[str]] = field(default_factory=dict)
    warnings: Sequence[MissingField] = ()
    unknown: Mapping[str, list[str]] = field(default_factory=dict)


def create_campaign(
    session: Session,
    *,
    workspace_id: int,
    name: str,
    content: Content | None,
    account: SmtpAccount | None,
    timezone: str,
) -> Campaign:
    """Add a draft. The account is the same workspace's: the caller has looked it up.

    Content and account may follow later; without them it cannot be scheduled. Raises
    ContentError.
    """
    campaign = Campaign(
        workspace_id=workspace_id,
        name=name,
        smtp_account_id=account.id if account is not None else None,
        timezone=timezone,
        token=secrets.token_urlsafe(12),
    )
    session.add(campaign)
    session.flush()
    if content is not None:
        set_content(session, campaign, content)
    return campaign


def set_content(session: Session, campaign: Campaign, content: Content) -> None:
    """Give a draft new content as its next version; the same content makes none.

    The one way to store a version, which then stays as one saved on purpose (see `autosaving`).
    Raises ContentError.
    """
    content = finish_content(content)
    campaign.autosaved_since = None
    present = campaign.content
    if present is not None and content_of(present) == content:
        return
    last = session.scalar(
        select(func.max(ContentVersion.number)).where(ContentVersion.campaign_id == campaign.id)
    )
    campaign.content = ContentVersion(
        campaign_id=campaign.id,
        number=(last or 0) + 1,
        kind=content.kind,
        source=content.source,
        subject=content.subject,
        preheader=content.preheader,
        language=content.language,
        html=content.html,
        inlined=inlined_of(content),
        text=content.text,
        # Not the transaction's beginning: what failed before this lock was given is older.
        created_at=func.clock_timestamp(),
    )
    session.flush()
    thin_out(session, campaign)


def copy_content(session: Session, campaign: Campaign, version: ContentVersion) -> None:
    """Give a new draft what another campaign says, as it was stored: under the rules of its day."""
    campaign.content = ContentVersion(
        campaign_id=campaign.id,
        number=1,
        kind=version.kind,
        source=version.source,
        subject=version.subject,
        preheader=version.preheader,
        language=version.language,
        html=version.html,
        inlined=version.inlined,
        text=version.text,
    )
    session.flush()


def require_draft(campaign: Campaign, action: str) -> None:
    """Raise IllegalState unless the campaign is a draft; ``action`` completes the sentence."""
    if campaign.status is not CampaignStatus.DRAFT:
        raise IllegalState(f"The campaign is {campaign.status}; only a draft can be {action}.")


def check_ready(session: Session, campaign: Campaign) -> Readiness:
    """Check a draft's account, recipients and merge fields before it is scheduled.

    Raises IllegalState while a recipient file is being read.
    """
    if has_open_import(session, campaign):
        raise IllegalState(
            "A recipient file is still being read. Schedule the campaign when it is done."
        )
    if _has_waiting_import(session, campaign):
        raise IllegalState(
            "A recipient file waits for your word on its columns. Start or cancel its import first."
        )
    errors: dict[str, list[str]] = {}
    if not _has_account(session, campaign):
        errors["smtp_account_id"] = [
            "The SMTP account was deleted. Choose another one."
            if campaign.smtp_account_id is not None
            else "Choose the SMTP account that sends the campaign."
        ]
    if campaign.content is None:
        return Readiness({**errors, "html": ["The campaign has no content yet."]})
    if not campaign.content.subject.strip():
        errors["subject"] = ["The mail has no subject yet."]
    templates: dict[str, Template] = {}
    for part, source in (
        ("subject", campaign.content.subject),
        ("preheader", campaign.content.preheader),
        ("html", html_as_written(campaign.content)),
        ("text", campaign.content.text or ""),
    ):
        try:
            templates[part] = parse(source)
        except InvalidInput as error:
            errors[part] = [str(error)]
    if errors:
        return Readiness(errors)
    return _check_recipients(session, campaign, templates)


def _check_recipients(
    session: Session, campaign: Campaign, templates: Mapping[str, Template]
) -> Readiness:
    named = sorted(frozenset().union(*(template.fields for template in templates.values())))
    total, available = _count_filled(session, campaign, named)
    if total == 0:
        return Readiness({"recipients": ["The campaign has no recipients yet. Add some first."]})
    report = check_fields(templates.values(), available, total)
    if report.unknown:
        existing = _existing_fields(session, campaign)
        unknown = {
            part: names
            for part, template in templates.items()
            if (names := [name for name in report.unknown if name in template.fields])
        }
        return Readiness(
            {part: [_unknown(name, existing) for name in names] for part, names in unknown.items()},
            unknown=unknown,
        )
    return Readiness(
        warnings=tuple(
            MissingField(name, missing, total) for name, missing in report.partly_missing.items()
        )
    )


def _unknown(name: str, existing: Sequence[str]) -> str:
    shown = ", ".join(existing[:FIELDS_SHOWN]) + (", …" if len(existing) > FIELDS_SHOWN else "")
    return f"No recipient has a field “{name}”. Fields that exist: {shown}."


def _count_filled(
    session: Session, campaign: Campaign, names: Sequence[str]
) -> tuple[int, dict[str, int]]:
    """Count the recipients, and those who have a value for each of these fields; one scan."""
    columns: list[ColumnElement[int]] = [func.count()]
    for name in names:
        value = Recipient.name if name == "name" else Recipient.fields[name].astext
        columns.append(func.count().filter(func.coalesce(value, "") != ""))
    row = session.execute(select(*columns).where(Recipient.campaign_id == campaign.id)).one()
    return row[0], dict(zip(names, row[1:], strict=True))


def _existing_fields(session: Session, campaign: Campaign) -> list[str]:
    keys = session.scalars(
        text(
            "SELECT DISTINCT key FROM recipient, jsonb_object_keys(fields) AS key"
            " WHERE campaign_id = :campaign_id ORDER BY key LIMIT 1000"
        ),
        {"campaign_id": campaign.id},
    ).all()
    return [*sorted(BUILT_IN_FIELDS), *keys]


def _has_account(session: Session, campaign: Campaign) -> bool:
    """Whether the account is still there; locked, so that it is not deleted meanwhile."""
    return (
        session.scalar(
            select(SmtpAccount.id)
            .where(SmtpAccount.id == campaign.smtp_account_id, SmtpAccount.deleted_at.is_(None))
            .with_for_update(read=True)
        )
        is not None
    )


def has_open_import(session: Session, campaign: Campaign) -> bool:
    """Tell whether a recipient file of the campaign is waiting or being read."""
    return (
        session.scalar(
            select(RecipientImport.id)
            .where(
                RecipientImport.campaign_id == campaign.id,
                RecipientImport.status.in_(OPEN_IMPORT),
            )
            .limit(1)
        )
        is not None
    )


def _has_waiting_import(session: Session, campaign: Campaign) -> bool:
    found = select(RecipientImport.id).where(
        RecipientImport.campaign_id == campaign.id,
        RecipientImport.status == ImportStatus.WAITING,
    )
    return session.scalar(found.limit(1)) is not None
