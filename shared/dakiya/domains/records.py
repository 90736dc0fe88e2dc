"""What a domain's SPF, DKIM and DMARC records say about mail that goes through an account. Pure.

SPF is RFC 7208, DKIM RFC 6376, DMARC RFC 7489. Receivers look at SPF for the envelope's domain and
at DKIM's signature; DMARC wants one of them to stand for the domain that readers see.
"""

import base64
import binascii
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields
from enum import StrEnum
from typing import Any, Final, Self

from dakiya.domains.spf import LOOKUPS_MAX, Term, lets_send
from dakiya.smtp_accounts.providers import Provider, provider_of_address

# A 1024-bit RSA key in DER; less is forged for the price of an evening, more is usual today.
_RSA_1024_BYTES, _RSA_2048_BYTES = 162, 294
_TAG = re.compile(r"\s*([a-zA-Z][a-zA-Z0-9_]*)\s*=\s*([^;]*?)\s*(?:;|$)")


class Verdict(StrEnum):
    """What one kind of record comes to; the pages have the words for each."""

    UNANSWERED = "unanswered"  # the domain's name servers did not answer
    NO_DOMAIN = "no_domain"
    FOREIGN = "foreign"  # a mailbox provider's domain through somebody else's server
    SPF_FINE = "spf_fine"
    SPF_MISSING = "spf_missing"
    SPF_SEVERAL = "spf_several"
    SPF_ANYBODY = "spf_anybody"
    SPF_TOO_DEEP = "spf_too_deep"
    SPF_LACKS_PROVIDER = "spf_lacks_provider"
    SPF_LACKS_SERVER = "spf_lacks_server"  # the account's own server, of no known provider
    SPF_OPEN_END = "spf_open_end"
    DKIM_FINE = "dkim_fine"
    DKIM_NOT_FOUND = "dkim_not_found"
    DKIM_REVOKED = "dkim_revoked"
    DKIM_WEAK = "dkim_weak"
    DMARC_FINE = "dmarc_fine"
    DMARC_WATCHES = "dmarc_watches"  # p=none: enough for the large receivers, protects nobody
    DMARC_MISSING = "dmarc_missing"
    DMARC_SEVERAL = "dmarc_several"
    DMARC_BROKEN = "dmarc_broken"


GOOD: Final = frozenset({Verdict.SPF_FINE, Verdict.DKIM_FINE, Verdict.DMARC_FINE})
BAD: Final = frozenset(
    {
        Verdict.NO_DOMAIN,
        Verdict.FOREIGN,
        Verdict.SPF_MISSING,
        Verdict.SPF_SEVERAL,
        Verdict.SPF_ANYBODY,
        Verdict.SPF_LACKS_PROVIDER,
        Verdict.SPF_LACKS_SERVER,
        Verdict.DKIM_REVOKED,
        Verdict.DMARC_MISSING,
        Verdict.DMARC_SEVERAL,
        Verdict.DMARC_BROKEN,
    }
)


@dataclass(frozen=True)
class Findings:
    """What the name servers said. ``unanswered`` names the kinds that they did not answer for.

    ``spf_includes`` holds all domains that the SPF record includes, at any depth, and
    ``spf_lookups`` how many look-ups that costs. ``dkim`` has the records by selector, of the
    selectors that were tried. ``dmarc_at`` is the domain whose DMARC record applies. ``spf_terms``
    is the record as it is evaluated for a machine (``dakiya.domains.spf``). ``mx`` are the hosts
    that take the domain's mail (None: nobody has asked yet), ``addresses`` its own.
    """

    exists: bool = True
    spf: Sequence[str] = ()
    spf_includes: Sequence[str] = ()
    spf_lookups: int = 0
    dkim: Mapping[str, str] = field(default_factory=dict)
    dmarc: Sequence[str] = ()
    dmarc_at: str = ""
    unanswered: Sequence[str] = ()
    spf_terms: Sequence[Term] = ()
    mx: Sequence[str] | None = None
    addresses: Sequence[str] = ()

    def as_json(self) -> dict[str, Any]:
        """Return what is stored."""
        return asdict(self)

    @classmethod
    def read(cls, stored: Mapping[str, Any]) -> Self:
        """Read what was stored; what an earlier version did not look for is as if not found."""
        known = {one.name for one in fields(cls)}
        return cls(**{name: value for name, value in stored.items() if name in known})


