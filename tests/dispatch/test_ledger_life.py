"""Any life of a mailing: runs die, stand still, answer late; nobody is lost, and nobody written to twice."""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from hypothesis import settings as rules
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

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
PICK = st.integers(0, 2)
WANT = st.integers(0, EACH)
NUMBERS = st.sampled_from([SLICES, SLICES, (1,), (2,)])
Step = tuple[int, Outcome | None]
STEPS = st.lists(
    st.tuples(
        st.sampled_from(SLICES),
        st.one_of(st.none(), st.none(), st.just(ACCEPTED), st.sampled_from(books.ALL_OUTCOMES)),
    ),
    max_size=10,
)
"""For a slice: hand a mail over (None), or hear what became of one."""


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

    @rule(pick=PICK, numbers=NUMBERS, want=WANT, steps=STEPS)
    def go_on(self, pick: int, numbers: tuple[int, ...], want: int, steps: list[Step]) -> None:
        """A process (a new one, if all stand still) claims some and does some of what it has to."""
        process = self._somebody(pick)
        if process is None:
            return
        self._work(process, want, numbers)
        for step in steps:
            self._step(process, step)

    @rule(pick=PICK, want=WANT, steps=STEPS, heard=st.booleans())
    def go_on_and_die(self, pick: int, want: int, steps: list[Step], heard: bool) -> None:  # noqa: FBT001 (hypothesis)
        """The same, and it is killed then; with the server having taken what was on its way, or not."""
        process = self._somebody(pick)
        if process is None:
            return
        self._work(process, want, SLICES)
        for step in steps:
            self._step(process, step)
        self._die(process, taken=heard)

    @rule(pick=PICK, numbers=NUMBERS, want=WANT, steps=STEPS)
    def stand_still(self, pick: int, numbers: tuple[int, ...], want: int, steps: list[Step]) -> None:
        """One is stopped in the middle of its work (SIGSTOP), until another one has taken over."""
        first = self._somebody(pick)
        if first is None:
            return
        self._work(first, want, numbers)
        for step in steps:
            self._step(first, step)
        first.stands = True
        for process in list(self.processes):
            if process is not first:
                self._die(process)
        self.clocks.pass_by(LEASE + 1)
        second = self._enter()
        if second is not None:  # without a slice leased, the first one only waits, and is as good as alive
            self._work(second, EACH, SLICES)

    @rule(numbers=NUMBERS, want=WANT, steps=STEPS, dies=st.booleans())
    def wake(self, numbers: tuple[int, ...], want: int, steps: list[Step], dies: bool) -> None:  # noqa: FBT001 (hypothesis)
        """Who was stopped goes on where it was (SIGCONT), knowing nothing, or is killed before it can."""
        for process in [process for process in self.processes if process.stands]:
            process.stands = False
            for step in steps:
                self._step(process, step)
            if dies:
                self._die(process)
            else:
                self._work(process, want, numbers)

    @rule(pick=PICK)
    def leave(self, pick: int) -> None:
        """One ends as it should: what flies is heard of no more, what was not begun is given back."""
        awake = [process for process in self.processes if not process.stands]
        for process in awake[:1] if pick else awake[-1:]:
            for hold in process.holds.values():
                self.delivered.update(one.recipient.person for one in hold.flying)
                hold.answered += [(one, books.LOST) for one in hold.flying]
                hold.answered += [(one, NOT_BEGUN) for one in hold.claimed]
                with suppress(LeaseLostError):
                    process.ledger.end(hold.lease, hold.answered)
            process.ledger.leave(process.owner)
            process.stack.close()
            self.processes.remove(process)

    @rule(power_fails=st.booleans())
    def start_anew(self, power_fails: bool) -> None:  # noqa: FBT001 (hypothesis has no keywords)
        """The machine starts anew, with a clock from its beginning; a power cut takes journals along."""
        for process in list(self.processes):
            self._die(process)
        if power_fails:
            self.known.clear()
            for path in self.folder.glob("*.sending-*"):
                path.write_bytes(path.read_bytes().splitlines(keepends=True)[0])
        self.boot += 1
        self.clocks.ticks = 5.0

    @rule(seconds=st.sampled_from([20.0, 60.0, 700.0]))
    def time_passes(self, seconds: float) -> None:
        """Leases run out, and deferred ones become due."""
        self.clocks.pass_by(seconds)

    @rule(persons=st.sets(st.integers(1, 6)), again=st.booleans())
    def settle(self, persons: set[int], again: bool) -> None:  # noqa: FBT001 (hypothesis has no keywords)
        """Somebody decides that some in doubt get their mail again, or that they have got it."""
        found = {one.person for one in doubts.doubtful(self.ledger, self.mailing.id, persons)}
        decide = doubts.resend if again else doubts.assume_accepted
        with suppress(StateError):
            assert decide(self.ledger, self.mailing.id, actor="erika", persons=persons) == len(found)
            (self.risked if again else self.assumed).update(found)

    @rule(person=st.integers(1, 6))
    def erase(self, person: int) -> None:
        """Somebody is erased from the list."""
        with writing(self.ledger.people.db):
            if self.ledger.people.count("id = ?", (person,)):
                self.ledger.people.forget(person)
                self.ledger.people.log.append(crowd.AT, [Draft(person, "erased", "test", {})])

    @rule(what=st.sampled_from([control.pause, control.resume, control.retry, control.cancel]))
    def steer(self, what: Callable[..., object]) -> None:
        """Somebody pauses the mailing, lets it go on, lets deferred ones be tried at once, or cancels it."""
        with suppress(StateError):
            what(self.ledger, self.mailing.id, actor="erika")

    def _somebody(self, pick: int) -> Process | None:
        """Return a process that is awake, or a new one; None: somebody who stands still keeps it away."""
        awake = [process for process in self.processes if not process.stands]
        return awake[pick % len(awake)] if awake else self._enter()

    def _enter(self) -> Process | None:
        process = Process(self.folder, self.clocks, f"b{self.boot}")
        try:
            process.owner = process.ledger.enter(self.mailing.id)
        except AliveError:
            process.stack.close()
            assert self.processes
            return None
        for other in self.processes:
            assert all(hold.until <= self.clocks.ticks for hold in other.holds.values())
        self.processes.append(process)
        return process

    def _work(self, process: Process, want: int, numbers: tuple[int, ...]) -> None:
        """It writes down what it knows, leases what is free, and claims more."""
        for number in numbers:
            if number not in process.holds:
                until = self.clocks.ticks + LEASE
                lease = process.ledger.begin(self.mailing.id, number, process.owner, lease=LEASE)
                if lease is None:
                    continue
                process.holds[number] = Hold(lease, until)
            process.exchange(process.holds[number], want, self.clocks.ticks)

    def _step(self, process: Process, step: Step) -> None:
        """Hand a mail over (None), or take the server's answer to one."""
        number, outcome = step
        hold = process.holds.get(number)
        if hold is not None and outcome is None and hold.claimed:
            self._hand_over(process, hold, hold.claimed.pop(0))
        elif hold is not None and outcome is not None and hold.flying:
            one = hold.flying.pop(0)
            if outcome.state in {State.ACCEPTED, State.IN_DOUBT}:
                self.delivered[one.recipient.person] += 1
            self._answered(process, hold, one, outcome)

    def _hand_over(self, process: Process, hold: Hold, one: Opened) -> None:
        """Note it first, look at the clock second, and only then hand it over."""
        process.owner.journal.started(hold.lease.slice, one.seq, one.attempt)
        if self.clocks.ticks < hold.until:
            assert (one.seq, one.attempt) not in self.seen
            self.seen.add((one.seq, one.attempt))
            hold.flying.append(one)
        else:
            self._answered(process, hold, one, NOT_BEGUN)

    def _answered(self, process: Process, hold: Hold, one: Opened, outcome: Outcome) -> None:
        process.owner.journal.settled(hold.lease.slice, one.seq, one.attempt, outcome)
        process.owner.journal.flush()
        hold.answered.append((one, outcome))
        if outcome.state is not State.IN_DOUBT:
            self.known.add((one.seq, one.attempt))

    def _die(self, process: Process, *, taken: bool = False) -> None:
        if taken:
            for hold in process.holds.values():
                self.delivered.update(one.recipient.person for one in hold.flying)
        process.die()
        self.processes.remove(process)

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

    def teardown(self) -> None:
        """Kill everybody, go on to the end, and see that nobody was lost."""
        self.start_anew(power_fails=False)
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
TestLife.settings = rules(max_examples=40, stateful_step_count=15, deadline=None)


class LongLife(Life):
    """The same, much longer."""


TestLongLife = pytest.mark.soak(LongLife.TestCase)
TestLongLife.settings = rules(max_examples=3000, stateful_step_count=40, deadline=None)
