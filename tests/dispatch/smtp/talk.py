"""One connection of the tests' mail server: what it understands, and what it says."""

from __future__ import annotations

import asyncio
import base64
import hmac
import ssl
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

_USUAL = {
    "GREETING": b"220 server.example ESMTP\r\n",
    "HELO": b"250 server.example\r\n",
    "MAIL": b"250 2.1.0 Ok\r\n",
    "RCPT": b"250 2.1.5 Ok\r\n",
    "DATA": b"354 End data with <CR><LF>.<CR><LF>\r\n",
    "RSET": b"250 2.0.0 Ok\r\n",
    "QUIT": b"221 2.0.0 Bye\r\n",
    "STARTTLS": b"220 2.0.0 Ready to start TLS\r\n",
}


@dataclass(frozen=True, kw_only=True)
class Rule:
    """What the server does otherwise."""

    at: str = ""
    """A command; GREETING, DOT (the message has come, by DATA or BDAT), LONE (DATA without a recipient)."""
    says: bytes | None = None
    """Instead of the usual answer; empty for none."""
    matching: bytes = b""
    """Only for commands, or messages, that hold this."""
    since: int = 1
    """From the first, second … such command on, in each connection."""
    times: int = 1_000_000
    """How often, in all connections together."""
    pause: float = 0.0
    """Seconds between the bytes of the answer."""
    then: Literal["go on", "close", "reset", "hang", "half-close"] = "go on"
    """Afterwards; half-close: say no more, but go on listening."""


@dataclass(frozen=True)
class Mail:
    """A message that the server accepted."""

    sender: bytes
    recipient: bytes
    data: bytes


class House(Protocol):
    """What a connection needs of the server as a whole."""

    offers: Sequence[str]
    trust: ssl.SSLContext | None
    at_once: bool
    passwords: dict[str, str]
    dribble: bool
    delay: float
    accepted: list[Mail]
    said: list[bytes]
    groups: int

    def rule(self, at: str, text: bytes, seen: int) -> Rule | None:
        """Find the rule that holds now."""


class Closed(OSError):
    """The connection is over, as a rule says or the client wants."""


