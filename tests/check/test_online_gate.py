"""Which addresses may be asked: nothing but the public web, however an address is written."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address, IPv6Network

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from newsletter.check.online.answer import NotAnswered, Outcome
from newsletter.check.online.destination import Destination, redirected
from newsletter.check.online.gate import Endpoint, Gate, is_public

PRIVATE_4 = (
    "0.0.0.0",  # noqa: S104 (judged, not bound)
    "10.0.0.1",
    "100.64.0.1",
    "100.100.100.200",
    "127.0.0.1",
    "127.255.255.254",
    "168.63.129.16",
    "169.254.169.254",
    "172.16.0.1",
    "172.31.255.255",
    "192.0.0.192",
    "192.0.2.1",
    "192.88.99.1",
    "192.168.1.1",
    "198.18.0.1",
    "198.51.100.1",
    "203.0.113.1",
    "224.0.0.1",
    "239.255.255.250",
    "240.0.0.1",
    "255.255.255.255",
)
PRIVATE_6 = (
    "::",
    "::1",
    "::7f00:1",
    "64:ff9b:1::7f00:1",
    "100::1",
    "2001::1",
    "2001:0:4136:e378:8000:63bf:3fff:fdd2",
    "2001:db8::1",
    "2002:7f00:1::",
    "2002:808:808::1",
    "3fff::1",
    "5f00::1",
    "fc00::1",
    "fd00:ec2::254",
    "fe80::1",
    "fe80::1%eth0",
    "fec0::1",
    "ff02::1",
)
PUBLIC = ("8.8.8.8", "100.63.255.255", "172.32.0.1", "2a00:1450:4001:80b::200e", "2606:4700::1111")


@pytest.mark.parametrize("address", [*PRIVATE_4, *PRIVATE_6, "no address", ""])
def test_what_readers_do_not_reach_is_not_asked(address: str) -> None:
    """Private, loopback, link-local, metadata, multicast, reserved, documentation, and what is no address."""
    assert Gate().refusal(Endpoint(address, 80)) is Outcome.INSIDE


@pytest.mark.parametrize("address", PRIVATE_4)
@pytest.mark.parametrize("form", ["::ffff:{}", "64:ff9b::{}"], ids=["mapped", "NAT64"])
def test_ipv4_within_ipv6_is_judged_as_what_it_is(form: str, address: str) -> None:
    """IPv4-mapped and NAT64 addresses lead to the IPv4 address in them."""
    assert not is_public(form.format(address))
    assert is_public(form.format("8.8.8.8"))


@pytest.mark.parametrize("address", PUBLIC)
def test_the_public_web_is_asked(address: str) -> None:
    """At the ports of http and https; others are not asked."""
    assert Gate().refusal(Endpoint(address, 80)) is None
    assert Gate().refusal(Endpoint(address, 443)) is None
    assert Gate().refusal(Endpoint(address, 8080)) is Outcome.PORT
    assert Gate().refusal(Endpoint(address, 22)) is Outcome.PORT


def test_an_exception_is_exact() -> None:
    """One address with one port, in whatever the rest of the gate says."""
    gate = Gate(frozenset({Endpoint("127.0.0.1", 8000)}))
    assert gate.refusal(Endpoint("127.0.0.1", 8000)) is None
    assert gate.refusal(Endpoint("127.0.0.1", 8001)) is Outcome.INSIDE
    assert gate.refusal(Endpoint("127.0.0.2", 8000)) is Outcome.INSIDE


@given(st.ip_addresses(v=4))
def test_python_knows_nothing_private_that_passes(address: IPv4Address) -> None:
    """Our table is at least as strict as the standard library's, in each of its releases."""
    if address.is_private or address.is_multicast or address.is_reserved or address.is_link_local:
        assert not is_public(str(address))


