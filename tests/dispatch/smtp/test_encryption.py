"""Encryption: always when the settings want it, only with whom we trust, never silently without."""

from __future__ import annotations

import ssl
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

import pytest

from newsletter.dispatch.model import Blame, Stage, State
from newsletter.dispatch.smtp import tls
from newsletter.dispatch.smtp.tls import CertificateFileError
from tests.dispatch.certificates import Authority
from tests.dispatch.smtp.sending import PATIENT, Post, job, post, send, settings
from tests.dispatch.smtp.server import Server
from tests.dispatch.smtp.talk import Rule

Security = Literal["starttls", "tls"]


@pytest.fixture(params=["asyncio", "uvloop"])
def loop(request: pytest.FixtureRequest) -> str:
    """The event loop."""
    return str(request.param)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where certificates lie."""
    return tmp_path_factory.mktemp("certificates")


@pytest.fixture(scope="module")
def office(folder: Path) -> Authority:
    """The authority that the office trusts."""
    return Authority.made(folder, "office")


def shown(certificate: Path) -> ssl.SSLContext:
    """How a server shows a certificate."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    return context


def sent(
    server: Server, security: Security, ca_file: Path | None, *, loop: str = "asyncio", **more: Any
) -> Post:
    """Send ten letters over encryption."""
    smtp = settings(server.port, security=security, ca_file=ca_file, **more)
    return send(map(job, range(10)), smtp, loop=loop)


@pytest.mark.parametrize("security", ["starttls", "tls"])
@pytest.mark.parametrize("streaming", [False, True], ids=["overlap", "streaming"])
def test_letters_go_over_encryption(
    security: Security, office: Authority, folder: Path, loop: str, *, streaming: bool
) -> None:
    """With STARTTLS as well as from the first byte; nothing but EHLO is said in clear."""
    context = shown(office.server(folder))
    with Server(trust=context, at_once=security == "tls") as server:
        done = sent(server, security, office.file, loop=loop, streaming=streaming)
        before = server.said[: server.said.index(b"STARTTLS")] if security == "starttls" else []
    assert set(done.states().values()) == {State.ACCEPTED}
    assert len(server.accepted) == 10
    assert all(line.startswith(b"EHLO") for line in before)


def test_large_letters_go_over_encryption(office: Authority, folder: Path, loop: str) -> None:
    """Back-pressure works through encryption."""
    with Server(trust=shown(office.server(folder))) as server:
        smtp = settings(server.port, security="starttls", ca_file=office.file, streaming=True)
        letters = [job(number, size=3_000_000) for number in range(4)]
        send(letters, smtp, loop=loop)
        assert [mail.data for mail in server.accepted] == [one.letter.data for one in letters]


def test_a_body_that_is_not_read_is_not_in_doubt(office: Authority, folder: Path, loop: str) -> None:
    """After STARTTLS it is known as well what the system never took."""
    rule = Rule(at="DATA", then="hang")
    with Server([rule], offers=["PIPELINING"], trust=shown(office.server(folder))) as server:
        smtp = settings(server.port, security="starttls", ca_file=office.file)
        letters = post([job(0, size=20_000_000)], stop_at_trouble=False)
        done = send(letters, smtp, loop=loop, timeouts=replace(PATIENT, block=0.5, dot=0.5))
    assert (done.outcomes[0].state, done.outcomes[0].stage) == (State.DEFERRED, Stage.DATA)


@pytest.mark.parametrize("security", ["starttls", "tls"])
@pytest.mark.parametrize(
    ("hosts", "expired", "own", "reason"),
    [
        (("127.0.0.1",), True, True, "expired"),
        (("mail.example",), False, True, "127.0.0.1"),
        (("127.0.0.1",), False, False, "unable to get local issuer"),
    ],
    ids=["expired", "another's", "of an unknown authority"],
)
def test_a_wrong_certificate_is_not_trusted(
    security: Security, hosts: tuple[str, ...], *, expired: bool, own: bool, reason: str,
    office: Authority, folder: Path, loop: str,
) -> None:  # fmt: skip
    """Not one letter is taken; the trouble says what is wrong, and is ours to mend."""
    authority = office if own else Authority.made(folder, "stranger")
    context = shown(authority.server(folder, *hosts, expired=expired))
    with Server(trust=context, at_once=security == "tls") as server:
        done = sent(server, security, office.file, loop=loop)
        assert server.count(b"MAIL") == 0
    (trouble,) = done.troubles
    assert (trouble.state, trouble.stage, trouble.blame) == (State.REFUSED, Stage.STARTTLS, Blame.SENDER)
    assert reason in trouble.text
    assert done.outcomes == {}


