"""Asking for one link: HEAD, and GET where HEAD is not enough; redirects are followed by ourselves."""

from __future__ import annotations

import asyncio
import ssl
import time
from dataclasses import dataclass, replace
from typing import Any, Self

import httpcore

from newsletter import __version__
from newsletter.check.online.answer import Answer, NotAnswered, Outcome
from newsletter.check.online.connecting import Connections
from newsletter.check.online.destination import STANDARD, Destination, redirected
from newsletter.check.online.names import Names
from newsletter.check.online.pace import Pace

_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_FOR_GOOD = frozenset({301, 308})
_MOST_REDIRECTS = 5
_ENOUGH = frozenset({401, 407, 429})
"""Refusals that GET would get as well, and at 429 should not ask for."""
_BEGGING_OFF = frozenset({429, 503})
_MOST_BYTES = 8192
"""How much of a page is read; the connection can be used again when it was all."""
_FIELDS: tuple[tuple[str, str], ...] = (
    ("User-Agent", f"newsletter/{__version__} (link check)"),
    ("Accept", "text/html,application/xhtml+xml,*/*;q=0.8"),
    ("Accept-Encoding", "identity"),
)


@dataclass(frozen=True)
class Patience:
    """How long is waited, in seconds."""

    connect: float = 5.0
    """For a connection, to each address of the host, and again for its encryption."""
    read: float = 8.0
    """For the next piece of an answer."""
    whole: float = 20.0
    """For all that is asked about one link; waiting for the host's turn does not count."""

    @property
    def extensions(self) -> dict[str, Any]:
        """As httpcore takes them."""
        return {"timeout": {"connect": self.connect, "read": self.read, "write": self.read}}


@dataclass(frozen=True)
class Reply:
    """What a server said, as far as it concerns us."""

    status: int
    location: str

    @classmethod
    def of(cls, response: httpcore.Response) -> Self:
        """Take it from a response."""
        location = next((value for name, value in response.headers if name.lower() == b"location"), b"")
        return cls(response.status, location.decode("utf-8", errors="replace"))


class Asker:
    """Asks for links, over connections of its own; no cookie, no proxy, nothing from the environment."""

    def __init__(self, names: Names, patience: Patience, trust: ssl.SSLContext | None) -> None:
        self._names = names
        self._patience = patience
        self._pace = Pace()
        self._connections = Connections(names, trust)

    async def close(self) -> None:
        """Close the connections."""
        await self._connections.close()

    async def answer(self, url: str) -> Answer:
        """Ask for a link, and for the same on https where it is http; whatever happens is the answer."""
        answer = await self._followed(url)
        if not answer.good or answer.end.startswith("https:") or not _is_plain(url):
            return answer
        secure = f"https:{url.removeprefix('http:')}"
        there = await self._followed(secure)
        found = there.good and not there.end.startswith("http:")
        return replace(answer, secure=secure if found else "")

    async def _followed(self, url: str) -> Answer:
        """Ask for a link and for what it is redirected to, each time as carefully as for the first."""
        end = moved = ""
        for_good = True
        left = self._patience.whole
        try:
            at = Destination.of(url)
            for _redirect in range(_MOST_REDIRECTS + 1):
                reply, left = await self._reply(at, left)
                if reply.status not in _REDIRECTS or not reply.location:
                    return Answer(Outcome.ANSWERED, reply.status, end, moved)
                end = redirected(at.url, reply.location)
                for_good = for_good and reply.status in _FOR_GOOD
                moved = end if for_good else moved
                at = Destination.of(end)
        except NotAnswered as failure:
            return Answer(failure.outcome, end=end, detail=failure.detail)
        return Answer(Outcome.CIRCLE, end=end)

    async def _reply(self, at: Destination, left: float) -> tuple[Reply, float]:
        """Ask one server when it is its turn; return how many seconds are left, too.

        Raises:
            NotAnswered: it gave no answer in time, or must not be asked.
        """
        async with self._pace.turn(f"{at.scheme}://{at.authority}") as host:
            start = time.monotonic()
            try:
                async with asyncio.timeout(left):
                    reply = await self._asked(at)
            except TimeoutError as err:
                failure = NotAnswered(Outcome.SILENT)
                host.failed(failure)
                raise failure from err
            except NotAnswered as failure:
                host.failed(failure)
                raise
            if reply.status in _BEGGING_OFF:
                host.begged_off()
            else:
                host.answered()
            return reply, left - (time.monotonic() - start)

    async def _asked(self, at: Destination) -> Reply:
        await self._names.admit(at.host, at.port)
        try:
            reply = await self._exchange(b"HEAD", at)
        except NotAnswered as failure:
            if failure.outcome not in {Outcome.CUT, Outcome.SILENT}:
                raise
            return await self._exchange(b"GET", at)  # some servers have never heard of HEAD
        if reply.status < 400 or reply.status in _ENOUGH:  # noqa: PLR2004 (RFC 9110, 15.5)
            return reply
        return await self._exchange(b"GET", at)

    async def _exchange(self, method: bytes, at: Destination) -> Reply:
        url = httpcore.URL(scheme=at.scheme, host=at.host, port=at.port, target=at.target)
        fields = [("Host", at.authority), *_FIELDS]
        extensions = self._patience.extensions
        try:
            async with (
                self._connections.to(at) as connection,
                connection.stream(method, url, headers=fields, extensions=extensions) as response,
            ):
                reply = Reply.of(response)
                if reply.status not in _REDIRECTS:
                    await _glance(response)
        except httpcore.TimeoutException as err:
            connecting = isinstance(err, httpcore.ConnectTimeout)
            raise NotAnswered(Outcome.UNREACHABLE if connecting else Outcome.SILENT) from err
        except httpcore.ConnectError as err:
            raise _unconnected(err, at.host) from err
        except (httpcore.NetworkError, httpcore.ProtocolError, ssl.SSLError) as err:
            raise NotAnswered(Outcome.CUT) from err
        return reply


def _is_plain(url: str) -> bool:
    """Say whether a link is http, at the port beside which https has its own."""
    at = Destination.of(url)
    return at.scheme == "http" and at.port == STANDARD["http"]


async def _glance(response: httpcore.Response) -> None:
    """Read the beginning of the page, so that an answer which breaks off at once is found."""
    read = 0
    async for piece in response.aiter_stream():
        read += len(piece)
        if read >= _MOST_BYTES:
            return


def _unconnected(err: httpcore.ConnectError, host: str) -> NotAnswered:
    """Tell what kept a connection from being made."""
    cause = err.__cause__ or err.__context__
    if isinstance(cause, ssl.SSLCertVerificationError):
        return NotAnswered(Outcome.CERTIFICATE, cause.verify_message)
    return NotAnswered(Outcome.NO_TLS if isinstance(cause, ssl.SSLError) else Outcome.UNREACHABLE, host)
