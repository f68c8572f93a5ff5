"""How links are asked for: HEAD and GET, redirects, time-outs, TLS, side by side; and what is kept."""

from __future__ import annotations

import ssl
import time
from asyncio import StreamWriter
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from newsletter import __version__
from newsletter.check.online.answer import Answer, Outcome
from newsletter.check.online.asking import Patience
from newsletter.check.online.gate import Endpoint, Gate
from newsletter.check.online.inquiry import Inquiry
from newsletter.check.online.names import Resolve
from tests.check.web import Asked, Handle, Site, by_method, cut, endless, hang, page, raw, redirect, site
from tests.dispatch.certificates import Authority

QUICK = Patience(connect=3, read=1, whole=3)


def asked(handle: Handle, patience: Patience | None = None) -> tuple[Answer, list[str]]:
    """Ask for one page; return the answer, and by which methods the server was asked."""
    with site({"/": handle}) as running:
        url = running.url()
        answer = Inquiry(gate=running.gate, patience=patience or Patience()).answers([url])[url]
        return answer, running.methods()


def test_head_is_enough() -> None:
    """A page that answers to HEAD is not fetched."""
    answer, methods = asked(page())
    assert answer == Answer(Outcome.ANSWERED, 200)
    assert methods == ["HEAD"]


@pytest.mark.parametrize("status", [400, 403, 404, 405, 406, 500, 501, 503])
def test_where_head_is_refused_get_decides(status: int) -> None:
    """Many servers know no HEAD, or forbid it."""
    answer, methods = asked(by_method(HEAD=page(status), GET=page()))
    assert answer.good
    assert methods == ["HEAD", "GET"]


@pytest.mark.parametrize("odd", [cut, hang, raw(b"What?\r\n\r\n")], ids=["cut", "hang", "no-http"])
def test_where_head_is_answered_oddly_get_decides(odd: Handle) -> None:
    """Not only refusals: some break off, or never answer."""
    assert asked(by_method(HEAD=odd, GET=page()), Patience(read=1))[0].good


@pytest.mark.parametrize("status", [404, 410, 500])
def test_what_get_says_is_the_answer(status: int) -> None:
    """When both are refused."""
    answer, methods = asked(page(status))
    assert answer == Answer(Outcome.ANSWERED, status)
    assert methods == ["HEAD", "GET"]


@pytest.mark.parametrize("status", [401, 407, 429])
def test_some_refusals_are_final(status: int) -> None:
    """A password is wanted for GET as well, and who has had too many requests gets no second one."""
    answer, methods = asked(page(status))
    assert answer.status == status
    assert methods == ["HEAD"]


def test_who_asks_says_so() -> None:
    """By its name; without cookies, whatever was set before."""
    pages = {"/": page(302, b"", {"Location": "/next", "Set-Cookie": "a=b; Path=/"}), "/next": page()}
    with site(pages) as running:
        Inquiry(gate=running.gate).answers([running.url()])
    assert {one.fields["user-agent"] for one in running.asked} == {f"newsletter/{__version__} (link check)"}
    assert not any("cookie" in one.fields or "authorization" in one.fields for one in running.asked)


def test_redirects_are_followed() -> None:
    """To their end; that the first of them are for good is remembered."""
    pages = {
        "/a": redirect("/b", 301),
        "/b": redirect("/c", 308),
        "/c": redirect("/d", 302),
        "/d": redirect("/e", 301),
        "/e": page(),
    }
    with site(pages) as running:
        answer = Inquiry(gate=running.gate).answers([running.url("/a")])[running.url("/a")]
    assert answer == Answer(Outcome.ANSWERED, 200, end=running.url("/e"), moved=running.url("/c"))


