"""No link makes us ask inside a network (SSRF): not by its address, not by redirects, not by changing DNS."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterator, Sequence

import httpcore
import pytest

from newsletter.check.online.answer import Outcome
from newsletter.check.online.connecting import Backend
from newsletter.check.online.gate import Endpoint, Gate
from newsletter.check.online.inquiry import Inquiry
from newsletter.check.online.names import Names
from tests.check.web import Site, page, redirect, site

HOSTS = (
    "127.0.0.1",
    "127.1",
    "2130706433",
    "0x7f000001",
    "0177.0.0.1",
    "017700000001",
    "0",
    "localhost",
    "[::1]",
    "[::]",
    "[::ffff:127.0.0.1]",
    "[::ffff:7f00:1]",
    "[64:ff9b::127.0.0.1]",
    "[2002:7f00:1::]",
    "169.254.169.254",
    "[fd00:ec2::254]",
    "10.0.0.1",
    "100.64.0.1",
    "[fe80::1]",
)
"""Hosts of redirects; the first ones all reach a server at 127.0.0.1 where nobody looks."""


@pytest.fixture(params=["127.0.0.1", "::1"], ids=["v4", "v6"])
def secret(request: pytest.FixtureRequest) -> Iterator[Site]:
    """A server that must not be asked."""
    with site({"/": page(), "/secret": page()}, address=request.param) as running:
        yield running


@pytest.mark.parametrize("host", HOSTS)
def test_a_redirect_does_not_lead_inside(secret: Site, host: str) -> None:
    """Whatever the address looks like: nobody even connects."""
    with site({"/": redirect(f"http://{host}:{secret.port}/secret")}) as front:
        answer = Inquiry(gate=front.gate).answers([front.url()])[front.url()]
    assert answer.outcome is Outcome.INSIDE
    assert answer.end.endswith(f":{secret.port}/secret")
    assert secret.connections == 0


@pytest.mark.parametrize("host", HOSTS)
def test_neither_does_the_link_itself(secret: Site, host: str) -> None:
    """The first hop is judged like the others."""
    url = f"http://{host}:{secret.port}/secret"
    assert Inquiry().answers([url])[url].outcome is Outcome.INSIDE
    assert secret.connections == 0


@pytest.mark.parametrize("hops", [1, 2, 4])
def test_every_hop_is_judged(secret: Site, hops: int) -> None:
    """The last of several redirects no less than the first."""
    pages = {f"/{hop}": redirect(f"/{hop + 1}") for hop in range(hops)}
    with site({**pages, f"/{hops}": redirect(secret.url("/secret"))}) as front:
        answer = Inquiry(gate=front.gate).answers([front.url("/0")])[front.url("/0")]
    assert answer.outcome is Outcome.INSIDE
    assert len(front.asked) == hops + 1
    assert secret.connections == 0


@pytest.mark.parametrize("host", ["127.0.0.1", "127.1", "2130706433", "0177.0.0.1", "localhost"])
def test_these_addresses_do_lead_there(host: str) -> None:
    """Where the gate lets them: so the tests above would see a connection."""
    with site({"/secret": page()}) as running:
        url = f"http://{host}:{running.port}/secret"
        assert Inquiry(gate=running.gate).answers([url])[url].good
    assert running.methods("/secret") == ["HEAD"]


class Changing:
    """A name whose address is another one each time somebody asks (DNS rebinding)."""

    def __init__(self, *answers: Sequence[Endpoint]) -> None:
        self._answers = answers
        self.times = 0

    async def __call__(self, _host: str, _port: int) -> Sequence[Endpoint]:
        """Answer, the last answer for ever."""
        self.times += 1
        return self._answers[min(self.times, len(self._answers)) - 1]


def test_dns_that_changes_leads_nowhere_else(secret: Site) -> None:
    """Between the look and the connection, and between two links to the host, nobody looks again."""
    urls = [f"http://changing.example/{number}" for number in range(20)]
    # Each answer closes the connection, so that each link needs a new one.
    pages = {f"/{number}": page(fields={"Connection": "close"}) for number in range(20)}
    with site(pages) as front:
        resolve = Changing([front.endpoint], [secret.endpoint])
        answers = Inquiry(gate=front.gate, resolve=resolve).answers(urls)
    assert all(answer.good for answer in answers.values())
    assert front.connections >= 20
    assert {asked.fields["host"] for asked in front.asked} == {"changing.example"}
    assert secret.connections == 0


def test_dns_that_changes_during_a_redirect_is_known_already(secret: Site) -> None:
    """The host redirects to itself, and has another address by then."""
    with site({"/": redirect("http://changing.example/secret"), "/secret": page()}) as front:
        resolve = Changing([front.endpoint], [secret.endpoint])
        url = "http://changing.example/"
        assert Inquiry(gate=front.gate, resolve=resolve).answers([url])[url].good
    assert front.methods("/secret") == ["HEAD"]
    assert secret.connections == 0


@pytest.mark.parametrize("first", [True, False], ids=["first", "last"])
def test_one_address_inside_is_enough_to_refuse(secret: Site, *, first: bool) -> None:
    """A name with a good and a bad address is not asked at all: the connection could take the other."""
    with site({"/": page()}) as front:
        found = [secret.endpoint, front.endpoint] if first else [front.endpoint, secret.endpoint]
        answer = Inquiry(gate=front.gate, resolve=Changing(found)).answers(["http://two.example/"])
    assert answer["http://two.example/"].outcome is Outcome.INSIDE
    assert front.connections == secret.connections == 0


def test_the_connection_goes_to_what_was_judged_only(secret: Site) -> None:
    """Who was not admitted is not connected to, not even by an address that needs no look-up."""

    async def tried() -> None:
        backend = Backend(Names(Gate(), Changing([secret.endpoint])))
        for host in (secret.address, "localhost", "changing.example"):
            with pytest.raises(httpcore.ConnectError, match="not admitted"):
                await backend.connect_tcp(host, secret.port, 5)

    asyncio.run(tried())
    assert secret.connections == 0


def test_proxies_of_the_environment_are_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    """A proxy would look names up itself, and connect wherever it likes."""
    with site({"/": page()}) as front, site({}) as proxy:
        for name in ("http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
            monkeypatch.setenv(name, proxy.url())
        assert Inquiry(gate=front.gate).answers([front.url()])[front.url()].good
    assert proxy.connections == 0


def test_odd_ports_are_not_asked() -> None:
    """A link is no scanner of ports: beside 80 and 443 nothing is asked, even of a public address."""

    async def public(_host: str, port: int) -> Sequence[Endpoint]:
        return [Endpoint("198.41.0.4", port)]

    urls = [f"http://public.example:{port}/" for port in (22, 25, 6379, 8080)]
    answers = Inquiry(resolve=public).answers(urls)
    assert {answer.outcome for answer in answers.values()} == {Outcome.PORT}
    assert [answers[url].detail for url in urls] == ["22", "25", "6379", "8080"]


def test_a_name_that_does_not_resolve() -> None:
    """It is told whether there is no such name, or only nobody who knows."""

    async def asked(host: str, _port: int) -> Sequence[Endpoint]:
        raise socket.gaierror(socket.EAI_NONAME if host.startswith("no") else socket.EAI_AGAIN, "told")

    answers = Inquiry(resolve=asked).answers(["http://no.example/", "http://later.example/"])
    assert [answer.outcome for answer in answers.values()] == [Outcome.NO_NAME, Outcome.NAME_UNKNOWN]
    assert [answer.detail for answer in answers.values()] == ["no.example", "later.example"]
