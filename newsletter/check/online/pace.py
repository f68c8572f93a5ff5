"""Pace: how many links are asked for at a time, at all and of one host.

A host is asked for a few links at first. One that answers readily is asked for more at a time, one that says
it is too much for fewer, and one that does not answer at all not again and again.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from newsletter.check.online.answer import NotAnswered

EVERYWHERE = 20
AT_FIRST = 4
"""Of one host; it may come to EVERYWHERE."""
_PATIENCE = 3
"""After so many failures, and no answer between them, a host is not asked any more."""


class Host:
    """How one host is asked."""

    def __init__(self) -> None:
        self._room = asyncio.Semaphore(AT_FIRST)
        self._limit = AT_FIRST
        self._owed = 0
        self._failures: list[NotAnswered] = []

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """Wait until the host may be asked for one more."""
        await self._room.acquire()
        try:
            yield
        finally:
            if self._owed:
                self._owed -= 1
            else:
                self._room.release()

    def answered(self) -> None:
        """It has answered: one more at a time from now on."""
        self._failures.clear()
        if self._limit < EVERYWHERE:
            self._limit += 1
            self._room.release()

    def begged_off(self) -> None:
        """It said that it is too much (429, 503): one at a time from now on."""
        self._failures.clear()
        self._owed += self._limit - 1
        self._limit = 1

    def failed(self, failure: NotAnswered) -> None:
        """It did not answer."""
        self._failures.append(failure)

    def given_up(self) -> NotAnswered | None:
        """Return what came of asking it, when it is not worth while to go on."""
        return self._failures[-1] if len(self._failures) >= _PATIENCE else None


class Pace:
    """How all hosts of one inquiry are asked."""

    def __init__(self) -> None:
        self._room = asyncio.Semaphore(EVERYWHERE)
        self._hosts: defaultdict[str, Host] = defaultdict(Host)

    @asynccontextmanager
    async def turn(self, origin: str) -> AsyncIterator[Host]:
        """Wait until a host may be asked: for its own limit first, so that a slow one takes nobody's room.

        Raises:
            NotAnswered: it was asked often enough in vain.
        """
        host = self._hosts[origin]
        async with host.turn():
            failure = host.given_up()
            if failure is not None:
                raise NotAnswered(failure.outcome, failure.detail)
            async with self._room:
                yield host
