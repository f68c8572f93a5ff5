"""Logging in: by each mechanism, never in clear over a network, and without telling anybody the password."""

from __future__ import annotations

import base64
import socket
import ssl
import sys
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP as OtherServer  # noqa: N811 (it is not ours)
from aiosmtpd.smtp import AuthResult, Envelope, LoginPassword, Session

from newsletter.dispatch.model import Blame, Outcome, Stage, State
from newsletter.dispatch.pace import Pace
from newsletter.dispatch.smtp.auth import Credentials
from newsletter.dispatch.smtp.login import Login, LoginError
from newsletter.dispatch.smtp.opening import Manners, opening
from newsletter.dispatch.smtp.pool import Pool
from newsletter.dispatch.smtp.session import Session as OurSession
from newsletter.settings_sending import Smtp
from tests.dispatch.certificates import Authority
from tests.dispatch.smtp.sending import PATIENT, post, send, settings
from tests.dispatch.smtp.server import PLENTY, Server

USER, PASSWORD = "news@sender.example", "pässword, with = and spaces "


def server(*mechanisms: str, passwords: dict[str, str] | None = None) -> Server:
    """A server that wants a login."""
    offers = [*PLENTY, f"AUTH {' '.join(mechanisms)}"]
    return Server(offers=offers, passwords={USER: PASSWORD} if passwords is None else passwords)


@pytest.mark.parametrize("auth", ["auto", "plain", "login", "cram-md5"])
def test_each_mechanism_logs_in(auth: str) -> None:
    """Name and password in UTF-8 open the door, by whatever way."""
    with server("PLAIN", "LOGIN", "CRAM-MD5") as house:
        smtp = settings(house.port, user=USER, password=PASSWORD, auth=auth)
        assert send(3, smtp).states() == dict.fromkeys(range(3), State.ACCEPTED)


@pytest.mark.parametrize("only", ["PLAIN", "LOGIN", "CRAM-MD5"])
def test_auto_takes_what_is_offered(only: str) -> None:
    """Without a choice in the settings, any way that the server offers will do."""
    with server(only) as house:
        assert not send(1, settings(house.port, user=USER, password=PASSWORD)).troubles
        assert house.count(f"AUTH {only}".encode()) == 1


def test_in_clear_the_password_itself_is_not_said_if_that_can_be() -> None:
    """On this machine without encryption, CRAM-MD5 comes first."""
    with server("PLAIN", "CRAM-MD5") as house:
        send(1, settings(house.port, user=USER, password=PASSWORD))
        assert house.count(b"AUTH CRAM-MD5") == 1


@pytest.mark.parametrize("auth", ["plain", "login", "cram-md5"])
def test_a_refused_login_is_our_trouble(auth: str, caplog: pytest.LogCaptureFixture) -> None:
    """Nobody's letter is touched, and nothing tells the password."""
    with server("PLAIN", "LOGIN", "CRAM-MD5") as house:
        done = send(3, settings(house.port, user=USER, password="wrong secret", auth=auth))
        assert house.count(b"MAIL") == 0
    (trouble,) = done.troubles
    assert (trouble.state, trouble.stage, trouble.blame) == (State.REFUSED, Stage.AUTH, Blame.SENDER)
    assert trouble.text == "Wrong name or password"
    assert "wrong secret" not in caplog.text


def test_a_way_that_is_not_offered_is_not_tried() -> None:
    """The trouble names what is offered."""
    with server("GSSAPI", "NTLM") as house:
        (trouble,) = send(1, settings(house.port, user=USER, password=PASSWORD)).troubles
        assert house.count(b"AUTH") == 0
    assert "GSSAPI, NTLM" in trouble.text


