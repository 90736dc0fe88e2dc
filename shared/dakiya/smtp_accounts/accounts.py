"""SMTP accounts: find, add, change, delete and ask for a test."""

from dataclasses import asdict, dataclass, fields
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from dakiya.accounts.users import visible_to
from dakiya.delivery.limits import limits_on, shared_limits
from dakiya.delivery.pacing import Limits
from dakiya.delivery.used_before import count_new_limits
from dakiya.errors import IllegalState, InvalidInput, NotFound
from dakiya.models import (
    Campaign,
    CampaignStatus,
    Mailbox,
    Security,
    SmtpAccount,
    SmtpTest,
    Workspace,
)
from dakiya.smtp_accounts.errands import OPEN, TEST_LASTS_AT_MOST, require_room_for_test
from dakiya.smtp_accounts.mailboxes import find_mailbox, mailbox_key
from dakiya.smtp_accounts.secrets import SecretBox

# Where the stored password goes: who changes one of these must know it.
LOGIN_FIELDS = frozenset({"host", "port", "security", "username"})
_SERVER_FIELDS = ("host", "port", "security")
# What a test is about: a change of these makes it a test of something else.
_TESTED_FIELDS = LOGIN_FIELDS | {"from_email"}
_ENDED = (CampaignStatus.DRAFT, CampaignStatus.FINISHED, CampaignStatus.CANCELLED)


@dataclass(frozen=True)
class AccountValues:
    """Everything of an account that its owner decides, without the password."""

    name: str
    host: str
    port: int
    security: Security
    username: str | None
    from_email: str
    from_name: str | None
    per_second: int | None
    per_minute: int | None
    per_hour: int | None
    per_day: int | None
    connections: int
    mails_per_connection: int

    @classmethod
    def of(cls, account: SmtpAccount) -> "AccountValues":
        """Return what a stored account has."""
        return cls(**{field.name: getattr(account, field.name) for field in fields(cls)})


def find_account(
    session: Session, account_id: int, *, user_id: int, lock: bool = False
) -> SmtpAccount:
    """Return an account that the user may see. Raises NotFound; a deleted one is not there."""
    query = select(SmtpAccount).where(
        SmtpAccount.id == account_id,
        SmtpAccount.deleted_at.is_(None),
        visible_to(user_id, SmtpAccount.workspace_id),
    )
    if lock:
        query = query.with_for_update(key_share=True)
    account = session.scalar(query)
    if account is None:
        raise NotFound("There is no such SMTP account.")
    return account


def list_accounts(session: Session, *, user_id: int) -> list[SmtpAccount]:
    """Return the user's accounts: the default one, then the oldest first."""
    return list(
        session.scalars(
            select(SmtpAccount)
            .where(SmtpAccount.deleted_at.is_(None), visible_to(user_id, SmtpAccount.workspace_id))
            .order_by(SmtpAccount.is_default.desc(), SmtpAccount.id)
        )
    )


def create_account(
    session: Session,
    values: AccountValues,
    *,
    workspace_id: int,
    password: str | None,
    box: SecretBox,
) -> SmtpAccount:
    """Add an account; its password is stored sealed. The first of a workspace is its default.

    What the workspace has sent through the same mailbox counts in its limits from the beginning.
    """
    mailbox = find_mailbox(
        session, workspace_id=workspace_id, host=values.host, username=values.username
    )
    before = limits_on(session, mailbox.id)
    account = SmtpAccount(
        workspace_id=workspace_id,
        mailbox_id=mailbox.id,
        is_default=_default_of(session, workspace_id) is None,
        password_encrypted=box.seal(password) if password else None,
        **asdict(values),
    )
    session.add(account)
    session.flush()
    _count_new_limits(session, account, before=before)
    return account


def make_default(session: Session, account: SmtpAccount) -> None:
    """Let new campaigns of the workspace begin with this account."""
    present = _default_of(session, account.workspace_id)
    if present is not None and present.id != account.id:
        present.is_default = False
        session.flush()  # before the other: only one may be it
    account.is_default = True
    session.flush()


def _default_of(session: Session, workspace_id: int) -> SmtpAccount | None:
    """Return a workspace's default account; whoever asks at the same time waits."""
    session.scalars(
        select(Workspace.id).where(Workspace.id == workspace_id).with_for_update(key_share=True)
    ).one()
    return session.scalar(
        select(SmtpAccount)
        .where(SmtpAccount.workspace_id == workspace_id, SmtpAccount.is_default)
        .execution_options(populate_existing=True)
    )


