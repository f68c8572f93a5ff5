"""The gate: which addresses may be asked at all, so that no link makes us ask inside a network (SSRF).

What readers can reach is public. Everything else is refused by our own table: `ipaddress.is_global` says
different things in different releases of Python (CVE-2024-4032). Only the address counts: names lie.
"""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from typing import NamedTuple

from newsletter.check.online.answer import Outcome

PORTS = frozenset({80, 443})
# IANA's registries of special-purpose addresses (RFC 6890 and what followed), without those that lead out.
_CLOSED_4 = tuple(
    IPv4Network(net)
    for net in (
        "0.0.0.0/8",  # this host (RFC 1122): connects to ourselves on Linux
        "10.0.0.0/8",  # private (RFC 1918)
        "100.64.0.0/10",  # behind a provider's NAT (RFC 6598); 100.100.100.200 is a cloud's metadata
        "127.0.0.0/8",  # ourselves
        "168.63.129.16/32",  # a cloud's host, looking like anybody's
        "169.254.0.0/16",  # the same cable (RFC 3927); 169.254.169.254 is a cloud's metadata
        "172.16.0.0/12",  # private
        "192.0.0.0/24",  # protocols (RFC 6890)
        "192.0.2.0/24",  # documentation (RFC 5737)
        "192.88.99.0/24",  # 6to4 relays (RFC 7526)
        "192.168.0.0/16",  # private
        "198.18.0.0/15",  # measuring (RFC 2544)
        "198.51.100.0/24",  # documentation
        "203.0.113.0/24",  # documentation
        "224.0.0.0/4",  # multicast
        "240.0.0.0/4",  # reserved, and broadcast
    )
)
_OPEN_6 = IPv6Network("2000::/3")
"""All that is given out for the public (RFC 4291); loopback, fc00::/7, fe80::/10, multicast lie outside."""
_CLOSED_6 = tuple(
    IPv6Network(net)
    for net in (
        "2001::/23",  # protocols, and Teredo with an IPv4 address in it (RFC 4380)
        "2001:db8::/32",  # documentation (RFC 3849)
        "2002::/16",  # 6to4, with an IPv4 address in it (RFC 3056)
        "3fff::/20",  # documentation (RFC 9637)
    )
)
_NAT64 = IPv6Network("64:ff9b::/96")
"""How IPv4 looks from a network that has only IPv6 (RFC 6052)."""
_IPV4_BITS = 0xFFFFFFFF


class Endpoint(NamedTuple):
    """Where a connection goes."""

    address: str
    port: int


@dataclass(frozen=True)
class Gate:
    """Judges endpoints; by default nothing but the public web."""

    excepted: frozenset[Endpoint] = frozenset()
    """What is let through although it would be refused: exactly these."""

    def refusal(self, endpoint: Endpoint) -> Outcome | None:
        """Say why an endpoint is not asked; None where it may be."""
        if endpoint in self.excepted:
            return None
        if not is_public(endpoint.address):
            return Outcome.INSIDE
        return None if endpoint.port in PORTS else Outcome.PORT


def is_public(address: str) -> bool:
    """Say whether an address belongs to the public internet; IPv4 within IPv6 is judged as what it is."""
    try:
        found = ip_address(address)
    except ValueError:
        return False
    if isinstance(found, IPv6Address):
        inner = _inner(found)
        if inner is None:
            return found in _OPEN_6 and not any(found in net for net in _CLOSED_6)
        found = inner
    return not any(found in net for net in _CLOSED_4)


def _inner(address: IPv6Address) -> IPv4Address | None:
    """Return the IPv4 address that is meant, where the way there is IPv4."""
    if address in _NAT64:
        return IPv4Address(int(address) & _IPV4_BITS)
    return address.ipv4_mapped
