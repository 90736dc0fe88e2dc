"""What the name servers say of the domains that mail comes from."""

from datetime import datetime
from typing import Any

from sqlalchemy import Identity, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from dakiya.models.base import Base


class DomainCheck(Base):
    """The last look-up of a domain's SPF, DKIM and DMARC; one row for all workspaces.

    ``findings`` is a ``dakiya.domains.records.Findings``. It is being looked up while
    ``checked_at`` is missing, or older than ``requested_at``.
    """

    __tablename__ = "domain_check"
    __table_args__ = (UniqueConstraint("domain"),)

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    domain: Mapped[str]
    requested_at: Mapped[datetime]
    checked_at: Mapped[datetime | None]
    findings: Mapped[dict[str, Any] | None]