def change_account(
    session: Session,
    account: SmtpAccount,
    values: AccountValues,
    *,
    password: str | None,
    box: SecretBox,
) -> None:
    """Store new values and end the account's pause, since its trouble may be mended.

    A new limit an hour or a day counts what was sent before it was there. Tests of another server,
    login or From address tell nothing any more.

    ``password`` None keeps the stored one, but not for another host, port, security or user
    name: whoever gets hold of a session must not send it to a server of their own. Raises
    InvalidInput then. Without a user name no password is kept.
    """
    now_set = AccountValues.of(account)
    moved = any(getattr(values, name) != getattr(now_set, name) for name in LOGIN_FIELDS)
    if values.username is None:
        account.password_encrypted = None
    elif password is not None:
        account.password_encrypted = box.seal(password)
    elif moved and account.password_encrypted is not None:
        raise InvalidInput(
            "Type the password again: the host, port, security or username has changed.",
            "password",
        )
    if any(getattr(values, name) != getattr(now_set, name) for name in _SERVER_FIELDS):
        _forget_server(session, account)
    if password is not None or any(
        getattr(values, name) != getattr(now_set, name) for name in _TESTED_FIELDS
    ):
        account.settings_version += 1
    is_elsewhere = mailbox_key(values.host, values.username) != mailbox_key(
        account.host, account.username
    )
    before = shared_limits(session, account)
    for name, value in asdict(values).items():
        setattr(account, name, value)
    if is_elsewhere:
        before = _move_to_mailbox(session, account)
    _count_new_limits(session, account, before=before, its_own=not is_elsewhere)
    end_pause(account)


def _move_to_mailbox(session: Session, account: SmtpAccount) -> Limits:
    """Put an account with another login where it belongs; returns the limits that hold there."""
    account.sent_elsewhere = account.elsewhere_at = None
    mailbox_id = find_mailbox(
        session,
        workspace_id=account.workspace_id,
        host=account.host,
        username=account.username,
    ).id
    before = limits_on(session, mailbox_id)
    account.mailbox_id = mailbox_id
    session.flush()
    return before


def _count_new_limits(
    session: Session, account: SmtpAccount, *, before: Limits, its_own: bool = True
) -> None:
    """Count what was sent through a mailbox in the windows that nobody counted in so far."""
    on_it = select(SmtpAccount.id).where(SmtpAccount.mailbox_id == account.mailbox_id)
    if not its_own:
        on_it = on_it.where(SmtpAccount.id != account.id)
    count_new_limits(
        session,
        account.mailbox_id,
        session.scalars(on_it).all(),
        before=before,
        limits=shared_limits(session, account),
    )


def _forget_server(session: Session, account: SmtpAccount) -> None:
    """Another server has said nothing and shown no certificate yet."""
    account.certificate_sha256 = account.server_facts = None
    # A mailbox that is this account's alone goes along with it to the other server.
    session.execute(
        update(Mailbox)
        .where(Mailbox.id == account.mailbox_id, Mailbox.key.is_(None))
        .values(slowed_to=None, slowed_from=None, slowed_at=None)
    )


def end_pause(account: SmtpAccount) -> None:
    """Let the account send again: its owner changed it, or a test passed."""
    account.paused_at = None
    account.paused_until = None
    account.pause_reason = None
    account.pause_detail = None
    account.trouble_count = 0
    account.trouble_since = None
    account.noticed_at = None
    account.mended += 1


def delete_account(session: Session, account: SmtpAccount, *, now: datetime) -> None:
    """Hide the account and forget its password; campaigns keep it for their history.

    Raises IllegalState naming the campaigns that still send through it.
    """
    live = session.scalars(
        select(Campaign.name)
        .where(Campaign.smtp_account_id == account.id, Campaign.status.not_in(_ENDED))
        .order_by(Campaign.id)
        .limit(4)
    ).all()
    if live:
        names = ", ".join(f"“{name}”" for name in live[:3]) + (", …" if len(live) > 3 else "")
        raise IllegalState(
            f"This account is used by {names}. Cancel the campaign or wait until it has finished."
        )
    account.deleted_at = now
    account.password_encrypted = None
    if account.is_default:
        account.is_default = False
        session.flush()
        heir = session.scalar(
            select(SmtpAccount)
            .where(
                SmtpAccount.workspace_id == account.workspace_id, SmtpAccount.deleted_at.is_(None)
            )
            .order_by(SmtpAccount.id)
            .limit(1)
        )
        if heir is not None:
            make_default(session, heir)


def request_test(
    session: Session, account: SmtpAccount, to_email: str, *, now: datetime
) -> SmtpTest:
    """Add a test for a sender to run. Raises IllegalState while others are on their way."""
    latest = latest_test(session, account)
    if (
        latest is not None
        and latest.status in OPEN
        and now - latest.created_at < TEST_LASTS_AT_MOST
    ):
        raise IllegalState("A test of this account is still running. Wait for its result.")
    require_room_for_test(session, account.workspace_id, now=now)
    test = SmtpTest(
        smtp_account_id=account.id, to_email=to_email, settings_version=account.settings_version
    )
    session.add(test)
    session.flush()
    return test


def latest_test(session: Session, account: SmtpAccount) -> SmtpTest | None:
    """Return the last test of the account as it is now, if there was one."""
    return session.scalar(
        select(SmtpTest)
        .where(
            SmtpTest.smtp_account_id == account.id,
            SmtpTest.settings_version == account.settings_version,
        )
        .order_by(SmtpTest.id.desc())
        .limit(1)
    )
