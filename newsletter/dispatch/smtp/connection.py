"""A connection to a mail server: drives a session on asyncio or uvloop, keeps time and back-pressure."""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import Callable
from contextlib import suppress
from typing import Protocol, cast

from newsletter.dispatch.model import Job, Outcome, Stage
from newsletter.dispatch.smtp.session import Phase, Session, Want
from newsletter.dispatch.smtp.timeouts import Timeouts
from newsletter.language import _

_RECORDS = 4096
"""Bytes that some dozens of TLS records add to what is in them: 22 each with TLS 1.3, 85 at most before."""
_READY, _CLOSED = Phase.READY, Phase.CLOSED  # an enum's members are slow to find
_NOTHING, _START = Want.NOTHING, Want.START


class Desk(Protocol):
    """Where a connection gets its work, and tells what became of it; nothing it does raises."""

    def take(self, connection: Connection) -> Job | None:
        """Give a message, or None when there is none just now."""

    def starts(self, job: Job) -> bool:
        """Note that a message is about to be handed over; False when it must not."""

    def settled(self, job: Job, outcome: Outcome) -> None:
        """Take what became of a message."""

    def dismisses(self, connection: Connection) -> bool:
        """Whether a connection that has nothing to do is to close."""

    def over(self, connection: Connection) -> None:
        """Note that a connection is gone; everything is settled."""


