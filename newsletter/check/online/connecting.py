"""Connecting: httpcore's connections go to the addresses that were judged; TLS and Host keep the name."""

from __future__ import annotations

from collections.abc import Iterable

import httpcore

from newsletter.check.online.names import Names

_ADDRESSES = 3
"""How many addresses of a host are tried."""


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
