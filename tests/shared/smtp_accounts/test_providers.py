"""The known providers: who is recognised by host and address, and that their values can be used."""

from typing import Final

import pytest

from dakiya.models.smtp import MAX_CONNECTIONS
from dakiya.smtp_accounts.egress import ALLOWED_PORTS
from dakiya.smtp_accounts.providers import (
    PROVIDERS,
    Provider,
    find_provider,
    provider_of_account,
    provider_of_address,
    provider_of_host,
    provider_of_mx,
    ungrouped,
)


def test_names_are_unique_and_found() -> None:
    assert len({one.name for one in PROVIDERS}) == len(PROVIDERS)
    assert all(find_provider(one.name) is one for one in PROVIDERS)
    assert find_provider("nobody") is None


# As the providers publish it; a second, minute, hour and day, then connections at a time and
# mails on each.
WRITTEN_OUT: Final = {
    "gmail": ("smtp.gmail.com", 587, "starttls", (None, None, None, 500), 4, 100),
    "workspace": ("smtp.gmail.com", 587, "starttls", (None, None, None, 2_000), 4, 100),
    "google-relay": ("smtp-relay.gmail.com", 587, "starttls", (None, None, None, 10_000), 4, 100),
    "microsoft365": ("smtp.office365.com", 587, "starttls", (None, 30, None, 10_000), 3, 100),
    "outlook": ("smtp-mail.outlook.com", 587, "starttls", (None, 30, None, 1_000), 3, 100),
    "ses": ("email-smtp.ap-south-1.amazonaws.com", 587, "starttls", (1, None, None, 200), 4, 100),
    "sendgrid": ("smtp.sendgrid.net", 587, "starttls", (None, None, None, None), 4, 5_000),
    "mailgun": ("smtp.mailgun.org", 587, "starttls", (None, None, None, None), 4, 100),
    "brevo": ("smtp-relay.brevo.com", 587, "starttls", (None, None, None, 300), 4, 100),
    "zoho": ("smtp.zoho.in", 465, "tls", (None, None, 50, None), 4, 100),
    "icloud": ("smtp.mail.me.com", 587, "starttls", (None, None, None, 1_000), 4, 100),
    "yahoo": ("smtp.mail.yahoo.com", 465, "tls", (None, None, None, 500), 4, 100),
}
HELP: Final = {
    "gmail": "support.google.com/accounts/answer/185833",
    "workspace": "support.google.com/accounts/answer/185833",
    "google-relay": "support.google.com/a/answer/2956491",
    "microsoft365": "learn.microsoft.com/exchange/clients-and-mobile-in-exchange-online/"
    "authenticated-client-smtp-submission",
    "outlook": "support.microsoft.com/en-us/office/"
    "pop-imap-and-smtp-settings-8361e398-8af4-4e97-b147-6c6c4ac95353",
    "ses": "docs.aws.amazon.com/ses/latest/dg/smtp-credentials.html",
    "sendgrid": "app.sendgrid.com/settings/api_keys",
    "mailgun": "help.mailgun.com/hc/en-us/articles/"
    "203380100-Where-can-I-find-my-API-keys-and-SMTP-credentials",
    "brevo": "app.brevo.com/settings/keys/smtp",
    "zoho": "help.zoho.com/portal/kb/articles/manage-application-specific-passwords",
    "icloud": "support.apple.com/102654",
    "yahoo": "help.yahoo.com/kb/SLN15241.html",
}


def test_values_are_those_that_the_providers_publish() -> None:
    found = {
        one.name: (
            one.host,
            one.port,
            one.security.value,
            (one.per_second, one.per_minute, one.per_hour, one.per_day),
            one.connections,
            one.mails_per_connection,
        )
        for one in PROVIDERS
    }
    assert found == WRITTEN_OUT
    assert {one.name: one.help_url.removeprefix("https://") for one in PROVIDERS} == HELP
    assert {one.name: one.username for one in PROVIDERS if one.username} == {"sendgrid": "apikey"}
    assert [one.name for one in PROVIDERS if not one.needs_login] == ["google-relay"]


def test_regions_of_a_provider_are_hosts_of_its() -> None:
    [ses] = [one for one in PROVIDERS if one.regions]
    assert ses.name == "ses"
    assert next(iter(ses.regions)) == ses.host
    assert ses.regions["email-smtp.eu-west-1.amazonaws.com"] == "Europe (Ireland)"
    assert all(provider_of_host(host) is ses for host in ses.regions)


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
    ("host", "addresses", "name"),
    [
        ("smtp.gmail.com", ["asha@gmail.com", "asha@shop.example"], "gmail"),
        ("smtp.gmail.com", ["asha@shop.example"], "workspace"),
        ("SMTP.Gmail.com.", ["", "asha@shop.example"], "workspace"),
        ("smtp.gmail.com", ["asha", ""], "gmail"),
        ("smtp.office365.com", ["asha@outlook.com"], "outlook"),
        ("smtp.office365.com", ["asha@shop.example"], "microsoft365"),
        ("smtp-mail.outlook.com", ["asha@shop.example"], "outlook"),
        ("smtp.zoho.com", ["asha@shop.example"], "zoho"),
        ("smtp.sendgrid.net", ["apikey", "asha@gmail.com"], "sendgrid"),
        ("smtp.example.com", ["asha@gmail.com"], None),
    ],
)
def test_provider_of_an_account_is_told_by_its_address_where_several_share_a_host(
    host: str, addresses: list[str], name: str | None
) -> None:
    found = provider_of_account(host, *addresses)
    assert (found.name if found else None) == name


@pytest.mark.parametrize(
    ("mx", "name"),
    [
        (["aspmx.l.google.com.", "alt1.aspmx.l.google.com."], "workspace"),
        (["smtp.google.com"], "workspace"),
        (["shop-example.mail.protection.outlook.com"], "microsoft365"),
        (["shop-example.k-v1.mx.microsoft"], "microsoft365"),
        (["mx.zoho.in", "mx2.zoho.in"], "zoho"),
        (["mail.shop.example"], None),
        (["google.com.example.org"], None),
        ([], None),
    ],
)
def test_mail_servers_of_a_domain_name_who_hosts_it(mx: list[str], name: str | None) -> None:
    found = provider_of_mx(mx)
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