class Connection(asyncio.Protocol):
    """One connection, from the greeting to the end.

    No task, future or timer is made for a message: what comes in leads to at most one write, and one slow
    timer keeps the time-outs.
    """

    def __init__(self, begin: Callable[[asyncio.Transport], Session], desk: Desk, timeouts: Timeouts) -> None:
        """`begin` makes the session once it is known whom we speak with."""
        self.session: Session
        self._begin = begin
        self._desk = desk
        self._timeouts = timeouts
        self._loop = asyncio.get_running_loop()
        self._now = self._loop.time
        self._transport: asyncio.Transport
        self._encrypted = False
        self._below: asyncio.Transport | None = None
        self._at_work = False
        self._paused = False
        self._backlog = 0
        self._since = 0.0
        self._timer: asyncio.TimerHandle | None = None
        self._turn = self._loop.create_future()
        self._gone = self._loop.create_future()

    # -- opening, by `dialling`

    async def turn(self) -> Phase:
        """Wait until greeting and login are over, or encryption is due, or all is over."""
        while self.session.phase is Phase.OPENING:
            self._turn = self._loop.create_future()
            await self._turn
        return self.session.phase

    async def gone(self) -> None:
        """Wait until nothing is left of it."""
        await self._gone

    @property
    def transport(self) -> asyncio.Transport:
        """What carries the bytes."""
        return self._transport

    def secured(self, transport: asyncio.Transport) -> None:
        """Go on over an encrypted transport."""
        self._below = self._transport
        self._adopt(transport)
        self.session.secured()
        self._write()

    # -- work, by the desk

    def work(self) -> None:
        """Begin to send."""
        self._at_work = True
        self.go_on()

    def go_on(self) -> None:
        """Send what may be sent, and ask for more."""
        session, desk = self.session, self._desk
        while not self._paused and (want := session.want) is not _NOTHING:
            if want is _START:
                if not desk.starts(session.due):
                    session.withdraw()
                    break
                session.start()
            elif (job := desk.take(self)) is not None:
                session.offer(job)
            else:
                break
        if session.out:
            self._write()
        elif session.phase is _CLOSED:
            self._sever()
        elif not session.busy and desk.dismisses(self):
            self.leave()
        if session.settled:
            self._report()

    def wake(self) -> None:
        """Ask for work again, where there was none."""
        if self.session.want is Want.JOB:
            if not self.session.busy:
                self._since = self._now()
            self.go_on()

    def leave(self) -> None:
        """Say goodbye, unless a message is under way."""
        if self.session.phase is _READY and not self.session.busy:
            self._since = self._now()
            self.session.quit()
            self._write()

    def drop(self, text: str, *, ours: bool = True) -> None:
        """End at once, because we want it or the server is silent; what cannot be known is in doubt."""
        self.session.lost(text, unsent=self._sever(), ours=ours)
        self._report()
        self._told()

    # -- events, by the event loop

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin; the server speaks first."""
        stream = cast("asyncio.Transport", transport)  # uvloop's is none by birth
        self._adopt(stream)
        self.session = self._begin(stream)
        self._since = self._now()
        self._timer = self._loop.call_later(self._timeouts.tick, self._tick)

    def data_received(self, data: bytes) -> None:
        """Take what the server sent, and go on."""
        session = self.session
        unsent = self._unsent() if self._paused else 0
        if session.receive(data, unsent=unsent):
            self._since = self._now()
        if self._at_work and session.phase is _READY:
            if session.settled:
                self._report()  # before new work is asked for
            self.go_on()
            return
        self._write()
        self._report()
        if session.phase is Phase.UPGRADE:
            self._transport.pause_reading()  # what follows belongs to the handshake
        elif session.phase is _CLOSED:
            self._close()
        self._told()

    def eof_received(self) -> None:
        """Take that the server says nothing any more; it might still listen, so nothing more may go out."""
        self.session.lost(_("The server closed the connection."), unsent=self._sever())
        self._report()
        self._told()

    def connection_lost(self, exc: Exception | None) -> None:
        """Take that the connection is gone."""
        if self._timer is not None:
            self._timer.cancel()
        text = _("The connection broke: {reason}").format(reason=exc) if exc else ""
        self.session.lost(text or _("The server closed the connection."), unsent=self._unsent())
        self._report()
        self._told()
        self._desk.over(self)
        if not self._gone.done():
            self._gone.set_result(None)

    def pause_writing(self) -> None:
        """Take that the operating system takes no more for now."""
        self._paused = True
        self._backlog = self._unsent()

    def resume_writing(self) -> None:
        """Take that everything written is with the operating system."""
        self._paused = False
        self._since = self._now()
        if self._at_work:
            self.go_on()

    # -- the rest

    def _adopt(self, transport: asyncio.Transport) -> None:
        self._transport = transport
        self._encrypted = transport.get_extra_info("sslcontext") is not None
        # Paused then means: not all is with the operating system. With 0, TLS would stay paused for good.
        transport.set_write_buffer_limits(high=1, low=0)
        with suppress(OSError, AttributeError):
            transport.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def _write(self) -> None:
        out = self.session.out
        if out:
            self._transport.writelines(out)
            out.clear()

    def _report(self) -> None:
        settled = self.session.settled
        while settled:
            self._desk.settled(*settled.pop(0))

    def _told(self) -> None:
        """Let whoever opens this connection look again."""
        if not self._turn.done():
            self._turn.set_result(None)

    def _unsent(self) -> int:
        """How many bytes, at least, are not with the operating system.

        Under TLS the buffers hold records, which are longer than what we wrote, and without STARTTLS the
        lower buffer is out of sight. So it is rather too few, which is rather too much doubt.
        """
        size = self._transport.get_write_buffer_size()
        if not self._encrypted:
            return size
        size += self._below.get_write_buffer_size() if self._below else 0
        return max(0, size - size // 100 - _RECORDS)

    def _close(self) -> None:
        """Close after a polite end, sever otherwise."""
        if self.session.ending is None:
            self._transport.close()
        else:
            self._sever()

    def _sever(self) -> int:
        """End the connection so that not one more byte of what is buffered goes out.

        `abort` alone is not enough: under uvloop the buffer may be written until the loop's next round.
        Returns how many bytes, at least, were not with the operating system.
        """
        with suppress(OSError, AttributeError, ValueError):
            handle = os.dup(self._transport.get_extra_info("socket").fileno())
            with socket.socket(fileno=handle) as twin:
                twin.shutdown(socket.SHUT_RDWR)
        unsent = self._unsent()
        self._transport.abort()
        return unsent

    def _tick(self) -> None:
        """Look at the clock."""
        phase, stage, now = self.session.phase, self.session.stage, self._now()
        if phase is _CLOSED:
            self._transport.abort()
            return
        self._timer = self._loop.call_later(self._timeouts.tick, self._tick)
        if self._paused and (unsent := self._unsent()) != self._backlog:
            self._backlog, self._since = unsent, now
        limit = self._limit(phase, stage)
        if now - self._since < limit:
            return
        if phase is _READY and stage is None:
            self.leave()
        elif phase is Phase.LEAVING:
            self.session.lost("")
            self._transport.abort()
        else:
            self.drop(_("No answer within {seconds:g} seconds.").format(seconds=limit), ours=False)

    def _limit(self, phase: Phase, stage: Stage | None) -> float:
        if phase is Phase.LEAVING:
            return self._timeouts.quit
        if self._paused:
            return self._timeouts.block
        return self._timeouts.idle if stage is None else self._timeouts.at[stage]
