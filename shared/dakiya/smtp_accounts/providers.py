"""Providers that many people use: how each is reached, and how much it takes. Pure.

The limits are what the providers publish, or less where they are vague; every "day" is rolling.
To add one: a Provider here, and its hint among the presets of the web.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Final

from dakiya.models.smtp import DEFAULT_CONNECTIONS, DEFAULT_MAILS_PER_CONNECTION, Security


@dataclass(frozen=True)
class Provider:
    """A known server. ``help_url`` leads to where its users get the password for it.

    ``other_hosts`` are patterns of its further hosts, ``domains`` of the addresses of its users,
    ``mx`` of the mail servers of domains that are hosted there. ``regions`` are servers to choose
    from in place of ``host``, by their names.
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
    mx: tuple[str, ...] = ()
    regions: Mapping[str, str] = field(default_factory=dict)
    # What the SPF record of a domain has to include, any of these; nothing where the provider
    # sends with an envelope of its own.
    spf: tuple[str, ...] = ()
    # It shows app passwords in groups, and its server wants them in one piece.
    groups_passwords: bool = False
    needs_login: bool = True

    def has_host(self, host: str) -> bool:
        """Say whether a host is one of its servers."""
        return _is_among(host, (self.host, *self.other_hosts))

    def has_address(self, address: str) -> bool:
        """Say whether an address is one of its own domains."""
        return _is_among(address.rpartition("@")[2], self.domains)


def _is_among(name: str, patterns: Iterable[str]) -> bool:
    plain = name.strip().lower().rstrip(".")
    return any(fnmatchcase(plain, pattern) for pattern in patterns)


def _in_each_country(*names: str) -> tuple[str, ...]:
    """Return patterns of yahoo.com, yahoo.de, yahoo.co.in and yahoo.com.br, and of nobody else."""
    ends = (".com", ".[a-z][a-z]", ".co.[a-z][a-z]", ".com.[a-z][a-z]")
    return tuple(name + end for name in names for end in ends)


# "abcd efgh ijkl mnop".
_GROUPED: Final = re.compile(r"[A-Za-z0-9]{4}( [A-Za-z0-9]{4}){2,3}")
_GOOGLE_HELP: Final = "https://support.google.com/accounts/answer/185833"
# Those with an SMTP endpoint, of AWS's own example for SMTP credentials; without GovCloud.
_SES_REGIONS: Final = {
    "ap-south-1": "Asia Pacific (Mumbai)",
    "ap-southeast-1": "Asia Pacific (Singapore)",
    "ap-southeast-2": "Asia Pacific (Sydney)",
    "ap-northeast-1": "Asia Pacific (Tokyo)",
    "ap-northeast-2": "Asia Pacific (Seoul)",
    "ca-central-1": "Canada (Central)",
    "eu-central-1": "Europe (Frankfurt)",
    "eu-west-1": "Europe (Ireland)",
    "eu-west-2": "Europe (London)",
    "eu-south-1": "Europe (Milan)",
    "eu-north-1": "Europe (Stockholm)",
    "sa-east-1": "South America (São Paulo)",
    "us-east-1": "US East (N. Virginia)",
    "us-east-2": "US East (Ohio)",
    "us-west-2": "US West (Oregon)",
}

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
        mx=("*.google.com", "*.googlemail.com"),
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
        mx=("*.mail.protection.outlook.com", "*.mx.microsoft"),
        spf=("spf.protection.outlook.com",),
    ),
    Provider(
        "outlook",
        "Outlook.com",
        "smtp-mail.outlook.com",
        587,
        Security.STARTTLS,
        "https://support.microsoft.com/en-us/office/"
        "pop-imap-and-smtp-settings-8361e398-8af4-4e97-b147-6c6c4ac95353",
        per_minute=30,
        per_day=1_000,
        connections=3,
        other_hosts=("smtp.office365.com", "smtp.live.com"),
        domains=(*_in_each_country("outlook", "hotmail", "live"), "msn.com"),
        spf=("spf.protection.outlook.com", "spf2.outlook.com"),
    ),
    Provider(
        "ses",
        "Amazon SES",
        "email-smtp.ap-south-1.amazonaws.com",
        587,
        Security.STARTTLS,
        "https://docs.aws.amazon.com/ses/latest/dg/smtp-credentials.html",
        per_second=1,
        per_day=200,
        other_hosts=("email-smtp.*.amazonaws.com", "email-smtp-fips.*.amazonaws.com"),
        regions={
            f"email-smtp.{region}.amazonaws.com": label for region, label in _SES_REGIONS.items()
        },
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
        "https://help.mailgun.com/hc/en-us/articles/"
        "203380100-Where-can-I-find-my-API-keys-and-SMTP-credentials",
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
        mx=("mx.zoho.*", "mx[23].zoho.*", "*.zohomail.com", "*.zohomail.in", "*.zohomail.eu"),
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


def provider_of_account(host: str, *addresses: str) -> Provider | None:
    """Return the provider of an account, among those that share a host by whose address it is.

    A login at smtp.gmail.com as asha@gmail.com is Gmail's, one as asha@shop.example is Google
    Workspace's. The first of the ``addresses`` that is one counts: the user name, then the From.
    """
    sharing = [one for one in PROVIDERS if one.has_host(host)]
    address = next((one for one in addresses if "@" in one), "")
    if not address:
        return sharing[0] if sharing else None
    theirs = [one for one in sharing if one.has_address(address)]
    # Of the others, the one that hosts domains of its users' own at this very server.
    hosting = [one for one in sharing if one.mx and one.host == host.strip().lower().rstrip(".")]
    return next(iter([*theirs, *hosting, *sharing]), None)


def provider_of_address(address: str) -> Provider | None:
    """Return the provider that an address names by its domain, if there is one."""
    return next((one for one in PROVIDERS if one.has_address(address)), None)


def provider_of_mx(hosts: Iterable[str]) -> Provider | None:
    """Return the provider that takes a domain's mail, by the names of its mail servers."""
    named = list(hosts)
    return next((one for one in PROVIDERS if any(_is_among(host, one.mx) for host in named)), None)


def find_provider(name: str) -> Provider | None:
    """Return the provider of this name, if there is one."""
    return next((one for one in PROVIDERS if one.name == name), None)
