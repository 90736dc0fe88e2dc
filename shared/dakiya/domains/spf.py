"""Whether an SPF record lets a machine send: RFC 7208 over what the name servers have said. Pure.

A sender walks the record once and keeps it as terms, with the addresses of every name in it; they
are evaluated for each account's own server.
"""

from collections.abc import Sequence
from enum import StrEnum
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import Any, Final

# RFC 7208, 4.6.4: terms that cost a look-up; receivers give up after ten.
LOOKUPS_MAX: Final = 10


class Kind(StrEnum):
    """What a term compares: a list of networks, another record, everybody, or nobody knows what."""

    NETWORKS = "networks"  # ip4, ip6, a, mx: what they come to
    INCLUDE = "include"
    REDIRECT = "redirect"
    ALL = "all"
    # Macros, exists, ptr, and names whose servers did not answer: only a receiver can tell.
    UNCLEAR = "unclear"


# A term as it is stored: its qualifier (+ - ~ ?), its kind, and its networks or terms.
Term = Sequence[Any]
# What a record says of an address: a qualifier; None where that cannot be told from here.
Said = str | None


def what_it_says(terms: Sequence[Term], address: str) -> Said:
    """Evaluate a record for an address: "+" lets it send, "-" and "~" do not, "?" says nothing."""
    return _evaluate(terms, ip_address(address))


def lets_send(terms: Sequence[Term], addresses: Sequence[str]) -> bool | None:
    """Say whether any of a server's addresses may send; None where it cannot be told.

    Addresses that no receiver ever sees (private ones) tell nothing.
    """
    said = [what_it_says(terms, one) for one in addresses if ip_address(one).is_global]
    if "+" in said:
        return True
    return None if not said or None in said else False


def _evaluate(terms: Sequence[Term], address: IPv4Address | IPv6Address) -> Said:
    redirect: Sequence[Term] | None = None
    for qualifier, kind, inner in terms:
        match kind:
            case Kind.ALL:
                return str(qualifier)
            case Kind.NETWORKS:
                if any(address in ip_network(one, strict=False) for one in inner):
                    return str(qualifier)
            case Kind.INCLUDE:
                said = _evaluate(inner, address)
                if said is None:
                    return None
                if said == "+":
                    return str(qualifier)
            case Kind.REDIRECT:
                redirect = inner
            case _:
                return None
    # It counts only where nothing before it matched, wherever it stands (RFC 7208, 6.1).
    return "?" if redirect is None else _evaluate(redirect, address)