@pytest.mark.parametrize(("hops", "arrives"), [(5, True), (6, False)])
def test_five_redirects_are_followed(hops: int, *, arrives: bool) -> None:
    """Not more."""
    pages: dict[str, Handle] = {f"/{hop}": redirect(f"/{hop + 1}") for hop in range(hops)}
    with site({**pages, f"/{hops}": page()}) as running:
        answer = Inquiry(gate=running.gate).answers([running.url("/0")])[running.url("/0")]
    assert answer.good is arrives
    assert (answer.outcome is Outcome.CIRCLE) is not arrives


def test_a_circle_ends() -> None:
    """Two pages that redirect to each other."""
    with site({"/": redirect("/other"), "/other": redirect("/")}) as running:
        answer = Inquiry(gate=running.gate).answers([running.url()])[running.url()]
    assert answer.outcome is Outcome.CIRCLE
    assert len(running.asked) == 6


@pytest.mark.parametrize(
    "location", ["file:///etc/passwd", "ftp://example.org/", "http://[", "http://256.0.0.1/"]
)
def test_a_redirect_elsewhere_is_not_followed(location: str) -> None:
    """Only to web addresses."""
    answer, methods = asked(redirect(location))
    assert answer.outcome is Outcome.ASTRAY
    assert methods == ["HEAD"]


def test_a_redirect_without_an_address_is_an_answer() -> None:
    """There is nowhere to go."""
    assert asked(page(302))[0] == Answer(Outcome.ANSWERED, 302)


MISBEHAVING: Mapping[str, tuple[Handle, Outcome]] = {
    "hangs": (hang, Outcome.SILENT),
    "cuts": (cut, Outcome.CUT),
    "cuts-in-head": (raw(b"HTTP/1.1 200 OK\r\nContent-"), Outcome.CUT),
    "cuts-in-body": (raw(b"HTTP/1.1 404 No\r\nContent-Length: 100\r\n\r\nabc"), Outcome.CUT),
    "no-http": (raw(b"SSH-2.0-OpenSSH_9.2\r\n"), Outcome.CUT),
    "endless-head": (endless(b"HTTP/1.1 200 OK\r\n", b"X-More: %s\r\n" % (b"x" * 1000)), Outcome.CUT),
    "endless-line": (endless(b"HTTP/1.1 200 OK\r\nX: ", b"x" * 1000), Outcome.CUT),
    "slow-head": (endless(b"HTTP/1.1 200 OK\r\n", b"X-More: x\r\n", pause=0.1), Outcome.SILENT),
    "only-interim": (endless(b"", b"HTTP/1.1 103 Early Hints\r\n\r\n", pause=0.1), Outcome.SILENT),
}


@pytest.mark.parametrize(("handle", "outcome"), MISBEHAVING.values(), ids=MISBEHAVING)
def test_a_server_cannot_hold_us(handle: Handle, outcome: Outcome) -> None:
    """Whatever it does, it is over in the time that one link has."""
    start = time.monotonic()
    answer, _methods = asked(handle, QUICK)
    assert answer.outcome is outcome
    assert time.monotonic() - start < QUICK.whole + 5


def test_an_endless_page_is_not_read() -> None:
    """A few kilobytes are enough to know that it is there."""
    sent = 0

    async def pour(_asked: Asked, writer: StreamWriter) -> None:
        nonlocal sent
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
        while not writer.is_closing():
            writer.write(b"x" * 4096)
            sent += 4096
            await writer.drain()

    answer, methods = asked(by_method(HEAD=page(405), GET=pour))
    assert answer.good
    assert methods == ["HEAD", "GET"]
    assert sent < 16_000_000  # what the kernel holds on both sides


def test_nobody_there() -> None:
    """A port where nobody listens."""
    with site({}) as running:
        url, gate = running.url(), running.gate
    assert Inquiry(gate=gate, patience=QUICK).answers([url])[url].outcome is Outcome.UNREACHABLE


@settings(max_examples=40)
@given(st.one_of(st.binary(max_size=200), st.binary(max_size=80).map(lambda rest: b"HTTP/1.1 " + rest)))
def test_any_bytes_are_an_answer(data: bytes) -> None:
    """Nothing that a server writes makes the check fail."""
    answer, _methods = asked(raw(data), Patience(0.2, 0.2, 0.4))
    assert isinstance(answer.outcome, Outcome)


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    """Whom the tests trust."""
    return Authority.made(tmp_path_factory.mktemp("authority"))


