"""What an account's limits, pauses and test steps mean, in plain words. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from dakiya.delivery.slowing import Slowed
from dakiya.mail.verdict import Reason
from dakiya.models import Security, SmtpAccount, SmtpTest, TestStatus
from dakiya.models.smtp import DEFAULT_CONNECTIONS
from dakiya.smtp_accounts.providers import Provider, provider_of_account
from dakiya_web.texts import LazyText, Text, gettext, lazy_gettext, ngettext
from dakiya_web.wording import number

PACES: dict[str, LazyText] = {
    "per_second": lazy_gettext("%(mails)s a second"),
    "per_minute": lazy_gettext("%(mails)s a minute"),
    "per_hour": lazy_gettext("%(mails)s an hour"),
    "per_day": lazy_gettext("%(mails)s a day"),
}
_LEFT: Mapping[str, LazyText] = {
    "per_hour": lazy_gettext("%(mails)s left within the hour"),
    "per_day": lazy_gettext("%(mails)s left within 24 hours"),
}
_USED_UP: Mapping[str, LazyText] = {
    "per_hour": lazy_gettext("used up within the hour"),
    "per_day": lazy_gettext("used up within 24 hours"),
}
SECURITY_WORDS: Mapping[Security, Text] = {
    Security.STARTTLS: lazy_gettext("encrypted (STARTTLS)"),
    Security.TLS: lazy_gettext("encrypted (TLS)"),
    Security.NONE: lazy_gettext("not encrypted"),
}
STEP_WORDS: Mapping[str, Text] = {
    "dns": lazy_gettext("Find the server's address"),
    "connect": lazy_gettext("Connect"),
    "greeting": lazy_gettext("Wait for the server's greeting"),
    "ehlo": lazy_gettext("Introduce ourselves"),
    "tls": lazy_gettext("Encrypt the connection"),
    "auth": lazy_gettext("Log in"),
    "leave": lazy_gettext("Keep to the account's limits"),
    "mail": lazy_gettext("Ask whether the address may send"),
    "send": lazy_gettext("Send the test mail"),
}
_REMEDIES: Mapping[str, Text] = {
    Reason.AUTH: lazy_gettext(
        "Check the user name and password; many providers want an app password. "
        "Saving them lets the account send again."
    ),
    Reason.SENDER_REFUSED: lazy_gettext(
        "Use a “from” address that this login may send as, or have the provider allow this one."
    ),
    Reason.BLOCKED: lazy_gettext(
        "The server refuses mail from here. Ask your provider why, mend that, "
        "and then test the account: a passed test lets it send again."
    ),
    Reason.POLICY: lazy_gettext(
        "They all wait, and none counts as failed. The server's words say why; often it is SPF, "
        "DKIM or DMARC of your domain, or a rule of your provider. Mend that, and then test the "
        "account: a passed test lets it send again."
    ),
    Reason.QUOTA: lazy_gettext(
        "Your provider's quota is used up. You may enter its limit below, so that "
        "Dakiya spreads the mails instead of running into it."
    ),
    Reason.RATE: lazy_gettext(
        "The server asks for less speed, so Dakiya goes on at half the pace and speeds up again "
        "step by step. If this comes back, enter a lower limit or fewer connections."
    ),
    Reason.CONNECTION: lazy_gettext(
        "Check host, port and encryption, and whether the server is running."
    ),
    Reason.TLS: lazy_gettext(
        "Test the account: its steps say what is wrong with the encryption. A certificate that has "
        "run out is often renewed by the provider, and then the account goes on by itself."
    ),
}
_TITLES: Mapping[str, Text] = {
    Reason.AUTH: lazy_gettext("The server refuses the login"),
    Reason.SENDER_REFUSED: lazy_gettext("The server refuses the sender's address"),
    Reason.BLOCKED: lazy_gettext("The server blocks our mail"),
    Reason.POLICY: lazy_gettext("The server refuses everybody"),
    Reason.QUOTA: lazy_gettext("The provider's quota is used up"),
    Reason.RATE: lazy_gettext("The server asks us to slow down"),
    Reason.CONNECTION: lazy_gettext("The server cannot be reached"),
    Reason.TLS: lazy_gettext("No trusted encryption with the server"),
}


@dataclass(frozen=True)
class Health:
    """How an account stands: a pill, and for a pause its reason and what mends it."""

    text: str
    tone: str
    title: str = ""
    remedy: str = ""
    needs_owner: bool = False


def health(account: SmtpAccount, test: SmtpTest | None, *, now: datetime) -> Health:
    """Judge an account by its pause and, when there is none, by its last test."""
    needs_owner = account.paused_at is not None and account.paused_until is None
    waits = account.paused_until is not None and account.paused_until > now
    if needs_owner or waits:
        reason = account.pause_reason or ""
        return Health(
            gettext("Needs you") if needs_owner else gettext("Waiting"),
            "bad" if needs_owner else "wait",
            say_pause(reason),
            str(_REMEDIES.get(reason, gettext("Test the account to see what the server says."))),
            needs_owner,
        )
    if account.paused_at is not None:
        return Health(gettext("Trying again"), "wait")
    if test is None:
        return Health(gettext("Not tested yet"), "idle")
    if test.status is TestStatus.FAILED:
        return Health(gettext("Last test failed"), "bad")
    if test.status is not TestStatus.PASSED:
        return Health(gettext("Being tested"), "wait")
    return Health(gettext("Fine"), "good")


def say_health(name: str, seen: Health) -> str:
    """Say how an account stands to somebody who is about to send; nothing while it is fine."""
    if seen.tone == "good":
        return ""
    if seen.title:
        return gettext(
            "The account “%(name)s”: %(state)s. %(title)s.",
            name=name,
            state=seen.text,
            title=seen.title,
        )
    if seen.tone == "wait":
        return gettext("The account “%(name)s”: %(state)s.", name=name, state=seen.text)
    return gettext(
        "The account “%(name)s”: %(state)s. Test it before you send.", name=name, state=seen.text
    )


def say_pause(reason: str | None) -> str:
    """Say why an account is paused."""
    return str(_TITLES.get(reason or "", gettext("The server does not take our mail")))


def limits(account: SmtpAccount | Provider) -> str:
    """Say an account's limits: "500 mails a day, 30 a minute"; "No limit" without any."""
    found = [(name, getattr(account, name)) for name in reversed(PACES) if getattr(account, name)]
    if not found:
        return gettext("No limit")
    first, *others = found
    return ", ".join([say_mails(*first), *(say_pace(*one) for one in others)])


