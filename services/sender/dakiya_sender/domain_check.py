"""Asks the name servers for what a domain says of its mail: SPF, DKIM, DMARC, and who takes it."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

import dns.exception
import dns.resolver

from dakiya.db import SessionFactory
from dakiya.domains.records import Findings, read_tags
from dakiya.domains.register import domain_to_check, record_check
from dakiya.log import get_logger
from dakiya_sender.spf_walk import SpfWalk

log = get_logger(__name__)

# For one question; and for all that is asked for one domain, as somebody waits for it and an SPF
# record may name 200 hosts. What is asked later counts as not answered.
ANSWER_WITHIN_S: Final = 4.0
ALL_WITHIN_S: Final = 60.0
# Those of the known providers, and what others are often called. A selector cannot be listed.
SELECTORS: Final = (
    "google", "selector1", "selector2", "s1", "s2", "zoho", "zmail", "brevo1", "brevo2", "mail",
    "k1", "k2", "mx", "smtp", "pic", "sig1", "default", "dkim", "dkim1", "mta", "email",
)  # fmt: skip
_DMARC_LABELS_MAX: Final = 8


def make_resolver(servers: str) -> dns.resolver.Resolver:
    """Make a resolver: the system's, or ``address`` or ``address:port``, comma-separated."""
    named = [server.strip() for server in servers.split(",") if server.strip()]
    try:
        resolver = dns.resolver.Resolver(configure=not named)
    except dns.resolver.NoResolverConfiguration:
        log.warning("no_name_servers")
        resolver = dns.resolver.Resolver(configure=False)
    if named:
        hosts = [server.partition(":") for server in named]
        resolver.nameservers = [host for host, _, _ in hosts]
        resolver.nameserver_ports = {host: int(port) for host, _, port in hosts if port}
    resolver.lifetime = ANSWER_WITHIN_S
    return resolver


def check_domain(
    session_factory: SessionFactory, resolver: dns.resolver.Resolver, check_id: int
) -> None:
    """Look a domain up if it is still wanted; a second message for it does nothing."""
    with session_factory() as session:
        domain = domain_to_check(session, check_id)
        session.commit()
    if domain is None:
        return
    found = look_up(resolver, domain)
    with session_factory() as session:
        record_check(session, check_id, found)
        session.commit()
    log.info("domain_checked", check=check_id, unanswered=list(found.unanswered))


def look_up(resolver: dns.resolver.Resolver, domain: str) -> Findings:
    """Ask for everything. Never raises for what name servers do."""
    asking = _Asking(resolver)
    texts = asking.texts(domain, "spf")
    is_unknown = asking.unknown
    mx = asking.answers(domain, "MX")
    addresses = [*(asking.answers(domain, "A") or ()), *(asking.answers(domain, "AAAA") or ())]
    if is_unknown and not mx and not addresses:
        return Findings(exists=False, mx=())
    spf = [text for text in texts if _is_spf(text)]
    walk = SpfWalk(asking.spf_of, asking.answers)
    terms = walk.walk(spf[0], domain) if len(spf) == 1 else []
    dkim = {}
    for selector in SELECTORS:
        for text in asking.texts(f"{selector}._domainkey.{domain}", "dkim"):
            if "p" in read_tags(text):
                dkim[selector] = text
                break
    dmarc, dmarc_at = asking.dmarc(domain)
    return Findings(
        spf=spf,
        spf_includes=walk.includes,
        spf_lookups=walk.lookups,
        dkim=dkim,
        dmarc=dmarc,
        dmarc_at=dmarc_at,
        unanswered=sorted(asking.unanswered),
        spf_terms=terms,
        mx=mx,
        addresses=addresses,
    )


def _is_spf(text: str) -> bool:
    return text.lower().split()[:1] == ["v=spf1"]


@dataclass
class _Asking:
    """The questions for one domain, and which kinds of them got no answer."""

    resolver: dns.resolver.Resolver
    ends_at: float = field(default_factory=lambda: time.monotonic() + ALL_WITHIN_S)
    unanswered: set[str] = field(default_factory=set)
    # Whether the last name does not exist at all.
    unknown: bool = False

    def texts(self, name: str, kind: str) -> Sequence[str]:
        """Return the TXT records of a name, each in one piece."""
        self.unknown = False
        if kind in self.unanswered:  # a name server that is away is not asked twenty times
            return ()
        try:
            answer = self._resolve(name, "TXT")
        except dns.resolver.NXDOMAIN:
            self.unknown = True
            return ()
        except dns.resolver.NoAnswer:
            return ()
        except dns.exception.DNSException:
            self.unanswered.add(kind)
            return ()
        return [b"".join(record.strings).decode("utf-8", "replace") for record in answer]

    def spf_of(self, name: str) -> Sequence[str] | None:
        """Return the SPF records of a name; None when its servers did not answer."""
        found = [text for text in self.texts(name, "spf") if _is_spf(text)]
        return None if "spf" in self.unanswered else found

    def answers(self, name: str, kind: str) -> Sequence[str] | None:
        """Return the values of A, AAAA or MX records; None when the servers did not answer."""
        try:
            answer = self._resolve(name, kind)
        except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer):
            return ()
        except dns.exception.DNSException:
            return None
        if kind != "MX":
            return [record.to_text() for record in answer]
        hosts = [record.exchange.to_text(omit_final_dot=True).lower() for record in answer]
        return [host for host in hosts if host not in ("", ".")]  # RFC 7505: it takes no mail

    def _resolve(self, name: str, kind: str) -> dns.resolver.Answer:
        """Ask one question. Raises DNSException, also when the time for all of them is over."""
        left_s = self.ends_at - time.monotonic()
        if left_s <= 0:
            raise dns.exception.Timeout
        return self.resolver.resolve(name, kind, lifetime=min(left_s, self.resolver.lifetime))

    def dmarc(self, domain: str) -> tuple[Sequence[str], str]:
        """Return the DMARC records that apply: the domain's own, or the nearest above it."""
        labels = domain.split(".")[-_DMARC_LABELS_MAX:]
        for first in range(len(labels) - 1):
            at = ".".join(labels[first:])
            found = [
                text
                for text in self.texts(f"_dmarc.{at}", "dmarc")
                if text.replace(" ", "").lower().startswith("v=dmarc1")
            ]
            if found or "dmarc" in self.unanswered:
                return found, at
        return (), ""
