"""What people change about themselves, and their tokens."""

import pytest
from sqlalchemy.orm import Session

from dakiya.accounts.passwords import verify_password
from dakiya.accounts.tokens import create_token, find_token, list_tokens, revoke_token
from dakiya.accounts.users import change_own_password, create_user, set_theme, set_timezone
from dakiya.clock import utc_now
from dakiya.errors import InvalidInput, NotFound
from dakiya.models import User

PASSWORD = "a long password"


@pytest.fixture
def user(session: Session) -> User:
    return create_user(session, email="alice@example.com", password=PASSWORD)


def test_own_password_is_changed_by_who_knows_the_old_one(user: User) -> None:
    version = user.session_version
    with pytest.raises(InvalidInput) as refused:
        change_own_password(user, old="a wrong password", new="another password")
    assert refused.value.field == "old"
    with pytest.raises(InvalidInput) as refused:
        change_own_password(user, old=PASSWORD, new="short")
    assert refused.value.field == "password"
    assert (verify_password(user.password_hash, PASSWORD), user.session_version) == (True, version)
    change_own_password(user, old=PASSWORD, new="another password")
    assert verify_password(user.password_hash, "another password")
    assert user.session_version == version + 1


def test_zone_and_theme_are_only_ones_that_exist(user: User) -> None:
    set_timezone(user, "europe/zurich")
    set_theme(user, "dark")
    assert (user.timezone, user.theme) == ("Europe/Zurich", "dark")
    with pytest.raises(InvalidInput):
        set_timezone(user, "Mars/Olympus")
    with pytest.raises(InvalidInput):
        set_theme(user, "pink")
    assert (user.timezone, user.theme) == ("Europe/Zurich", "dark")


def test_revoked_token_opens_nothing_and_is_listed_no_more(session: Session, user: User) -> None:
    now = utc_now()
    other = create_user(session, email="bob@example.com", password=PASSWORD)
    text = create_token(session, user=user, name="first")
    create_token(session, user=user, name="second")
    create_token(session, user=other, name="his")
    second, first = list_tokens(session, user_id=user.id)
    assert (second.name, first.name) == ("second", "first")
    with pytest.raises(NotFound):
        revoke_token(session, first.id, user_id=other.id, now=now)
    assert find_token(session, text, now=now) is first
    revoke_token(session, first.id, user_id=user.id, now=now)
    assert find_token(session, text, now=now) is None
    assert list_tokens(session, user_id=user.id) == [second]
    with pytest.raises(NotFound):
        revoke_token(session, first.id, user_id=user.id, now=now)
