"""API tokens: 256 random bits, shown once, kept as their SHA-256."""

import hashlib
import secrets
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from dakiya.accounts.users import workspace_of
from dakiya.models import ApiToken, User

PREFIX = "dk_"
# Writing the time of each use would cost a commit per request.
LAST_USED_PRECISION = timedelta(minutes=1)


def create_token(session: Session, *, user: User, name: str) -> str:
    """Add a token and return its text, which cannot be had again."""
    text = PREFIX + secrets.token_urlsafe(32)
    session.add(
        ApiToken(
            workspace_id=workspace_of(session, user.id),
            user_id=user.id,
            name=name,
            token_hash=_hash(text),
        )
    )
    session.flush()
    return text


def find_token(session: Session, text: str, *, now: datetime) -> ApiToken | None:
    """Return the live token of an active user that this text is, noting its use."""
    token = session.scalar(
        select(ApiToken)
        .join(User)
        .where(
            ApiToken.token_hash == _hash(text),
            ApiToken.revoked_at.is_(None),
            User.deactivated_at.is_(None),
        )
    )
    if token and (token.last_used_at is None or now - token.last_used_at > LAST_USED_PRECISION):
        token.last_used_at = now
    return token


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
