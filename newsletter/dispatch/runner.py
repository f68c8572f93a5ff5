"""A run: claims recipients window by window, hands them to a transport, writes down what became of them.

The order that carries the guarantee: a claim is committed before the first byte goes out; a message is noted
in the journal before its final dot does; the lease is looked at after that. Whatever breaks in between, the
next run can tell who was never handed over (again pending) from who may have been (in doubt).
"""

from __future__ import annotations

import asyncio
import sqlite3
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

from newsletter.dispatch.books import Books
from newsletter.dispatch.ending import Ending, Why
from newsletter.dispatch.journal import Journal
from newsletter.dispatch.ledger import Ledger
from newsletter.dispatch.model import Blame, Control, Job, Outcome, Stage, State
from newsletter.dispatch.outgoing import Outgoing, Unwritable, Waiting
from newsletter.dispatch.owner import Owner
from newsletter.dispatch.pace import Pace
from newsletter.dispatch.suspects import Suspects
from newsletter.dispatch.transport import Transport
from newsletter.store.database import DatabaseError

LEASE_SECONDS = 60.0
"""How long a slice stays ours without a word to the ledger."""
_TICK = 0.25
_WINDOW = 400
"""Recipients claimed at most and not yet handed to the transport."""
_LOW = 150
"""Waiting recipients below which the next are claimed, so that no connection runs dry."""
_RETURNED = Outcome(State.PENDING, Stage.LOCAL)


@dataclass(frozen=True, kw_only=True)
class Orders:
    """How a run is to go."""

    limit: int | None = None
    """Messages at most."""
    wait: bool = False
    """Whether to stay until deferred ones have had their further attempts."""
    lease: float = LEASE_SECONDS
    unreachable: float = 60.0
    """Seconds without any server after which a run gives up."""
    patience: float = 30.0
    """Seconds that a run goes on trying to write the ledger, with nothing new going out."""


