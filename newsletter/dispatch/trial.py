"""Test mails: a few letters to named addresses, outside of any mailing and of its ledger."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable

from newsletter.dispatch.model import Job, Outcome, Stage, State
from newsletter.dispatch.transport import Source, Transport
from newsletter.mail.letter import Letter

_MOST_TRIES = 3


class Trial:
    """The source of a few letters; each has its outcome when `send` returns."""

    def __init__(self, letters: Iterable[tuple[str, Letter]]) -> None:
        self.outcomes: dict[str, Outcome] = {}
        self._addresses: list[str] = []
        self._waiting: deque[Job] = deque()
        for seq, (address, letter) in enumerate(letters):
            self._addresses.append(address)
            self._waiting.append(Job(0, seq, 1, address.rpartition("@")[2].lower(), letter))
        self._trouble: Outcome | None = None
        self._transport: Transport

    async def send(self, make: Callable[[Source], Transport]) -> None:
        """Send them all; what no server could be reached for is pending."""
        self._transport = make(self)
        if not self._waiting:
            return
        await self._transport.run()
        for job in self._waiting:
            self.outcomes.setdefault(self._addresses[job.seq], Outcome(State.PENDING, Stage.CONNECT))

    def take(self, relay: str) -> Job | None:  # noqa: ARG002 (transport.Source)
        """Give the next letter."""
        return self._waiting.popleft() if self._waiting else None

    def starts(self, job: Job) -> bool:  # noqa: ARG002 (transport.Source)
        """Let everything go out; there is no lease to lose."""
        return True

    def settled(self, job: Job, outcome: Outcome) -> None:
        """Keep the outcome; what was not tried is tried again, a few times."""
        if outcome.state is State.PENDING and self._trouble is not None:
            outcome = self._trouble
        elif outcome.state is State.PENDING and job.attempt < _MOST_TRIES:
            job.attempt += 1
            self._waiting.append(job)
            self._transport.wake()
            return
        self.outcomes[self._addresses[job.seq]] = outcome
        if len(self.outcomes) == len(self._addresses):
            self._transport.finish()

    def trouble(self, relay: str, outcome: Outcome) -> None:  # noqa: ARG002 (transport.Source)
        """Give up: who sends a test wants to know at once."""
        self._trouble = outcome
        for job in self._waiting:
            self.outcomes[self._addresses[job.seq]] = outcome
        self._waiting.clear()
        self._transport.finish()
