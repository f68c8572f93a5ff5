"""A web address as it is asked for: host and port to connect to, and what is asked there."""

from __future__ import annotations

import re
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Self
from urllib.parse import quote, urldefrag, urljoin, urlsplit

from newsletter.check.online.answer import NotAnswered, Outcome
from newsletter.compose.links import LinkError, checked

STANDARD = {"http": 80, "https": 443}
_NUMBER = re.compile(r"0[xX][0-9a-fA-F]*|[0-9]+")
_MOST_PARTS = 4
_AS_THEY_ARE = "%/:=&?~#+!$,;'@()*[]"


@dataclass(frozen=True)
class Destination:
    """A parsed web address."""

    scheme: str
    host: str
    """In lower case, an IP address in its one usual form (without brackets)."""
    port: int
    target: str
    """Path and query."""

    @classmethod
    def of(cls, url: str) -> Self:
        """Take a web address apart.

        Raises:
            NotAnswered: it is none.
        """
        try:
            parts = urlsplit(checked(url))
            port = parts.port or STANDARD[parts.scheme]
            host = _host(parts.hostname or "")
        except (LinkError, ValueError, KeyError) as err:
            raise NotAnswered(Outcome.ASTRAY, url) from err
        query = f"?{parts.query}" if parts.query else ""
        return cls(parts.scheme, host, port, f"{parts.path or '/'}{query}")

    @property
    def authority(self) -> str:
        """What the Host field says (RFC 9110, 7.2): the port only where it is not the usual one."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == STANDARD[self.scheme] else f"{host}:{self.port}"

    @property
    def url(self) -> str:
        """The address written out, without a place on the page."""
        return f"{self.scheme}://{self.authority}{self.target}"

    @property
    def is_literal(self) -> bool:
        """Whether the host is an IP address and no name."""
        return is_address(self.host)


def redirected(url: str, location: str) -> str:
    """Return where a Location field leads (RFC 9110, 10.2.2), which is often written carelessly.

    Raises:
        NotAnswered: to what is no web address.
    """
    try:
        found = urldefrag(urljoin(url, quote(location.strip(), safe=_AS_THEY_ARE))).url
    except ValueError as err:
        raise NotAnswered(Outcome.ASTRAY, location) from err
    return Destination.of(found).url


def is_address(host: str) -> bool:
    """Say whether a host is an IP address."""
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


def _host(name: str) -> str:
    """Return a host in one form: `2130706433`, `0x7f.1` and `0177.0.0.1` are 127.0.0.1, as in browsers.

    Raises:
        ValueError: it ends in a number and is no address (WHATWG URL, “host parsing”).
    """
    name = name.rstrip(".").lower()
    if ":" in name:
        address = IPv6Address(name.partition("%")[0])
        return str(address.ipv4_mapped or address)
    parts = name.split(".")
    if not _NUMBER.fullmatch(parts[-1]):
        return name
    return str(IPv4Address(_joined([_read(part) for part in parts])))


def _read(part: str) -> int:
    """Read a part of an IPv4 address: decimal, or octal with a leading zero, or hexadecimal."""
    if not _NUMBER.fullmatch(part):
        raise ValueError(part)
    if part[:2] in {"0x", "0X"}:
        return int(part[2:] or "0", 16)
    return int(part, 8) if part.startswith("0") else int(part)


def _joined(parts: list[int]) -> int:
    """Put the parts together; the last one fills what is left of the four bytes."""
    *first, last = parts
    room: int = 256 ** (_MOST_PARTS - len(first))
    if len(parts) > _MOST_PARTS or last >= room or any(part > 255 for part in first):  # noqa: PLR2004 (a byte)
        raise ValueError(parts)
    return sum(part << 8 * (3 - place) for place, part in enumerate(first)) + last
