"""The known providers: who is recognised by host and address, and that their values can be used."""

import pytest

from dakiya.models.smtp import MAX_CONNECTIONS
from dakiya.smtp_accounts.egress import ALLOWED_PORTS
from dakiya.smtp_accounts.providers import (
    PROVIDERS,
    Provider,
    find_provider,
    provider_of_address,
    provider_of_host,
    ungrouped,
)


def test_names_are_unique_and_found() -> None:
    assert len({one.name for one in PROVIDERS}) == len(PROVIDERS)
    assert all(find_provider(one.name) is one for one in PROVIDERS)
    assert find_provider("nobody") is None


@pytest.mark.parametrize("provider", PROVIDERS, ids=lambda one: one.name)
def test_values_of_a_provider_can_be_used(provider: Provider) -> None:
    assert provider.port in ALLOWED_PORTS
    assert (provider.security == "tls") is (provider.port == 465)
    assert 1 <= provider.connections <= MAX_CONNECTIONS
    assert provider.help_url.startswith("https://")
    found = provider_of_host(provider.host.upper() + ".")
    assert found is not None
    assert found.host == provider.host


@pytest.mark.parametrize(
    ("host", "name"),
    [
        ("email-smtp.eu-west-1.amazonaws.com", "ses"),
        ("smtp.zoho.com", "zoho"),
        ("smtp.eu.mailgun.org", "mailgun"),
        ("smtp.example.com", None),
        ("smtp.gmail.com.example.org", None),
    ],
)
def test_host_names_its_provider(host: str, name: str | None) -> None:
    found = provider_of_host(host)
    assert (found.name if found else None) == name


@pytest.mark.parametrize(
    ("address", "name"),
    [
        ("asha@gmail.com", "gmail"),
        ("Asha@Hotmail.CO.UK", "outlook"),
        ("asha@firm.onmicrosoft.com", "microsoft365"),
        ("asha@zohomail.in", "zoho"),
        ("asha@me.com", "icloud"),
        ("asha@example.com", None),
        ("asha@notgmail.com", None),
        ("asha@live.in", "outlook"),
        ("asha@live.example.org", None),
        ("asha@yahoo.com.br", "yahoo"),
        ("asha@yahoo.shop.in", None),
        ("gmail.com", "gmail"),
        ("", None),
    ],
)
def test_address_names_its_provider(address: str, name: str | None) -> None:
    found = provider_of_address(address)
    assert (found.name if found else None) == name


@pytest.mark.parametrize(
    ("password", "host", "stored"),
    [
        ("abcd efgh ijkl mnop", "smtp.gmail.com", "abcdefghijklmnop"),
        (" abcd efgh ijkl mnop ", "smtp.gmail.com", "abcdefghijklmnop"),
        ("Ab1d Ef2h Ij3l", "smtp.zoho.in", "Ab1dEf2hIj3l"),
        ("abcd efgh ijkl mnop", "smtp.example.com", "abcd efgh ijkl mnop"),
        ("my own pass word", "smtp.gmail.com", "my own pass word"),
        ("abcd efgh ijkl mnop", "smtp.mail.me.com", "abcd efgh ijkl mnop"),
    ],
)
def test_app_password_is_ungrouped_where_the_provider_shows_it_in_groups(
    password: str, host: str, stored: str
) -> None:
    assert ungrouped(password, host) == stored
