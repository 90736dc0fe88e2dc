"""Wishes for a new password: for whom, how often, how long, and only once."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy.orm import Session

from dakiya.accounts.resets import (
    ASK_AGAIN_AFTER,
    RESETS_AN_HOUR,
    WORKS_FOR,
    find_reset,
    make_reset_mail,
    record_reset_mail,
    request_reset,
    use_reset,
)
from dakiya.accounts.users import create_user
from dakiya.db import database_now
from dakiya.errors import InvalidInput
from dakiya.models import User

EMAIL = "alice@example.com"
PASSWORD = "another long password"


@pytest.fixture
def user(session: Session) -> User:
    return create_user(session, email=EMAIL, password="a long enough password")


def link_of(session: Session, *, at: datetime) -> str:
    """Ask for a new password and return the secret that was mailed."""
    reset = request_reset(session, email=EMAIL, now=at)
    assert reset is not None
    mail = make_reset_mail(session, reset.id, public_url="https://example.org")
    assert mail is not None
    record_reset_mail(session, reset.id, mailed=True)
    assert mail.to_email == EMAIL
    return mail.text.partition("/reset/")[2].split()[0]


def test_nobody_unknown_or_deactivated_gets_a_mail(session: Session, user: User) -> None:
    now = database_now(session)
    assert request_reset(session, email="bob@example.com", now=now) is None
    assert request_reset(session, email="no address", now=now) is None
    user.deactivated_at = now
    assert request_reset(session, email=EMAIL, now=now) is None


def test_asking_again_and_again_makes_no_flood(session: Session, user: User) -> None:
    now = database_now(session)
    assert request_reset(session, email=" Alice@Example.com", now=now) is not None
    assert request_reset(session, email=EMAIL, now=now + ASK_AGAIN_AFTER / 2) is None
    for number in range(1, RESETS_AN_HOUR):
        assert request_reset(session, email=EMAIL, now=now + number * ASK_AGAIN_AFTER) is not None
    later = now + RESETS_AN_HOUR * ASK_AGAIN_AFTER
    assert request_reset(session, email=EMAIL, now=later) is None
    assert request_reset(session, email=EMAIL, now=later + timedelta(hours=1)) is not None


def test_link_works_for_an_hour(session: Session, user: User) -> None:
    now = database_now(session)
    token = link_of(session, at=now)
    assert find_reset(session, token, now=now + WORKS_FOR) is not None
    assert find_reset(session, token, now=now + WORKS_FOR + timedelta(minutes=1)) is None
    with pytest.raises(InvalidInput) as refused:
        use_reset(session, token, password=PASSWORD, now=now + timedelta(hours=2))
    assert refused.value.field == "token"


def test_link_works_once_and_takes_the_others_and_all_sessions_with_it(
    session: Session, user: User
) -> None:
    now = database_now(session)
    first = link_of(session, at=now - timedelta(minutes=10))
    second = link_of(session, at=now)
    sessions_before = user.session_version
    assert use_reset(session, second, password=PASSWORD, now=now) is user
    assert user.session_version == sessions_before + 1
    for token in (first, second):
        assert find_reset(session, token, now=now) is None
        with pytest.raises(InvalidInput):
            use_reset(session, token, password=PASSWORD, now=now)


def test_weak_password_leaves_the_link_working(session: Session, user: User) -> None:
    now = database_now(session)
    token = link_of(session, at=now)
    with pytest.raises(InvalidInput, match="at least"):
        use_reset(session, token, password="short", now=now)
    assert find_reset(session, token, now=now) is not None


def test_wish_that_waited_too_long_is_not_mailed(session: Session, user: User) -> None:
    reset = request_reset(session, email=EMAIL, now=database_now(session) - timedelta(hours=2))
    assert reset is not None
    assert make_reset_mail(session, reset.id, public_url="https://example.org") is None


@pytest.mark.parametrize("token", ["", "x", "ü" * 50, "\ud800", "%00"])
def test_made_up_token_finds_nothing(session: Session, user: User, token: str) -> None:
    link_of(session, at=database_now(session))
    assert find_reset(session, token, now=database_now(session)) is None
