"""What the ways of sending without a connection of ours share: taking work, and waiting for it."""

from __future__ import annotations

import asyncio
import math

from newsletter.dispatch.model import Blame, Job, Outcome, Stage, State
from newsletter.dispatch.pace import Pace
from newsletter.dispatch.transport import Source

_PATIENCE = 1.0
"""Seconds until a way that failed as a whole is tried again, if nobody has ended it by then."""


class Local:
    """Takes jobs from the source as quickly as the pace allows, until it is told to end."""

    def __init__(self, name: str, source: Source, pace: Pace) -> None:
        self.name = name
        self.source = source
        self.ending = False
        self._pace = pace
        self._bell = asyncio.Event()
        self._pause: float | None = None
        self._failed = False

    def wake(self) -> None:
        """Say that there may be work again."""
        if not self._failed:
            self._bell.set()

    def finish(self) -> None:
        """Take no more; bring to an end what was taken."""
        self.ending = True
        self._bell.set()

    def abort(self) -> None:
        """End as soon as that is possible."""
        self.finish()

    def take(self) -> Job | None:
        """Return the next job, or None when there is none that may go now; `rest` follows then."""
        if self.ending or self._failed:
            return None
        wait = self._pace.relay_wait(self.name) if self._pace.limited else 0.0
        job = self.source.take(self.name) if wait <= 0 else None
        self._pause = wait if 0 < wait < math.inf else None
        return job

    async def rest(self) -> None:
        """Wait for work, or until the next message may go."""
        self._bell.clear()
        if self.ending:
            return
        pause = _PATIENCE if self._failed else self._pause
        try:
            await asyncio.wait_for(self._bell.wait(), pause)
        except TimeoutError:
            self._failed = False

    def settle(self, job: Job, state: State, text: str = "", *, stage: Stage = Stage.LOCAL) -> None:
        """Tell the source what became of a job."""
        self.source.settled(job, Outcome(state, stage, text=text, relay=self.name))

    def fail(self, text: str) -> None:
        """Tell the source, once, that nothing can be sent this way."""
        if self._failed:
            return
        self._failed = True
        outcome = Outcome(State.DEFERRED, Stage.LOCAL, text=text, relay=self.name, blame=Blame.SENDER)
        self.source.trouble(self.name, outcome)