def test_the_system_does_not_know_the_offices_authority(office: Authority, folder: Path) -> None:
    """Without ca_file only the system's authorities count."""
    with Server(trust=shown(office.server(folder))) as server:
        assert sent(server, "starttls", None).troubles[0].stage is Stage.STARTTLS


def test_a_servers_own_certificate_may_be_trusted(office: Authority, folder: Path) -> None:
    """ca_file may hold the server's very certificate instead of an authority's."""
    certificate = office.server(folder)
    with Server(trust=shown(certificate)) as server:
        assert sent(server, "starttls", certificate).troubles == []


def test_no_silent_downgrade() -> None:
    """A server that offers no STARTTLS gets nothing but EHLO."""
    with Server() as server:
        done = sent(server, "starttls", None)
        assert [line.split()[0] for line in server.said] == [b"EHLO"]
    (trouble,) = done.troubles
    assert (trouble.state, trouble.blame) == (State.REFUSED, Blame.SENDER)
    assert "STARTTLS" in trouble.text


@pytest.mark.parametrize(
    ("says", "state"),
    [(b"454 4.7.0 TLS not available\r\n", State.DEFERRED), (b"502 5.5.1 no\r\n", State.REFUSED)],
    ids=["for now", "for good"],
)
def test_starttls_may_be_refused(says: bytes, state: State, office: Authority, folder: Path) -> None:
    """Refused STARTTLS is trouble, for a while or until somebody acts."""
    with Server([Rule(at="STARTTLS", says=says)], trust=shown(office.server(folder))) as server:
        done = sent(server, "starttls", office.file)
        assert server.count(b"MAIL") == 0
    assert (done.troubles[0].state, done.troubles[0].stage) == (state, Stage.STARTTLS)


@pytest.mark.parametrize(
    "extra", [b"250 injected\r\n", b"2", b"\x16\x03\x01"], ids=["answer", "part", "bytes"]
)
def test_what_is_injected_after_starttls_is_not_taken(
    extra: bytes, office: Authority, folder: Path, loop: str
) -> None:
    """Bytes in clear after the answer to STARTTLS end the connection."""
    rule = Rule(at="STARTTLS", says=b"220 Go\r\n" + extra)
    with Server([rule], trust=shown(office.server(folder))) as server:
        done = sent(server, "starttls", office.file, loop=loop)
        assert server.count(b"MAIL") == 0
    assert len(done.troubles) == 1


def test_a_plain_server_is_no_encrypted_one(loop: str) -> None:
    """“tls” against a port that speaks in clear is explained."""
    with Server() as server:
        (trouble,) = sent(server, "tls", None, loop=loop).troubles
    assert (trouble.state, trouble.stage) == (State.REFUSED, Stage.STARTTLS)
    assert "wrong version number" in trouble.text


def test_a_file_without_certificate_is_told(tmp_path: Path) -> None:
    """ca_file is read before anything is sent."""
    (tmp_path / "empty.pem").write_text("nothing\n")
    with pytest.raises(CertificateFileError, match=r"empty\.pem holds no certificate"):
        tls.context(tmp_path / "empty.pem")
    with pytest.raises(CertificateFileError, match="No such file"):
        tls.context(tmp_path / "none.pem")


def test_old_encryption_is_refused() -> None:
    """Not below TLS 1.2, and with the name checked."""
    context = tls.context(None)
    assert context.minimum_version is ssl.TLSVersion.TLSv1_2
    assert (context.verify_mode, context.check_hostname) == (ssl.CERT_REQUIRED, True)
