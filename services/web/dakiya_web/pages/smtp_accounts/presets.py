"""The known servers as the pages offer them: what their users trip over, and the demo inbox."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from dakiya.models import Security
from dakiya.smtp_accounts.providers import PROVIDERS, Provider
from dakiya_web.settings import WebSettings
from dakiya_web.texts import Text, gettext, lazy_gettext

_HINTS: Final[Mapping[str, Text]] = {
    "gmail": lazy_gettext(
        "Gmail wants an app password instead of your own: make one in your Google account, with "
        "2-step verification on. A free account may send 500 mails a day."
    ),
    "workspace": lazy_gettext(
        "Google Workspace wants an app password, with 2-step verification on; your administrator "
        "may have to allow it. A paid account may send 2,000 mails a day, a trial 500."
    ),
    "google-relay": lazy_gettext(
        "Your administrator sets the relay up in the Admin console, and either names this "
        "machine's address there or asks for a login. It takes 10,000 mails a day from each user."
    ),
    "microsoft365": lazy_gettext(
        "Microsoft switches password log-ins for SMTP off at the end of December 2026. An "
        "administrator can allow them again for some time; Microsoft will say in the second half "
        "of 2027 when they end for good. Dakiya has no other log-in for it yet. Your administrator "
        "must also allow “Authenticated SMTP” for the mailbox. It takes 30 mails a minute and "
        "10,000 a day."
    ),
    "outlook": lazy_gettext(
        "Microsoft ended password log-ins for Outlook.com, Hotmail and Live on 16 September 2024, "
        "and Dakiya has no other log-in for them yet: expect the test to fail, and choose another "
        "server if you can. The limits are those for people whom you have not written to before."
    ),
    "ses": lazy_gettext(
        "Use the SMTP credentials of SES, not your AWS keys; they belong to one region. A new SES "
        "account may send 200 mails a day: raise the limits below once Amazon has granted more."
    ),
    "sendgrid": lazy_gettext(
        "The user name is the word “apikey”; the password is an API key that may send mail. Enter "
        "the limit of your plan below."
    ),
    "mailgun": lazy_gettext(
        "User name and password are the SMTP credentials of your sending domain. For a domain in "
        "the EU the host is smtp.eu.mailgun.org. Enter the limit of your plan below."
    ),
    "brevo": lazy_gettext(
        "The password is an SMTP key: make one in Brevo under “SMTP & API”. "
        "The free plan takes 300 mails a day."
    ),
    "zoho": lazy_gettext(
        "With two-factor authentication it wants an app password. For accounts outside India the "
        "host is smtp.zoho.com. Zoho Mail is for letters, not for bulk mail: it stops accounts "
        "that send too much at once."
    ),
    "icloud": lazy_gettext(
        "iCloud wants an app-specific password, made in your Apple account. It takes 1,000 mails a "
        "day, and only from your own addresses."
    ),
    "yahoo": lazy_gettext(
        "Yahoo wants an app password, made in your account's security settings. It takes 500 mails "
        "a day."
    ),
}


@dataclass(frozen=True)
class Preset:
    """A server to choose from, and a word of advice."""

    provider: Provider
    hint: Text

    @property
    def name(self) -> str:
        """How addresses of pages call it."""
        return self.provider.name

    @property
    def label(self) -> str:
        """How people call it."""
        return self.provider.label


# As `make run` calls the account that leads to its inbox.
DEMO_INBOX = ("Demo inbox", "127.0.0.1")


def known_presets() -> Sequence[Preset]:
    """Return the known providers with what their users trip over."""
    return [Preset(provider, _HINTS[provider.name]) for provider in PROVIDERS]


def offered_presets(settings: WebSettings) -> Sequence[Preset]:
    """Return the servers to choose from: the demo inbox first, where one runs."""
    known = known_presets()
    if settings.demo_inbox_smtp_port is None:
        return known
    label, host = DEMO_INBOX
    port = settings.demo_inbox_smtp_port
    demo = Provider("demo", label, host, port, Security.NONE, "", needs_login=False)
    hint = gettext(
        "It catches all mail on this machine, and nothing reaches anybody. Save it as it is."
    )
    return [Preset(demo, hint), *known]


def find_preset(name: str, presets: Sequence[Preset]) -> Preset | None:
    """Return the preset of this name, if there is one."""
    return next((preset for preset in presets if preset.name == name), None)
