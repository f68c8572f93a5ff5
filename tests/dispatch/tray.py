"""A source of letters for tests of transports: what they take, whether it may start, what became of it."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Iterable

from newsletter.dispatch.model import Job, Outcome, State
from newsletter.dispatch.pace import Pace
from newsletter.dispatch.transport import Transport
from newsletter.mail.letter import Letter

BODY = b"Subject: Neues\r\nTo: p@example.org\r\n\r\nGuten Tag,\r\n \r\n=E4\r\n"


def job(seq: int, *, attempt: int = 1, data: bytes = BODY, recipient: str = "", sender: str = "") -> Job:
    """Return a job."""
    to = recipient or f"p{seq}@example.org"
    letter = Letter((sender or "bounces@example.org").encode(), to.encode(), data, utf8=not to.isascii())
    return Job(0, seq, attempt, to.rpartition("@")[2], letter)


class Tray:
    """Gives jobs, and ends the transport when all have their outcome or something is wrong as a whole."""

    def __init__(
        self,
        jobs: Iterable[Job],
        *,
        may_start: Callable[[Job], bool] = lambda _job: True,
        pace: Pace | None = None,
    ) -> None:
        self.waiting = deque(jobs)
        self.under_way = 0
        self.started: list[int] = []
        self.outcomes: dict[int, Outcome] = {}
        self.troubles: list[Outcome] = []
        self.transport: Transport | None = None
        self._may_start = may_start
        self._pace = pace

    def take(self, relay: str) -> Job | None:
        """Give the next job."""
        if not self.waiting:
            return None
        one = self.waiting.popleft()
        self.under_way += 1
        if self._pace:
            self._pace.spend(relay, one.domain)
        return one

    def starts(self, one: Job) -> bool:
        """Note that a job is handed over."""
        self.started.append(one.seq)
        return self._may_start(one)

    def settled(self, one: Job, outcome: Outcome) -> None:
        """Keep what became of a job."""
        assert one.seq not in self.outcomes, "settled twice"
        self.outcomes[one.seq] = outcome
        self.under_way -= 1
        if not self.waiting and not self.under_way:
            self._end()

    def trouble(self, _relay: str, outcome: Outcome) -> None:
        """Keep what is wrong as a whole."""
        self.troubles.append(outcome)
        self._end()

    def run(self, transport: Transport) -> Tray:
        """Let a transport work through the jobs."""
        self.transport = transport
        asyncio.run(asyncio.wait_for(transport.run(), 30))
        assert not self.under_way, "taken, but not settled"
        return self

    def states(self) -> dict[int, State]:
        """Return what became of each job."""
        return {seq: outcome.state for seq, outcome in sorted(self.outcomes.items())}

    def _end(self) -> None:
        assert self.transport
        self.transport.finish()
