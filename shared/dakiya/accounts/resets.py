"""Forgotten passwords: a link by mail that works once and for an hour.

The web only notes the wish. The sender makes the link's secret when it mails it, so that the
plain secret stands in the mail and nowhere else; the row keeps its SHA-256.
"""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from dakiya.accounts.users import change_password, find_user
from dakiya.errors import InvalidInput
from dakiya.models import PasswordReset, ResetStatus, User

WORKS_FOR = timedelta(hours=1)
# Whoever asks again at once gets the mail that is on its way, and nobody a flood of them.
ASK_AGAIN_AFTER = timedelta(minutes=1)
RESETS_AN_HOUR = 5
SUBJECT = "Choose a new password for Dakiya"
_NO_LONGER = "This link does not work any more. Ask for a new one."
_TEXT = """\
Somebody, probably you, asked for a new password for {email}.

Choose it here within an hour; the link works once:

{link}

If it was not you, do nothing: your password stays as it is.
"""


@dataclass(frozen=True)
class ResetMail:
    """A mail to be sent now; ``text`` holds the secret link."""

    reset_id: int
    to_email: str
    text: str


def request_reset(session: Session, *, email: str, now: datetime) -> PasswordReset | None:
    """Note that somebody wants a new password; None when no mail is to be sent.

    The caller's answer must be the same in both cases. Commits nothing; ring afterwards.
    """
    user = find_user(session, email)
    if user is None or user.deactivated_at is not None:
        return None
    session.refresh(user, with_for_update={"key_share": True})
    lately = session.scalars(
        select(PasswordReset.requested_at)
        .where(
            PasswordReset.user_id == user.id,
            PasswordReset.requested_at > now - timedelta(hours=1),
        )
        .order_by(PasswordReset.requested_at.desc())
    ).all()
    if lately and (now - lately[0] < ASK_AGAIN_AFTER or len(lately) >= RESETS_AN_HOUR):
        return None
    reset = PasswordReset(user_id=user.id, requested_at=now)
    session.add(reset)
    session.flush()
    return reset


def make_reset_mail(session: Session, reset_id: int, *, public_url: str) -> ResetMail | None:
    """Take a queued wish and make its link; None when somebody else has, or it is too late."""
    token = secrets.token_urlsafe(32)
    now = func.clock_timestamp()
    user_id = session.scalar(
        update(PasswordReset)
        .where(
            PasswordReset.id == reset_id,
            PasswordReset.status == ResetStatus.QUEUED,
            PasswordReset.requested_at > now - WORKS_FOR,
        )
        .values(status=ResetStatus.MAILING, token_hash=_hash(token), expires_at=now + WORKS_FOR)
        .returning(PasswordReset.user_id)
    )
    if user_id is None:
        return None
    email = session.get_one(User, user_id).email
    link = f"{public_url}/reset/{token}"
    return ResetMail(reset_id, email, _TEXT.format(email=email, link=link))


def record_reset_mail(session: Session, reset_id: int, *, mailed: bool) -> None:
    """Note whether the mail went out; a link that nobody got works no more."""
    values: dict[str, object] = {"status": ResetStatus.MAILED}
    if not mailed:
        values = {"status": ResetStatus.FAILED, "token_hash": None, "expires_at": None}
    session.execute(
        update(PasswordReset)
        .where(PasswordReset.id == reset_id, PasswordReset.status == ResetStatus.MAILING)
        .values(**values)
    )


def find_reset(session: Session, token: str, *, now: datetime) -> PasswordReset | None:
    """Return the wish that a link belongs to while it works, else None."""
    return session.scalar(
        select(PasswordReset)
        .join(User)
        .where(
            PasswordReset.token_hash == _hash(token),
            PasswordReset.used_at.is_(None),
            PasswordReset.expires_at > now,
            User.deactivated_at.is_(None),
        )
    )


def use_reset(session: Session, token: str, *, password: str, now: datetime) -> User:
    """Set the new password, end every session, and let no open link of the user work again.

    Raises InvalidInput, also for a link that works no more (field ``token``).
    """
    found = find_reset(session, token, now=now)
    if found is None:
        raise InvalidInput(_NO_LONGER, "token")
    user = session.get_one(User, found.user_id)
    change_password(user, password)
    used = session.scalars(
        update(PasswordReset)
        .where(PasswordReset.user_id == user.id, PasswordReset.used_at.is_(None))
        .values(used_at=now)
        .returning(PasswordReset.id)
        .execution_options(synchronize_session=False)
    ).all()
    if found.id not in used:  # somebody else was quicker by a moment
        raise InvalidInput(_NO_LONGER, "token")
    return user


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()
