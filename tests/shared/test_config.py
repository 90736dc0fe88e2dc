"""Settings that are wrong are named, with what to write instead."""

import pytest

from dakiya.config import Settings
from dakiya.errors import ConfigurationError


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("REDIS_URL", "foo", "REDIS_URL must look like redis://"),
        ("REDIS_URL", "http://x:1", "REDIS_URL must look like redis://"),
        ("REDIS_URL", "redis://127.0.0.1:abc/0", "REDIS_URL must look like redis://"),
        ("DATABASE_URL", "mysql://x/y", "DATABASE_URL must begin with postgresql://"),
        ("SECRET_KEY", "short", "SECRET_KEY is too weak"),
        ("DAKIYA_ALLOWED_INTERNAL_HOSTS", "a b:x", "names no host: 'a b:x'"),
        ("DAKIYA_LEASE_SECONDS", "1", "DAKIYA_LEASE_SECONDS: Input should be greater"),
    ],
)
def test_wrong_setting_is_refused_by_name(
    environment: dict[str, str], monkeypatch: pytest.MonkeyPatch, name: str, value: str, words: str
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(ConfigurationError, match="^" + name) as refused:
        Settings.load()
    assert words in str(refused.value)


@pytest.mark.parametrize("hosts", ["", "mail, 10.0.0.1:2525,", "127.0.0.1", "::1", "[::1]:25"])
def test_internal_hosts_are_names_and_addresses(
    environment: dict[str, str], monkeypatch: pytest.MonkeyPatch, hosts: str
) -> None:
    monkeypatch.setenv("DAKIYA_ALLOWED_INTERNAL_HOSTS", hosts)
    assert Settings.load().allowed_internal_hosts == hosts
