"""The addresses in mails that were looked up, and what was found there."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, Identity, Index, Integer, UniqueConstraint, func, text
from sqlalchemy.orm import Mapped, mapped_column

from dakiya.models.base import Base
from dakiya.models.smtp import text_enum


class LinkState(StrEnum):
    """queued → checking (a sender has it) → checked; checking → queued if the sender is lost."""

    QUEUED = "queued"
    CHECKING = "checking"
    CHECKED = "checked"


class LinkVerdict(StrEnum):
    """What became of a visit."""

    FINE = "fine"
    GUARDED = "guarded"  # 401, 403, 429 …: there is something, and it does not open to us
    MISSING = "missing"  # 404, 410
    FAILING = "failing"  # 5xx and other answers that no reader wants
    UNREACHABLE = "unreachable"  # no such name, no connection, no answer in time
    INSECURE = "insecure"  # a certificate that browsers warn of
    LOOPING = "looping"  # redirected without end
    INTERNAL = "internal"  # not visited: an address of a private network, or another port


class LinkCheck(Base):
    """An address of a workspace's mails, and how its last visit went."""

    __tablename__ = "link_check"
    __table_args__ = (
        # An address may be longer than what an index takes.
        UniqueConstraint("workspace_id", "url_sha256"),
        Index(
            "ix_link_check_waiting", "workspace_id", "id", postgresql_where=text("state = 'queued'")
        ),
    )

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    workspace_id: Mapped[int] = mapped_column(ForeignKey("workspace.id", ondelete="CASCADE"))
    url: Mapped[str]
    url_sha256: Mapped[str]
    state: Mapped[LinkState] = mapped_column(
        text_enum(LinkState, "link_state"), server_default=LinkState.QUEUED.value
    )
    verdict: Mapped[LinkVerdict | None] = mapped_column(text_enum(LinkVerdict, "link_verdict"))
    http_status: Mapped[int | None] = mapped_column(Integer)
    # In words, for whoever wrote the mail.
    detail: Mapped[str | None]
    content_type: Mapped[str | None]
    size_bytes: Mapped[int | None]
    queued_at: Mapped[datetime] = mapped_column(server_default=func.now())
    started_at: Mapped[datetime | None]
    checked_at: Mapped[datetime | None]
