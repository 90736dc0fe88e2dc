"""The limits that hold for an account: those of its mailbox.

Accounts of one mailbox (``dakiya.smtp_accounts.mailboxes``) share the pace that it has learned, and
where they disagree on a limit, the stricter one holds for all of them.
"""

from datetime import datetime

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.orm import Session

from dakiya.delivery.pacing import Limits
from dakiya.delivery.slowing import Slowed, tighten
from dakiya.models import Mailbox, SmtpAccount
from dakiya.smtp_accounts.mailboxes import is_proved


def limits_of(account: SmtpAccount) -> Limits:
    """Return the limits that an account's owner has set."""
    return Limits(account.per_second, account.per_minute, account.per_hour, account.per_day)


def shared_limits(
    session: Session, account: SmtpAccount, *, workspace_id: int | None = None
) -> Limits:
    """Return the limits that hold for an account: the strictest of all accounts of its mailbox.

    ``workspace_id``: only as far as this workspace's accounts have set them.
    """
    return _strictest(session, account, workspace_id=workspace_id)[0]


def shared_connections(session: Session, account: SmtpAccount) -> int:
    """Return the fewest connections that an account of the mailbox has."""
    return _strictest(session, account)[1]


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
    return _least(session, SmtpAccount.mailbox_id == mailbox_id, SmtpAccount.deleted_at.is_(None))[
        0
    ]


def _strictest(
    session: Session, account: SmtpAccount, *, workspace_id: int | None = None
) -> tuple[Limits, int]:
    """Return the lowest of each limit, and of the connections, that accounts of a mailbox have."""
    limits, connections = _least(
        session,
        SmtpAccount.mailbox_id == account.mailbox_id,
        or_(SmtpAccount.deleted_at.is_(None), SmtpAccount.id == account.id),
        *(() if workspace_id is None else (SmtpAccount.workspace_id == workspace_id,)),
    )
    return limits, connections or account.connections


def _least(session: Session, *which: ColumnElement[bool]) -> tuple[Limits, int | None]:
    columns = (
        SmtpAccount.per_second,
        SmtpAccount.per_minute,
        SmtpAccount.per_hour,
        SmtpAccount.per_day,
        SmtpAccount.connections,
    )
    least = session.execute(select(*(func.min(column) for column in columns)).where(*which)).one()
    *limits, connections = least
    return Limits(*limits), connections


def slowed(session: Session, account: SmtpAccount) -> Slowed | None:
    """Return what an account's mailbox has learned of its pace, if it ever had to."""
    return slowed_on(session, account.mailbox_id)


def slowed_on(session: Session, mailbox_id: int) -> Slowed | None:
    """Return what a mailbox has learned of its pace; None if it became part of another one."""
    row = session.execute(
        select(Mailbox.slowed_to, Mailbox.slowed_from, Mailbox.slowed_at).where(
            Mailbox.id == mailbox_id
        )
    ).one_or_none()
    to, back_to, at = row or (None, None, None)
    return None if to is None or back_to is None or at is None else Slowed(to, back_to, at)


def pace_of(session: Session, account: SmtpAccount, *, now: datetime) -> Limits:
    """Return the limits that hold now: the strictest ones, and what the mailbox has learned."""
    own, learned = shared_limits(session, account), slowed(session, account)
    per_minute = learned.pace(now) if learned is not None else None
    return own if per_minute is None else tighten(own, per_minute)


def connections_of(session: Session, account: SmtpAccount, *, now: datetime) -> int:
    """Return how many connections an account may use now: fewer in step with a learned pace.

    Servers say "too many connections" in the same breath as "too fast". The first login uses one:
    it may show that others hold connections to the same mailbox.
    """
    if not is_proved(session, account):
        return 1
    connections = shared_connections(session, account)
    learned = slowed(session, account)
    per_minute = learned.pace(now) if learned is not None else None
    if learned is None or per_minute is None:
        return connections
    return max(connections * per_minute // learned.back_to, 1)