@pytest.fixture
def secure(authority: Authority, tmp_path: Path) -> Iterator[Site]:
    """A server whose certificate is for www.example.org."""
    certificate = authority.server(tmp_path, "www.example.org")
    with site({"/": page()}, certificate=certificate) as running:
        yield running


def to(*sites: Site, **named: Site) -> tuple[Gate, Resolve]:
    """Let names lead to servers: `port443=…` what answers on https, `port80=…` on http."""
    ports = {80: named.get("port80"), 443: named.get("port443")}

    async def resolve(_host: str, port: int) -> Sequence[Endpoint]:
        found = ports[port] if port in ports else sites[0]
        return [found.endpoint if found else Endpoint("127.0.0.1", 1)]

    running = [*sites, *named.values()]
    return Gate(frozenset({one.endpoint for one in running} | {Endpoint("127.0.0.1", 1)})), resolve


def test_the_certificate_is_for_the_name(secure: Site, authority: Authority) -> None:
    """The connection goes to an address, TLS and Host name the host."""
    gate, resolve = to(port443=secure)
    trust = ssl.create_default_context(cafile=authority.file)
    urls = ["https://www.example.org/", "https://other.example.org/"]
    answers = Inquiry(gate=gate, resolve=resolve, trust=trust).answers(urls)
    assert answers[urls[0]].good
    assert answers[urls[1]].outcome is Outcome.CERTIFICATE
    assert "mismatch" in answers[urls[1]].detail
    assert {one.fields["host"] for one in secure.asked} == {"www.example.org"}


def test_an_unknown_authority_is_not_trusted(secure: Site) -> None:
    """Its certificate is not right, and nothing was asked."""
    gate, resolve = to(port443=secure)
    answer = Inquiry(gate=gate, resolve=resolve).answers(["https://www.example.org/"])[
        "https://www.example.org/"
    ]
    assert answer.outcome is Outcome.CERTIFICATE
    assert not secure.asked


def test_an_expired_certificate_is_not_trusted(authority: Authority, tmp_path: Path) -> None:
    """Although the authority is."""
    url = "https://www.example.org/"
    certificate = authority.server(tmp_path, "www.example.org", expired=True)
    with site({"/": page()}, certificate=certificate) as running:
        gate, resolve = to(port443=running)
        trust = ssl.create_default_context(cafile=authority.file)
        answer = Inquiry(gate=gate, resolve=resolve, trust=trust).answers([url])[url]
    assert answer.outcome is Outcome.CERTIFICATE
    assert "expired" in answer.detail


def test_no_tls_at_all() -> None:
    """A server that speaks something else where https is expected."""
    url = "https://www.example.org/"
    with site({}, greeting=b"SSH-2.0-OpenSSH_9.2\r\n") as running:
        gate, resolve = to(port443=running)
        assert Inquiry(gate=gate, resolve=resolve).answers([url])[url].outcome is Outcome.NO_TLS


def test_https_is_tried_for_http(secure: Site, authority: Authority) -> None:
    """Where the same page is there too, it is told; where not, not."""
    trust = ssl.create_default_context(cafile=authority.file)
    urls = ["http://www.example.org/", "http://www.example.org/plain"]
    with site({"/": page(), "/plain": page()}) as plain:
        gate, resolve = to(port80=plain, port443=secure)
        answers = Inquiry(gate=gate, resolve=resolve, trust=trust).answers(urls)
    assert answers[urls[0]].secure == "https://www.example.org/"
    assert answers[urls[1]] == Answer(Outcome.ANSWERED, 200)


def test_no_https_there() -> None:
    """Nothing is said of an http link whose host has no https."""
    url = "http://www.example.org/"
    with site({"/": page()}) as plain:
        gate, resolve = to(port80=plain)
        assert Inquiry(gate=gate, resolve=resolve).answers([url])[url] == Answer(Outcome.ANSWERED, 200)


