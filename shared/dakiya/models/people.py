"""Users, their workspaces and the tokens that act for them."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    Identity,
    Index,
    UniqueConstraint,
    func,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column, relationship

from dakiya.models.base import Base

DEFAULT_TIMEZONE = "Asia/Kolkata"


class Theme(StrEnum):
    """How the pages look."""

    AUTO = "auto"
    LIGHT = "light"
    DARK = "dark"


class ResetStatus(StrEnum):
    """queued → mailing → mailed | failed."""

    QUEUED = "queued"
    MAILING = "mailing"
    MAILED = "mailed"
    FAILED = "failed"


class User(Base):
    """A person who can log in. ``session_version`` ends all sessions when it moves."""

    __tablename__ = "app_user"
    __table_args__ = (
        CheckConstraint("email = lower(email)", name="email_lower"),
        CheckConstraint("theme IN ('auto', 'light', 'dark')", name="theme"),
    )

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    email: Mapped[str] = mapped_column(unique=True)
    password_hash: Mapped[str]
    session_version: Mapped[int] = mapped_column(server_default="1")
    timezone: Mapped[str] = mapped_column(server_default=DEFAULT_TIMEZONE)
    theme: Mapped[str] = mapped_column(server_default=Theme.AUTO.value)
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    last_login_at: Mapped[datetime | None]
    deactivated_at: Mapped[datetime | None]

    memberships: Mapped[list["Membership"]] = relationship(back_populates="user")


class Workspace(Base):
    """The owner of accounts, campaigns, recipients and suppressions."""

    __tablename__ = "workspace"

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    name: Mapped[str]
    # Stands below each mail, in as many lines as it has; many laws ask for one.
    postal_address: Mapped[str | None]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())

    memberships: Mapped[list["Membership"]] = relationship(back_populates="workspace")


class Membership(Base):
    """Lets a user see a workspace."""

    __tablename__ = "membership"

    workspace_id: Mapped[int] = mapped_column(
        ForeignKey("workspace.id", ondelete="CASCADE"), primary_key=True
    )
    user_id: Mapped[int] = mapped_column(
        ForeignKey("app_user.id", ondelete="CASCADE"), primary_key=True, index=True
    )
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())

    user: Mapped[User] = relationship(back_populates="memberships")
    workspace: Mapped[Workspace] = relationship(back_populates="memberships")


class ApiToken(Base):
    """A bearer token, kept only as its SHA-256; it carries 256 random bits."""

    __tablename__ = "api_token"
    __table_args__ = (UniqueConstraint("token_hash"),)

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    workspace_id: Mapped[int] = mapped_column(
        ForeignKey("workspace.id", ondelete="CASCADE"), index=True
    )
    user_id: Mapped[int] = mapped_column(ForeignKey("app_user.id", ondelete="CASCADE"), index=True)
    name: Mapped[str]
    token_hash: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    last_used_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]

    user: Mapped[User] = relationship()


class LoginSession(Base):
    """A log-in of the pages. No row, no session: log-out deletes it.

    The key stands in the signed cookie; the row keeps its SHA-256.
    """

    __tablename__ = "login_session"

    key_hash: Mapped[str] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("app_user.id", ondelete="CASCADE"), index=True)
    begun_at: Mapped[datetime]
    seen_at: Mapped[datetime] = mapped_column(index=True)

    user: Mapped[User] = relationship()


class PasswordReset(Base):
    """A wish for a new password. Its secret is made by the sender that mails it.

    So the plain secret stands nowhere but in the mail: the row keeps its SHA-256.
    """

    __tablename__ = "password_reset"
    __table_args__ = (
        UniqueConstraint("token_hash"),
        CheckConstraint("status IN ('queued', 'mailing', 'mailed', 'failed')", name="status"),
        Index(
            "ix_password_reset_queued", "requested_at", postgresql_where=text("status = 'queued'")
        ),
    )

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("app_user.id", ondelete="CASCADE"), index=True)
    status: Mapped[str] = mapped_column(server_default=ResetStatus.QUEUED.value)
    token_hash: Mapped[str | None]
    requested_at: Mapped[datetime] = mapped_column(server_default=func.now())
    expires_at: Mapped[datetime | None]
    used_at: Mapped[datetime | None]
