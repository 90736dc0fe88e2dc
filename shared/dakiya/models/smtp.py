"""SMTP accounts, the mailboxes that they log in to, their tests, and the log of their pace."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    CheckConstraint,
    Enum,
    ForeignKey,
    Identity,
    Index,
    Integer,
    false,
    func,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from dakiya.models.base import Base

DEFAULT_CONNECTIONS = 4
MAX_CONNECTIONS = 50
DEFAULT_MAILS_PER_CONNECTION = 100


class Security(StrEnum):
    """How a connection is protected: never, by STARTTLS, or from the first byte."""

    NONE = "none"
    STARTTLS = "starttls"
    TLS = "tls"


class TestStatus(StrEnum):
    """queued → running → passed | failed."""

    __test__ = False  # not a test class, whatever pytest thinks of its name

    QUEUED = "queued"
    RUNNING = "running"
    PASSED = "passed"
    FAILED = "failed"


class NoticeStatus(StrEnum):
    """queued → mailing → mailed | queued (later again) | failed; needless: the trouble is over.

    One whose sender was lost is mailed again.
    """

    QUEUED = "queued"
    MAILING = "mailing"
    MAILED = "mailed"
    FAILED = "failed"
    NEEDLESS = "needless"


def text_enum(enum: type[StrEnum], name: str) -> Enum:
    """Map a StrEnum to a native PostgreSQL enum (4 bytes) by its values."""
    return Enum(enum, name=name, values_callable=lambda members: [m.value for m in members])


TEST_STATUS = text_enum(TestStatus, "smtp_test_status")


class Mailbox(Base):
    """What a provider counts as one sender: a user of a server, by whatever accounts it is used.

    Its accounts share what it has used of their limits, its connections and the pace that it has
    learned (``dakiya.smtp_accounts.mailboxes``). ``key`` names host and user; None for the one
    account of a server that names no user. ``workspace_id`` is set until somebody has logged in to
    it: what a workspace only says of a mailbox is nobody else's concern.

    ``slowed_to`` is set once the server has asked for less speed (``dakiya.delivery.slowing``):
    so many mails a minute at ``slowed_at``, from where it goes back to ``slowed_from``.
    """

    __tablename__ = "mailbox"
    __table_args__ = (
        CheckConstraint("key IS NOT NULL OR workspace_id IS NULL", name="key"),
        CheckConstraint(
            "num_nulls(slowed_to, slowed_from, slowed_at) IN (0, 3)"
            " AND slowed_to BETWEEN 1 AND slowed_from",
            name="slowed",
        ),
        Index(
            "uq_mailbox_proved", "key", unique=True, postgresql_where=text("workspace_id IS NULL")
        ),
        Index(
            "uq_mailbox_claimed",
            "workspace_id",
            "key",
            unique=True,
            postgresql_where=text("workspace_id IS NOT NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    key: Mapped[str | None]
    workspace_id: Mapped[int | None] = mapped_column(ForeignKey("workspace.id", ondelete="CASCADE"))
    slowed_to: Mapped[int | None]
    slowed_from: Mapped[int | None]
    slowed_at: Mapped[datetime | None]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())


class SmtpAccount(Base):
    """A server that a workspace sends through, with its limits and its present trouble.

    ``pause_reason`` is set while the account waits: until ``paused_until``, or, where that
    is null, until its owner changes something; it stays until a mail was accepted. A deleted
    account keeps its row for the history of its campaigns.
    """

    __tablename__ = "smtp_account"
    __table_args__ = (
        CheckConstraint("port BETWEEN 1 AND 65535", name="port"),
        CheckConstraint(f"connections BETWEEN 1 AND {MAX_CONNECTIONS}", name="connections"),
        CheckConstraint("mails_per_connection > 0", name="mails_per_connection"),
        CheckConstraint(
            "per_second > 0 AND per_minute > 0 AND per_hour > 0 AND per_day > 0", name="limits"
        ),
        CheckConstraint("(paused_at IS NULL) = (pause_reason IS NULL)", name="pause"),
        Index(
            "ix_smtp_account_workspace_id",
            "workspace_id",
            postgresql_where=text("deleted_at IS NULL"),
        ),
        Index(
            "uq_smtp_account_default",
            "workspace_id",
            unique=True,
            postgresql_where=text("is_default"),
        ),
    )

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    workspace_id: Mapped[int] = mapped_column(ForeignKey("workspace.id", ondelete="CASCADE"))
    mailbox_id: Mapped[int] = mapped_column(ForeignKey("mailbox.id"), index=True)
    name: Mapped[str]
    # The one that a new campaign of the workspace begins with.
    is_default: Mapped[bool] = mapped_column(server_default=false())
    host: Mapped[str]
    port: Mapped[int]
    security: Mapped[Security] = mapped_column(text_enum(Security, "smtp_security"))
    username: Mapped[str | None]
    password_encrypted: Mapped[str | None]
    from_email: Mapped[str]
    from_name: Mapped[str | None]
    # Counts the changes after which an earlier test tells nothing: server, login, From address.
    settings_version: Mapped[int] = mapped_column(server_default="1")
    # The one certificate to trust, whoever vouches for it: SHA-256 in hexadecimal.
    certificate_sha256: Mapped[str | None]
    # What the server said of itself at the last test: ``dakiya.smtp_accounts.facts``.
    server_facts: Mapped[dict[str, Any] | None]

    per_second: Mapped[int | None]
    per_minute: Mapped[int | None]
    per_hour: Mapped[int | None]
    per_day: Mapped[int | None]
    connections: Mapped[int] = mapped_column(server_default=str(DEFAULT_CONNECTIONS))
    mails_per_connection: Mapped[int] = mapped_column(
        server_default=str(DEFAULT_MAILS_PER_CONNECTION)
    )
    # What somebody sent through the server by other means, and the bucket of the day it counts in.
    sent_elsewhere: Mapped[int | None]
    elsewhere_at: Mapped[datetime | None]

    paused_at: Mapped[datetime | None]
    paused_until: Mapped[datetime | None]
    pause_reason: Mapped[str | None]
    pause_detail: Mapped[str | None]
    # Failures in a row for the same reason, for the back-off; any accepted mail sets it to zero.
    trouble_count: Mapped[int] = mapped_column(server_default="0")
    # When the first of them was, and when its owner was told of it by mail.
    trouble_since: Mapped[datetime | None]
    # How often somebody mended it (changed it, had a test pass): what was met before is no trouble.
    mended: Mapped[int] = mapped_column(Integer, server_default="0", default=0)
    noticed_at: Mapped[datetime | None]

    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    deleted_at: Mapped[datetime | None]


class SmtpTest(Base):
    """One test of an account: the steps that were walked and how each ended.

    A step is ``{name, ok, detail, duration_s}``; one that failed has its ``cause``
    (``dakiya.smtp_accounts.causes``), and where nobody vouches for the server its ``certificate``:
    ``{names, issuer, self_signed, not_after, fingerprint}``. A line of the ``dialogue`` is
    ``[client | server | note, words]``, without secrets.
    """

    __tablename__ = "smtp_test"

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    smtp_account_id: Mapped[int] = mapped_column(
        ForeignKey("smtp_account.id", ondelete="CASCADE"), index=True
    )
    to_email: Mapped[str]
    # That of the account when it was tested: a test tells nothing of later settings.
    settings_version: Mapped[int] = mapped_column(server_default="1")
    status: Mapped[TestStatus] = mapped_column(TEST_STATUS, server_default=TestStatus.QUEUED.value)
    steps: Mapped[list[Any]] = mapped_column(server_default=text("'[]'::jsonb"))
    dialogue: Mapped[list[Any]] = mapped_column(server_default=text("'[]'::jsonb"))
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    started_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]


class TroubleNotice(Base):
    """A mail from the installation to an account's people: it has stopped, since when and why.

    It keeps the words of the trouble that it was made for, and of the last ``answer`` that the
    installation's own server gave to the mail. It is mailed at ``due_at``, ``tries`` counts.
    """

    __tablename__ = "trouble_notice"
    __table_args__ = (
        CheckConstraint(
            "status IN ('queued', 'mailing', 'mailed', 'failed', 'needless')", name="status"
        ),
        Index(
            "ix_trouble_notice_open",
            "due_at",
            postgresql_where=text("status IN ('queued', 'mailing')"),
        ),
    )

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    smtp_account_id: Mapped[int] = mapped_column(
        ForeignKey("smtp_account.id", ondelete="CASCADE"), index=True
    )
    status: Mapped[str] = mapped_column(server_default=NoticeStatus.QUEUED.value)
    reason: Mapped[str]
    detail: Mapped[str | None]
    since: Mapped[datetime]
    # None: it waits for its owner.
    tries_again_at: Mapped[datetime | None]
    tries: Mapped[int] = mapped_column(Integer, server_default="0")
    due_at: Mapped[datetime] = mapped_column(server_default=func.now())
    taken_at: Mapped[datetime | None]
    answer: Mapped[str | None]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())


class PaceUsage(Base):
    """How many of a mailbox's mails began in a bucket of one of its windows.

    A bucket begins at ``start_at`` and is a hundredth of its window (1 s, 1 min, 1 h, 1 day) long.
    """

    __tablename__ = "pace_usage"
    __table_args__ = (CheckConstraint("mails >= 0", name="mails"),)

    mailbox_id: Mapped[int] = mapped_column(
        ForeignKey("mailbox.id", ondelete="CASCADE"), primary_key=True
    )
    window_s: Mapped[int] = mapped_column(Integer, primary_key=True)
    start_at: Mapped[datetime] = mapped_column(primary_key=True)
    mails: Mapped[int]
