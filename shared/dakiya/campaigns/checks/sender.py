"""A From that will not align: mail that says it comes from a mailbox provider, and does not.

Gmail, Yahoo, Microsoft and Apple publish or enforce DMARC for their own domains: what another
server sends in their name goes to spam or is refused.
"""

import ipaddress
from collections.abc import Mapping
from typing import Final

from dakiya.campaigns.checks.finding import Finding, Place, stop
from dakiya.models import SmtpAccount

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


def _is_one_of(host: str, servers: tuple[str, ...]) -> bool:
    return any(host == server or host.endswith(f".{server}") for server in servers)


def _is_near(host: str) -> bool:
    """Whether nothing leaves the house by itself: a demo inbox, a relay of the same network."""
    try:
        return ipaddress.ip_address(host).is_private
    except ValueError:
        return "." not in host or host.endswith((".local", ".localhost", ".internal", ".test"))