@dataclass(frozen=True)
class Judged:
    """One kind of record (spf, dkim, dmarc), what it comes to, and the record itself."""

    kind: str
    verdict: Verdict
    record: str = ""

    @property
    def tone(self) -> str:
        """How the pages colour it: good, wait, bad."""
        return "good" if self.verdict in GOOD else "bad" if self.verdict in BAD else "wait"


def judge(
    found: Findings, *, domain: str, provider: Provider | None, addresses: Sequence[str] = ()
) -> Sequence[Judged]:
    """Judge a domain whose mail goes through a provider's server, or through one of its own.

    ``addresses`` are those of its own server, if they are known.
    """
    if not found.exists:
        return [Judged("domain", Verdict.NO_DOMAIN)]
    home = provider_of_address(f"x@{domain}")
    if home is not None and (provider is None or not home.has_host(provider.host)):
        return [Judged("domain", Verdict.FOREIGN)]
    return [_spf(found, provider, addresses), _dkim(found), _dmarc(found)]


def _spf(found: Findings, provider: Provider | None, addresses: Sequence[str]) -> Judged:
    if "spf" in found.unanswered:
        return Judged("spf", Verdict.UNANSWERED)
    if not found.spf:
        return Judged("spf", Verdict.SPF_MISSING)
    if len(found.spf) > 1:
        return Judged("spf", Verdict.SPF_SEVERAL, " | ".join(found.spf))
    [record] = found.spf
    terms = record.lower().split()[1:]
    verdict = Verdict.SPF_FINE
    if {"+all", "all"} & set(terms):
        verdict = Verdict.SPF_ANYBODY
    elif found.spf_lookups > LOOKUPS_MAX:
        verdict = Verdict.SPF_TOO_DEEP
    elif provider is not None and provider.spf and not _includes(found, provider):
        verdict = Verdict.SPF_LACKS_PROVIDER
    elif provider is None and found.spf_terms and lets_send(found.spf_terms, addresses) is False:
        verdict = Verdict.SPF_LACKS_SERVER
    elif not any(term in ("-all", "~all") or term.startswith("redirect=") for term in terms):
        verdict = Verdict.SPF_OPEN_END
    return Judged("spf", verdict, record)


def _includes(found: Findings, provider: Provider) -> bool:
    return any(name in found.spf_includes for name in provider.spf)


def _dkim(found: Findings) -> Judged:
    if not found.dkim:
        silent = "dkim" in found.unanswered
        return Judged("dkim", Verdict.UNANSWERED if silent else Verdict.DKIM_NOT_FOUND)
    by_selector = {name: _judge_key(record) for name, record in found.dkim.items()}
    for verdict in (Verdict.DKIM_FINE, Verdict.DKIM_WEAK, Verdict.DKIM_REVOKED):
        for selector, judged in by_selector.items():
            if judged is verdict:
                return Judged("dkim", verdict, f"{selector}: {found.dkim[selector]}")
    return Judged("dkim", Verdict.DKIM_NOT_FOUND)


def _judge_key(record: str) -> Verdict:
    tags = read_tags(record)
    key = "".join(tags.get("p", "").split())
    if not key:
        return Verdict.DKIM_REVOKED
    if tags.get("k", "rsa").lower() != "rsa":
        return Verdict.DKIM_FINE
    try:
        size = len(base64.b64decode(key, validate=True))
    except binascii.Error:
        return Verdict.DKIM_REVOKED
    return Verdict.DKIM_FINE if size >= _RSA_2048_BYTES - 8 else Verdict.DKIM_WEAK


def _dmarc(found: Findings) -> Judged:
    if "dmarc" in found.unanswered:
        return Judged("dmarc", Verdict.UNANSWERED)
    if not found.dmarc:
        return Judged("dmarc", Verdict.DMARC_MISSING)
    if len(found.dmarc) > 1:
        return Judged("dmarc", Verdict.DMARC_SEVERAL, " | ".join(found.dmarc))
    [record] = found.dmarc
    policy = read_tags(record).get("p", "").lower()
    if policy not in ("none", "quarantine", "reject"):
        return Judged("dmarc", Verdict.DMARC_BROKEN, record)
    return Judged(
        "dmarc", Verdict.DMARC_WATCHES if policy == "none" else Verdict.DMARC_FINE, record
    )


def read_tags(record: str) -> dict[str, str]:
    """Read a list of tags (RFC 6376, 3.2); later ones of the same name do not count."""
    tags: dict[str, str] = {}
    for match in _TAG.finditer(record):
        tags.setdefault(match[1].lower(), match[2])
    return tags
