"""The limits that hold for an account: those of its mailbox.

Accounts of one mailbox (``dakiya.smtp_accounts.mailboxes``) share the pace that it has learned, and
where they disagree on a limit, the stricter one holds for all of them.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, and_, func, or_, select
from sqlalchemy.orm import Session

from dakiya.delivery.pacing import Limits
from dakiya.delivery.slowing import Slowed, tighten
from dakiya.models import Mailbox, SmtpAccount
from dakiya.smtp_accounts.mailboxes import is_vouched_for_here

_LEAST: Final[tuple[ColumnElement[Any], ...]] = (
    func.min(SmtpAccount.per_second),
    func.min(SmtpAccount.per_minute),
    func.min(SmtpAccount.per_hour),
    func.min(SmtpAccount.per_day),
)
_LEARNED: Final = (Mailbox.slowed_to, Mailbox.slowed_from, Mailbox.slowed_at)


def limits_of(account: SmtpAccount) -> Limits:
    """Return the limits that an account's owner has set."""
    return Limits(account.per_second, account.per_minute, account.per_hour, account.per_day)


def shared_limits(
    session: Session, account: SmtpAccount, *, workspace_id: int | None = None
) -> Limits:
    """Return the limits that hold for an account: the strictest of all accounts of its mailbox.

    ``workspace_id``: only as far as this workspace's accounts have set them.
    """
    whose = () if workspace_id is None else (SmtpAccount.workspace_id == workspace_id,)
    return _least(session, *_shares_with(account), *whose)


def told_limits(session: Session, account: SmtpAccount) -> Limits:
    """Return the limits that hold for an account, without those that another workspace has set."""
    own = shared_limits(session, account, workspace_id=account.workspace_id)
    all_of_them = shared_limits(session, account)
    names = ("per_second", "per_minute", "per_hour", "per_day")
    return Limits(
        **{
            name: limit
            for name in names
            if (limit := getattr(own, name)) == getattr(all_of_them, name)
        }
    )


def limits_on(session: Session, mailbox_id: int) -> Limits:
    """Return the limits that the accounts of a mailbox count in."""
    return _least(session, SmtpAccount.mailbox_id == mailbox_id, SmtpAccount.deleted_at.is_(None))


def _shares_with(account: SmtpAccount) -> tuple[ColumnElement[bool], ...]:
    """Say which accounts hold for one: those of its mailbox, and itself even when it is deleted."""
    return (
        SmtpAccount.mailbox_id == account.mailbox_id,
        or_(SmtpAccount.deleted_at.is_(None), SmtpAccount.id == account.id),
    )


def _least(session: Session, *which: ColumnElement[bool]) -> Limits:
    return Limits(*session.execute(select(*_LEAST).where(*which)).one())


def slowed(session: Session, account: SmtpAccount) -> Slowed | None:
    """Return what an account's mailbox has learned of its pace, if it ever had to."""
    return slowed_on(session, account.mailbox_id)


def slowed_on(session: Session, mailbox_id: int) -> Slowed | None:
    """Return what a mailbox has learned of its pace; None if it became part of another one."""
    row = session.execute(select(*_LEARNED).where(Mailbox.id == mailbox_id)).one_or_none()
    return _slowed(*row) if row is not None else None


def _slowed(to: int | None, back_to: int | None, at: datetime | None) -> Slowed | None:
    return None if to is None or back_to is None or at is None else Slowed(to, back_to, at)


@dataclass(frozen=True)
class Standing:
    """What holds for an account: its mailbox's strictest limits and learned pace.

    ``connections`` are the fewest that an account of the mailbox has. ``is_proved``: somebody has
    logged in to it, or need not.
    """

    limits: Limits
    connections: int
    slowed: Slowed | None
    is_proved: bool

    def pace(self, now: datetime) -> Limits:
        """Return the limits that hold now: the strictest ones, and what the mailbox has learned."""
        per_minute = self.slowed.pace(now) if self.slowed is not None else None
        return self.limits if per_minute is None else tighten(self.limits, per_minute)

    def connections_at(self, now: datetime) -> int:
        """Return how many connections may be used now: fewer in step with a learned pace.

        Servers say "too many connections" in the same breath as "too fast". The first login uses
        one: it may show that others hold connections to the same mailbox.
        """
        if not self.is_proved:
            return 1
        per_minute = self.slowed.pace(now) if self.slowed is not None else None
        if self.slowed is None or per_minute is None:
            return self.connections
        return max(self.connections * per_minute // self.slowed.back_to, 1)


def standing_of(session: Session, account: SmtpAccount) -> Standing:
    """Look at all that holds for an account, in one query: each claim and each batch asks."""
    row = session.execute(
        select(*_LEAST, func.min(SmtpAccount.connections), *_LEARNED, Mailbox.workspace_id)
        .outerjoin(SmtpAccount, and_(*_shares_with(account)))
        .where(Mailbox.id == account.mailbox_id)
        .group_by(Mailbox.id)
    ).one_or_none()
    if row is None:  # part of another one since then
        return Standing(Limits(), account.connections, None, is_proved=True)
    *limits, connections, to, back_to, at, workspace_id = row
    return Standing(
        Limits(*limits),
        connections or account.connections,
        _slowed(to, back_to, at),
        is_proved=workspace_id is None or is_vouched_for_here(account),
    )


def pace_of(session: Session, account: SmtpAccount, *, now: datetime) -> Limits:
    """Return the limits that hold for an account now (``Standing.pace``)."""
    return standing_of(session, account).pace(now)


def connections_of(session: Session, account: SmtpAccount, *, now: datetime) -> int:
    """Return how many connections an account may use now (``Standing.connections_at``)."""
    return standing_of(session, account).connections_at(now)
