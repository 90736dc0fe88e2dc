"""Campaigns, the immutable versions of their content, templates, and their counters."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    Identity,
    Index,
    Integer,
    SmallInteger,
    UniqueConstraint,
    false,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column, relationship

from dakiya.models.base import Base
from dakiya.models.people import DEFAULT_TIMEZONE
from dakiya.models.smtp import TEST_STATUS, SmtpAccount, TestStatus, text_enum


class CampaignStatus(StrEnum):
    """The life of a campaign.

    draft      → preparing (the user schedules it)
    preparing  → scheduled (every recipient has a ledger row)
    scheduled  → sending (its instant has come)
    sending    → finished (no row waits and none is on its way)
    preparing, scheduled, sending → pausing → paused (nothing more goes out)
    paused     → preparing | scheduled | sending (the user resumes)
    preparing, scheduled, paused → draft (taken back before anything was sent)
    preparing, scheduled, sending, pausing, paused → cancelling → cancelled
    finished   → sending (retry failed, resend unknown)
    """

    DRAFT = "draft"
    PREPARING = "preparing"
    SCHEDULED = "scheduled"
    SENDING = "sending"
    PAUSING = "pausing"
    PAUSED = "paused"
    CANCELLING = "cancelling"
    CANCELLED = "cancelled"
    FINISHED = "finished"


class PauseReason(StrEnum):
    """Why a campaign has paused by itself; none when its owner paused it."""

    CONTENT = "content"  # what it says was refused again and again


class ContentKind(StrEnum):
    """How a mail was written, and so which column of its content is the source of the others."""

    HTML = "html"  # `html`, as somebody wrote it
    RICH = "rich"  # `source`, a document of the editor; `html` is made from it
    TEXT = "text"  # `text`; the mail has no HTML part


CONTENT_KIND = text_enum(ContentKind, "content_kind")


class Campaign(Base):
    """A mail to many: content, account, instant and status."""

    __tablename__ = "campaign"
    __table_args__ = (
        CheckConstraint(
            "status = 'draft' OR num_nulls(scheduled_at, smtp_account_id, content_version_id) = 0",
            name="scheduled_is_complete",
        ),
        Index("ix_campaign_workspace_id_id", "workspace_id", "id"),
        Index(
            "ix_campaign_active",
            "status",
            postgresql_where=text("status NOT IN ('draft', 'finished', 'cancelled')"),
        ),
        Index("ix_campaign_smtp_account_id", "smtp_account_id"),
    )

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    workspace_id: Mapped[int] = mapped_column(ForeignKey("workspace.id", ondelete="CASCADE"))
    name: Mapped[str]
    status: Mapped[CampaignStatus] = mapped_column(
        text_enum(CampaignStatus, "campaign_status"), server_default=CampaignStatus.DRAFT.value
    )
    smtp_account_id: Mapped[int | None] = mapped_column(ForeignKey("smtp_account.id"))
    content_version_id: Mapped[int | None] = mapped_column(
        ForeignKey("content_version.id", use_alter=True)
    )
    # Set while its content was only saved by its page: when that sitting began
    # (dakiya.campaigns.autosaving).
    autosaved_since: Mapped[datetime | None]
    scheduled_at: Mapped[datetime | None]
    timezone: Mapped[str] = mapped_column(server_default=DEFAULT_TIMEZONE)
    # Set by "send now" from the pages: until then its owner may think again.
    undo_until: Mapped[datetime | None]
    # Random. With the domain, fixed when it is scheduled, it makes the Message-IDs: the same
    # on every attempt, and nobody can forge one.
    token: Mapped[str]
    message_domain: Mapped[str | None]
    # Every recipient up to this id has its ledger row (preparation is resumable).
    prepared_up_to: Mapped[int] = mapped_column(server_default="0")
    prepared_at: Mapped[datetime | None]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    started_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]
    # Gone for its users; its rows stay while links in its mails have to work.
    deleted_at: Mapped[datetime | None]
    # When the figures (CampaignFigure) were last taken from the ledger.
    figures_at: Mapped[datetime | None]
    # How often its content was refused since a mail was last accepted, what was said the last
    # time, and how many mails had been accepted by then (dakiya.delivery.content_trouble).
    refused_in_a_row: Mapped[int] = mapped_column(Integer, server_default="0")
    accepted_when_refused: Mapped[int] = mapped_column(server_default="0")
    refusal: Mapped[str | None]
    pause_reason: Mapped[str | None]
    # Whether unknown mails are sent again without asking, once each.
    resend_unknown: Mapped[bool] = mapped_column(server_default=false())

    smtp_account: Mapped[SmtpAccount | None] = relationship()
    content: Mapped["ContentVersion | None"] = relationship(foreign_keys=[content_version_id])


def _kept_alike() -> tuple[CheckConstraint, ...]:
    return (CheckConstraint("(kind = 'rich') = (source IS NOT NULL)", name="rich_has_source"),)


class ContentVersion(Base):
    """What a campaign says. Never updated: an edit makes the next number.

    ``html`` is what somebody wrote or what was made from ``source``, with its merge tags.
    ``inlined`` is how the HTML goes out where that differs (styles beside their elements).
    """

    __tablename__ = "content_version"
    __table_args__ = (UniqueConstraint("campaign_id", "number"), *_kept_alike())

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    campaign_id: Mapped[int] = mapped_column(ForeignKey("campaign.id", ondelete="CASCADE"))
    number: Mapped[int]
    subject: Mapped[str]
    preheader: Mapped[str] = mapped_column(server_default="")
    language: Mapped[str] = mapped_column(server_default="en")
    kind: Mapped[ContentKind] = mapped_column(CONTENT_KIND, server_default=ContentKind.HTML.value)
    source: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    html: Mapped[str]
    text: Mapped[str | None]
    inlined: Mapped[str | None]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())

    @property
    def html_sent(self) -> str | None:
        """The HTML that goes out, before its footer is added; None for a mail of text alone."""
        if self.kind is ContentKind.TEXT:
            return None
        return self.html if self.inlined is None else self.inlined


class Template(Base):
    """Content kept for later campaigns."""

    __tablename__ = "template"
    __table_args__ = _kept_alike()

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    workspace_id: Mapped[int] = mapped_column(
        ForeignKey("workspace.id", ondelete="CASCADE"), index=True
    )
    name: Mapped[str]
    subject: Mapped[str]
    preheader: Mapped[str] = mapped_column(server_default="")
    language: Mapped[str] = mapped_column(server_default="en")
    kind: Mapped[ContentKind] = mapped_column(CONTENT_KIND, server_default=ContentKind.HTML.value)
    source: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    html: Mapped[str]
    text: Mapped[str | None]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    updated_at: Mapped[datetime] = mapped_column(server_default=func.now())


class CampaignCounter(Base):
    """How many ledger rows are in each state, kept in slots that are summed on reading.

    One shared row per campaign cost 40 % of the commits; a slot may well be negative.
    """

    __tablename__ = "campaign_counter"

    campaign_id: Mapped[int] = mapped_column(
        ForeignKey("campaign.id", ondelete="CASCADE"), primary_key=True
    )
    slot: Mapped[int] = mapped_column(SmallInteger, primary_key=True)
    pending: Mapped[int] = mapped_column(BigInteger, server_default="0")
    claimed: Mapped[int] = mapped_column(BigInteger, server_default="0")
    sending: Mapped[int] = mapped_column(BigInteger, server_default="0")
    sent: Mapped[int] = mapped_column(BigInteger, server_default="0")
    deferred: Mapped[int] = mapped_column(BigInteger, server_default="0")
    failed: Mapped[int] = mapped_column(BigInteger, server_default="0")
    unknown: Mapped[int] = mapped_column(BigInteger, server_default="0")
    bounced: Mapped[int] = mapped_column(BigInteger, server_default="0")
    cancelled: Mapped[int] = mapped_column(BigInteger, server_default="0")
    suppressed: Mapped[int] = mapped_column(BigInteger, server_default="0")


class CampaignFigure(Base):
    """What became of a campaign's mails in one quarter of an hour, taken from the ledger.

    Quarters and not hours: India's days begin at half past an hour in UTC, Nepal's at a
    quarter past.
    """

    __tablename__ = "campaign_figure"

    campaign_id: Mapped[int] = mapped_column(
        ForeignKey("campaign.id", ondelete="CASCADE"), primary_key=True
    )
    begins_at: Mapped[datetime] = mapped_column(primary_key=True)
    sent: Mapped[int] = mapped_column(server_default="0")
    bounced: Mapped[int] = mapped_column(server_default="0")
    failed: Mapped[int] = mapped_column(server_default="0")
    unknown: Mapped[int] = mapped_column(server_default="0")


class ProgressSample(Base):
    """How far a sending campaign was at a tick; the last minutes of them give its rate."""

    __tablename__ = "progress_sample"

    campaign_id: Mapped[int] = mapped_column(
        ForeignKey("campaign.id", ondelete="CASCADE"), primary_key=True
    )
    taken_at: Mapped[datetime] = mapped_column(primary_key=True)
    done: Mapped[int]


class CampaignTest(Base):
    """One mail of a campaign to an address of its owner's choice; no part of the ledger.

    ``recipient_id`` names the recipient whose fields are filled in, null for none.
    """

    __tablename__ = "campaign_test"

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    campaign_id: Mapped[int] = mapped_column(
        ForeignKey("campaign.id", ondelete="CASCADE"), index=True
    )
    content_version_id: Mapped[int] = mapped_column(
        ForeignKey("content_version.id", ondelete="CASCADE")
    )
    recipient_id: Mapped[int | None]
    to_email: Mapped[str]
    status: Mapped[TestStatus] = mapped_column(TEST_STATUS, server_default=TestStatus.QUEUED.value)
    # The server's answer, or what stood in the way.
    detail: Mapped[str | None]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    started_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]
