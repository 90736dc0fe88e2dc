"""SMTP passwords at rest."""

import pytest
from cryptography.fernet import Fernet

from dakiya.config import Settings
from dakiya.errors import ConfigurationError
from dakiya.smtp_accounts.secrets import SecretBox


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
