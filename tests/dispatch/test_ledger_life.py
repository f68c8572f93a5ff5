"""Any life of a mailing: runs die, stand still, answer late; nobody is lost, and nobody written to twice."""

from __future__ import annotations

import tempfile
from collections import Counter
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from hypothesis import settings as rules
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from newsletter.dispatch import control, doubts, planner
from newsletter.dispatch.control import StateError
from newsletter.dispatch.ledger import LeaseLostError, Ledger
from newsletter.dispatch.model import Lease, MailingState, Opened, Outcome, State
from newsletter.dispatch.owner import AliveError, Owner
from newsletter.dispatch.records import records
from newsletter.store.database import writing
from newsletter.subscribers.log import Draft
from tests.dispatch import books
from tests.dispatch.books import ACCEPTED, NOT_BEGUN, Clocks
from tests.subscribers import crowd

SLICES, EACH = (1, 2), 3
LEASE = 50.0
MOST = 3
"""Processes at a time."""
PICK = st.integers(0, 5)
NUMBERS = st.sampled_from([SLICES, SLICES, (1,), (2,)])


@dataclass
class Hold:
    """A slice that a process has leased, or had."""

    lease: Lease
    until: float
    claimed: list[Opened] = field(default_factory=list)
    flying: list[Opened] = field(default_factory=list)
    """Handed over, without an answer so far."""
    answered: list[tuple[Opened, Outcome]] = field(default_factory=list)
    """Answered, but not in the ledger yet."""


class Process:
    """A process that sends: a connection, a run and its slices."""

    def __init__(self, folder: Path, clocks: Clocks, boot: str) -> None:
        self.stack = ExitStack()
        self.ledger: Ledger = self.stack.enter_context(books.opened_ledger(folder, clocks, boot=boot))
        self.owner: Owner
        self.holds: dict[int, Hold] = {}
        self.stands = False

    def exchange(self, hold: Hold, want: int, now: float) -> bool:
        """Exchange as the runner does: what is given is forgotten once it is written down."""
        answered, hold.answered = hold.answered, []
        try:
            done = self.ledger.exchange(hold.lease, answered, want=want)
        except LeaseLostError:
            return False
        hold.until = now + LEASE
        hold.claimed += done.opened
        return True

    def die(self) -> None:
        """Be killed: the system lets go of the lock and the connection, and nothing else happens."""
        self.owner.journal.close()
        self.stack.close()


