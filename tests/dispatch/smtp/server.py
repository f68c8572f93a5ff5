"""A mail server for tests that behaves, or misbehaves, exactly as told; in a thread of its own.

It keeps what it accepted and what it was told, so that tests compare the client's belief with the truth. What
it says and does is a matter of bytes here; `tests.dispatch.sink` is a process with a durable log.
"""

from __future__ import annotations

import asyncio
import ssl
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self

from tests.dispatch.smtp.talk import Mail, Rule, Talk

PLENTY = ("PIPELINING", "CHUNKING", "SIZE 10000000", "8BITMIME", "SMTPUTF8", "ENHANCEDSTATUSCODES")
"""What a good server offers."""


@dataclass
class Server:
    """A server on a free port of this machine; a context manager."""

    rules: Sequence[Rule] = ()
    offers: Sequence[str] = PLENTY
    trust: ssl.SSLContext | None = None
    """Its certificate; with it, STARTTLS is offered."""
    at_once: bool = False
    """Whether encryption begins with the first byte."""
    passwords: dict[str, str] = field(default_factory=dict)
    """Who may log in; empty: everybody may send."""
    dribble: bool = False
    """Whether answers come byte by byte."""
    delay: float = 0.0
    """Seconds before each answer."""
    port: int = 0
    accepted: list[Mail] = field(default_factory=list)
    said: list[bytes] = field(default_factory=list)
    """All commands, of all connections."""
    met: int = 0
    """Connections there were."""
    most: int = 0
    """Connections there were at once."""
    groups: int = 0
    """How often it had to wait for the client."""

    def __enter__(self) -> Self:
        ready = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve(ready)), daemon=True)
        self._thread.start()
        assert ready.wait(10)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, err: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(10)
        assert not self._thread.is_alive()

    @property
    def recipients(self) -> list[str]:
        """Whose mail was accepted, sorted; twice when it was twice."""
        return sorted(mail.recipient.decode() for mail in self.accepted)

    def wait(self) -> None:
        """Wait until every connection has come to its end."""
        end = time.monotonic() + 10
        while self._open:
            assert time.monotonic() < end
            time.sleep(0.01)

    def count(self, command: bytes) -> int:
        """How often a command was said."""
        return sum(line.upper().startswith(command) for line in self.said)

    def rule(self, at: str, text: bytes, seen: int) -> Rule | None:
        """Find the rule that holds now."""
        for rule in self.rules:
            fits = rule.at == at and rule.matching in text and seen >= rule.since
            if fits and self._used.get(rule, 0) < rule.times:
                self._used[rule] = self._used.get(rule, 0) + 1
                return rule
        return None

    async def _serve(self, ready: threading.Event) -> None:
        self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
        self._open: dict[asyncio.StreamWriter, asyncio.Task[None]] = {}
        self._used: dict[Rule, int] = {}
        server = await asyncio.start_server(self._meet, "127.0.0.1", self.port)
        self.port = server.sockets[0].getsockname()[1]
        ready.set()
        await self._stop.wait()
        for _round in range(10):  # one that was just accepted needs some rounds of the loop to appear
            for writer, task in tuple(self._open.items()):
                task.cancel()
                writer.transport.abort()
            await asyncio.sleep(0)
        server.close()  # last, as asyncio forgets to close what it accepts while it closes the server

    def _meet(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._open[writer] = asyncio.create_task(self._talk(reader, writer))
        self.met += 1
        self.most = max(self.most, len(self._open))

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            if self.at_once and self.trust:
                await writer.start_tls(self.trust)
            await Talk(self, reader, writer).run()
        except OSError:
            return
        finally:
            self._open.pop(writer, None)
            writer.transport.abort()