def test_links_are_asked_side_by_side() -> None:
    """A host that answers readily up to 20 at a time, after 4 at first; each link once."""
    paths = [f"/{number}" for number in range(60)]
    with site(dict.fromkeys(paths, page(delay=0.1))) as running:
        urls = [running.url(path) for path in paths]
        answers = Inquiry(gate=running.gate).answers([*urls, *urls])
    assert list(answers) == urls
    assert all(answer.good for answer in answers.values())
    assert len(running.asked) == 60
    assert 4 < running.most <= 20


def test_a_host_that_has_too_many_is_asked_one_by_one() -> None:
    """After 429 only one request is on its way."""
    paths = [f"/{number}" for number in range(12)]
    with site(dict.fromkeys(paths, page(429, delay=0.02))) as running:
        Inquiry(gate=running.gate).answers([running.url(path) for path in paths])
    assert running.most <= 4
    assert len(running.asked) == 12


def test_all_hosts_together_get_twenty_at_most() -> None:
    """However many hosts there are."""
    paths = ["/1", "/2", "/3"]
    with site(dict.fromkeys(paths, page(delay=0.1))) as running:
        gate, resolve = to(running, port80=running)
        gate = Gate(gate.excepted)
        hosts = [f"http://host{number}.example{path}" for number in range(15) for path in paths]
        answers = Inquiry(gate=gate, resolve=resolve).answers(hosts)
    assert all(answer.good for answer in answers.values())
    assert 12 < running.most <= 20


def test_a_silent_host_is_given_up() -> None:
    """After some attempts in vain the rest of its links get the same answer, and no hour is lost."""
    paths = [f"/{number}" for number in range(40)]
    with site(dict.fromkeys(paths, hang)) as running:
        urls = [running.url(path) for path in paths]
        answers = Inquiry(gate=running.gate, patience=QUICK).answers(urls)
    assert {answer.outcome for answer in answers.values()} == {Outcome.SILENT}
    assert len(running.asked) <= 12


def test_good_answers_are_kept_for_some_hours(tmp_path: Path) -> None:
    """Bad ones never."""
    noon = datetime(2024, 2, 1, 12, tzinfo=UTC)
    with site({"/": page(), "/moved": redirect("/", 301)}) as running:
        urls = [running.url(path) for path in ("/", "/moved", "/gone")]

        def answers(hours: float) -> Mapping[str, Answer]:
            inquiry = Inquiry(gate=running.gate, now=lambda: noon + timedelta(hours=hours))
            running.asked.clear()
            return inquiry.answers(urls, tmp_path)

        first = answers(0)
        assert len(running.asked) == 5
        assert answers(5.9) == first
        assert [one.target for one in running.asked] == ["/gone", "/gone"]
        assert answers(6.1) == first
        assert len(running.asked) == 5


@pytest.mark.parametrize(
    "kept",
    ["no json", "[]", '{"URL": 3}', '{"URL": "no json"}', '{"URL": "[]"}', '{"URL": "{}"}',
     '{"URL": "{\\"at\\": \\"2024-02-01T12:00:00+00:00\\", \\"outcome\\": \\"?\\"}"}',
     '{"URL": "{\\"at\\": \\"2024-02-01T12:00:00\\", \\"outcome\\": \\"answered\\", \\"status\\": 200}"}',
     '{"URL": "{\\"at\\": 1}"}'],
)  # fmt: skip
def test_a_damaged_store_costs_time_only(kept: str, tmp_path: Path) -> None:
    """The link is asked for again."""
    with site({"/": page()}) as running:
        (tmp_path / "links.json").write_text(kept.replace("URL", running.url()), encoding="utf-8")
        assert Inquiry(gate=running.gate).answers([running.url()], tmp_path)[running.url()].good
    assert running.methods() == ["HEAD"]
