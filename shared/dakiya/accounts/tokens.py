"""API tokens: 256 random bits, shown once, kept as their SHA-256."""

import hashlib
import secrets
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from dakiya.accounts.users import workspace_of
from dakiya.errors import NotFound
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


def list_tokens(session: Session, *, user_id: int) -> list[ApiToken]:
    """Return the user's live tokens, newest first."""
    return list(
        session.scalars(
            select(ApiToken)
            .where(ApiToken.user_id == user_id, ApiToken.revoked_at.is_(None))
            .order_by(ApiToken.id.desc())
        )
    )


def find_own_token(session: Session, token_id: int, *, user_id: int) -> ApiToken:
    """Return a live token of the user. Raises NotFound."""
    token = session.scalar(
        select(ApiToken).where(
            ApiToken.id == token_id, ApiToken.user_id == user_id, ApiToken.revoked_at.is_(None)
        )
    )
    if token is None:
        raise NotFound("There is no such token.")
    return token


def revoke_token(session: Session, token_id: int, *, user_id: int, now: datetime) -> ApiToken:
    """End a token for good. Raises NotFound."""
    token = find_own_token(session, token_id, user_id=user_id)
    token.revoked_at = now
    return token


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
