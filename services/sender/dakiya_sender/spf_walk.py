"""Walks an SPF record through the name servers: what it includes, and which machines it names."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from ipaddress import ip_network
from typing import Any, Final

from dakiya.domains.spf import LOOKUPS_MAX, Kind

_MX_MAX: Final = 10  # RFC 7208, 4.6.4
_QUALIFIERS: Final = "+-~?"

# The SPF records of a name, or None when its servers did not answer.
RecordsOf = Callable[[str], Sequence[str] | None]
# The values of A, AAAA or MX records of a name (of MX the hosts); None without an answer.
AnswersOf = Callable[[str, str], Sequence[str] | None]


@dataclass
class SpfWalk:
    """What a record comes to, while and after it is walked."""

    records_of: RecordsOf
    answers_of: AnswersOf
    # All domains that it includes, at any depth, in order.
    includes: list[str] = field(default_factory=list)
    # What a receiver would count.
    lookups: int = 0

    def walk(self, record: str, domain: str) -> list[list[Any]]:
        """Return the terms of a record, in order (``dakiya.domains.spf``)."""
        terms = []
        for word in record.lower().split()[1:]:
            qualifier = word[0] if word[0] in _QUALIFIERS else "+"
            found = self._term(word.lstrip(_QUALIFIERS), domain)
            if found is not None:
                terms.append([qualifier, *found])
        return terms

    def _term(self, word: str, domain: str) -> list[Any] | None:
        """Read one term; None for what says nothing about machines (exp=, unknown modifiers)."""
        name, mark, argument = word.partition("=") if "=" in word else word.partition(":")
        name, slash, prefix = name.partition("/")
        if mark == "=" and name != "redirect":
            return None
        if name == "all":
            return [Kind.ALL.value, []]
        if name in ("ip4", "ip6"):
            return _networks([argument])
        if "%" in argument or name in ("ptr", "exists"):
            self.lookups += 1
            return [Kind.UNCLEAR.value, []]
        if name in ("a", "mx"):
            self.lookups += 1
            if not slash:
                argument, slash, prefix = argument.partition("/")
            hosts = [argument or domain] if name == "a" else self._ask(argument or domain, "MX")
            return self._machines(hosts, slash + prefix)
        if name in ("include", "redirect") and argument:
            self.lookups += 1
            return self._other(Kind(name), argument)
        return [Kind.UNCLEAR.value, []]

    def _other(self, kind: Kind, domain: str) -> list[Any]:
        if domain in self.includes or self.lookups > LOOKUPS_MAX:
            return [Kind.UNCLEAR.value, []]
        self.includes.append(domain)
        records = self.records_of(domain)
        if not records:
            return [Kind.UNCLEAR.value, []]
        return [kind.value, self.walk(records[0], domain)]

    def _machines(self, hosts: Sequence[str] | None, prefixes: str) -> list[Any]:
        if hosts is None or self.lookups > LOOKUPS_MAX:
            return [Kind.UNCLEAR.value, []]
        # "a/24//64": the first is for IPv4, the second for IPv6.
        short, _, long = prefixes.partition("//")
        found: list[str] = []
        for host in hosts[:_MX_MAX]:
            for kind, prefix in (("A", short), ("AAAA", f"/{long}" if long else "")):
                answers = self._ask(host, kind)
                if answers is None:
                    return [Kind.UNCLEAR.value, []]
                found += [f"{one}{prefix}" for one in answers]
        return _networks(found)

    def _ask(self, name: str, kind: str) -> Sequence[str] | None:
        return self.answers_of(name, kind) if self.lookups <= LOOKUPS_MAX else None


def _networks(written: Sequence[str]) -> list[Any]:
    """Return networks as they are compared; a term that is none makes the record unclear."""
    try:
        return [Kind.NETWORKS.value, [str(ip_network(one, strict=False)) for one in written]]
    except ValueError:
        return [Kind.UNCLEAR.value, []]
