"""One connection to the sink: the server's side of SMTP, strict with clients, as bad as the rules want it."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Callable
from typing import Protocol

from tests.dispatch.sink_message import Message, address
from tests.dispatch.sink_rules import USUAL, Answer, Rules

_LINE_AT_MOST = 1000
Then = Callable[[], None]


class Server(Protocol):
    """What a connection needs of the sink."""

    rules: Rules

    def offers(self, *, secure: bool) -> list[bytes]:
        """Name the extensions for EHLO."""

    def came(self, session: Session) -> bool:
        """Take a new connection; False when there are too many."""

    def went(self, session: Session) -> None:
        """Forget a connection."""

    def accept(self, message: Message, *, dotted: bool) -> None:
        """Write down that a message is taken over."""

    def violation(self, what: str) -> None:
        """Write down what a client must not do."""

    def knows(self, user: bytes, password: bytes) -> bool:
        """Whether a login is right."""

    async def secured(self, transport: asyncio.Transport, session: Session) -> asyncio.Transport | None:
        """Begin TLS; None when that failed."""


class Session(asyncio.Protocol):
    """One connection."""

    transport: asyncio.Transport | None = None

    def __init__(self, server: Server, *, secure: bool) -> None:
        self._server = server
        self._secure = secure
        self._buffer = bytearray()
        self._message = Message()
        self._reader: Callable[[], bool] = self._read_command
        self._take_answer: Callable[[bytes], None] | None = None
        self._left = 0
        self._last = False
        self._held = False
        self._asked = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Greet; after STARTTLS the client speaks first."""
        assert isinstance(transport, asyncio.Transport)
        again, self.transport = self.transport is not None, transport
        if again:
            return
        if self._server.came(self):
            self._say("greeting", b"220 sink.example ESMTP\r\n")
        else:
            self._carry_out(Answer(b"421 4.7.0 Too many connections\r\n", close=True), b"")

    def connection_lost(self, _exc: Exception | None) -> None:
        """Forget it."""
        self._held = True
        self._server.went(self)

    def data_received(self, data: bytes) -> None:
        """Take bytes, and answer what is complete."""
        self._buffer += data
        self._work()

    def _work(self) -> None:
        while self._buffer and not self._held and self._reader():
            pass

    # Replies

    def _say(self, stage: str, reply: bytes, text: str = "", then: Then | None = None) -> None:
        """Answer as usual, or as a rule has it; `then` is done only when it goes the usual way."""
        answer = self._server.rules.at(stage, text)
        if answer.delay:
            self._held = True
            asyncio.get_running_loop().call_later(answer.delay, self._late, answer, reply, then)
        else:
            self._answer(answer, reply, then)

    def _late(self, answer: Answer, reply: bytes, then: Then | None) -> None:
        if self.transport is None or self.transport.is_closing():
            return
        self._held = False
        self._answer(answer, reply, then)
        self._work()

    def _answer(self, answer: Answer, reply: bytes, then: Then | None) -> None:
        if then is not None and not (answer.reply or answer.close or answer.hang):
            then()
        self._carry_out(answer, reply)

    def _carry_out(self, answer: Answer, reply: bytes) -> None:
        assert self.transport is not None
        if answer.hang:
            self._held = True
            return
        if answer.reply or not answer.close:
            self.transport.write(answer.reply or reply)
        if answer.close:
            self._held = True
            self.transport.close()

    def _reply(self, reply: bytes) -> None:
        self._carry_out(USUAL, reply)

    # Commands

    def _read_command(self) -> bool:
        end = self._buffer.find(b"\n")
        if end < 0:
            if len(self._buffer) > _LINE_AT_MOST:
                self._server.violation("a command without an end")
                self._carry_out(Answer(b"500 5.5.2 Too long\r\n", close=True), b"")
            return False
        line = bytes(self._buffer[: end + 1])
        del self._buffer[: end + 1]
        if not line.endswith(b"\r\n"):
            self._server.violation("a command ends in a bare line feed")
        if self._take_answer is None:
            self._command(line.rstrip(b"\r\n"))
        else:
            take, self._take_answer = self._take_answer, None
            take(line.rstrip(b"\r\n"))
        return True

    def _command(self, line: bytes) -> None:
        verb, _space, rest = line.partition(b" ")
        commands = {
            b"EHLO": self._ehlo, b"HELO": self._ehlo, b"STARTTLS": self._starttls, b"AUTH": self._auth,
            b"MAIL": self._mail, b"RCPT": self._rcpt, b"DATA": self._data, b"BDAT": self._bdat,
            b"RSET": self._rset, b"NOOP": self._noop, b"QUIT": self._quit,
        }  # fmt: skip
        command = commands.get(verb.upper())
        if command is None:
            self._server.violation(f"an unknown command: {verb[:20].decode(errors='replace')}")
            self._reply(b"500 5.5.2 Unknown\r\n")
        else:
            command(rest)

    def _ehlo(self, rest: bytes) -> None:
        self._message = Message()
        *offers, last = [b"sink.example", *self._server.offers(secure=self._secure)]
        reply = b"".join(b"250-%s\r\n" % offer for offer in offers) + b"250 %s\r\n" % last
        self._say("ehlo", reply, rest.decode(errors="replace"))

    def _noop(self, _rest: bytes) -> None:
        self._reply(b"250 2.0.0 Ok\r\n")

    def _rset(self, _rest: bytes) -> None:
        self._message = Message()
        self._say("rset", b"250 2.0.0 Ok\r\n")

    def _quit(self, _rest: bytes) -> None:
        answer = self._server.rules.at("quit")
        usual = Answer(b"221 2.0.0 Bye\r\n", close=True)
        self._carry_out(usual if answer is USUAL else answer, b"")

    def _mail(self, rest: bytes) -> None:
        if self._message.sender is not None:
            self._server.violation("MAIL within a transaction")

        def begin() -> None:
            self._message = Message(sender=address(rest))

        self._say("mail", b"250 2.1.0 Ok\r\n", rest.decode(errors="replace"), begin)

    def _rcpt(self, rest: bytes) -> None:
        if self._message.sender is None:
            self._reply(b"503 5.5.1 MAIL first\r\n")
            return
        found = address(rest)
        self._say("rcpt", b"250 2.1.5 Ok\r\n", found, lambda: self._message.recipients.append(found))

    # Messages

    def _data(self, _rest: bytes) -> None:
        if not self._message.recipients:
            self._reply(b"554 5.5.1 No valid recipients\r\n")
            return
        if self._buffer:
            self._server.violation("more was sent before DATA was answered")
        self._say("data", b"354 Go ahead\r\n", self._message.envelope, self._expect_body)

    def _expect_body(self) -> None:
        self._reader = self._read_body

    def _read_body(self) -> bool:
        message = self._message
        whole = message.take_dotted(self._buffer)
        if not whole:
            return not self._broken_off()
        self._end(dotted=True)
        return True

    def _bdat(self, rest: bytes) -> None:
        size, _space, last = rest.partition(b" ")
        self._left, self._last = int(size), last.upper() == b"LAST"
        self._reader = self._read_chunk
        if not self._left:
            self._chunk_done()

    def _read_chunk(self) -> bool:
        piece = self._buffer[: self._left]
        del self._buffer[: self._left]
        self._left -= len(piece)
        if self._message.recipients:
            self._message.body += piece
        if self._left:
            return not self._broken_off()
        self._chunk_done()
        return True

    def _chunk_done(self) -> None:
        self._reader = self._read_command
        if not self._message.recipients:
            self._reply(b"503 5.5.1 No valid recipients\r\n")
        elif self._last:
            self._end(dotted=False)
        else:
            self._reply(b"250 2.0.0 Chunk taken\r\n")

    def _broken_off(self) -> bool:
        """Whether a rule ends the connection in the middle of a message; asked once for each."""
        if self._asked:
            return False
        self._asked = True
        answer = self._server.rules.at("body", self._message.envelope)
        if answer.hang or answer.close or answer.reply:
            self._carry_out(answer, b"")
            return True
        return False

    def _end(self, *, dotted: bool) -> None:
        message, self._message = self._message, Message()
        self._asked = False
        self._reader = self._read_command

        def accept() -> None:
            self._server.accept(message, dotted=dotted)
            self._say("accepted", b"250 2.0.0 Ok: taken\r\n", message.envelope)

        self._say("dot", b"", message.envelope, accept)

    # TLS and login

    def _starttls(self, _rest: bytes) -> None:
        if self._secure or b"STARTTLS" not in self._server.offers(secure=False):
            self._reply(b"503 5.5.1 Not now\r\n")
            return
        if self._buffer:
            self._server.violation("more was sent before STARTTLS was answered")
        self._say("starttls", b"220 2.0.0 Go ahead\r\n", "", self._begin_tls)

    def _begin_tls(self) -> None:
        self._held = True
        self._task = asyncio.get_running_loop().create_task(self._handshake())

    async def _handshake(self) -> None:
        assert self.transport is not None
        transport = await self._server.secured(self.transport, self)
        if transport is not None:
            self.transport = transport
            self._secure, self._held = True, False
            self._work()

    def _auth(self, rest: bytes) -> None:
        mechanism, _space, initial = rest.partition(b" ")
        if mechanism.upper() == b"PLAIN" and initial:
            self._plain(initial)
        elif mechanism.upper() == b"PLAIN":
            self._ask(b"334 \r\n", self._plain)
        elif mechanism.upper() == b"LOGIN":
            self._ask(b"334 VXNlcm5hbWU6\r\n", self._login)
        else:
            self._reply(b"504 5.5.4 Unknown mechanism\r\n")

    def _ask(self, challenge: bytes, take: Callable[[bytes], None]) -> None:
        self._reply(challenge)
        self._take_answer = take

    def _plain(self, answer: bytes) -> None:
        _identity, user, password = base64.b64decode(answer).split(b"\0")
        self._logged_in(user, password)

    def _login(self, user: bytes) -> None:
        self._ask(
            b"334 UGFzc3dvcmQ6\r\n",
            lambda password: self._logged_in(base64.b64decode(user), base64.b64decode(password)),
        )

    def _logged_in(self, user: bytes, password: bytes) -> None:
        right = self._server.knows(user, password)
        reply = b"235 2.7.0 Welcome\r\n" if right else b"535 5.7.8 Wrong user or password\r\n"
        self._say("auth", reply, user.decode(errors="replace"))
