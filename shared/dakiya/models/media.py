"""Pictures that users keep for their mails; the bytes lie in a `MediaStore`."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Identity, Index, Integer, UniqueConstraint, func
from sqlalchemy.orm import Mapped, mapped_column

from dakiya.models.base import Base


class MediaFile(Base):
    """A picture. Its bytes and its address never change: mails that were sent point to it."""

    __tablename__ = "media_file"
    __table_args__ = (
        UniqueConstraint("token"),
        # The same picture twice is one.
        UniqueConstraint("workspace_id", "sha256"),
        CheckConstraint("width > 0 AND height > 0 AND size_bytes > 0", name="measured"),
        Index("ix_media_file_workspace_id_id", "workspace_id", "id"),
    )

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    workspace_id: Mapped[int] = mapped_column(ForeignKey("workspace.id", ondelete="CASCADE"))
    # 128 random bits: who knows the address may see the picture, nobody guesses one.
    token: Mapped[str]
    # The last part of its address: "diwali-lamps.jpg".
    file_name: Mapped[str]
    # What its owner calls it, and what it shows for those who do not see it.
    label: Mapped[str]
    alt: Mapped[str] = mapped_column(server_default="")
    content_type: Mapped[str]
    width: Mapped[int] = mapped_column(Integer)
    height: Mapped[int] = mapped_column(Integer)
    size_bytes: Mapped[int]
    is_animated: Mapped[bool]
    sha256: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
