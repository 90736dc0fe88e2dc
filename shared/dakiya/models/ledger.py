"""The ledger: a row per recipient that says what became of their mail, and why.

The transitions, with who makes them and when, stand in docs/architecture.md; the
statements that make them are in dakiya.delivery.
"""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    ForeignKeyConstraint,
    Identity,
    Index,
    Integer,
    SmallInteger,
    UniqueConstraint,
    func,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from dakiya.models.base import Base
from dakiya.models.smtp import text_enum

REPLY_TEXT_MAX = 500


class EmailState(StrEnum):
    """What is known of one mail.

    pending    waits for its turn → claimed, cancelled, suppressed
    claimed    in a batch → sending, deferred, failed, suppressed, cancelled, pending
    sending    the final dot may have been sent → sent, deferred, failed, unknown
    sent       the server accepted it → bounced
    deferred   refused for now (4xx), waits for due_at → claimed, failed, cancelled, suppressed
    failed     refused for good, or could not be built → pending (retry failed)
    unknown    the connection broke between the dot and the reply → sent, deferred, failed
               (late record, report), pending (only the user's word)
    bounced    accepted, and returned later
    cancelled  the user cancelled the campaign first
    suppressed the address must get no mail
    """

    PENDING = "pending"
    CLAIMED = "claimed"
    SENDING = "sending"
    SENT = "sent"
    DEFERRED = "deferred"
    FAILED = "failed"
    UNKNOWN = "unknown"
    BOUNCED = "bounced"
    CANCELLED = "cancelled"
    SUPPRESSED = "suppressed"


class BatchState(StrEnum):
    """ready → taken (a sender, fence + 1) → done; taken → ready (no connection free)."""

    READY = "ready"
    TAKEN = "taken"
    DONE = "done"


EMAIL_STATE = text_enum(EmailState, "email_state")
BATCH_STATE = text_enum(BatchState, "batch_state")


class Email(Base):
    """One mail to one recipient. Narrow: the address and fields stay in ``recipient``.

    ``batch_id`` has no foreign key: its check would cost a lock per claimed row, and old
    batches are deleted while their mails stay.
    """

    __tablename__ = "email"
    __table_args__ = (
        UniqueConstraint("campaign_id", "recipient_id"),
        # Both columns, so that a mail cannot belong to another campaign than its recipient,
        # and that the unique index above serves the cascade (100,000 rows: 2 s, not 60).
        ForeignKeyConstraint(
            ["campaign_id", "recipient_id"],
            ["recipient.campaign_id", "recipient.id"],
            ondelete="CASCADE",
        ),
        # Claims walk one campaign: a paused campaign's rows cost the others nothing.
        Index(
            "ix_email_due",
            "campaign_id",
            "due_at",
            "id",
            postgresql_where=text("state IN ('pending', 'deferred')"),
        ),
        Index(
            "ix_email_on_its_way",
            "batch_id",
            postgresql_where=text("state IN ('claimed', 'sending')"),
        ),
        # What people look for among many sent ones.
        Index(
            "ix_email_exceptions",
            "campaign_id",
            "state",
            "recipient_id",
            postgresql_where=text(
                "state IN ('deferred', 'failed', 'unknown', 'bounced', 'cancelled', 'suppressed')"
            ),
        ),
        CheckConstraint(
            "state NOT IN ('claimed', 'sending') OR batch_id IS NOT NULL", name="in_a_batch"
        ),
        CheckConstraint("(state IN ('sent', 'bounced')) = (sent_at IS NOT NULL)", name="sent_at"),
        CheckConstraint("state NOT IN ('sending', 'unknown') OR fence > 0", name="fenced"),
    )

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    campaign_id: Mapped[int]
    recipient_id: Mapped[int]
    due_at: Mapped[datetime]
    first_tried_at: Mapped[datetime | None]
    sent_at: Mapped[datetime | None]
    batch_id: Mapped[int | None]
    # The batch's fence at the moment of the intent; a late record must show the same.
    fence: Mapped[int] = mapped_column(Integer, server_default="0")
    state: Mapped[EmailState] = mapped_column(EMAIL_STATE, server_default=EmailState.PENDING.value)
    attempts: Mapped[int] = mapped_column(SmallInteger, server_default="0")
    reply_code: Mapped[int | None] = mapped_column(SmallInteger)
    reason: Mapped[str | None]
    reply_text: Mapped[str | None]


class ChanceKind(StrEnum):
    """What the mails of a second chance become.

    retry_failed: failed → pending, for reasons that can pass; send_again: unknown → pending;
    count_sent: unknown → sent.
    """

    RETRY_FAILED = "retry_failed"
    SEND_AGAIN = "send_again"
    COUNT_SENT = "count_sent"


