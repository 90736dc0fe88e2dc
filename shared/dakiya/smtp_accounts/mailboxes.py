"""Which accounts are one mailbox at their provider, so that they share its limits.

A mailbox is a user of a server. What somebody types proves nothing, and must neither tell them of
another workspace nor slow it down: a workspace has the mailbox for itself until a sender has
logged in to it (``dakiya.smtp_accounts.proving``). From then on it is the same for every workspace
that has. A login at a server that only the workspace vouches for proves nothing to others: whoever
may open a port on a shared host could take every password there.
"""

from collections.abc import Sequence
from typing import Final

from sqlalchemy import delete, func, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from dakiya.models import Mailbox, PaceUsage, SmtpAccount

# What every customer of a service logs in as: it tells nobody from another.
NAMES_OF_EVERYBODY: Final = frozenset({"api", "apikey", "emailapikey", "resend", "smtp_injection"})
# A user name and its host know no blanks.
_BETWEEN: Final = " "


def mailbox_key(host: str, username: str | None) -> str | None:
    """Name the mailbox of a user of a host; None where the user name tells nothing. Pure."""
    user = (username or "").strip().lower()
    if not user or user in NAMES_OF_EVERYBODY:
        return None
    return host.strip().rstrip(".").lower() + _BETWEEN + user


def find_mailbox(
    session: Session, *, workspace_id: int, host: str, username: str | None
) -> Mailbox:
    """Return the mailbox of a login that a workspace types; a new one if it has none yet.

    Accounts that the workspace has deleted are remembered.
    """
    key = mailbox_key(host, username)
    if key is None:
        mailbox = Mailbox()
        session.add(mailbox)
        session.flush()
        return mailbox
    for _ in range(2):
        found = session.scalar(
            select(Mailbox)
            .where(
                Mailbox.key == key,
                (Mailbox.workspace_id == workspace_id)
                | select(SmtpAccount.id)
                .where(
                    Mailbox.workspace_id.is_(None),
                    SmtpAccount.mailbox_id == Mailbox.id,
                    SmtpAccount.workspace_id == workspace_id,
                )
                .exists(),
            )
            .order_by(Mailbox.workspace_id.nulls_first())
            .limit(1)
        )
        if found is not None:
            return found
        # Somebody may add it at the same time: then there is nothing to insert, and one to find.
        session.execute(
            insert(Mailbox).values(key=key, workspace_id=workspace_id).on_conflict_do_nothing()
        )
    raise RuntimeError("A mailbox was added and is not there.")


def is_vouched_for_here(account: SmtpAccount) -> bool:
    """Tell whether it is only the workspace that says that its server is the right one."""
    return account.certificate_sha256 is not None


def accounts_on(
    session: Session, *, workspace_id: int, host: str, username: str | None
) -> Sequence[SmtpAccount]:
    """Return a workspace's accounts that send through the mailbox of a login, oldest first."""
    key = mailbox_key(host, username)
    if key is None:
        return []
    return session.scalars(
        select(SmtpAccount)
        .join(Mailbox, Mailbox.id == SmtpAccount.mailbox_id)
        .where(
            Mailbox.key == key,
            SmtpAccount.workspace_id == workspace_id,
            SmtpAccount.deleted_at.is_(None),
        )
        .order_by(SmtpAccount.id)
    ).all()


def same_mailbox(session: Session, account: SmtpAccount) -> Sequence[SmtpAccount]:
    """Return the other accounts of the workspace that send through an account's mailbox."""
    return session.scalars(
        select(SmtpAccount)
        .where(
            SmtpAccount.mailbox_id == account.mailbox_id,
            SmtpAccount.workspace_id == account.workspace_id,
            SmtpAccount.deleted_at.is_(None),
            SmtpAccount.id != account.id,
        )
        .order_by(SmtpAccount.id)
    ).all()


def is_used_elsewhere(session: Session, account: SmtpAccount) -> bool:
    """Tell whether another workspace sends through the same mailbox, and has proved it."""
    elsewhere = select(SmtpAccount.id).where(
        SmtpAccount.mailbox_id == account.mailbox_id,
        SmtpAccount.workspace_id != account.workspace_id,
        SmtpAccount.deleted_at.is_(None),
    )
    return bool(session.scalar(select(elsewhere.exists())))


def forget_mailboxes(session: Session) -> int:
    """Delete the mailboxes that no account has and no window can see; returns how many."""
    result = session.execute(
        delete(Mailbox).where(
            Mailbox.created_at < func.now() - text("interval '1 day'"),
            ~select(SmtpAccount.id).where(SmtpAccount.mailbox_id == Mailbox.id).exists(),
            ~select(PaceUsage.mails).where(PaceUsage.mailbox_id == Mailbox.id).exists(),
        )
    )
    return int(result.rowcount)  # type: ignore[attr-defined]
