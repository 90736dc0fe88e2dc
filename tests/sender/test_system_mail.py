"""The mail of the installation itself: the link for a new password."""

import re

import pytest
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from dakiya.accounts.resets import find_reset, request_reset, use_reset
from dakiya.accounts.users import authenticate, create_user
from dakiya.db import SessionFactory, database_now
from dakiya.delivery.trouble import AccountTrouble, pause_account
from dakiya.errors import ConfigurationError
from dakiya.models import PasswordReset, ResetStatus, TroubleNotice
from dakiya.smtp_accounts.notices import make_notices
from dakiya_sender.smtp import Security
from dakiya_sender.system_mail import SystemServer, mail_password_reset, mail_trouble_notice
from tests.engine.world import make_account, make_workspace
from tests.recorder import Rule
from tests.recorder.plugin import StartRecorder

PUBLIC_URL = "https://mail.example.org"
EMAIL = "alice@example.com"
PASSWORD = "another long password"


def wish(sessions: SessionFactory) -> int:
    with sessions.begin() as session:
        create_user(session, email=EMAIL, password="a long enough password")
        reset = request_reset(session, email=EMAIL, now=database_now(session))
        assert reset is not None
        return reset.id


def server_at(port: int) -> SystemServer:
    found = SystemServer.parse(f"smtp://127.0.0.1:{port}", public_url=PUBLIC_URL)
    assert found is not None
    return found


def mail(sessions: SessionFactory, reset_id: int, server: SystemServer | None) -> PasswordReset:
    mail_password_reset(sessions, server, reset_id, public_url=PUBLIC_URL, helo_name="sender.test")
    with sessions() as session:
        return session.get_one(PasswordReset, reset_id)


def everything_stored(session: Session) -> str:
    return str(session.scalars(text("SELECT to_jsonb(t)::text FROM password_reset AS t")).all())


def test_link_in_the_mail_sets_a_new_password_and_is_stored_nowhere(
    session_factory: SessionFactory, recorder: StartRecorder
) -> None:
    server = recorder(keep_bodies=True)
    reset_id = wish(session_factory)
    mail(session_factory, reset_id, server_at(server.port))
    reset = mail(session_factory, reset_id, server_at(server.port))
    [received] = server.received()
    body = server.body(received)
    assert received.recipient == EMAIL
    assert b"Auto-Submitted: auto-generated" in body
    assert b"From: Dakiya <dakiya@mail.example.org>" in body
    found = re.search(rb"https://mail\.example\.org/reset/([\w-]{43})\r\n", body)
    assert found is not None
    assert reset.status == ResetStatus.MAILED
    token = found[1].decode()
    with session_factory.begin() as session:
        assert token not in everything_stored(session)
        now = database_now(session)
        use_reset(session, token, password=PASSWORD, now=now)
        assert authenticate(session, email=EMAIL, password=PASSWORD, now=now)
        assert find_reset(session, token, now=now) is None


@pytest.mark.parametrize("has_server", [True, False])
def test_mail_that_could_not_go_out_leaves_no_link_that_works(
    session_factory: SessionFactory, has_server: bool
) -> None:
    reset_id = wish(session_factory)
    reset = mail(session_factory, reset_id, server_at(1) if has_server else None)
    assert reset.status == ResetStatus.FAILED
    with session_factory() as session:
        assert session.scalars(select(PasswordReset.token_hash)).one() is None


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        (
            "smtp://dakiya:s%40crt@smtp.example.com?from=post@example.org",
            ("smtp.example.com", 587, Security.STARTTLS, "dakiya", "s@crt", "post@example.org"),
        ),
        (
            "smtps://a%40example.com:x@smtp.example.com",
            ("smtp.example.com", 465, Security.TLS, "a@example.com", "x", "a@example.com"),
        ),
        (
            "smtp://127.0.0.1:2525",
            ("127.0.0.1", 2525, Security.NONE, None, None, "dakiya@mail.example.org"),
        ),
        (
            "smtp://10.0.0.5:25",
            ("10.0.0.5", 25, Security.STARTTLS, None, None, "dakiya@mail.example.org"),
        ),
    ],
)
def test_setting_is_read_with_its_usual_ports_and_protection(
    url: str, expected: tuple[object, ...]
) -> None:
    assert SystemServer.parse(url, public_url=PUBLIC_URL) == SystemServer(*expected)  # type: ignore[arg-type]


def test_setting_may_be_absent_and_the_public_name_local() -> None:
    assert SystemServer.parse("", public_url=PUBLIC_URL) is None
    found = SystemServer.parse("smtp://127.0.0.1:25", public_url="http://localhost:5000")
    assert found is not None
    assert found.from_email == "dakiya@localhost.localdomain"


@pytest.mark.parametrize(
    "url",
    ["smtp.example.com", "http://smtp.example.com", "smtp://", "smtp://h:99999", "smtp://h?from=x"],
)
def test_wrong_setting_fails_at_the_start_with_a_hint(url: str) -> None:
    with pytest.raises(ConfigurationError, match="write it like"):
        SystemServer.parse(url, public_url=PUBLIC_URL)


def stopped_account(sessions: SessionFactory) -> int:
    with sessions.begin() as session:
        account = make_account(session, make_workspace(session), 2525)
        trouble = AccountTrouble("auth", "The server answered: 535 no", needs_owner=True)
        assert pause_account(session, account.id, trouble)
        [notice_id] = make_notices(session, now=database_now(session))
        return notice_id


def tell(sessions: SessionFactory, notice_id: int, server: SystemServer | None) -> str:
    mail_trouble_notice(sessions, server, notice_id, public_url=PUBLIC_URL, helo_name="sender.test")
    with sessions() as session:
        return session.get_one(TroubleNotice, notice_id).status


def test_people_are_told_once_that_their_account_has_stopped(
    session_factory: SessionFactory, recorder: StartRecorder
) -> None:
    server = recorder(keep_bodies=True)
    notice_id = stopped_account(session_factory)
    assert tell(session_factory, notice_id, server_at(server.port)) == "mailed"
    assert tell(session_factory, notice_id, server_at(server.port)) == "mailed"
    [received] = server.received()
    assert received.recipient == EMAIL
    assert b"https://mail.example.org/smtp-accounts/1" in server.body(received)


def test_notice_that_the_installations_server_refuses_is_tried_again(
    session_factory: SessionFactory, recorder: StartRecorder
) -> None:
    server = recorder(Rule("rcpt", reply="450 4.3.0 Later", times=1))
    notice_id = stopped_account(session_factory)
    assert tell(session_factory, notice_id, server_at(server.port)) == "queued"
    with session_factory.begin() as session:
        notice = session.get_one(TroubleNotice, notice_id)
        assert "450 4.3.0 Later" in (notice.answer or "")
        notice.due_at = database_now(session)
    assert tell(session_factory, notice_id, server_at(server.port)) == "mailed"
    assert len(server.received()) == 1


def test_notice_without_a_server_of_the_installation_is_noted_as_not_mailed(
    session_factory: SessionFactory,
) -> None:
    assert tell(session_factory, stopped_account(session_factory), None) == "failed"