@given(st.ip_addresses(v=6))
def test_neither_in_ipv6(address: IPv6Address) -> None:
    """Neither does IPv6; what holds an IPv4 address is judged by that one."""
    assume(address.ipv4_mapped is None and address not in IPv6Network("64:ff9b::/96"))
    if address.is_private or address.is_multicast or address.is_reserved or address.is_link_local:
        assert not is_public(str(address))


@pytest.mark.parametrize(
    "host",
    ["127.0.0.1", "127.1", "127.0.1", "2130706433", "0x7f000001", "0x7f.1", "0X7F.0.0.0x1", "0177.0.0.1",
     "017700000001", "127.0.0.1.", "①②⑦.⓪.⓪.①", "127。0。0。1", "[::ffff:127.0.0.1]",
     "[0:0:0:0:0:ffff:7f00:1]"],
)  # fmt: skip
def test_addresses_in_disguise_are_read_as_browsers_do(host: str) -> None:
    """Decimal, octal, hexadecimal, shortened, full-width: it is this machine."""
    assert Destination.of(f"http://{host}/").host == "127.0.0.1"


@given(st.ip_addresses(v=4))
def test_each_form_is_the_same_address(address: IPv4Address) -> None:
    """As a number in any base, and with the last parts in one."""
    number = int(address)
    first, second, third, fourth = address.packed
    forms = [str(number), f"0x{number:x}", f"0{number:o}", f"{first}.{number & 0xFFFFFF}"]
    forms += [f"{first}.{second}.{number & 0xFFFF}", f"0x{first:x}.0{second:o}.{third}.{fourth}"]
    assert {Destination.of(f"http://{form}/").host for form in forms} == {str(address)}


@pytest.mark.parametrize(
    "url",
    ["http://256.1.1.1/", "http://1.2.3.4.5/", "http://4294967296/", "http://0x1ffffffff/", "http://1.2.3.09/",
     "http://example.1/", "http://127.0.0.1:99999/", "ftp://example.org/", "file:///etc/passwd",
     "gopher://127.0.0.1/", "javascript:alert(1)", "http://user@example.org/", "http:///x", "http://[::1/",
     "data:text/html,x", ""],
)  # fmt: skip
def test_what_is_no_web_address_is_not_asked(url: str) -> None:
    """Other schemes, user names, numbers that are no address."""
    with pytest.raises(NotAnswered) as raised:
        Destination.of(url)
    assert raised.value.outcome is Outcome.ASTRAY


def test_a_destination_keeps_the_name() -> None:
    """For the Host field and for TLS; the usual port is not said."""
    found = Destination.of("HTTPS://WWW.Bücher.example./a%20b?q=ü#place")
    assert (found.scheme, found.host, found.port) == ("https", "www.xn--bcher-kva.example", 443)
    assert found.authority == "www.xn--bcher-kva.example"
    assert found.target == "/a%20b?q=%C3%BC"
    assert Destination.of("http://[2001:DB8::1]:81").authority == "[2001:db8::1]:81"


@pytest.mark.parametrize(
    ("location", "end"),
    [
        ("/new", "https://www.example.org/new"),
        ("new?a=b", "https://www.example.org/old/new?a=b"),
        ("//other.example/x", "https://other.example/x"),
        (" HTTP://Other.Example ", "http://other.example/"),
        ("/mit leerzeichen/ü", "https://www.example.org/mit%20leerzeichen/%C3%BC"),
        ("https://www.example.org/page#part", "https://www.example.org/page"),
    ],
)
def test_redirects_are_read_leniently(location: str, end: str) -> None:
    """Relative, with spaces, with umlauts: as servers write them."""
    assert redirected("https://www.example.org/old/page", location) == end


@pytest.mark.parametrize(
    "location", ["file:///etc/passwd", "mailto:a@example.org", "http://[", "http://:80/", "x:y"]
)
def test_redirects_lead_to_the_web_only(location: str) -> None:
    """Anything else is no answer."""
    with pytest.raises(NotAnswered):
        redirected("https://www.example.org/", location)