class Life(RuleBasedStateMachine):
    """Two processes at one mailing, a server, and everything that can happen to them."""

    def __init__(self) -> None:
        super().__init__()
        self.stack = ExitStack()
        self.folder = Path(self.stack.enter_context(tempfile.TemporaryDirectory()))
        patch = self.stack.enter_context(pytest.MonkeyPatch.context())
        patch.setattr(planner, "SLICE", EACH)
        self.clocks = Clocks()
        self.boot = 0
        self.ledger = self.stack.enter_context(books.opened_ledger(self.folder, self.clocks))
        books.people(self.ledger, EACH * len(SLICES))
        self.mailing = planner.plan(self.ledger, books.edition(), actor="erika")
        self.processes: list[Process] = []
        self.delivered: Counter[int] = Counter()
        """How often the server has accepted each person's mail."""
        self.seen: set[tuple[int, int]] = set()
        """Attempts (seq, attempt) that the server has seen."""
        self.known: set[tuple[int, int]] = set()
        """Attempts of which a process has noted what became of them."""
        self.risked: set[int] = set()
        """Who was to get it again, by a decision taken in doubt."""
        self.assumed: set[int] = set()

    @precondition(lambda self: len(self.processes) < MOST)
    @rule(want=st.integers(0, EACH), numbers=NUMBERS)
    def enter(self, want: int, numbers: tuple[int, ...]) -> None:
        """A process starts, takes over if nobody lives, leases what is free and claims some."""
        process = Process(self.folder, self.clocks, f"b{self.boot}")
        try:
            process.owner = process.ledger.enter(self.mailing.id)
        except AliveError:
            process.stack.close()
            assert self.processes
            return
        for other in self.processes:
            assert all(hold.until <= self.clocks.ticks for hold in other.holds.values())
        self.processes.append(process)
        self._work(process, want, numbers)

    @precondition(lambda self: self.processes)
    @rule(pick=PICK, want=st.integers(0, EACH), numbers=NUMBERS)
    def work(self, pick: int, want: int, numbers: tuple[int, ...]) -> None:
        """It writes down what it knows, leases what is free, and claims more."""
        process = self._one(pick)
        if not process.stands:
            self._work(process, want, numbers)

    def _work(self, process: Process, want: int, numbers: tuple[int, ...]) -> None:
        for number in numbers:
            if number not in process.holds:
                until = self.clocks.ticks + LEASE
                lease = process.ledger.begin(self.mailing.id, number, process.owner, lease=LEASE)
                if lease is None:
                    continue
                process.holds[number] = Hold(lease, until)
            process.exchange(process.holds[number], want, self.clocks.ticks)

    @precondition(lambda self: self._holding("claimed"))
    @rule(pick=PICK, dies=st.sampled_from([False, False, False, True]))
    def hand_over(self, pick: int, dies: bool) -> None:  # noqa: FBT001 (hypothesis has no keywords)
        """A process notes that it hands a mail over, looks whether it still may, and does, or dies first."""
        process, hold = self._holding("claimed")[pick % len(self._holding("claimed"))]
        one = hold.claimed.pop(0)
        process.owner.journal.started(hold.lease.slice, one.seq, one.attempt)
        if dies:
            self._die(process)
        elif self.clocks.ticks < hold.until:
            assert (one.seq, one.attempt) not in self.seen
            self.seen.add((one.seq, one.attempt))
            hold.flying.append(one)
        else:
            self._answered(process, hold, one, NOT_BEGUN)

    @precondition(lambda self: self._holding("flying"))
    @rule(pick=PICK, outcome=st.sampled_from([*books.ALL_OUTCOMES, ACCEPTED, ACCEPTED]))
    def answer(self, pick: int, outcome: Outcome) -> None:
        """The server answers, or takes the mail and is not heard."""
        process, hold = self._holding("flying")[pick % len(self._holding("flying"))]
        one = hold.flying.pop(0)
        if outcome.state in {State.ACCEPTED, State.IN_DOUBT}:
            self.delivered[one.recipient.person] += 1
        self._answered(process, hold, one, outcome)

    def _answered(self, process: Process, hold: Hold, one: Opened, outcome: Outcome) -> None:
        process.owner.journal.settled(hold.lease.slice, one.seq, one.attempt, outcome)
        hold.answered.append((one, outcome))
        if outcome.state is not State.IN_DOUBT:
            self.known.add((one.seq, one.attempt))

    @precondition(lambda self: self._holding("flying"))
    @rule(pick=PICK)
    def accepted_unheard(self, pick: int) -> None:
        """The server takes everything that is on its way, and the process dies before it hears of it."""
        process, _hold = self._holding("flying")[pick % len(self._holding("flying"))]
        for hold in process.holds.values():
            self.delivered.update(one.recipient.person for one in hold.flying)
        self._die(process)

    @precondition(lambda self: self.processes)
    @rule(pick=PICK)
    def leave(self, pick: int) -> None:
        """It ends as it should: what flies is heard of no more, what was not begun is given back."""
        process = self._one(pick)
        if process.stands:
            return
        for hold in process.holds.values():
            self.delivered.update(one.recipient.person for one in hold.flying)
            hold.answered += [(one, books.LOST) for one in hold.flying]
            hold.answered += [(one, NOT_BEGUN) for one in hold.claimed]
            with suppress(LeaseLostError):
                process.ledger.end(hold.lease, hold.answered)
        process.ledger.leave(process.owner)
        process.stack.close()
        self.processes.remove(process)

    @precondition(lambda self: self.processes)
    @rule(pick=PICK)
    def die(self, pick: int) -> None:
        """It is killed."""
        self._die(self._one(pick))

    def _die(self, process: Process) -> None:
        process.die()
        self.processes.remove(process)

    @precondition(lambda self: self.processes)
    @rule(pick=PICK, leases_run_out=st.booleans())
    def stop(self, pick: int, leases_run_out: bool) -> None:  # noqa: FBT001 (hypothesis has no keywords)
        """It is stopped in the middle of what it does (SIGSTOP)."""
        self._one(pick).stands = True
        if leases_run_out:
            self.clocks.pass_by(LEASE + 1)

    @precondition(lambda self: any(process.stands for process in self.processes))
    @rule()
    def wake(self) -> None:
        """Who was stopped goes on (SIGCONT)."""
        for process in self.processes:
            process.stands = False

    @precondition(lambda self: self.processes)
    @rule()
    def start_anew(self) -> None:
        """The machine starts anew: everybody is dead, and its clock begins again."""
        for process in list(self.processes):
            self._die(process)
        self.boot += 1
        self.clocks.ticks = 5.0

    @rule(seconds=st.sampled_from([20.0, 60.0, 700.0]))
    def time_passes(self, seconds: float) -> None:
        """Leases run out, and deferred ones become due."""
        self.clocks.pass_by(seconds)

    @precondition(lambda self: self.seen)
    @rule(persons=st.sets(st.integers(1, 6)))
    def resend(self, persons: set[int]) -> None:
        """Somebody decides that some in doubt get their mail again."""
        found = {one.person for one in doubts.doubtful(self.ledger, self.mailing.id, persons)}
        with suppress(StateError):
            assert doubts.resend(self.ledger, self.mailing.id, actor="erika", persons=persons) == len(found)
            self.risked |= found

    @precondition(lambda self: self.seen)
    @rule(persons=st.sets(st.integers(1, 6), max_size=2))
    def assume(self, persons: set[int]) -> None:
        """Somebody decides that some in doubt have got it."""
        self.assumed |= {one.person for one in doubts.doubtful(self.ledger, self.mailing.id, persons)}
        doubts.assume_accepted(self.ledger, self.mailing.id, actor="erika", persons=persons)

    @rule(person=st.integers(1, 6))
    def erase(self, person: int) -> None:
        """Somebody is erased from the list."""
        with writing(self.ledger.people.db):
            if self.ledger.people.count("id = ?", (person,)):
                self.ledger.people.forget(person)
                self.ledger.people.log.append(crowd.AT, [Draft(person, "erased", "test", {})])

    @rule(what=st.sampled_from([control.pause, control.resume, control.retry, control.resume, control.retry]))
    def steer(self, what: object) -> None:
        """Somebody pauses the mailing, lets it go on, or lets deferred ones be tried at once."""
        assert callable(what)
        with suppress(StateError):
            what(self.ledger, self.mailing.id, actor="erika")

    @precondition(lambda self: self.seen)
    @rule()
    def cancel(self) -> None:
        """Somebody cancels it, when it is under way."""
        with suppress(StateError):
            control.cancel(self.ledger, self.mailing.id, actor="erika")

    @invariant()
    def everybody_is_accounted_for(self) -> None:
        """Each recipient is in one state, and the counters say the same."""
        books.check_whole(self.ledger, self.mailing)

    @invariant()
    def nobody_gets_it_twice(self) -> None:
        """Unless somebody decided so in doubt; and who has got it is not written to again."""
        for person, times in self.delivered.items():
            assert times == 1 or person in self.risked
        for one in records(self.ledger.connection, self.mailing.id):
            if (
                one.state not in {State.ACCEPTED, State.IN_DOUBT, State.SENDING}
                and one.person not in self.risked
            ):
                assert not self.delivered[one.person]

    def _one(self, pick: int) -> Process:
        return self.processes[pick % len(self.processes)]

    def _holding(self, what: str) -> list[tuple[Process, Hold]]:
        """List the slices, of processes that are awake, with something claimed or flying."""
        awake = [process for process in self.processes if not process.stands]
        holds = [(process, hold) for process in awake for hold in process.holds.values()]
        return [(process, hold) for process, hold in holds if getattr(hold, what)]

    def teardown(self) -> None:
        """Kill everybody, go on to the end, and see that nobody was lost."""
        self.start_anew()
        with suppress(StateError):
            control.resume(self.ledger, self.mailing.id, actor="erika")
        process = Process(self.folder, self.clocks, f"b{self.boot}")
        sender = books.Sender(process.ledger, self.mailing.id, process.ledger.enter(self.mailing.id))
        with suppress(StateError):
            control.retry(self.ledger, self.mailing.id, actor="erika")
        for number in process.ledger.due(self.mailing.id):
            sender.go_on(sender.begin(number))
        sender.leave()
        self.delivered.update(int(address[1]) for address in sender.sent)
        self.everybody_is_accounted_for()
        self.nobody_gets_it_twice()
        for one in doubts.doubtful(self.ledger, self.mailing.id):
            assert (one.seq, one.attempt) not in self.known
        left = {one.state for one in records(self.ledger.connection, self.mailing.id)}
        assert not left & {State.PENDING, State.SENDING, State.DEFERRED}
        for one in records(self.ledger.connection, self.mailing.id, {State.ACCEPTED}):
            assert self.delivered[one.person] or one.person in self.assumed
        done = self.ledger.finish_if_done(self.mailing.id)
        assert done in {MailingState.CANCELLED, MailingState.FINISHED} or State.IN_DOUBT in left
        assert not list(self.folder.glob("*.sending-*"))
        process.stack.close()
        self.stack.close()


TestLife = Life.TestCase
TestLife.settings = rules(max_examples=30, stateful_step_count=40, deadline=None)


class LongLife(Life):
    """The same, much longer."""


TestLongLife = pytest.mark.soak(LongLife.TestCase)
TestLongLife.settings = rules(max_examples=3000, stateful_step_count=80, deadline=None)
