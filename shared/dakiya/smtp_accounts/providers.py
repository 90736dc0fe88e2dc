"""Providers that many people use: how each is reached, and how much it takes. Pure.

The limits are what the providers publish, or less where they are vague; every "day" is rolling.
To add one: a Provider here, and its hint among the presets of the web.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Final

from dakiya.models.smtp import DEFAULT_CONNECTIONS, DEFAULT_MAILS_PER_CONNECTION, Security


@dataclass(frozen=True)
class Provider:
    """A known server. ``help_url`` leads to where its users get the password for it.

    ``other_hosts`` are patterns of its further hosts, ``domains`` of the addresses of its users.
    """

    name: str
    label: str
    host: str
    port: int
    security: Security
    help_url: str
    username: str = ""
    per_second: int | None = None
    per_minute: int | None = None
    per_hour: int | None = None
    per_day: int | None = None
    connections: int = DEFAULT_CONNECTIONS
    mails_per_connection: int = DEFAULT_MAILS_PER_CONNECTION
    other_hosts: tuple[str, ...] = ()
    domains: tuple[str, ...] = ()
    # What the SPF record of a domain has to include, any of these; nothing where the provider
    # sends with an envelope of its own.
    spf: tuple[str, ...] = ()
    # It shows app passwords in groups, and its server wants them in one piece.
    groups_passwords: bool = False
    needs_login: bool = True

    def has_host(self, host: str) -> bool:
        """Say whether a host is one of its servers."""
        name = host.strip().lower().rstrip(".")
        return any(fnmatchcase(name, pattern) for pattern in (self.host, *self.other_hosts))


def _in_each_country(*names: str) -> tuple[str, ...]:
    """Return patterns of yahoo.com, yahoo.de, yahoo.co.in and yahoo.com.br, and of nobody else."""
    ends = (".com", ".[a-z][a-z]", ".co.[a-z][a-z]", ".com.[a-z][a-z]")
    return tuple(name + end for name in names for end in ends)


# "abcd efgh ijkl mnop".
_GROUPED: Final = re.compile(r"[A-Za-z0-9]{4}( [A-Za-z0-9]{4}){2,3}")
_GOOGLE_HELP: Final = "https://support.google.com/accounts/answer/185833"

PROVIDERS: Final[Sequence[Provider]] = (
    Provider(
        "gmail",
        "Gmail",
        "smtp.gmail.com",
        587,
        Security.STARTTLS,
        _GOOGLE_HELP,
        per_day=500,
        other_hosts=("smtp.googlemail.com",),
        domains=("gmail.com", "googlemail.com"),
        spf=("_spf.google.com",),
        groups_passwords=True,
    ),
    Provider(
        "workspace",
        "Google Workspace",
        "smtp.gmail.com",
        587,
        Security.STARTTLS,
        _GOOGLE_HELP,
        per_day=2_000,
        spf=("_spf.google.com",),
        groups_passwords=True,
    ),
    Provider(
        "google-relay",
        "Google relay",
        "smtp-relay.gmail.com",
        587,
        Security.STARTTLS,
        "https://support.google.com/a/answer/2956491",
        per_day=10_000,
        needs_login=False,  # it may know the machine by its address
        spf=("_spf.google.com",),
        groups_passwords=True,
    ),
    Provider(
        "microsoft365",
        "Microsoft 365",
        "smtp.office365.com",
        587,
        Security.STARTTLS,
        "https://learn.microsoft.com/exchange/clients-and-mobile-in-exchange-online/"
        "authenticated-client-smtp-submission",
        per_minute=30,
        per_day=10_000,
        connections=3,
        domains=("*.onmicrosoft.com",),
        spf=("spf.protection.outlook.com",),
    ),
    Provider(
        "outlook",
        "Outlook.com",
        "smtp-mail.outlook.com",
        587,
        Security.STARTTLS,
        "https://support.microsoft.com/account-billing",
        per_minute=30,
        per_day=1_000,
        connections=3,
        other_hosts=("smtp.office365.com", "smtp.live.com"),
        domains=(*_in_each_country("outlook", "hotmail", "live"), "msn.com"),
        spf=("spf.protection.outlook.com", "spf2.outlook.com"),
    ),
    Provider(
        "ses",
        "Amazon SES (Mumbai)",
        "email-smtp.ap-south-1.amazonaws.com",
        587,
        Security.STARTTLS,
        "https://docs.aws.amazon.com/ses/latest/dg/smtp-credentials.html",
        per_second=1,
        per_day=200,
        other_hosts=("email-smtp.*.amazonaws.com", "email-smtp-fips.*.amazonaws.com"),
    ),
    Provider(
        "sendgrid",
        "SendGrid",
        "smtp.sendgrid.net",
        587,
        Security.STARTTLS,
        "https://app.sendgrid.com/settings/api_keys",
        username="apikey",
        mails_per_connection=5_000,
    ),
    Provider(
        "mailgun",
        "Mailgun",
        "smtp.mailgun.org",
        587,
        Security.STARTTLS,
        "https://app.mailgun.com/",
        other_hosts=("smtp.eu.mailgun.org",),
        spf=("mailgun.org",),
    ),
    Provider(
        "brevo",
        "Brevo",
        "smtp-relay.brevo.com",
        587,
        Security.STARTTLS,
        "https://app.brevo.com/settings/keys/smtp",
        per_day=300,
        other_hosts=("smtp-relay.sendinblue.com",),
    ),
    Provider(
        "zoho",
        "Zoho Mail",
        "smtp.zoho.in",
        465,
        Security.TLS,
        "https://help.zoho.com/portal/kb/articles/manage-application-specific-passwords",
        per_hour=50,
        other_hosts=("smtp.zoho.*", "smtppro.zoho.*"),
        domains=("zohomail.com", "zohomail.in", "zohomail.eu", "zoho.com", "zoho.in"),
        spf=("zohomail.in", "zoho.in", "zohomail.com", "zoho.com", "one.zoho.com", "zoho.eu"),
        groups_passwords=True,
    ),
    Provider(
        "icloud",
        "iCloud",
        "smtp.mail.me.com",
        587,
        Security.STARTTLS,
        "https://support.apple.com/102654",
        per_day=1_000,
        domains=("icloud.com", "me.com", "mac.com"),
        spf=("icloud.com",),
    ),
    Provider(
        "yahoo",
        "Yahoo",
        "smtp.mail.yahoo.com",
        465,
        Security.TLS,
        "https://help.yahoo.com/kb/SLN15241.html",
        per_day=500,
        domains=(*_in_each_country("yahoo"), "ymail.com", "rocketmail.com"),
        groups_passwords=True,
    ),
)


def ungrouped(password: str, host: str) -> str:
    """Take the blanks out of an app password that was copied as its provider shows it."""
    provider = provider_of_host(host)
    if provider is not None and provider.groups_passwords and _GROUPED.fullmatch(password.strip()):
        return "".join(password.split())
    return password


def provider_of_host(host: str) -> Provider | None:
    """Return the provider whose server this host is; the first of those that share it."""
    return next((one for one in PROVIDERS if one.has_host(host)), None)


def provider_of_address(address: str) -> Provider | None:
    """Return the provider that an address names by its domain, if there is one."""
    domain = address.rpartition("@")[2].strip().lower()
    return next(
        (one for one in PROVIDERS if any(fnmatchcase(domain, known) for known in one.domains)), None
    )


def find_provider(name: str) -> Provider | None:
    """Return the provider of this name, if there is one."""
    return next((one for one in PROVIDERS if one.name == name), None)
