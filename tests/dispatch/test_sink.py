"""The sink that other tests send to: what it takes is in its log, and it misbehaves as it is told."""

from __future__ import annotations

import re
import smtplib
import ssl
from pathlib import Path

import pytest

from tests.dispatch.certificates import Authority
from tests.dispatch.sink_process import SinkProcess, sink

MAIL = b"Message-ID: <1@news.example>\r\nSubject: Hi\r\n\r\n.dot\r\nend\r\n"


def connected(server: SinkProcess, *, timeout: float = 60) -> smtplib.SMTP:
    """The standard library's client, which is not ours."""
    return smtplib.SMTP("127.0.0.1", server.port, local_hostname="test.example", timeout=timeout)


def send(server: SinkProcess, *people: str, mail: bytes = MAIL) -> dict[str, tuple[int, bytes]]:
    """Send one message; return who was refused."""
    with connected(server) as client:
        return client.sendmail("news@news.example", people, mail)


def test_what_it_takes_is_in_its_log(tmp_path: Path) -> None:
    """Message-ID and envelope are written down, the message is kept byte for byte."""
    with sink(tmp_path / "sink", keep=True) as server:
        send(server, "a@one.example", "b@two.example")
        assert server.message_ids() == {"<1@news.example>": 1}
        assert server.accepted() == {"a@one.example": 1, "b@two.example": 1}
        assert server.messages() == [MAIL]
        assert server.violations() == []


def test_the_log_outlives_it(tmp_path: Path) -> None:
    """Killed and started again it has the same port and the same log."""
    with sink(tmp_path / "sink") as server:
        send(server, "a@one.example")
        server.kill()
        server.start()
        send(server, "b@one.example")
        assert server.accepted() == {"a@one.example": 1, "b@one.example": 1}


@pytest.mark.parametrize(
    ("stage", "failure"),
    [
        ("greeting", smtplib.SMTPConnectError),
        ("ehlo", smtplib.SMTPHeloError),
        ("mail", smtplib.SMTPSenderRefused),
        ("rcpt", smtplib.SMTPRecipientsRefused),
        ("data", smtplib.SMTPDataError),
        ("dot", smtplib.SMTPDataError),
    ],
)
@pytest.mark.parametrize("code", [450, 550])
def test_it_refuses_at_any_stage(
    tmp_path: Path, stage: str, failure: type[smtplib.SMTPException], code: int
) -> None:
    """The first one is refused there, once, and nothing is taken; the next one goes through."""
    with sink(tmp_path / "sink") as server:
        server.misbehave({"stage": stage, "times": 2 if stage == "ehlo" else 1, "reply": f"{code} No"})
        with pytest.raises(failure):
            send(server, "a@one.example")
        assert server.accepted() == {}
        send(server, "b@one.example")
        assert server.accepted() == {"b@one.example": 1}


@pytest.mark.parametrize(("stage", "taken"), [("body", 0), ("dot", 0), ("accepted", 1)])
def test_it_closes_around_the_final_dot(tmp_path: Path, stage: str, taken: int) -> None:
    """The client cannot tell whether the message was taken; the log can."""
    with sink(tmp_path / "sink") as server:
        server.misbehave({"stage": stage, "close": True})
        with pytest.raises((smtplib.SMTPServerDisconnected, OSError)):
            send(server, "a@one.example", mail=MAIL + b"text\r\n" * 1_000_000)
        assert server.accepted().total() == taken


def test_it_takes_every_nth_one_only(tmp_path: Path) -> None:
    """Rules count what they match."""
    rule = {"stage": "rcpt", "match": "one", "every": 3, "skip": 1, "reply": "550 5.1.1 Nobody"}
    with sink(tmp_path / "sink") as server:
        server.misbehave(rule)
        refused = send(server, *(f"{n}@one.example" for n in range(8)), "x@two.example")
        assert sorted(refused) == ["3@one.example", "6@one.example"]


