"""An SMTP server that takes mail and throws it away, but writes down what it took before it says so.

`python -m tests.dispatch.sink --log FILE …` prints its port and serves on loopback until SIGTERM. The log has
a line of JSON for each message taken over, written by one write(2) before the reply:

    {"accepted": "<…@…>", "sender": "…", "recipients": ["…"], "bytes": 61234}

and one for whatever a client did against the protocol: `{"violation": "…"}`. SIGUSR1 resets all connections.
How it misbehaves on demand: sink_rules.py. How tests start it: sink_process.py.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import signal
import ssl
from pathlib import Path

from tests.dispatch.sink_message import Message
from tests.dispatch.sink_rules import Rules
from tests.dispatch.sink_session import Session


class Sink:
    """What all connections share."""

    def __init__(self, options: argparse.Namespace) -> None:
        self.rules = Rules(options.control)
        self.rules.use(json.loads(options.rules))
        self._options = options
        self._log = os.open(options.log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        self._open: set[Session] = set()
        self._taken = 0
        self._context = _context(options.certificate) if options.certificate else None

    def session(self) -> Session:
        """Begin a connection."""
        return Session(self, secure=self._options.tls)

    def came(self, session: Session) -> bool:
        """Take a new connection; False when there are too many."""
        self._open.add(session)
        return len(self._open) <= int(self._options.connections)

    def went(self, session: Session) -> None:
        """Forget a connection."""
        self._open.discard(session)

    def drop_all(self) -> None:
        """Reset every connection."""
        for session in tuple(self._open):
            if session.transport is not None:
                session.transport.abort()

    def offers(self, *, secure: bool) -> list[bytes]:
        """Name the extensions for EHLO; a login is offered only where it is not overheard, if that can be."""
        options = self._options
        hidden = secure or self._context is None
        offers = {
            b"PIPELINING": not options.no_pipelining,
            b"CHUNKING": options.chunking,
            b"SMTPUTF8": not options.no_smtputf8,
            b"STARTTLS": not secure and self._context is not None,
            b"AUTH PLAIN LOGIN": bool(options.login) and hidden,
            b"SIZE %d" % options.size: True,
            b"8BITMIME": True,
            b"ENHANCEDSTATUSCODES": True,
        }
        return [offer for offer, wanted in offers.items() if wanted]

    def knows(self, user: bytes, password: bytes) -> bool:
        """Whether a login is right."""
        return f"{user.decode()}:{password.decode()}" == str(self._options.login)

    def accept(self, message: Message, *, dotted: bool) -> None:
        """Write down that a message is taken over."""
        self._taken += 1
        for fault in message.faults(ascii_only=not self._options.eight_bit):
            self.violation(fault)
        if self._options.keep:
            kept = self._options.keep / f"{os.getpid()}-{self._taken:06}.eml"
            kept.write_bytes(message.content(dotted=dotted))
        self._note(
            {
                "accepted": message.message_id,
                "sender": message.sender,
                "recipients": message.recipients,
                "bytes": len(message.body),
            }
        )

    def violation(self, what: str) -> None:
        """Write down what a client must not do."""
        self._note({"violation": what})

    def _note(self, facts: dict[str, object]) -> None:
        os.write(self._log, json.dumps(facts).encode() + b"\n")
        if self._options.fsync:
            os.fsync(self._log)

    async def secured(self, transport: asyncio.Transport, session: Session) -> asyncio.Transport | None:
        """Begin TLS; None when that failed."""
        assert self._context is not None
        loop = asyncio.get_running_loop()
        try:
            return await loop.start_tls(transport, session, self._context, server_side=True)
        except OSError:  # the client does not like the certificate, or is gone
            transport.abort()
            return None

    async def serve(self) -> None:
        """Serve until SIGTERM."""
        loop = asyncio.get_running_loop()
        done = asyncio.Event()
        loop.add_signal_handler(signal.SIGTERM, done.set)
        loop.add_signal_handler(signal.SIGUSR1, self.drop_all)
        context = self._context if self._options.tls else None
        server = await loop.create_server(self.session, "127.0.0.1", self._options.port, ssl=context)
        print(server.sockets[0].getsockname()[1], flush=True)
        await done.wait()
        server.close()
        self.drop_all()


def _context(certificate: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    return context


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.dispatch.sink", description=__doc__)
    parser.add_argument("--log", type=Path, required=True, help="what was taken, one JSON object a line")
    parser.add_argument("--port", type=int, default=0, help="0: a free one")
    parser.add_argument("--rules", default="[]", help="how to misbehave (JSON)")
    parser.add_argument("--control", type=Path, help="a file with such rules, read anew when it changes")
    parser.add_argument("--keep", type=Path, help="a folder for the messages themselves")
    parser.add_argument("--certificate", type=Path, help="offer STARTTLS with this (PEM, with its key)")
    parser.add_argument("--tls", action="store_true", help="TLS from the first byte")
    parser.add_argument("--login", default="", help="USER:PASSWORD that AUTH takes")
    parser.add_argument("--connections", type=int, default=1000, help="at most at once; then 421")
    parser.add_argument("--size", type=int, default=50_000_000, help="announced by SIZE")
    parser.add_argument("--chunking", action="store_true")
    parser.add_argument("--no-pipelining", action="store_true")
    parser.add_argument("--no-smtputf8", action="store_true")
    parser.add_argument("--eight-bit", action="store_true", help="8-bit messages are no violation")
    parser.add_argument("--fsync", action="store_true", help="the log outlives the machine")
    return parser.parse_args()


if __name__ == "__main__":
    asyncio.run(Sink(_options()).serve())
