"""Users: sign up, log in, change the password; and what a user may see."""

from datetime import datetime
from functools import partial
from typing import Any

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from dakiya.accounts.passwords import check_password, hash_password, needs_rehash, verify_password
from dakiya.campaigns.times import find_zone
from dakiya.errors import InvalidInput
from dakiya.mail.addresses import AddressError, parse_address
from dakiya.models import Membership, User, Workspace
from dakiya.models.people import Theme


def create_user(session: Session, *, email: str, password: str) -> User:
    """Add a user with a workspace of their own. Raises InvalidInput; commits nothing."""
    normalised = _new_address(session, email)
    user = User(email=normalised, password_hash=hash_password(password))
    workspace = Workspace(name=normalised)
    session.add(Membership(user=user, workspace=workspace))
    session.flush()
    return user


def sign_up_mistakes(session: Session, *, email: str, password: str) -> list[InvalidInput]:
    """Return all that `create_user` would refuse, not only the first."""
    found = []
    for check in (partial(_new_address, session, email), partial(check_password, password)):
        try:
            check()
        except InvalidInput as error:
            found.append(error)
    return found


def _new_address(session: Session, email: str) -> str:
    try:
        normalised = parse_address(email).normalised
    except AddressError as error:
        raise InvalidInput(str(error), "email") from None
    if session.scalar(select(User.id).where(User.email == normalised)):
        raise InvalidInput("There is already an account with this address.", "email")
    return normalised


def authenticate(session: Session, *, email: str, password: str, now: datetime) -> User | None:
    """Return the active user whom address and password fit, else None; same timing."""
    user = find_user(session, email)
    if not verify_password(user.password_hash if user else None, password):
        return None
    if user is None or user.deactivated_at is not None:
        return None
    if needs_rehash(user.password_hash):
        user.password_hash = hash_password(password)
    user.last_login_at = now
    return user


def find_user(session: Session, email: str) -> User | None:
    """Return the user with this address in any spelling, if there is one."""
    try:
        normalised = parse_address(email).normalised
    except AddressError:
        return None
    return session.scalar(select(User).where(User.email == normalised))


def change_password(user: User, password: str) -> None:
    """Set a new password and end every session of the user. Raises InvalidInput."""
    user.password_hash = hash_password(password)
    user.session_version += 1


def change_own_password(user: User, *, old: str, new: str) -> None:
    """Set a new password for somebody who knows the old one; ends every session of theirs.

    Raises InvalidInput, field ``old`` or ``password``.
    """
    if not verify_password(user.password_hash, old):
        raise InvalidInput("This is not your present password.", "old")
    change_password(user, new)


def set_timezone(user: User, timezone: str) -> None:
    """Set the zone that times are shown in. Raises InvalidInput for one that does not exist."""
    user.timezone = str(find_zone(timezone))


def set_theme(user: User, theme: str) -> None:
    """Set how the pages look. Raises InvalidInput for a theme that does not exist."""
    if theme not in set(Theme):
        raise InvalidInput("Choose light, dark or system.", "theme")
    user.theme = Theme(theme).value


def visible_to(user_id: int, workspace_id: InstrumentedAttribute[Any]) -> ColumnElement[bool]:
    """The one ownership filter: rows whose workspace the user is a member of."""
    return workspace_id.in_(select(Membership.workspace_id).where(Membership.user_id == user_id))


def workspace_of(session: Session, user_id: int) -> int:
    """Return the id of the user's first workspace, where new things go."""
    return session.scalars(
        select(Membership.workspace_id)
        .where(Membership.user_id == user_id)
        .order_by(Membership.workspace_id)
        .limit(1)
    ).one()
