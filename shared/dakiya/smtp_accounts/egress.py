"""Where the installation may connect to: the guard against SSRF (OWASP ASVS 13.2.4).

A shared installation must not let its users reach the operator's own network through an
SMTP host. Names are resolved once, every address is checked, and the connection goes to
the checked address, so that a second look-up cannot answer differently (DNS rebinding).
"""

import ipaddress
import socket
from dataclasses import dataclass

from dakiya.errors import DakiyaError

ALLOWED_PORTS = frozenset({25, 465, 587, 2465, 2525, 2587})
# Python calls these global: carrier-grade NAT (RFC 6598), IETF protocol assignments (RFC 6890;
# Oracle's metadata service lives there), and Azure's host.
NOT_PUBLIC_V4 = (
    ipaddress.ip_network("100.64.0.0/10"),
    ipaddress.ip_network("192.0.0.0/24"),
    ipaddress.ip_network("168.63.129.16/32"),
)
# Everything of IPv6 that is routed on the Internet (IANA); what embeds IPv4 otherwise is not.
GLOBAL_UNICAST = ipaddress.ip_network("2000::/3")
# Prefixes that embed an IPv4 address: NAT64 (RFC 6052) and 6to4 (RFC 3056).
NAT64 = ipaddress.ip_network("64:ff9b::/96")
SIX_TO_FOUR = ipaddress.ip_network("2002::/16")


class EgressRefused(DakiyaError):
    """The host or port may not be connected to; the text says why and what to do."""


class NameNotFound(DakiyaError):
    """The host name has no address at present."""


@dataclass(frozen=True)
class EgressRule:
    """Hosts (``host`` or ``host:port``) that the operator lifts the rule for."""

    allowed: frozenset[str]
    ports: frozenset[int] = ALLOWED_PORTS

    @classmethod
    def parse(cls, setting: str, *, ports: frozenset[int] = ALLOWED_PORTS) -> "EgressRule":
        """Read DAKIYA_ALLOWED_INTERNAL_HOSTS: comma-separated, any case."""
        parts = (part.strip().lower() for part in setting.split(","))
        return cls(frozenset(filter(None, parts)), ports)

    def check_literal(self, host: str, port: int) -> None:
        """Refuse what can be refused without a look-up. Raises EgressRefused."""
        if self._lifts(host, port):
            return
        if port not in self.ports:
            ports = ", ".join(str(p) for p in sorted(self.ports))
            raise EgressRefused(
                f"Port {port} is not allowed; mail servers listen on one of {ports}."
            )
        if host.lower() == "localhost" or host.lower().endswith(".localhost"):
            raise EgressRefused(_internal(host))
        try:
            address = ipaddress.ip_address(host)
        except ValueError:
            return
        if not is_public(address):
            raise EgressRefused(_internal(host))

    def resolve(self, host: str, port: int) -> tuple[str, ...]:
        """Return the addresses to connect to, in order.

        Raises NameNotFound, or EgressRefused when any address is internal.
        """
        self.check_literal(host, port)
        try:
            found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError):
            raise NameNotFound(f"The name {host} has no address. Check its spelling.") from None
        addresses = tuple(dict.fromkeys(str(entry[4][0]) for entry in found))
        if not self._lifts(host, port):
            for address in addresses:
                if not is_public(ipaddress.ip_address(address.partition("%")[0])):
                    raise EgressRefused(_internal(host))
        return addresses

    def _lifts(self, host: str, port: int) -> bool:
        name = host.lower()
        return name in self.allowed or f"{name}:{port}" in self.allowed


def is_public(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> bool:
    """Tell whether an address belongs to the public Internet."""
    if isinstance(address, ipaddress.IPv6Address):
        if address not in GLOBAL_UNICAST and address not in NAT64 and not address.ipv4_mapped:
            return False
        embedded = address.ipv4_mapped
        if address in NAT64:
            embedded = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
        elif address in SIX_TO_FOUR:
            embedded = address.sixtofour
        if embedded is not None:
            return is_public(embedded)
    elif any(address in network for network in NOT_PUBLIC_V4):
        return False
    return address.is_global and not address.is_multicast


def _internal(host: str) -> str:
    return (
        f"{host} is an internal address. The operator of this installation can allow it"
        " with DAKIYA_ALLOWED_INTERNAL_HOSTS."
    )
