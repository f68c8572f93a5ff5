"""One relay: its connections, how many there are, and its rest when it is in trouble."""

from __future__ import annotations

import asyncio
import math
from dataclasses import replace

from newsletter.dispatch.model import Job, Outcome, Stage, State
from newsletter.dispatch.smtp.connection import Connection
from newsletter.dispatch.smtp.dialling import Line, dial
from newsletter.dispatch.smtp.login import Login
from newsletter.dispatch.smtp.office import Office
from newsletter.dispatch.smtp.session import Phase
from newsletter.dispatch.smtp.trouble import Trouble

_PATIENCE = 1.0
"""Seconds that a relay waits for others to take their share."""


class Relay:
    """A mail server with its connections; what they ask (`connection.Desk`) is answered here."""

    def __init__(self, line: Line, login: Login, office: Office, *, most: int) -> None:
        self.name = line.relay
        self._line = line
        self._login = login
        self._office = office
        self._source = office.source
        self._most = most
        self._connections: set[Connection] = set()
        self._hungry: set[Connection] = set()
        self._dialling: set[asyncio.Task[None]] = set()
        self._demand = False
        self._failures = 0
        self._rest: asyncio.TimerHandle | None = None
        self._later: asyncio.TimerHandle | None = None
        self._later_at = 0.0

    @property
    def busy(self) -> bool:
        """Whether there is a connection, or one to be."""
        return bool(self._connections or self._dialling)

    @property
    def resting(self) -> bool:
        """Whether it is in trouble and left alone for a while."""
        return self._rest is not None and not self._connections

    # -- by the pool

    def wake(self) -> None:
        """Take work, if there is any."""
        self._demand = True
        for connection in tuple(self._connections):
            connection.wake()
        self._grow()

    def finish(self) -> None:
        """Open no connection any more, and close those that have nothing to do."""
        self._stop_timers()
        for task in self._dialling:
            task.cancel()
        for connection in tuple(self._connections):
            connection.leave()

    def abort(self, text: str) -> None:
        """End everything at once."""
        self._stop_timers()
        for task in self._dialling:
            task.cancel()
        for connection in tuple(self._connections):
            connection.drop(text)

    # -- by the connections

    def take(self, connection: Connection) -> Job | None:
        """Give the next message that this relay is to have."""
        office = self._office
        if office.draining:
            return None
        held = office.pace.limited or not office.shares.free
        job = None if held and not self._may_take() else self._next()
        if job is None:
            self._hungry.add(connection)
            return None
        if self._hungry:
            self._hungry.discard(connection)
        if held:
            self._count()
        if len(self._connections) < self._most and (connection.session.busy or connection.session.served):
            self._grow()  # it has had a message before this one, so there is more work than one
        return job

    def starts(self, job: Job) -> bool:
        """Note that a message is about to be handed over."""
        try:
            return self._source.starts(job)
        except BaseException as err:  # noqa: BLE001 (see take)
            self._office.failed(err)
            return False

    def settled(self, job: Job, outcome: Outcome) -> None:
        """Hand on what became of a message."""
        try:
            self._source.settled(job, outcome)
        except BaseException as err:  # noqa: BLE001 (the others must be settled all the same)
            self._office.failed(err)

    def dismisses(self, connection: Connection) -> bool:  # noqa: ARG002 (whichever has nothing to do)
        """Whether there are more connections than there should be."""
        return self._office.draining or self._crowded()

    def over(self, connection: Connection) -> None:
        """Note that a connection is gone, and open another one if there is work."""
        self._hungry.discard(connection)
        if connection not in self._connections:
            return
        self._connections.discard(connection)
        ending = connection.session.ending
        if connection.session.served:
            self._failures = 0
        elif ending is not None:
            self._pause(ending)
        if not self._connections:
            self._office.shares.leave(self.name)
        self._grow()
        self._office.changed()

    # -- growth and rest

    def _grow(self) -> None:
        """Open a connection if there is work and nobody waits for it; twice as many each time."""
        if self._office.draining or not self._demand or self._hungry or self._rest is not None:
            return
        open_ = len(self._connections)
        full = open_ + len(self._dialling) >= self._limit() or len(self._dialling) > open_
        if full or not self._has_leave():
            return
        task = asyncio.get_running_loop().create_task(self._dial())
        self._dialling.add(task)
        task.add_done_callback(self._dialled)

    async def _dial(self) -> None:
        try:
            connection = await self._reached()
        except Trouble as err:
            self._pause(err.outcome)
            return
        self._connections.add(connection)
        connection.work()

    async def _reached(self) -> Connection:
        """Open a connection; an access token that is refused is renewed once."""
        try:
            return await self._dial_once()
        except Trouble as err:
            if err.outcome.stage is not Stage.AUTH or not err.outcome.code or not self._login.renewable:
                raise
        self._login.forget()
        return await self._dial_once()

    async def _dial_once(self) -> Connection:
        line = self._line if self._line.hello else replace(self._line, hello=self._office.hello)
        return await dial(line, self, await self._login.credentials())

    def _dialled(self, task: asyncio.Task[None]) -> None:
        self._dialling.discard(task)
        if not task.cancelled() and (err := task.exception()) is not None:
            self._office.failed(err)
        self._office.changed()

    def _pause(self, outcome: Outcome) -> None:
        """Rest; while others of its connections work, the server only wants no more of them."""
        if self._rest is not None or self._office.draining:
            return
        pauses = self._office.pauses
        pause = pauses[min(self._failures, len(pauses) - 1)]
        self._failures += 1
        self._rest = asyncio.get_running_loop().call_later(pause, self._rested)
        if self._connections and outcome.state is State.DEFERRED:
            return
        try:
            self._source.trouble(self.name, outcome)
        except BaseException as err:  # noqa: BLE001 (see take)
            self._office.failed(err)

    def _rested(self) -> None:
        self._rest = None
        self._grow()

    # -- pace and shares

    def _next(self) -> Job | None:
        try:
            job = self._source.take(self.name)
        except BaseException as err:  # noqa: BLE001 (whatever it is, everything taken must be settled first)
            self._office.failed(err)
            job = None
        if job is None:
            self._demand = False
            self._office.shares.leave(self.name)
        return job

    def _limit(self) -> int:
        pace = self._office.pace
        return min(self._most, pace.connections(self.name)) if pace.limited else self._most

    def _crowded(self) -> bool:
        if not self._office.pace.limited:
            return False
        staying = sum(connection.session.phase is Phase.READY for connection in self._connections)
        return staying > self._limit()

    def _may_take(self) -> bool:
        office = self._office
        if not self._has_leave() or self._crowded():
            return False
        if not office.shares.ahead(self.name):
            return True
        office.waiting[self.name] = self.wake
        self._look_again(_PATIENCE)
        return False

    def _has_leave(self) -> bool:
        """Whether the pace lets this relay have a message now; if not, it asks again when it may."""
        pace = self._office.pace
        wait = pace.relay_wait(self.name) if pace.limited else 0.0
        if wait <= 0:
            return True
        self._office.shares.leave(self.name)
        if wait < math.inf:
            self._look_again(wait)
        return False

    def _count(self) -> None:
        """Note a message for the shares, and let those go on that waited for it."""
        office = self._office
        if office.shares.free:
            return
        office.shares.join(self.name)
        office.shares.count(self.name)
        for relay in [one for one in office.waiting if not office.shares.ahead(one)]:
            office.shares.kept()
            asyncio.get_running_loop().call_soon(office.waiting.pop(relay))

    def _look_again(self, wait: float) -> None:
        """Ask for work once more after some seconds, or earlier where that was planned."""
        loop = asyncio.get_running_loop()
        if self._later is not None:
            if self._later_at <= loop.time() + wait:
                return
            self._later.cancel()
        self._later_at = loop.time() + wait  # uvloop's handle of a very short wait does not know its time
        self._later = loop.call_later(wait, self._again)

    def _again(self) -> None:
        self._later = None
        if self._office.waiting.pop(self.name, None) is not None:
            self._office.shares.forgive(self.name)
        self.wake()

    def _stop_timers(self) -> None:
        for timer in (self._rest, self._later):
            if timer is not None:
                timer.cancel()
        self._rest = self._later = None
