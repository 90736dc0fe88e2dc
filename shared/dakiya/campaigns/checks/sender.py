"""A From that will not align: mail that says it comes from a mailbox provider, and does not.

Gmail, Yahoo, Microsoft and Apple publish or enforce DMARC for their own domains: what another
server sends in their name goes to spam or is refused. Of other domains the last look-up of their
SPF, DKIM and DMARC records is told.
"""

import ipaddress
from collections.abc import Mapping, Sequence
from typing import Final

from dakiya.campaigns.checks.finding import Finding, Place, stop, warn
from dakiya.domains.records import Findings, Verdict, judge
from dakiya.domains.register import domain_of
from dakiya.models import SmtpAccount
from dakiya.smtp_accounts.providers import provider_of_host

_GOOGLE: Final = ("google.com", "gmail.com", "googlemail.com")
_MICROSOFT: Final = ("office365.com", "outlook.com", "hotmail.com", "live.com")
_YAHOO: Final = ("yahoo.com", "yahoodns.net", "aol.com")
_APPLE: Final = ("mail.me.com", "icloud.com")
_PROTON: Final = ("proton.me", "protonmail.ch", "protonmail.com")
_ZOHO: Final = ("zoho.com", "zoho.in", "zoho.eu", "zohomail.in", "zohomail.com")
_REDIFF: Final = ("rediffmail.com", "rediffmailpro.com")
# A domain of addresses: whose servers may send for it.
_OWN_SERVERS: Final[Mapping[str, tuple[str, ...]]] = {
    **dict.fromkeys(("gmail.com", "googlemail.com"), _GOOGLE),
    **dict.fromkeys(("outlook.com", "hotmail.com", "live.com", "msn.com", "live.in"), _MICROSOFT),
    **dict.fromkeys(("outlook.in", "hotmail.co.uk", "hotmail.fr", "outlook.de"), _MICROSOFT),
    **dict.fromkeys(("yahoo.com", "yahoo.in", "yahoo.co.in", "yahoo.co.uk"), _YAHOO),
    **dict.fromkeys(("ymail.com", "rocketmail.com", "aol.com"), _YAHOO),
    **dict.fromkeys(("icloud.com", "me.com", "mac.com"), _APPLE),
    **dict.fromkeys(("proton.me", "protonmail.com", "pm.me"), _PROTON),
    **dict.fromkeys(("zohomail.in", "zohomail.com", "zoho.com"), _ZOHO),
    "rediffmail.com": _REDIFF,
}

# What is wrong, of what speaks for a server: SPF that names it, or a signature.
_UNVOUCHED: Final[Mapping[Verdict, str]] = {
    Verdict.SPF_MISSING: "it has no SPF record",
    Verdict.SPF_SEVERAL: "it has several SPF records, so none counts",
    Verdict.SPF_TOO_DEEP: "its SPF record needs more than 10 look-ups, so it does not count",
    Verdict.SPF_LACKS_PROVIDER: "its SPF record does not name your provider",
    Verdict.SPF_LACKS_SERVER: "its SPF record does not name the address of your server",
    Verdict.DKIM_NOT_FOUND: "no DKIM key was found under the usual names",
    Verdict.DKIM_REVOKED: "its DKIM key was revoked",
}
_UNGUARDED: Final[Mapping[Verdict, str]] = {
    Verdict.DMARC_MISSING: "it has no DMARC record, which Gmail, Yahoo and Microsoft ask of bulk "
    "senders",
    Verdict.DMARC_SEVERAL: "it has several DMARC records, so none counts",
    Verdict.DMARC_BROKEN: "its DMARC record cannot be read",
    Verdict.NO_DOMAIN: "there is no such domain, and most receivers refuse such mail",
    Verdict.FOREIGN: "it is a mailbox provider's, and only that provider's servers may send for it",
}


def check_sender(account: SmtpAccount) -> list[Finding]:
    """Refuse a From of a mailbox provider that another provider sends."""
    domain = account.from_email.rpartition("@")[2].lower()
    servers = _OWN_SERVERS.get(domain)
    host = account.host.lower().rstrip(".")
    if servers is None or _is_near(host) or _is_one_of(host, servers):
        return []
    return [
        stop(
            "sender.alignment",
            f"Mail from @{domain} through {host} goes to spam or is refused: only {domain}'s own "
            "servers may send it. Use an address of a domain of yours, or that provider's server.",
            place=Place.ACCOUNT,
            field="smtp_account_id",
        )
    ]


def check_domain(
    account: SmtpAccount, found: Findings, *, addresses: Sequence[str] = ()
) -> list[Finding]:
    """Warn of a From whose domain does not speak for its server, as the name servers said last.

    SPF or DKIM is enough for DMARC, so one of them alone is not told.
    """
    if _is_near(account.host.lower().rstrip(".")):
        return []
    domain = domain_of(account.from_email)
    provider = provider_of_host(account.host)
    judged = judge(found, domain=domain, provider=provider, addresses=addresses)
    verdicts = [one.verdict for one in judged]
    unvouched = [_UNVOUCHED[one] for one in verdicts if one in _UNVOUCHED]
    unguarded = [_UNGUARDED[one] for one in verdicts if one in _UNGUARDED]
    said = (unvouched if len(unvouched) > 1 else []) + unguarded
    if not said:
        return []
    text = (
        f"Mail from @{domain} may go to spam or be refused, by what its name servers said when "
        "they were last asked. The account's page says what to add, and looks again:"
    )
    return [warn("sender.domain", text, *said, place=Place.DOMAIN)]


def _is_one_of(host: str, servers: tuple[str, ...]) -> bool:
    return any(host == server or host.endswith(f".{server}") for server in servers)


def _is_near(host: str) -> bool:
    """Whether nothing leaves the house by itself: a demo inbox, a relay of the same network."""
    try:
        return ipaddress.ip_address(host).is_private
    except ValueError:
        return "." not in host or host.endswith((".local", ".localhost", ".internal", ".test"))
