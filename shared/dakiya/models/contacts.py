"""Recipients of a campaign, suppressed addresses, and recipient files on their way in."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    Identity,
    Index,
    LargeBinary,
    UniqueConstraint,
    func,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from dakiya.models.base import Base
from dakiya.models.smtp import text_enum


class Recipient(Base):
    """An address of a campaign and its merge fields. Written once, never updated."""

    __tablename__ = "recipient"
    __table_args__ = (
        UniqueConstraint("campaign_id", "email_normalised"),
        # For the ledger's foreign key, and for walking a campaign's recipients.
        UniqueConstraint("campaign_id", "id"),
        # Also the guard against a header or envelope that an attacker wrote (CR, LF, NUL).
        CheckConstraint("email !~ '[[:cntrl:][:space:]]'", name="email_printable"),
    )

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    workspace_id: Mapped[int] = mapped_column(ForeignKey("workspace.id", ondelete="CASCADE"))
    campaign_id: Mapped[int] = mapped_column(ForeignKey("campaign.id", ondelete="CASCADE"))
    # As it stands in RCPT TO, and as addresses are compared.
    email: Mapped[str]
    email_normalised: Mapped[str]
    name: Mapped[str] = mapped_column(server_default="")
    fields: Mapped[dict[str, str]] = mapped_column(server_default=text("'{}'::jsonb"))


class SuppressionReason(StrEnum):
    """Why an address gets no mail from this workspace."""

    UNSUBSCRIBED = "unsubscribed"
    BOUNCED = "bounced"
    COMPLAINED = "complained"
    MANUAL = "manual"


class Suppression(Base):
    """An address that a workspace must not write to; every send asks this table."""

    __tablename__ = "suppression"
    __table_args__ = (
        # The newest first, a page after the other.
        Index("ix_suppression_newest", "workspace_id", "created_at", "email_normalised"),
    )

    workspace_id: Mapped[int] = mapped_column(
        ForeignKey("workspace.id", ondelete="CASCADE"), primary_key=True
    )
    email_normalised: Mapped[str] = mapped_column(primary_key=True)
    reason: Mapped[SuppressionReason] = mapped_column(
        text_enum(SuppressionReason, "suppression_reason")
    )
    campaign_id: Mapped[int | None] = mapped_column(
        ForeignKey("campaign.id", ondelete="SET NULL"), index=True
    )
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())


class ImportStatus(StrEnum):
    """queued → running → done | refused; running → queued when its lease has expired.

    With a look first: queued → running → waiting (for the user's word on the columns) → queued.
    """

    QUEUED = "queued"
    RUNNING = "running"
    WAITING = "waiting"
    DONE = "done"
    REFUSED = "refused"
    CANCELLED = "cancelled"


class RecipientImport(Base):
    """A recipient file. Its bytes wait here until the import has ended.

    ``rows_done`` moves in the transaction that inserts the rows, so an import that was
    killed goes on where it stood.
    """

    __tablename__ = "recipient_import"
    __table_args__ = (
        Index(
            "ix_recipient_import_open",
            "status",
            postgresql_where=text("status IN ('queued', 'running')"),
        ),
    )

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    workspace_id: Mapped[int] = mapped_column(ForeignKey("workspace.id", ondelete="CASCADE"))
    campaign_id: Mapped[int] = mapped_column(
        ForeignKey("campaign.id", ondelete="CASCADE"), index=True
    )
    filename: Mapped[str]
    content: Mapped[bytes | None] = mapped_column(LargeBinary, deferred=True)
    status: Mapped[ImportStatus] = mapped_column(
        text_enum(ImportStatus, "import_status"), server_default=ImportStatus.QUEUED.value
    )
    columns: Mapped[list[Any]] = mapped_column(server_default=text("'[]'::jsonb"))
    # encoding, delimiter, sheet: how the file was read, for the user to check
    file_format: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'::jsonb"))
    # Read only the first rows, keep them in ``preview`` and wait for the user.
    look_first: Mapped[bool] = mapped_column(server_default=text("false"))
    preview: Mapped[list[Any] | None]
    # The user's word on each column, in order: email, name, field:<name> or skip.
    mapping: Mapped[list[Any] | None]
    rows_done: Mapped[int] = mapped_column(server_default="0")
    accepted: Mapped[int] = mapped_column(server_default="0")
    rejected: Mapped[int] = mapped_column(server_default="0")
    error: Mapped[str | None]
    lease_expires_at: Mapped[datetime | None]
    fence: Mapped[int] = mapped_column(server_default="0")
    rung_at: Mapped[datetime] = mapped_column(server_default=func.now())
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    finished_at: Mapped[datetime | None]


class ImportRejection(Base):
    """A row of a recipient file that was not taken, and why."""

    __tablename__ = "import_rejection"

    import_id: Mapped[int] = mapped_column(
        ForeignKey("recipient_import.id", ondelete="CASCADE"), primary_key=True
    )
    row: Mapped[int] = mapped_column(primary_key=True)
    email: Mapped[str]
    error: Mapped[str]
    # What stood in the file's columns; rows from before it was kept have none.
    cells: Mapped[list[Any] | None]