def test_421_ends_the_connection(tmp_path: Path) -> None:
    """What comes after it is not read any more."""
    with sink(tmp_path / "sink") as server:
        server.misbehave({"stage": "mail", "reply": "421 4.3.2 Closing"})
        with connected(server) as client:
            client.ehlo()
            assert client.mail("a@one.example")[0] == 421
            with pytest.raises(smtplib.SMTPServerDisconnected):
                client.noop()


def test_it_hangs_and_drops(tmp_path: Path) -> None:
    """Without an answer the client waits, until all connections are reset."""
    with sink(tmp_path / "sink") as server:
        server.misbehave({"stage": "mail", "hang": True})
        with connected(server, timeout=0.2) as client:
            client.ehlo()
            with pytest.raises(smtplib.SMTPServerDisconnected, match="timed out"):
                client.mail("a@one.example")
        with connected(server) as client:
            client.ehlo()
            server.drop_connections()
            with pytest.raises(smtplib.SMTPServerDisconnected):
                client.getreply()


@pytest.mark.parametrize("login", ["office:secret", "office:wrong"])
def test_tls_and_login(tmp_path: Path, login: str) -> None:
    """Its certificate is checked by whoever trusts the authority, then it takes the right password."""
    authority = Authority.made(tmp_path)
    certificate = authority.server(tmp_path, "127.0.0.1")
    context = ssl.create_default_context(cafile=authority.file)
    options = ("--certificate", str(certificate), "--login", "office:secret")
    with (
        sink(tmp_path / "sink", *options) as server,
        connected(server) as client,
    ):
        client.starttls(context=context)
        if login.endswith("secret"):
            client.login(*login.split(":"))
        else:
            with pytest.raises(smtplib.SMTPAuthenticationError):
                client.login(*login.split(":"))
        client.sendmail("news@news.example", ["a@one.example"], MAIL)
        assert server.accepted() == {"a@one.example": 1}


@pytest.mark.parametrize(
    ("hosts", "expired", "said"),
    [(("other.example",), False, "IP address mismatch"), (("127.0.0.1",), True, "certificate has expired")],
    ids=["another host", "expired"],
)
def test_a_wrong_certificate(tmp_path: Path, hosts: tuple[str, ...], *, expired: bool, said: str) -> None:
    """A client that looks refuses it."""
    authority = Authority.made(tmp_path)
    certificate = authority.server(tmp_path, *hosts, expired=expired)
    context = ssl.create_default_context(cafile=authority.file)
    with sink(tmp_path / "sink", "--tls", "--certificate", str(certificate)) as server:
        with pytest.raises(ssl.SSLCertVerificationError, match=re.escape(said)):
            smtplib.SMTP_SSL("127.0.0.1", server.port, local_hostname="t.example", context=context)
        assert server.accepted() == {}


def test_what_a_client_must_not_do_is_written_down(tmp_path: Path) -> None:
    """Bare line feeds, overlong lines, and bytes sent before DATA is answered."""
    with sink(tmp_path / "sink") as server, connected(server) as client:
        client.ehlo()
        client.mail("a@one.example")
        client.rcpt("b@one.example")
        assert client.sock is not None
        client.send(b"DATA\r\nA: b\r\n\r\nbare\nline\r\n" + b"x" * 999 + b"\r\n.\r\n")
        assert client.getreply()[0] == 354
        assert client.getreply()[0] == 250
        assert server.violations() == [
            "more was sent before DATA was answered",
            "a line of the message ends in a bare line feed",
            "a line of the message has more than 998 octets",
        ]


def test_chunking(tmp_path: Path) -> None:
    """BDAT takes a message in pieces, as it is (RFC 3030)."""
    with sink(tmp_path / "sink", "--chunking", keep=True) as server:
        with connected(server) as client:
            client.ehlo()
            assert client.has_extn("chunking")
            client.mail("a@one.example")
            client.rcpt("b@one.example")
            client.send(b"BDAT 10\r\n" + MAIL[:10] + b"BDAT %d LAST\r\n" % (len(MAIL) - 10) + MAIL[10:])
            assert [client.getreply()[0], client.getreply()[0]] == [250, 250]
        assert server.messages() == [MAIL]