class Talk:
    """The server's side of a connection."""

    def __init__(self, server: House, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._server = server
        self._reader = reader
        self._writer = writer
        self._came = bytearray()
        self._seen: dict[str, int] = {}
        self._sender: bytes | None = None
        self._recipients: list[bytes] = []
        self._secure = server.at_once
        self._user = ""
        self._mute = False

    async def run(self) -> None:
        """Talk until somebody ends it."""
        await self._answer("GREETING")
        while True:
            line = await self._line()
            verb = (line.split() or [b"?"])[0].decode("ascii", "replace").lower()
            known = getattr(self, f"on_{verb}", None)
            await (known(line) if known else self._answer("UNKNOWN", line, b"500 5.5.2 What?\r\n"))
            if verb == "quit":
                return

    # -- reading and writing

    async def _more(self) -> None:
        data = await self._reader.read(1 << 18)
        if not data:
            raise Closed
        self._server.groups += 1
        self._came += data

    async def _until(self, end: bytes) -> bytes:
        start = 0
        while (at := self._came.find(end, start)) < 0:
            start = max(0, len(self._came) - len(end))
            await self._more()
        return self._cut(at + len(end))

    def _cut(self, size: int) -> bytes:
        piece = bytes(self._came[:size])
        del self._came[:size]
        return piece

    async def _line(self) -> bytes:
        line = (await self._until(b"\n")).strip()
        self._server.said.append(line)
        return line

    async def _say(self, answer: bytes, pause: float = 0.0) -> None:
        if self._mute:
            return
        if self._server.delay:
            await asyncio.sleep(self._server.delay)
        size = 1 if self._server.dribble or pause else len(answer)
        for at in range(0, len(answer), size or 1):
            self._writer.write(answer[at : at + size])
            await asyncio.sleep(pause)
        await self._writer.drain()

    async def _answer(
        self,
        at: str,
        text: bytes = b"",
        usual: bytes | None = None,
        refused: Callable[[], None] = lambda: None,
    ) -> bool:
        """Answer as usual or as a rule says; `refused` is called before a refusal goes out.

        Returns whether it was none.
        """
        self._seen[at] = self._seen.get(at, 0) + 1
        rule = self._server.rule(at, text, self._seen[at])
        says = usual or _USUAL.get(at, b"250 2.0.0 Ok\r\n")
        if rule is not None and rule.says is not None:
            says = rule.says
        if says[:1] in {b"4", b"5"}:
            refused()
        await self._say(says, rule.pause if rule else 0.0)
        if rule is not None and rule.then == "hang":
            await asyncio.Event().wait()
        if rule is not None and rule.then == "half-close":
            await self._more()
            self._writer.write_eof()
            self._mute = True
        if rule is not None and rule.then == "reset":
            self._writer.transport.abort()
        if rule is not None and rule.then in {"close", "reset"}:
            raise Closed
        return says[:1] in {b"2", b"3"}

    # -- commands

    async def on_ehlo(self, line: bytes) -> None:
        """Say what is offered."""
        offers = ["server.example", *self._server.offers]
        if self._server.trust and not self._secure:
            offers.append("STARTTLS")
        *others, last = offers
        lines = [*(f"250-{offer}\r\n" for offer in others), f"250 {last}\r\n"]
        await self._answer("EHLO", line, "".join(lines).encode())

    async def on_helo(self, line: bytes) -> None:
        """Say nothing more."""
        await self._answer("HELO", line)

    async def on_starttls(self, line: bytes) -> None:
        """Begin encryption."""
        if await self._answer("STARTTLS", line) and self._server.trust:
            await self._writer.start_tls(self._server.trust)
            self._secure = True

    async def on_mail(self, line: bytes) -> None:
        """Begin a message."""
        if self._server.passwords and not self._user:
            await self._say(b"530 5.7.0 Authentication required\r\n")
        elif self._sender is not None:
            await self._say(b"503 5.5.1 nested MAIL command\r\n")
        elif await self._answer("MAIL", line):
            self._sender = _path(line)

    async def on_rcpt(self, line: bytes) -> None:
        """Take a recipient."""
        if self._sender is None:
            await self._say(b"503 5.5.1 need MAIL command\r\n")
        elif await self._answer("RCPT", line):
            self._recipients.append(_path(line))

    async def on_data(self, line: bytes) -> None:
        """Take a message up to its final dot."""
        usual = None if self._recipients else b"554 5.5.1 no valid recipients\r\n"
        if not await self._answer("DATA" if self._recipients else "LONE", line, usual):
            return
        while len(self._came) < 3:
            await self._more()
        lone = self._came.startswith(b".\r\n")
        data = self._cut(3)[:0] if lone else (await self._until(b"\r\n.\r\n"))[:-3]
        await self._ended(data.replace(b"\r\n..", b"\r\n."))

    async def on_bdat(self, line: bytes) -> None:
        """Take a message of known size (RFC 3030)."""
        size = int(line.split()[1])
        while len(self._came) < size:
            await self._more()
        await self._ended(self._cut(size))

    async def on_rset(self, line: bytes) -> None:
        """Forget the message that was begun."""
        self._sender, self._recipients = None, []
        await self._answer("RSET", line)

    async def on_quit(self, line: bytes) -> None:
        """Say goodbye."""
        await self._answer("QUIT", line)

    async def _ended(self, data: bytes) -> None:
        """Accept a message, unless a rule refuses it; it is kept before the answer goes out."""
        kept = self._server.accepted
        mails = [Mail(self._sender or b"", recipient, data) for recipient in self._recipients]
        self._sender, self._recipients = None, []
        kept.extend(mails)

        def forget() -> None:
            for mail in mails:
                kept.remove(mail)

        good, bad = b"250 2.0.0 Ok: queued as %d\r\n" % len(kept), b"554 5.5.1 no valid recipients\r\n"
        await self._answer("DOT", data, good if mails else bad, forget)

    # -- logging in

    async def on_auth(self, line: bytes) -> None:
        """Check name and password by the mechanism asked for."""
        mechanism, *first = line.split()[1:]
        known = {
            b"PLAIN": self._plain,
            b"LOGIN": self._login,
            b"CRAM-MD5": self._cram,
            b"XOAUTH2": self._xoauth2,
        }
        ok = await known[mechanism.upper()](first)
        said = b"235 2.7.0 Welcome\r\n" if ok else b"535 5.7.8 Wrong name or password\r\n"
        await self._answer("AUTH", line, said)

    async def _challenge(self, text: bytes) -> bytes:
        await self._say(b"334 " + base64.b64encode(text) + b"\r\n")
        return base64.b64decode(await self._line())

    async def _plain(self, first: list[bytes]) -> bool:
        response = base64.b64decode(first[0]) if first else await self._challenge(b"")
        _who, user, password = response.decode().split("\0")
        return self._right(user, password)

    async def _login(self, _first: list[bytes]) -> bool:
        user = await self._challenge(b"Username:")
        return self._right(user.decode(), (await self._challenge(b"Password:")).decode())

    async def _cram(self, _first: list[bytes]) -> bool:
        challenge = b"<1896.697170952@server.example>"
        user, _space, proof = (await self._challenge(challenge)).decode().rpartition(" ")
        password = self._server.passwords.get(user, "")
        return (
            self._right(user, password) and proof == hmac.new(password.encode(), challenge, "md5").hexdigest()
        )

    async def _xoauth2(self, first: list[bytes]) -> bool:
        """As Google does: a refusal is explained first."""
        response = base64.b64decode(first[0]) if first else await self._challenge(b"")
        user, token = response.decode().removesuffix("\1\1").split("\1auth=Bearer ")
        if self._right(user.removeprefix("user="), token):
            return True
        await self._challenge(b'{"status":"401"}')
        return False

    def _right(self, user: str, password: str) -> bool:
        self._user = user if self._server.passwords.get(user) == password else ""
        return bool(self._user)


def _path(line: bytes) -> bytes:
    return line.partition(b"<")[2].partition(b">")[0]