class Runner:
    """One run of a mailing; the `Source` of its transport."""

    def __init__(
        self,
        ledger: Ledger,
        mailing: int,
        owner: Owner,
        outgoing: Callable[..., Outgoing],
        pace: Pace,
        orders: Orders,
        *,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self.tally: Counter[State] = Counter()
        """What became of this run's attempts."""
        self.trouble_now: Outcome | None = None
        """What is wrong with the servers at the moment, if anything is."""
        self._ledger = ledger
        self._mailing = mailing
        self._journal: Journal = owner.journal
        self._outgoing = outgoing(ready=self._wake)
        self._books = Books(
            ledger, mailing, owner, self._outgoing.add, lease=orders.lease, monotonic=monotonic
        )
        self._pace = pace
        self._orders = orders
        self._now = monotonic
        self._suspects = Suspects()
        self._left = orders.limit
        self._ending: Ending | None = None
        self._planned = self._flushing = False
        self._trouble_since: float | None = None
        self._database_down: float | None = None
        self._error: Exception | None = None
        self._transport: Transport

    async def run(self, transport: Transport, tick: Callable[[], None] = lambda: None) -> Ending:
        """Send until there is nothing left to do, or something ends it; `tick` is called while it goes on."""
        self._transport = transport
        sending = asyncio.create_task(transport.run())
        self._turn()
        try:
            while not sending.done():
                await asyncio.wait([sending], timeout=_TICK)
                self._tick()
                tick()
            sending.result()
        finally:
            if not sending.done():
                transport.abort()
                await asyncio.wait([sending])
            self._outgoing.close()
            self._close()
        if self._error is not None:
            raise self._error
        return self._ending or Ending(Why.DONE)

    def stop(
        self, why: Why = Why.ASKED, trouble: Outcome | None = None, error: Exception | None = None
    ) -> None:
        """Take no more; what is on the wire is brought to its end."""
        if self._ending is None:
            self._ending = Ending(why, trouble, error)
            self._transport.finish()

    def abort(self) -> None:
        """End at once; whatever cannot be known is in doubt."""
        self.stop()
        self._transport.abort()

    # What a transport asks: see transport.Source.

    def take(self, relay: str) -> Job | None:
        """Give the next job for a relay."""
        while self._ending is None and self._left != 0:
            written = self._outgoing.next(relay)
            if written is None:
                break
            if isinstance(written, Job):
                if self._left is not None:
                    self._left -= 1
                return written
            self._refuse(written)
        if len(self._outgoing) < _LOW or self._pace.used_up:
            self._plan_turn()
        return None

    def starts(self, job: Job) -> bool:
        """Note that a message is about to be handed over; say whether it may be.

        The journal first, the clock second: whoever takes over after the lease has run out finds every
        message that a stopped and woken run could still send in its journal.
        """
        try:
            self._journal.started(job.slice, job.seq, job.attempt)
        except OSError as err:
            self.stop(Why.DATABASE, error=err)
            return False
        return self._books.ours(job.slice)

    def settled(self, job: Job, outcome: Outcome) -> None:
        """Take what became of a job."""
        if outcome.state is State.ACCEPTED:
            self.trouble_now = self._trouble_since = None
        elif outcome.state is State.PENDING and self._left is not None:
            self._left += 1
        kept_back = outcome.blame is Blame.SENDER
        noted = outcome._replace(state=State.PENDING) if kept_back else outcome
        self._journal.settled(job.slice, job.seq, job.attempt, noted)
        if not self._flushing:
            self._flushing = True
            asyncio.get_running_loop().call_soon(self._flush)
        self._pace.freed(outcome.relay, job.domain, outcome)
        for one, judged in self._suspects.judge(job, outcome):
            self._put(one, judged)
        if self._suspects.guilty:
            self.stop(Why.REFUSED, self._suspects.guilty)
        if len(self._outgoing) < _LOW:
            self._plan_turn()

    def trouble(self, relay: str, outcome: Outcome) -> None:
        """Take what went wrong with a relay as a whole."""
        self._pace.troubled(relay, outcome)
        self.trouble_now = outcome._replace(relay=relay)
        self._trouble_since = self._trouble_since or self._now()
        if outcome.blame is Blame.SENDER:
            self.stop(Why.REFUSED, self.trouble_now)

    # The turns: everything below happens between two events of the loop.

    def _flush(self) -> None:
        """Bring into the journal what no next message has taken along."""
        self._flushing = False
        try:
            self._journal.flush()
        except OSError as err:
            self.stop(Why.DATABASE, error=err)

    def _plan_turn(self) -> None:
        if not self._planned:
            self._planned = True
            asyncio.get_running_loop().call_soon(self._turn)

    def _turn(self) -> None:
        """Take a turn; what must not happen ends the run and is told when all is written down."""
        self._planned = False
        try:
            self._work()
        except Exception as err:  # noqa: BLE001 (a callback's error would only be logged, and the run hang)
            self._error = self._error or err
            self.abort()

    def _work(self) -> None:
        """Write down, claim, begin and end slices, as far as there is need."""
        books = self._books
        try:
            books.write_down(self._wants)
            self._obey()
            if self._left == 0 and books.at_rest:
                self.stop(Why.LIMIT)
            if self._pace.used_up:
                self.stop(Why.ALLOWANCE)
            books.end(all_of_them=self._ending is not None)
            if self._wants() and not books.unclaimed:
                books.begin(self._wants)
                self._obey()
            if self._suspects and not self._outgoing and books.under_way == len(self._suspects):
                self._conclude()
            self._database_down = None
        except (sqlite3.OperationalError, DatabaseError) as err:
            self._database_failed(err)
        if self._ending is None and not books:
            self._nothing_left()
        if self._outgoing:
            self._transport.wake()

    def _tick(self) -> None:
        nothing_held = not self._books and self._ending is None
        if self._books.overdue or self._database_down or nothing_held:
            self._plan_turn()
        if self._outgoing.held:
            self._transport.wake()
        if self._trouble_since and self._now() - self._trouble_since > self._orders.unreachable:
            self.stop(Why.UNREACHABLE, self.trouble_now)

    def _wants(self) -> int:
        """Say how many more recipients are to be claimed."""
        waiting = len(self._outgoing)
        if self._ending is not None or waiting >= _LOW:
            return 0
        return _WINDOW - waiting if self._left is None else max(0, min(_WINDOW, self._left) - waiting)

    def _obey(self) -> None:
        """Do what the ledger says."""
        if self._books.lost:
            self.stop(Why.LOST)
        elif self._books.control is Control.PAUSE:
            self.stop(Why.PAUSED)
        elif self._books.control is Control.CANCEL:
            self.stop(Why.CANCELLED)

    def _conclude(self) -> None:
        """Only refusals kept back are left: nothing more will show whose fault they are."""
        for job, outcome in self._suspects.conclude():
            self._put(job, outcome)
        if self._suspects.guilty:
            self.stop(Why.REFUSED, self._suspects.guilty)
        self._plan_turn()

    def _nothing_left(self) -> None:
        """Nothing is held and nothing is due: finished, or those left are deferred."""
        self._books.control = self._ledger.mailing(self._mailing).control
        self._obey()
        wait = self._ledger.next_due(self._mailing)
        if wait is None:
            self.stop(Why.DONE)
        elif wait > 0 and not self._orders.wait:
            self.stop(Why.LATER)

    def _database_failed(self, err: Exception) -> None:
        """Hold everything; the outcomes are in memory and in the journal."""
        now = self._now()
        self._database_down = self._database_down or now
        if now - self._database_down > self._orders.patience:
            self.stop(Why.DATABASE, error=err)

    def _refuse(self, one: Unwritable) -> None:
        """Write down that somebody cannot be written to: nothing went out, and nothing will."""
        self._put(one, Outcome(State.REFUSED, Stage.LOCAL, text=one.reason, blame=Blame.RECIPIENT))

    def _put(self, one: Waiting, outcome: Outcome) -> None:
        self._books.put(one, outcome)
        self.tally[outcome.state] += 1

    def _wake(self) -> None:
        self._transport.wake()

    def _close(self) -> None:
        """Give back what was not sent, write everything down, end the slices."""
        for one in self._outgoing.give_back():
            self._put(one, _RETURNED)
        for job, outcome in self._suspects.acquit():
            self._put(job, outcome)
        self._flush()
        deadline = self._now() + self._orders.patience
        while self._books and self._now() <= deadline:
            try:
                self._books.close()
            except (sqlite3.OperationalError, DatabaseError) as err:
                self._ending = Ending(Why.DATABASE, error=err)
                time.sleep(0.5)
        self.tally[State.SKIPPED] = self._books.skipped