class SecondChance(Base):
    """The owner's word about many mails of a campaign; gone as soon as it is worked off.

    ``up_to`` moves in the transaction that moves the mails, so that each is looked at once.
    """

    __tablename__ = "second_chance"
    __table_args__ = (
        CheckConstraint("kind IN ('retry_failed', 'send_again', 'count_sent')", name="kind"),
    )

    campaign_id: Mapped[int] = mapped_column(
        ForeignKey("campaign.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    kind: Mapped[str]
    # How many there were when it was asked for, and how many of them are done.
    mails: Mapped[int] = mapped_column(Integer)
    moved: Mapped[int] = mapped_column(Integer)
    # Every mail up to this recipient was looked at.
    up_to: Mapped[int]
    asked_at: Mapped[datetime] = mapped_column(server_default=func.now())


class Batch(Base):
    """At most 50 mails of one campaign, on their way to one sender.

    ``start_at`` is the instant that the account's pace gave it. ``mails`` is what was
    claimed into it.
    """

    __tablename__ = "batch"
    __table_args__ = (
        Index(
            "ix_batch_open",
            "smtp_account_id",
            "state",
            postgresql_where=text("state IN ('ready', 'taken')"),
        ),
        Index(
            "ix_batch_open_campaign",
            "campaign_id",
            postgresql_where=text("state IN ('ready', 'taken')"),
        ),
        Index("ix_batch_campaign_id_id", "campaign_id", "id"),
        Index("ix_batch_done", "finished_at", postgresql_where=text("state = 'done'")),
        CheckConstraint(
            "(state = 'taken') = (lease_expires_at IS NOT NULL)", name="lease_while_taken"
        ),
    )

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    workspace_id: Mapped[int] = mapped_column(ForeignKey("workspace.id", ondelete="CASCADE"))
    campaign_id: Mapped[int] = mapped_column(ForeignKey("campaign.id", ondelete="CASCADE"))
    smtp_account_id: Mapped[int] = mapped_column(ForeignKey("smtp_account.id"))
    state: Mapped[BatchState] = mapped_column(BATCH_STATE, server_default=BatchState.READY.value)
    mails: Mapped[int] = mapped_column(Integer)
    fence: Mapped[int] = mapped_column(Integer, server_default="0")
    start_at: Mapped[datetime]
    rung_at: Mapped[datetime | None]
    taken_by: Mapped[str | None]
    lease_expires_at: Mapped[datetime | None]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    finished_at: Mapped[datetime | None]


class Attempt(Base):
    """An attempt that did not end in "sent"; with the ledger row it tells a mail's story."""

    __tablename__ = "attempt"

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    email_id: Mapped[int] = mapped_column(ForeignKey("email.id", ondelete="CASCADE"), index=True)
    number: Mapped[int] = mapped_column(SmallInteger)
    outcome: Mapped[EmailState] = mapped_column(EMAIL_STATE)
    phase: Mapped[str]
    reply_code: Mapped[int | None] = mapped_column(SmallInteger)
    reason: Mapped[str | None]
    reply_text: Mapped[str | None]
    ended_at: Mapped[datetime] = mapped_column(server_default=func.now())


class HeldRefusal(Base):
    """A deferred mail whose refusal is final unless the server refuses everybody.

    Gone once there is a verdict (``dakiya.delivery.refusals``). ``batch_id`` and ``fence`` are the
    mail's: one that has others has moved on. ``accepted``: how many mails each campaign of
    the account had had accepted, ``{campaign id: mails}``.
    """

    __tablename__ = "held_refusal"

    email_id: Mapped[int] = mapped_column(
        ForeignKey("email.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    smtp_account_id: Mapped[int] = mapped_column(
        ForeignKey("smtp_account.id", ondelete="CASCADE"), index=True
    )
    batch_id: Mapped[int]
    fence: Mapped[int] = mapped_column(Integer)
    accepted: Mapped[dict[str, Any]]
    refused_at: Mapped[datetime]


class Service(Base):
    """A running service process and when it was last seen, for the health page."""

    __tablename__ = "service"

    id: Mapped[str] = mapped_column(primary_key=True)
    kind: Mapped[str]
    started_at: Mapped[datetime] = mapped_column(server_default=func.now())
    seen_at: Mapped[datetime] = mapped_column(server_default=func.now())


class Tick(Base):
    """The last tick of the clock and what it did; a single row."""

    __tablename__ = "tick"
    __table_args__ = (CheckConstraint("id = 1", name="single"),)

    id: Mapped[int] = mapped_column(SmallInteger, primary_key=True, autoincrement=False)
    ticked_at: Mapped[datetime]
    due: Mapped[int] = mapped_column(server_default="0")
    claimed: Mapped[int] = mapped_column(server_default="0")
    rung: Mapped[int] = mapped_column(server_default="0")