def cautions(account: SmtpAccount) -> Sequence[str]:
    """Say by what an account's limits exceed what its provider is known to take."""
    provider = provider_of_account(account.host, account.username or "", account.from_email)
    if provider is None:
        return ()
    found = []
    for name in reversed(PACES):
        published, ours = getattr(provider, name), getattr(account, name)
        if published is not None and (ours is None or ours > published):
            found.append(
                gettext(
                    "%(provider)s publishes a limit of %(limit)s. Accounts that send more are "
                    "stopped there, so set a higher one only if yours was granted it.",
                    provider=provider.label,
                    limit=say_mails(name, published),
                )
            )
    if provider.connections < min(account.connections, DEFAULT_CONNECTIONS):
        found.append(
            ngettext(
                "%(provider)s takes one connection at a time.",
                "%(provider)s takes %(num)s connections at a time.",
                provider.connections,
                provider=provider.label,
                num=number(provider.connections),
            )
        )
    return found


def say_pace(name: str, mails: int) -> str:
    """Say one of the limits: "30 a minute"."""
    return PACES[name] % {"mails": number(mails)}


def quota(limit: str, left: int) -> str:
    """Say what is left of a limit: "320 left within 24 hours"."""
    return _LEFT[limit] % {"mails": number(left)} if left else str(_USED_UP[limit])


def slowed_pace(learned: Slowed | None, *, now: datetime) -> str:
    """Say the pace that an account has learned from its server; empty without one."""
    per_minute = learned.pace(now) if learned is not None else None
    if per_minute is None:
        return ""
    return ngettext(
        "Slowed down to %(num)s mail a minute: the server asked for less speed.",
        "Slowed down to %(num)s mails a minute: the server asked for less speed.",
        per_minute,
        num=number(per_minute),
    )


def connections(account: SmtpAccount) -> str:
    """Say how many connections an account may use: "up to 4 connections"."""
    return ngettext("one connection at a time", "up to %(num)s connections", account.connections)


def say_mails(name: str, mails: int) -> str:
    """Say a limit with what it limits: "500 mails a day"."""
    shown = number(mails)
    if name == "per_second":
        return ngettext("%(num)s mail a second", "%(num)s mails a second", mails, num=shown)
    if name == "per_minute":
        return ngettext("%(num)s mail a minute", "%(num)s mails a minute", mails, num=shown)
    if name == "per_hour":
        return ngettext("%(num)s mail an hour", "%(num)s mails an hour", mails, num=shown)
    return ngettext("%(num)s mail a day", "%(num)s mails a day", mails, num=shown)
