"""Log-ins of the pages: a cookie works while the row of its key is there, and no longer.

A copy of a cookie is signed anew with every answer, so only the absence of its row ends it.
"""

import hashlib
import secrets
from datetime import datetime, timedelta

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session, contains_eager

from dakiya.models import LoginSession, User

# How long after its last use a session still works.
LASTS = timedelta(days=14)
# Writing the time of each use would cost a commit per request.
SEEN_PRECISION = timedelta(hours=1)


def add_login(session: Session, *, user: User, now: datetime) -> str:
    """Add a session and return its key, for the cookie. Commits nothing."""
    key = secrets.token_urlsafe(32)
    session.add(LoginSession(key_hash=_hash(key), user_id=user.id, begun_at=now, seen_at=now))
    session.flush()
    return key


def find_login(session: Session, key: str) -> LoginSession | None:
    """Return the session of an active user that this key is, its user loaded with it."""
    return session.scalar(
        select(LoginSession)
        .join(LoginSession.user)
        .options(contains_eager(LoginSession.user))
        .where(LoginSession.key_hash == _hash(key), User.deactivated_at.is_(None))
    )


def is_seen_due(login: LoginSession, *, now: datetime) -> bool:
    """Tell whether the session's use is to be noted again."""
    return now - login.seen_at > SEEN_PRECISION


def note_seen(session: Session, key: str, *, now: datetime) -> None:
    """Note that a session is in use; one that has ended meanwhile stays ended."""
    session.execute(
        update(LoginSession).where(LoginSession.key_hash == _hash(key)).values(seen_at=now)
    )


def remove_login(session: Session, key: str) -> None:
    """End a session, in every copy of its cookie; one that has ended is no error."""
    session.execute(delete(LoginSession).where(LoginSession.key_hash == _hash(key)))


def forget_logins(session: Session, *, now: datetime) -> None:
    """Drop the sessions whose cookies have expired."""
    session.execute(delete(LoginSession).where(LoginSession.seen_at < now - LASTS - SEEN_PRECISION))


def _hash(key: str) -> str:
    return hashlib.sha256(key.encode("utf-8", "replace")).hexdigest()
