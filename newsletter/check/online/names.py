"""Names: each host is looked up once, all its addresses are judged, and no other is ever connected to.

A name whose answer changes between the look and the connection (DNS rebinding) therefore leads nowhere else.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Awaitable, Callable, Sequence

from newsletter.check.online.answer import NotAnswered, Outcome
from newsletter.check.online.destination import is_address
from newsletter.check.online.gate import Endpoint, Gate

Resolve = Callable[[str, int], Awaitable[Sequence[Endpoint]]]
"""Looks up a host name for a port; raises `socket.gaierror` where there is none."""
_PASSING = frozenset({socket.EAI_AGAIN, socket.EAI_FAIL, socket.EAI_SYSTEM, socket.EAI_MEMORY})
"""What says more about this machine, or this moment, than about the name."""

_LONGEST = 10.0
"""Seconds that looking up may take."""


async def system(host: str, port: int) -> Sequence[Endpoint]:
    """Ask the system's resolver."""
    loop = asyncio.get_running_loop()
    found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [Endpoint(str(address[0]), int(address[1])) for *_kind, address in found]


class Names:
    """The hosts of one inquiry, and where each of them may be connected to."""

    def __init__(self, gate: Gate, resolve: Resolve) -> None:
        self._gate = gate
        self._resolve = resolve
        self._known: dict[Endpoint, asyncio.Task[tuple[Endpoint, ...]]] = {}

    async def admit(self, host: str, port: int) -> None:
        """Look a host up, if it was not yet, and judge what was found.

        Raises:
            NotAnswered: there is no such host, or one of its addresses is not to be asked.
        """
        key = Endpoint(host, port)
        if key not in self._known:
            self._known[key] = asyncio.create_task(self._judged(host, port))
        await asyncio.shield(self._known[key])

    def admitted(self, host: str, port: int) -> tuple[Endpoint, ...]:
        """Return where a host that was admitted is connected to; nothing for any other."""
        task = self._known.get(Endpoint(host, port))
        if task is None or not task.done() or task.cancelled() or task.exception():
            return ()
        return task.result()

    async def _judged(self, host: str, port: int) -> tuple[Endpoint, ...]:
        found = [Endpoint(host, port)] if is_address(host) else await self._looked_up(host, port)
        for endpoint in found:
            refusal = self._gate.refusal(endpoint)
            if refusal is not None:
                raise NotAnswered(refusal, endpoint.address if refusal is Outcome.INSIDE else str(port))
        return tuple(dict.fromkeys(found))

    async def _looked_up(self, host: str, port: int) -> Sequence[Endpoint]:
        try:
            async with asyncio.timeout(_LONGEST):
                found = await self._resolve(host, port)
        except TimeoutError as err:
            raise NotAnswered(Outcome.NAME_UNKNOWN, host) from err
        except socket.gaierror as err:
            raise NotAnswered(
                Outcome.NAME_UNKNOWN if err.errno in _PASSING else Outcome.NO_NAME, host
            ) from err
        except (OSError, UnicodeError) as err:  # labels that are too long
            raise NotAnswered(Outcome.NO_NAME, host) from err
        if not found:
            raise NotAnswered(Outcome.NO_NAME, host)
        return found
