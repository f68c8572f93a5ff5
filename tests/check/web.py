"""Web sites for tests: real servers on loopback, in a thread, that answer well or badly, as they are told."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
import threading
from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from queue import Queue

from newsletter.check.online.gate import Endpoint, Gate


@dataclass(frozen=True)
class Asked:
    """A request as it arrived."""

    method: str
    target: str
    fields: Mapping[str, str]
    """By their names in small letters."""


Handle = Callable[[Asked, asyncio.StreamWriter], Awaitable[None]]


@dataclass
class Site:
    """A running server."""

    address: str
    pages: Mapping[str, Handle]
    """What answers at each path; 404 everywhere else."""
    greeting: bytes = b""
    """What it says before it is asked, as no web server does."""
    port: int = 0
    asked: list[Asked] = field(default_factory=list)
    connections: int = 0
    most: int = 0
    """How many requests were being answered at the same time."""
    writers: list[asyncio.StreamWriter] = field(default_factory=list)
    _busy: int = 0

    @property
    def endpoint(self) -> Endpoint:
        """Where it listens."""
        return Endpoint(self.address, self.port)

    @property
    def gate(self) -> Gate:
        """A gate that lets through to this server alone."""
        return Gate(frozenset({self.endpoint}))

    def url(self, path: str = "/") -> str:
        """Return where a page is, by the address."""
        host = f"[{self.address}]" if ":" in self.address else self.address
        return f"http://{host}:{self.port}{path}"

    def methods(self, path: str = "/") -> list[str]:
        """Return how a page was asked for."""
        return [asked.method for asked in self.asked if asked.target == path]

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer on one connection until one side has enough."""
        self.connections += 1
        self.writers.append(writer)
        writer.write(self.greeting)
        with contextlib.suppress(OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            while not writer.is_closing():
                await self._answer(_parsed(await reader.readuntil(b"\r\n\r\n")), writer)
        writer.close()

    async def _answer(self, asked: Asked, writer: asyncio.StreamWriter) -> None:
        self.asked.append(asked)
        self._busy += 1
        self.most = max(self.most, self._busy)
        try:
            await self.pages.get(asked.target, page(404))(asked, writer)
            await writer.drain()
        finally:
            self._busy -= 1


@contextlib.contextmanager
def site(
    pages: Mapping[str, Handle],
    *,
    address: str = "127.0.0.1",
    certificate: Path | None = None,
    greeting: bytes = b"",
) -> Iterator[Site]:
    """Run a server on a free port; with a certificate it speaks TLS."""
    made = Site(address, pages, greeting)
    stops: Queue[Callable[[], None]] = Queue()
    run = _run(made, _context(certificate), stops.put)
    thread = threading.Thread(target=asyncio.run, args=(run,), daemon=True)
    thread.start()
    stop = stops.get(timeout=10)
    try:
        yield made
    finally:
        stop()
        thread.join(10)
        assert not thread.is_alive()


def page(
    status: int = 200,
    body: bytes = b"<p>Page</p>",
    fields: Mapping[str, str] | None = None,
    *,
    delay: float = 0,
) -> Handle:
    """Answer with a status."""

    async def answer(asked: Asked, writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(delay)
        more = "".join(f"{name}: {value}\r\n" for name, value in (fields or {}).items())
        head = f"HTTP/1.1 {status} Told\r\n{more}Content-Length: {len(body)}\r\n\r\n"
        writer.write(head.encode() + (b"" if asked.method == "HEAD" else body))

    return answer


def redirect(location: str, status: int = 302) -> Handle:
    """Answer that it is elsewhere."""
    return page(status, b"", {"Location": location})


def by_method(**handles: Handle) -> Handle:
    """Answer each method in a way of its own."""

    async def answer(asked: Asked, writer: asyncio.StreamWriter) -> None:
        await handles[asked.method](asked, writer)

    return answer


def raw(data: bytes) -> Handle:
    """Write something, whatever it is, and close."""

    async def answer(_asked: Asked, writer: asyncio.StreamWriter) -> None:
        writer.write(data)
        await writer.drain()
        writer.close()

    return answer


async def hang(_asked: Asked, _writer: asyncio.StreamWriter) -> None:
    """Never answer."""
    await asyncio.Event().wait()


async def cut(_asked: Asked, writer: asyncio.StreamWriter) -> None:
    """Close without a word."""
    writer.close()


def endless(beginning: bytes, piece: bytes, pause: float = 0.0) -> Handle:
    """Write a piece again and again, as long as somebody listens."""

    async def answer(_asked: Asked, writer: asyncio.StreamWriter) -> None:
        writer.write(beginning)
        while not writer.is_closing():
            writer.write(piece)
            await writer.drain()
            await asyncio.sleep(pause)

    return answer


async def _run(made: Site, tls: ssl.SSLContext | None, ready: Callable[[Callable[[], None]], None]) -> None:
    """Serve until told to stop; `ready` is given what tells it."""
    loop, stop = asyncio.get_running_loop(), asyncio.Event()
    loop.set_exception_handler(
        lambda _loop, _context: None
    )  # clients that go away are no concern of the test
    server = await asyncio.start_server(made.serve, made.address, made.port, ssl=tls, backlog=512)
    made.port = server.sockets[0].getsockname()[1]

    def told() -> None:
        loop.call_soon_threadsafe(stop.set)

    ready(told)
    await stop.wait()
    server.close()
    for writer in made.writers:
        writer.transport.abort()
    await asyncio.sleep(0)


def _context(certificate: Path | None) -> ssl.SSLContext | None:
    if certificate is None:
        return None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    return context


def _parsed(head: bytes) -> Asked:
    first, *lines = head.decode("latin-1").split("\r\n")
    method, target, _version = first.split(" ", 2)
    fields = (line.partition(":") for line in lines if line)
    return Asked(method, target, {name.lower(): value.strip() for name, _colon, value in fields})
