"""Sends letters in tests, and notes what becomes of each."""

from __future__ import annotations

import asyncio
from collections import Counter, deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import uvloop

from newsletter.dispatch.model import Job, Outcome, State
from newsletter.dispatch.pace import Pace
from newsletter.dispatch.smtp.pool import Pool
from newsletter.dispatch.smtp.timeouts import Timeouts
from newsletter.mail.letter import Letter
from newsletter.settings_sending import Smtp

PATIENT = Timeouts(**dict.fromkeys(Timeouts.__dataclass_fields__, 20.0))
"""As long as a test lasts."""
LOOPS: dict[str, Callable[[], asyncio.AbstractEventLoop]] = {
    "asyncio": asyncio.new_event_loop,
    "uvloop": uvloop.new_event_loop,
}


def job(number: int, *, size: int = 200, utf8: bool = False) -> Job:
    """Make the mail to person number n."""
    recipient = f"p{number}@x.example" if not utf8 else f"jürgen{number}@x.example"
    head = f"From: news@sender.example\r\nTo: {recipient}\r\nMessage-ID: <{number}@sender.example>\r\n\r\n"
    lines = (size // 76 + 1) * (b"x" * 74 + b"\r\n")
    letter = Letter(b"b+%d@sender.example" % number, recipient.encode(), head.encode() + lines, utf8)
    return Job(0, number, 1, "x.example", letter)


@dataclass
class Post:
    """A source of work (`dispatch.transport.Source`) that wants every letter settled exactly once."""

    jobs: deque[Job]
    again: int = 0
    """How often a letter that stays pending is handed out once more."""
    outcomes: dict[int, Outcome] = field(default_factory=dict)
    troubles: list[Outcome] = field(default_factory=list)
    relays: Counter[str] = field(default_factory=Counter)
    """How many letters each relay took."""
    started: list[int] = field(default_factory=list)
    refuses: frozenset[int] = frozenset()
    """Letters that must not go out any more when they are about to."""
    stop_at_trouble: bool = True
    expects: int = 0
    """How many letters there are; 0: those at hand."""
    pace: Pace | None = None
    at_trouble: Callable[[], None] = lambda: None
    pool: Pool | None = None
    _open: dict[int, Job] = field(default_factory=dict)

    def take(self, relay: str) -> Job | None:
        """Hand out the next letter."""
        if not self.jobs:
            return None
        taken = self.jobs.popleft()
        self._open[taken.seq] = taken
        self.relays[relay] += 1
        if self.pace is not None:
            self.pace.spend(relay, taken.domain)
        return taken

    def starts(self, job: Job) -> bool:
        """Note that a letter goes out."""
        assert job.seq in self._open
        self.started.append(job.seq)
        return job.seq not in self.refuses

    def settled(self, job: Job, outcome: Outcome) -> None:
        """Take what became of a letter."""
        assert self._open.pop(job.seq) is job
        if self.pace is not None:
            self.pace.freed(outcome.relay, job.domain, outcome)
        if outcome.state is State.PENDING and self.again:
            self.again -= 1
            self.jobs.append(job)
            assert self.pool is not None
            self.pool.wake()
            return
        assert job.seq not in self.outcomes
        self.outcomes[job.seq] = outcome
        if not self._open and (len(self.outcomes) == self.expects if self.expects else not self.jobs):
            self.finish()

    def trouble(self, relay: str, outcome: Outcome) -> None:
        """Take that a relay cannot be used."""
        assert outcome.relay == relay
        self.troubles.append(outcome)
        self.at_trouble()
        if self.stop_at_trouble:
            self.finish()

    def finish(self) -> None:
        """Let the pool end."""
        assert self.pool is not None
        self.pool.finish()

    @property
    def open(self) -> dict[int, Job]:
        """What was taken and not settled."""
        return self._open

    def states(self) -> dict[int, State]:
        """The state of each letter."""
        return {number: outcome.state for number, outcome in sorted(self.outcomes.items())}


def post(letters: int | Iterable[Job], **options: Any) -> Post:
    """Have so many letters, or these."""
    jobs = map(job, range(letters)) if isinstance(letters, int) else letters
    return Post(deque(jobs), **options)


def settings(port: int, **more: Any) -> Smtp:
    """The settings for a server on this machine."""
    return Smtp(**{"host": "127.0.0.1", "port": port, "security": "none", "connections": 1} | more)


def send(
    letters: int | Iterable[Job] | Post,
    smtp: Smtp,
    *,
    loop: str = "asyncio",
    timeouts: Timeouts = PATIENT,
    root: Path = Path("/"),
    pauses: tuple[float, ...] = (0.05,),
    during: Callable[[Pool], None] = lambda _pool: None,
) -> Post:
    """Send letters until all are settled; `during` is called in the loop, before the pool runs."""
    source = letters if isinstance(letters, Post) else post(letters)

    async def run() -> None:
        pool = source.pool = Pool(
            smtp,
            source,
            source.pace or Pace(smtp),
            root=root,
            local_hostname="office.example",
            timeouts=timeouts,
            pauses=pauses,
        )
        during(pool)
        async with asyncio.timeout(60):
            await pool.run()

    with asyncio.Runner(loop_factory=LOOPS[loop]) as runner:
        runner.run(run())
    assert not source.open, "taken, but never settled"
    return source
