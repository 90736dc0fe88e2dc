"""The first login to a mailbox proves whose it is: it is shared with all who have proved it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import delete, select, text, update
from sqlalchemy.orm import Session

from dakiya.db import database_now
from dakiya.delivery.limits import limits_on, slowed_on
from dakiya.delivery.locks import lock_pace, proof_lock
from dakiya.delivery.pacing import Limits
from dakiya.delivery.used_before import count_new_limits
from dakiya.models import Mailbox, SmtpAccount
from dakiya.smtp_accounts.mailboxes import is_vouched_for_here

_MOVE_USAGE = text("""
    INSERT INTO pace_usage (mailbox_id, window_s, start_at, mails)
    SELECT :to, window_s, start_at, mails FROM pace_usage WHERE mailbox_id = :from
    ON CONFLICT (mailbox_id, window_s, start_at)
    DO UPDATE SET mails = pace_usage.mails + excluded.mails
""")


@dataclass(frozen=True)
class _Side:
    """A mailbox before it is shared: its accounts, deleted ones too, and what they counted in."""

    account_ids: Sequence[int]
    limits: Limits


def prove_login(session: Session, account: SmtpAccount) -> bool:
    """Note that a sender has just logged in with an account; True if its mailbox is another now.

    Then another workspace has proved the same one before: from here on they share it. Commit at
    once; the account's open connections stand on slots of the mailbox that it had.
    """
    key = session.scalar(
        select(Mailbox.key).where(
            Mailbox.id == account.mailbox_id, Mailbox.workspace_id.is_not(None)
        )
    )
    if key is not None and not is_vouched_for_here(account):
        # Nobody else proves the same one until this transaction ends.
        session.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": proof_lock(key)})
        _share(session, key=key, workspace_id=account.workspace_id)
    present = session.scalar(select(SmtpAccount.mailbox_id).where(SmtpAccount.id == account.id))
    return present != account.mailbox_id


def _share(session: Session, *, key: str, workspace_id: int) -> None:
    """Make what a workspace claims the mailbox of everybody who has proved it."""
    claimed_id = session.scalar(
        select(Mailbox.id).where(Mailbox.key == key, Mailbox.workspace_id == workspace_id)
    )
    proved_id = session.scalar(
        select(Mailbox.id).where(Mailbox.key == key, Mailbox.workspace_id.is_(None))
    )
    if claimed_id is None:
        return
    if proved_id is None:
        session.execute(update(Mailbox).where(Mailbox.id == claimed_id).values(workspace_id=None))
        return
    # Whoever changes an account of it is done then, or waits; so is whoever adds one.
    session.execute(
        select(SmtpAccount.id)
        .where(SmtpAccount.mailbox_id == claimed_id)
        .order_by(SmtpAccount.id)
        .with_for_update(key_share=True)
    )
    session.execute(select(Mailbox.id).where(Mailbox.id == claimed_id).with_for_update())
    sides = {one: _side(session, one) for one in (claimed_id, proved_id)}
    session.execute(
        update(SmtpAccount)
        .where(SmtpAccount.mailbox_id == claimed_id)
        .values(mailbox_id=proved_id)
        .execution_options(synchronize_session=False)
    )
    _share_pace(session, claimed_id, proved_id)
    _share_usage(session, sides, claimed_id, proved_id)
    session.execute(delete(Mailbox).where(Mailbox.id == claimed_id))


def _side(session: Session, mailbox_id: int) -> _Side:
    ids = session.scalars(select(SmtpAccount.id).where(SmtpAccount.mailbox_id == mailbox_id)).all()
    return _Side(ids, limits_on(session, mailbox_id))


def _share_pace(session: Session, claimed_id: int, proved_id: int) -> None:
    """Keep the slower of the paces that both have learned."""
    session.execute(
        select(Mailbox.id).where(Mailbox.id == proved_id).with_for_update(key_share=True)
    )
    now = database_now(session)
    both = (slowed_on(session, claimed_id), slowed_on(session, proved_id))
    learned = [one for one in both if one is not None and one.over_at > now]
    if learned:
        slowest = min(learned, key=lambda one: one.pace(now) or one.back_to)
        session.execute(
            update(Mailbox)
            .where(Mailbox.id == proved_id)
            .values(slowed_to=slowest.to, slowed_from=slowest.back_to, slowed_at=slowest.at)
        )


def _share_usage(
    session: Session, sides: Mapping[int, _Side], claimed_id: int, proved_id: int
) -> None:
    """Add up what both have used, also within the limits that only one of them had so far."""
    limits = limits_on(session, proved_id)
    for mailbox_id, side in sides.items():
        count_new_limits(session, mailbox_id, side.account_ids, before=side.limits, limits=limits)
    lock_pace(session, proved_id)
    session.execute(_MOVE_USAGE, {"from": claimed_id, "to": proved_id})
