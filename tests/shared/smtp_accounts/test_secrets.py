"""SMTP passwords at rest."""

import pytest
from click.testing import CliRunner
from cryptography.fernet import Fernet
from sqlalchemy import select

from dakiya.cli import main
from dakiya.config import Settings
from dakiya.db import SessionFactory
from dakiya.errors import ConfigurationError
from dakiya.models import SmtpAccount
from dakiya.smtp_accounts.secrets import SecretBox
from tests.engine.world import make_account, make_workspace


def test_sealed_password_opens_again_and_is_not_readable(settings: Settings) -> None:
    box = SecretBox(settings)
    sealed = box.seal("पासवर्ड")
    assert "पासवर्ड" not in sealed
    assert box.open(sealed) == "पासवर्ड"
    assert box.seal("पासवर्ड") != sealed


def test_key_depends_on_the_secret_key(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    sealed = SecretBox(settings).seal("word")
    monkeypatch.setenv("SECRET_KEY", "another-secret-key-0123456789-abcdefgh")
    assert SecretBox(Settings.load()).open(sealed) is None


def test_older_keys_still_open_and_the_first_one_seals(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    old, new = (Fernet.generate_key().decode() for _ in range(2))
    monkeypatch.setenv("DAKIYA_ENCRYPTION_KEYS", old)
    sealed = SecretBox(Settings.load()).seal("word")
    monkeypatch.setenv("DAKIYA_ENCRYPTION_KEYS", f"{new}, {old}")
    both = SecretBox(Settings.load())
    assert both.open(sealed) == "word"
    monkeypatch.setenv("DAKIYA_ENCRYPTION_KEYS", new)
    only_new = SecretBox(Settings.load())
    assert only_new.open(sealed) is None
    assert only_new.open(both.seal("word")) == "word"


def test_bad_key_is_refused_with_a_hint(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DAKIYA_ENCRYPTION_KEYS", "short")
    with pytest.raises(ConfigurationError, match="32 bytes"):
        SecretBox(Settings.load())


def test_rotation_seals_every_password_with_the_first_key(
    settings: Settings, session_factory: SessionFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From the key that SECRET_KEY gives to one of one's own, and on to the next."""
    run = CliRunner()
    first, second = (run.invoke(main, ["keys", "make"]).output.strip() for _ in range(2))
    with session_factory.begin() as session:
        workspace = make_workspace(session)
        for word in ("one", "two"):
            make_account(
                session, workspace, 2525, password_encrypted=SecretBox(settings).seal(word)
            )
        make_account(session, workspace, 2525)
    for keys, left in ((first, first), (f"{second},{first}", second)):
        monkeypatch.setenv("DAKIYA_ENCRYPTION_KEYS", keys)
        done = run.invoke(main, ["keys", "rotate"])
        assert (done.exit_code, done.output) == (0, "Sealed 2 passwords with the first key.\n")
        with session_factory() as session:
            sealed = session.scalars(
                select(SmtpAccount.password_encrypted).order_by(SmtpAccount.id)
            ).all()
        opened = [Fernet(left).decrypt(word.encode()) for word in sealed if word is not None]
        assert opened == [b"one", b"two"]


def test_rotation_says_what_no_key_can_read_and_leaves_it(
    settings: Settings, session_factory: SessionFactory
) -> None:
    foreign = Fernet(Fernet.generate_key()).encrypt(b"word").decode()
    with session_factory.begin() as session:
        make_account(session, make_workspace(session), 2525, password_encrypted=foreign)
    done = CliRunner().invoke(main, ["keys", "rotate"])
    assert done.exit_code == 1
    assert "1 could not be read with any key" in done.output
    with session_factory() as session:
        assert session.scalars(select(SmtpAccount.password_encrypted)).one() == foreign
