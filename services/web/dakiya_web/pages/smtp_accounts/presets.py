"""Servers that many people use, so that nobody has to look their address up."""

from collections.abc import Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase

from dakiya.models import Security
from dakiya_web.settings import WebSettings
from dakiya_web.texts import Text, gettext, lazy_gettext


@dataclass(frozen=True)
class Preset:
    """A known server: how it is reached, and what its users trip over."""

    name: str
    label: str
    host: str
    port: int
    security: Security
    hint: Text
    username: str = ""
    per_second: int | None = None
    per_minute: int | None = None
    per_hour: int | None = None
    per_day: int | None = None
    # Patterns of its other hosts; none of them takes mail without a login.
    other_hosts: tuple[str, ...] = ()


PRESETS = (
    Preset(
        "gmail",
        "Gmail",
        "smtp.gmail.com",
        587,
        Security.STARTTLS,
        lazy_gettext(
            "Gmail wants an app password instead of your own: make one in your Google account "
            "under Security, with 2-step verification on. A free account may send 500 mails a day."
        ),
        per_day=500,
    ),
    Preset(
        "microsoft365",
        "Microsoft 365",
        "smtp.office365.com",
        587,
        Security.STARTTLS,
        lazy_gettext(
            "Your administrator must allow “Authenticated SMTP” for the mailbox. "
            "Microsoft takes 30 mails a minute and 10,000 a day."
        ),
        per_minute=30,
        per_day=10_000,
    ),
    Preset(
        "ses",
        "Amazon SES (Mumbai)",
        "email-smtp.ap-south-1.amazonaws.com",
        587,
        Security.STARTTLS,
        lazy_gettext(
            "Use the SMTP credentials of SES, not your AWS keys; change the region in the host if "
            "yours is another. A new SES account may send 200 mails a day: raise the limits below "
            "once Amazon has granted more."
        ),
        per_second=1,
        per_day=200,
        other_hosts=("email-smtp.*.amazonaws.com",),
    ),
    Preset(
        "brevo",
        "Brevo",
        "smtp-relay.brevo.com",
        587,
        Security.STARTTLS,
        lazy_gettext(
            "The password is an SMTP key: make one in Brevo under “SMTP & API”. "
            "The free plan takes 300 mails a day."
        ),
        per_day=300,
    ),
    Preset(
        "sendgrid",
        "SendGrid",
        "smtp.sendgrid.net",
        587,
        Security.STARTTLS,
        lazy_gettext(
            "The user name is the word “apikey”; the password is an API key that may send mail."
        ),
        username="apikey",
    ),
    Preset(
        "zoho",
        "Zoho Mail",
        "smtp.zoho.in",
        465,
        Security.TLS,
        lazy_gettext(
            "For accounts outside India the host is smtp.zoho.com. Zoho Mail is for letters, not "
            "for bulk mail: it stops accounts that send too much at once."
        ),
        per_hour=50,
        other_hosts=("smtp.zoho.*", "smtppro.zoho.*"),
    ),
)


# As `make run` calls the account that leads to its inbox.
DEMO_INBOX = ("Demo inbox", "127.0.0.1")


def offered_presets(settings: WebSettings) -> tuple[Preset, ...]:
    """Return the servers to choose from: the demo inbox first, where one runs."""
    if settings.demo_inbox_smtp_port is None:
        return PRESETS
    label, host = DEMO_INBOX
    hint = gettext(
        "It catches all mail on this machine, and nothing reaches anybody. Save it as it is."
    )
    demo = Preset("demo", label, host, settings.demo_inbox_smtp_port, Security.NONE, hint)
    return (demo, *PRESETS)


def find_preset(name: str, presets: Sequence[Preset]) -> Preset | None:
    """Return the preset of this name, if there is one."""
    return next((preset for preset in presets if preset.name == name), None)


def known_server(host: str) -> Preset | None:
    """Return the preset whose server this host is, if it is a known one."""
    name = host.strip().lower().rstrip(".")
    return next(
        (p for p in PRESETS if any(fnmatchcase(name, h) for h in (p.host, *p.other_hosts))), None
    )