@pytest.fixture
def tokens(tmp_path: Path) -> Path:
    """A program that prints one token after another: token-1, then token-2."""
    program = tmp_path / "token.py"
    program.write_text(
        "import pathlib\n"
        "count = pathlib.Path('count')\n"
        "number = int(count.read_text()) + 1 if count.exists() else 1\n"
        "count.write_text(str(number))\n"
        "print(f'token-{number}' + 'x' * 600 * (number == 3))\n"
    )
    return program


@pytest.mark.parametrize(
    ("right", "asked"), [("token-1", 1), ("token-2", 2)], ids=["the first", "the second"]
)
@pytest.mark.parametrize("loop", ["asyncio", "uvloop"])
def test_a_token_is_fetched_and_renewed(right: str, asked: int, loop: str, tokens: Path) -> None:
    """A refused access token is fetched once more from the program, and then taken."""
    with server("XOAUTH2", passwords={USER: right}) as house:
        smtp = settings(house.port, user=USER, token_command=(sys.executable, str(tokens)))
        done = send(3, smtp, root=tokens.parent, loop=loop)
    assert set(done.states().values()) == {State.ACCEPTED}
    assert (tokens.parent / "count").read_text() == str(asked)


def test_a_long_token_waits_to_be_asked_for(tokens: Path) -> None:
    """A first response beyond 512 bytes is not said in the command (RFC 4954 §4)."""
    (tokens.parent / "count").write_text("2")
    with server("XOAUTH2", passwords={USER: "token-3" + 600 * "x"}) as house:
        smtp = settings(house.port, user=USER, token_command=(sys.executable, str(tokens)))
        assert not send(1, smtp, root=tokens.parent).troubles
        assert b"AUTH XOAUTH2" in house.said


def test_a_token_that_never_fits_is_trouble(tokens: Path) -> None:
    """Two refusals are enough."""
    with server("XOAUTH2", passwords={USER: "other"}) as house:
        smtp = settings(house.port, user=USER, token_command=(sys.executable, str(tokens)))
        (trouble,) = send(1, smtp, root=tokens.parent).troubles
        assert house.met == 2
    assert (trouble.stage, trouble.blame) == (Stage.AUTH, Blame.SENDER)


@pytest.mark.parametrize(
    ("program", "reason"),
    [
        ((sys.executable, "-c", "raise SystemExit(3)"), "it ended with code 3"),
        ((sys.executable, "-c", "print()"), "it prints none"),
        ((sys.executable, "-c", "print('two\\nlines')"), "it prints none"),
        (("/no/such/program",), "No such file or directory"),
    ],
    ids=["fails", "silent", "talks", "missing"],
)
def test_a_program_without_token_is_trouble(program: tuple[str, ...], reason: str, tmp_path: Path) -> None:
    """The relay rests, and the reason is told."""
    with server("XOAUTH2") as house:
        (trouble,) = send(1, settings(house.port, user=USER, token_command=program), root=tmp_path).troubles
    assert (trouble.stage, trouble.state) == (Stage.AUTH, State.DEFERRED)
    assert reason in trouble.text


@pytest.mark.parametrize("mechanism", ["PLAIN", "LOGIN", "CRAM-MD5"])
def test_no_login_in_clear_over_a_network(mechanism: str) -> None:
    """Without encryption, and with a server elsewhere, name and password are kept back."""
    manners = Manners(
        relay="main",
        hello="office.example",
        starttls=False,
        credentials=Credentials(USER, PASSWORD),
        local=False,
    )
    made = OurSession(opening(manners), relay="main")
    made.receive(b"220 server.example\r\n")
    made.out.clear()
    made.receive(f"250-server.example\r\n250 AUTH {mechanism}\r\n".encode())
    assert made.out == []
    assert made.ending == Outcome(
        State.REFUSED,
        Stage.AUTH,
        text="Name and password are not sent over an unencrypted connection to another machine.",
        relay="main",
        blame=Blame.SENDER,
    )


