"""Connecting: httpcore's connections go to the addresses that were judged; TLS and Host keep the name.

Connections rest between two links to the same host. httpcore's own pool does that too, but offers a resting
one to all who wait, of whom all but one have to ask again: 1.7 times the CPU time for 200 links (measured).
"""

from __future__ import annotations

import ssl
from collections import defaultdict
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager

import httpcore

from newsletter.check.online.destination import Destination
from newsletter.check.online.names import Names

_ADDRESSES = 3
"""How many addresses of a host are tried."""
_REST = 5.0
"""Seconds after which a resting connection is not used again."""


class Connections:
    """The connections of one inquiry, by host."""

    def __init__(self, names: Names, trust: ssl.SSLContext | None) -> None:
        self._backend = Backend(names)
        self._trust = trust or httpcore.default_ssl_context()
        self._resting: defaultdict[tuple[str, str, int], list[httpcore.AsyncHTTPConnection]] = defaultdict(
            list
        )

    @asynccontextmanager
    async def to(self, at: Destination) -> AsyncIterator[httpcore.AsyncHTTPConnection]:
        """Lend a connection, which is opened when it is first used."""
        resting = self._resting[at.scheme, at.host, at.port]
        connection = await self._rested(resting) or self._new(at)
        try:
            yield connection
        finally:
            if connection.is_available():
                resting.append(connection)
            else:
                await connection.aclose()

    async def close(self) -> None:
        """Close all that rest."""
        for resting in self._resting.values():
            for connection in resting:
                await connection.aclose()

    async def _rested(
        self, resting: list[httpcore.AsyncHTTPConnection]
    ) -> httpcore.AsyncHTTPConnection | None:
        while resting:
            connection = resting.pop()
            if not connection.has_expired():
                return connection
            await connection.aclose()
        return None

    def _new(self, at: Destination) -> httpcore.AsyncHTTPConnection:
        origin = httpcore.Origin(at.scheme.encode(), at.host.encode(), at.port)
        return httpcore.AsyncHTTPConnection(
            origin, self._trust, keepalive_expiry=_REST, network_backend=self._backend
        )


class Backend(httpcore.AsyncNetworkBackend):
    """Opens connections to admitted hosts only; it looks up no name."""

    def __init__(self, names: Names) -> None:
        self._names = names
        self._sockets = httpcore.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 (httpcore's signature)
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """Connect to the first address of the host that takes the connection.

        Raises:
            httpcore.ConnectError, httpcore.ConnectTimeout: none does, or the host was not admitted.
        """
        failure: Exception = httpcore.ConnectError(f"{host} was not admitted")
        for address, endpoint_port in self._names.admitted(host, port)[:_ADDRESSES]:
            try:
                return await self._sockets.connect_tcp(
                    address, endpoint_port, timeout, local_address, socket_options
                )
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as err:
                failure = err
        raise failure
