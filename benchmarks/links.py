"""Asking for links: 200 of them at a server that takes 100 ms for each answer, in a process of its own."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.measure import Spread, repeated
from newsletter.check.online.gate import Endpoint, Gate
from newsletter.check.online.inquiry import Inquiry

LINKS = 200
HOSTS = 50
DELAY = 0.1
"""Seconds before each answer."""


@dataclass(frozen=True)
class Point:
    """Seconds for all links."""

    one_host: Spread
    many_hosts: Spread
    kept: Spread
    """When all answers are still known."""


def measure(*, runs: int) -> Point:
    """Ask for all links, again and again; each time with new connections."""
    with _server() as endpoint, tempfile.TemporaryDirectory() as name:

        async def resolve(_host: str, _port: int) -> Sequence[Endpoint]:
            return [endpoint]

        inquiry = Inquiry(gate=Gate(frozenset({endpoint})), resolve=resolve)
        one = [f"http://{endpoint.address}:{endpoint.port}/{number}" for number in range(LINKS)]
        many = [f"http://h{number % HOSTS}.example:{endpoint.port}/{number}" for number in range(LINKS)]
        return Point(
            one_host=repeated(_asking(inquiry, one), runs=runs, warmup=1),
            many_hosts=repeated(_asking(inquiry, many), runs=runs, warmup=1),
            kept=repeated(_asking(inquiry, one, Path(name)), runs=runs, warmup=1),
        )


def _asking(inquiry: Inquiry, urls: Sequence[str], cache: Path | None = None) -> Callable[[], None]:
    def asked() -> None:
        answers = inquiry.answers(urls, cache)
        if not all(answer.good for answer in answers.values()):
            raise SystemExit(f"not all links were answered: {set(answers.values())}")

    return asked


@contextmanager
def _server() -> Iterator[Endpoint]:
    process = subprocess.Popen([sys.executable, "-m", __name__], stdout=subprocess.PIPE, text=True)
    assert process.stdout
    try:
        yield Endpoint("127.0.0.1", int(process.stdout.readline()))
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


async def _serve() -> None:
    server = await asyncio.start_server(_answer, "127.0.0.1", 0, backlog=LINKS)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


async def _answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Answer every request with an empty page."""
    try:
        while True:
            await reader.readuntil(b"\r\n\r\n")
            await asyncio.sleep(DELAY)
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
            await writer.drain()
    except (asyncio.IncompleteReadError, OSError):
        writer.close()


if __name__ == "__main__":
    asyncio.run(_serve())