def test_secrets_are_not_shown() -> None:
    """Neither settings nor credentials show the password."""
    smtp = Smtp(host="mail.example", user=USER, password=PASSWORD)
    assert PASSWORD not in repr(smtp) + repr(Credentials(USER, PASSWORD))
    encoded = base64.b64encode(PASSWORD.encode()).decode()
    assert encoded not in repr(Login(smtp, "main", root=Path("/")))


def test_a_password_file_is_read(tmp_path: Path) -> None:
    """A private file holds the password; its line end is none of it."""
    file = tmp_path / "password"
    file.touch(mode=0o600)
    file.write_text(PASSWORD + "\n", encoding="utf-8")
    with server("PLAIN") as house:
        smtp = settings(house.port, user=USER, password_file=Path("password"))
        assert not send(1, smtp, root=tmp_path).troubles


@pytest.mark.parametrize(
    ("mode", "content", "message"),
    [
        (0o644, "secret\n", "can be read by others"),
        (0o600, "\n", "holds no password"),
        (0o600, "two\nlines\n", "holds no password"),
        (None, "", "No such file"),
    ],
    ids=["public", "empty", "two lines", "missing"],
)
def test_a_password_file_must_be_right(mode: int | None, content: str, message: str, tmp_path: Path) -> None:
    """What is wrong with it is told before anything is sent, without its content."""
    file = tmp_path / "password"
    if mode is not None:
        file.touch(mode=0o600)
        file.write_text(content)
        file.chmod(mode)
    smtp = Smtp(host="127.0.0.1", user=USER, password_file=file)
    with pytest.raises(LoginError, match=message) as told:
        Pool(smtp, post(0), Pace(smtp), root=tmp_path, timeouts=PATIENT)
    assert "secret" not in str(told.value)


@pytest.mark.parametrize(
    "more",
    [
        {"password": "x"},
        {"user": USER},
        {"user": USER, "password": "x", "token_command": ("program",)},
        {"user": USER, "password": "x", "password_file": Path("file")},
        {"user": USER, "password": "x", "auth": "xoauth2"},
        {"user": USER, "token_command": ("program",), "auth": "plain"},
    ],
    ids=["no user", "no secret", "two secrets", "two passwords", "no token", "no password"],
)
def test_settings_must_fit_together(more: dict[str, Any]) -> None:
    """Contradictions are told when the pool is made."""
    with pytest.raises(LoginError):
        Login(Smtp(host="127.0.0.1", **more), "main", root=Path("/"))


class _House:
    """What aiosmtpd asks."""

    def __init__(self) -> None:
        self.got: list[str] = []

    async def handle_DATA(self, _server: OtherServer, session: Session, envelope: Envelope) -> str:  # noqa: N802
        """Take a message of somebody who is logged in."""
        assert session.authenticated
        self.got.extend(envelope.rcpt_tos)
        return "250 Ok"


def _knows(
    _server: OtherServer, _session: Session, _envelope: Envelope, _mechanism: str, data: Any
) -> AuthResult:
    assert isinstance(data, LoginPassword)
    return AuthResult(success=(data.login, data.password) == (USER.encode(), PASSWORD.encode()))


@pytest.mark.parametrize("auth", ["plain", "login"])
def test_a_server_that_is_not_ours_lets_us_in(auth: str, tmp_path: Path) -> None:
    """Aiosmtpd takes our STARTTLS, our login and our letters."""
    authority = Authority.made(tmp_path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(authority.server(tmp_path))
    house = _House()
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    controller = Controller(
        house, "127.0.0.1", port, authenticator=_knows, auth_required=True, tls_context=context
    )
    controller.start()
    try:
        smtp = settings(
            port, security="starttls", ca_file=authority.file, user=USER, password=PASSWORD, auth=auth
        )
        done = send(5, smtp)
    finally:
        controller.stop()
    assert set(done.states().values()) == {State.ACCEPTED}
    assert sorted(house.got) == [f"p{number}@x.example" for number in range(5)]
