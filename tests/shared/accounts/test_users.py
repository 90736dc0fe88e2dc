"""Users, passwords and tokens."""

from datetime import timedelta

import pytest
from argon2 import PasswordHasher
from sqlalchemy import select
from sqlalchemy.orm import Session

from dakiya.accounts.passwords import hash_password, needs_rehash, verify_password
from dakiya.accounts.tokens import create_token, find_token
from dakiya.accounts.users import (
    authenticate,
    change_password,
    create_user,
    find_user,
    visible_to,
    workspace_of,
)
from dakiya.clock import utc_now
from dakiya.errors import InvalidInput
from dakiya.models import ApiToken, User, Workspace

PASSWORD = "correct horse battery staple"


def make_user(session: Session, email: str = "alice@example.com") -> User:
    return create_user(session, email=email, password=PASSWORD)


def test_password_is_kept_as_argon2id() -> None:
    hashed = hash_password(PASSWORD)
    assert hashed.startswith("$argon2id$")
    assert verify_password(hashed, PASSWORD)
    assert not verify_password(hashed, PASSWORD + "x")
    assert not verify_password(None, PASSWORD)
    assert not verify_password("not a hash", PASSWORD)


@pytest.mark.parametrize(("password", "words"), [("short", "at least 10"), ("x" * 201, "200")])
def test_bad_password_is_refused(password: str, words: str) -> None:
    with pytest.raises(InvalidInput, match=words) as caught:
        hash_password(password)
    assert caught.value.field == "password"


def test_weaker_hash_is_replaced_at_log_in(session: Session) -> None:
    user = make_user(session)
    user.password_hash = PasswordHasher(time_cost=1, memory_cost=64).hash(PASSWORD)
    assert needs_rehash(user.password_hash)
    found = authenticate(session, email=user.email, password=PASSWORD, now=utc_now())
    assert found is user
    assert not needs_rehash(user.password_hash)


def test_address_is_unique_in_every_spelling(session: Session) -> None:
    make_user(session)
    with pytest.raises(InvalidInput, match="already"):
        make_user(session, "ALICE@Example.COM")
    assert find_user(session, " Alice@example.com ") is not None
    assert find_user(session, "not an address") is None


def test_authenticate_knows_the_active_user_only(session: Session) -> None:
    user, now = make_user(session), utc_now()
    assert authenticate(session, email=user.email, password=PASSWORD, now=now) is user
    assert user.last_login_at == now
    assert authenticate(session, email=user.email, password="wrong", now=now) is None
    assert authenticate(session, email="bob@example.com", password=PASSWORD, now=now) is None
    user.deactivated_at = now
    assert authenticate(session, email=user.email, password=PASSWORD, now=now) is None


def test_new_password_moves_the_session_version(session: Session) -> None:
    user = make_user(session)
    change_password(user, "another password")
    assert user.session_version == 2
    assert authenticate(session, email=user.email, password=PASSWORD, now=utc_now()) is None


def test_each_user_sees_their_own_workspace_only(session: Session) -> None:
    alice, bob = make_user(session), make_user(session, "bob@example.com")
    seen = session.scalars(select(Workspace.id).where(visible_to(alice.id, Workspace.id))).all()
    assert seen == [workspace_of(session, alice.id)]
    assert workspace_of(session, bob.id) not in seen


def test_token_is_kept_as_a_hash_and_found_by_its_text(session: Session) -> None:
    user, now = make_user(session), utc_now()
    text = create_token(session, user=user, name="tests")
    token = session.scalars(select(ApiToken)).one()
    assert text not in token.token_hash
    assert find_token(session, text, now=now) is token
    assert token.last_used_at == now
    assert find_token(session, text + "x", now=now) is None


def test_use_of_a_token_is_noted_once_a_minute(session: Session) -> None:
    text, now = create_token(session, user=make_user(session), name="tests"), utc_now()
    for seconds, noted in ((0, 0), (30, 0), (61, 61)):
        token = find_token(session, text, now=now + timedelta(seconds=seconds))
        assert token is not None
        assert token.last_used_at == now + timedelta(seconds=noted)


def test_token_dies_with_its_revocation_and_with_its_user(session: Session) -> None:
    user, now = make_user(session), utc_now()
    first, second = (create_token(session, user=user, name=name) for name in "ab")
    token = find_token(session, first, now=now)
    assert token is not None
    token.revoked_at = now
    session.flush()
    assert find_token(session, first, now=now) is None
    assert find_token(session, second, now=now) is not None
    user.deactivated_at = now
    session.flush()
    assert find_token(session, second, now=now) is None
