"""What has been claimed and waits for a connection: composed in time, held back where a domain is full."""

from __future__ import annotations

import asyncio
import os
from collections import deque
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

from newsletter.dispatch.model import Job, Opened
from newsletter.dispatch.pace import Pace
from newsletter.errors import NewsletterError
from newsletter.mail.letter import Letter

_BATCH = 8
"""Letters signed in one go by a thread: fewer hand-overs, and still work for all of them."""


class Claimed(NamedTuple):
    """A recipient that this run has claimed."""

    slice: int
    row: Opened

    @property
    def seq(self) -> int:
        """The recipient's number in the mailing."""
        return self.row.seq

    @property
    def attempt(self) -> int:
        """Which attempt this is, from 1."""
        return self.row.attempt

    @property
    def domain(self) -> str:
        """The recipient's domain."""
        return self.row.domain


class Unwritable(NamedTuple):
    """A recipient who cannot be written to: a name or an address that no header can hold."""

    slice: int
    seq: int
    attempt: int
    domain: str
    reason: str


Compose = Callable[[Opened], Letter]
Written = Job | Unwritable
Waiting = Claimed | Job | Unwritable


class Outgoing:
    """Claimed recipients on their way to the transport, in the order they were claimed."""

    def __init__(self, compose: Compose, pace: Pace, ready: Callable[[], None]) -> None:
        self._ready = ready  # says that there is something to take
        self._compose = compose
        self._pace = pace
        self._waiting: deque[Waiting] = deque()
        self._held: dict[str, deque[Waiting]] = {}

    def __len__(self) -> int:
        """Count those that wait."""
        return len(self._waiting) + sum(map(len, self._held.values()))

    @property
    def held(self) -> bool:
        """Whether some wait only because their domain may get no more just now."""
        return bool(self._held)

    def add(self, claimed: Iterable[Claimed]) -> None:
        """Take recipients; they are composed when their turn comes."""
        self._waiting.extend(claimed)

    def next(self, relay: str) -> Written | None:
        """Give the next recipient's job, if there is one that may go now."""
        found = self._choose() if self._pace.limited else self._first()
        if found is None:
            return None
        written = write(self._compose, found) if isinstance(found, Claimed) else found
        if isinstance(written, Job):
            self._pace.spend(relay, written.domain)
        return written

    def give_back(self) -> list[Waiting]:
        """Return all that wait, and forget them."""
        everything = [*self._waiting, *(one for held in self._held.values() for one in held)]
        self._waiting.clear()
        self._held.clear()
        return everything

    def close(self) -> None:
        """End whatever makes letters in the background."""

    def _first(self) -> Waiting | None:
        return self._waiting.popleft() if self._waiting else None

    def _choose(self) -> Waiting | None:
        """Take the first one whose domain may get another message."""
        for domain in list(self._held):
            if self._pace.domain_wait(domain) <= 0:
                return self._release(domain)
        while self._waiting:
            one = self._waiting.popleft()
            domain = one.domain
            if domain not in self._held and self._pace.domain_wait(domain) <= 0:
                return one
            self._held.setdefault(domain, deque()).append(one)
        return None

    def _release(self, domain: str) -> Waiting:
        held = self._held[domain]
        one = held.popleft()
        if not held:
            del self._held[domain]
        return one


class SignedAhead(Outgoing):
    """The same with letters made ahead in threads, for signatures that cost more than all the rest.

    RSA-2048 is seven eighths of a signed message (measured); OpenSSL lets go of the GIL meanwhile.
    """

    def __init__(self, compose: Compose, pace: Pace, ready: Callable[[], None]) -> None:
        super().__init__(compose, pace, ready)
        self._threads = ThreadPoolExecutor(os.cpu_count() or 1, thread_name_prefix="signing")
        self._away: dict[int, list[Claimed]] = {}
        self._number = 0

    def __len__(self) -> int:
        """Count those that wait, and those that are just being signed."""
        return super().__len__() + sum(map(len, self._away.values()))

    def add(self, claimed: Iterable[Claimed]) -> None:
        """Take recipients and begin with their letters."""
        everyone, loop = list(claimed), asyncio.get_running_loop()
        for start in range(0, len(everyone), _BATCH):
            batch = everyone[start : start + _BATCH]
            self._number += 1
            self._away[self._number] = batch
            self._threads.submit(self._write, loop, self._number, batch)

    def give_back(self) -> list[Waiting]:
        """Return all that wait or are being signed, and forget them."""
        away = [one for batch in self._away.values() for one in batch]
        self._away.clear()
        return [*super().give_back(), *away]

    def close(self) -> None:
        """End the threads."""
        self._threads.shutdown(wait=True, cancel_futures=True)

    def _write(self, loop: asyncio.AbstractEventLoop, number: int, batch: list[Claimed]) -> None:
        written = [write(self._compose, claimed) for claimed in batch]
        loop.call_soon_threadsafe(self._arrived, number, written)

    def _arrived(self, number: int, written: list[Written]) -> None:
        if self._away.pop(number, None) is not None:
            self._waiting.extend(written)
            self._ready()


def write(compose: Compose, claimed: Claimed) -> Written:
    """Compose a recipient's letter, or say why it cannot be."""
    row = claimed.row
    try:
        letter = compose(row)
    except NewsletterError as err:
        return Unwritable(claimed.slice, row.seq, row.attempt, row.domain, err.message)
    return Job(claimed.slice, row.seq, row.attempt, row.domain, letter)
