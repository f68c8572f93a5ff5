"""A ledger for tests: real people in a real database, an edition, clocks that can be set."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from newsletter.compose.edition import Edition, Variant
from newsletter.dispatch import planner
from newsletter.dispatch.accounts import discrepancies
from newsletter.dispatch.ledger import Ledger
from newsletter.dispatch.model import Blame, Lease, Mailing, Opened, Outcome, Stage, State
from newsletter.dispatch.owner import Owner
from newsletter.dispatch.patience import Patience
from newsletter.issue_id import IssueId
from newsletter.settings_model import Settings
from newsletter.store.database import writing
from tests.subscribers import crowd

BOOT = "b0"
NOON = datetime(2024, 3, 1, 12, tzinfo=UTC)
PATIENCE = Patience((60.0, 600.0), 3600.0, chance=lambda: 0.0)
"""A minute, then ten; given up after an hour."""

ACCEPTED = Outcome(State.ACCEPTED, Stage.DOT, 250, "2.0.0", "Ok: queued as 4F2A", "main")
DEFERRED = Outcome(State.DEFERRED, Stage.RCPT, 450, "4.2.0", "greylisted", "main")
NO_SUCH = Outcome(State.REFUSED, Stage.RCPT, 550, "5.1.1", "no such user", "main", Blame.RECIPIENT)
POLICY = Outcome(State.REFUSED, Stage.DOT, 554, "5.7.1", "looks like spam", "main", Blame.NOBODY)
UNWRITABLE = Outcome(State.REFUSED, Stage.LOCAL, text="the name", blame=Blame.RECIPIENT)
LOST = Outcome(State.IN_DOUBT, Stage.DOT, text="connection closed", relay="main")
NOT_BEGUN = Outcome(State.PENDING, Stage.LOCAL)
ALL_OUTCOMES = (ACCEPTED, DEFERRED, NO_SUCH, POLICY, UNWRITABLE, LOST, NOT_BEGUN)


@dataclass
class Clocks:
    """The clock on the wall, which jumps, and the one that only counts."""

    wall: datetime = NOON
    ticks: float = 1000.0

    def now(self) -> datetime:
        """Return the time on the wall."""
        return self.wall

    def monotonic(self) -> float:
        """Return the seconds since the start."""
        return self.ticks

    def pass_by(self, seconds: float) -> None:
        """Let time go by, on both."""
        self.wall += timedelta(seconds=seconds)
        self.ticks += seconds


@contextmanager
def opened_ledger(
    folder: Path, clocks: Clocks | None = None, *, boot: str = BOOT, used: Settings | None = None
) -> Iterator[Ledger]:
    """Open the ledger of a folder, as each process does for itself."""
    clocks = clocks or Clocks()
    with crowd.opened_list(folder, used) as people:
        yield Ledger(people, now=clocks.now, monotonic=clocks.monotonic, boot=boot, patience=PATIENCE)


def people(ledger: Ledger, count: int) -> None:
    """Put people on the list, p1@x.example and so on."""
    for number in range(1, count + 1):
        crowd.join(ledger.people, f"p{number}@x.example")


def many_people(ledger: Ledger, count: int) -> None:
    """Put very many people on the list, without their events."""
    first = ledger.people.next_id()
    names = [(number, f"p{number}@x.example") for number in range(first, first + count)]
    rest = ("x.example", "none", "", "", "", "", "", ",", "{}", "active", "test", crowd.AT, crowd.AT, None)
    with writing(ledger.people.db):
        ledger.people.insert([(number, name, name, *rest) for number, name in names])


def edition(number: int = 1, text: str = "Guten Tag.", segments: Sequence[str] = ()) -> Edition:
    """Return a small edition."""
    variant = Variant("general", frozenset({frozenset()}), ("a",), f"<p>{text}</p>", text)
    return Edition(
        id=IssueId(2024, number),
        date=date(2024, 2, 1),
        language="de",
        title="Kreisblatt",
        subject="Neues",
        preheader="Was war",
        places=(),
        segments=tuple(segments),
        variants=(variant,),
        page="<p></p>",
        assets=(),
        mail_sources={},
        page_assets=(),
    )


def planned(ledger: Ledger, count: int = 3, *, number: int = 1) -> Mailing:
    """Put people on an empty list, and plan a mailing to them."""
    if not ledger.people.newest_id():
        people(ledger, count)
    return planner.plan(ledger, edition(number), actor="erika")


Settled = Sequence[tuple[Opened, Outcome]]


@dataclass
class Sender:
    """A run that sends at once whatever it is given."""

    ledger: Ledger
    mailing: int
    owner: Owner
    sent: list[str] = field(default_factory=list)
    """The addresses that mail went to, in their order."""

    @classmethod
    def of(cls, ledger: Ledger, mailing: Mailing) -> Sender:
        """Begin a run."""
        return cls(ledger, mailing.id, ledger.enter(mailing.id))

    def begin(self, number: int = 1, *, lease: float = 60.0) -> Lease:
        """Lease a slice that is free."""
        leased = self.ledger.begin(self.mailing, number, self.owner, lease=lease)
        assert leased is not None
        return leased

    def send(self, lease: Lease, opened: Iterable[Opened], outcome: Outcome) -> list[tuple[Opened, Outcome]]:
        """Hand mails over and note what came of it in the journal."""
        settled = []
        for one in opened:
            self.owner.journal.started(lease.slice, one.seq, one.attempt)
            self.sent.append(one.recipient.address)
            self.owner.journal.settled(lease.slice, one.seq, one.attempt, outcome)
            self.owner.journal.flush()
            settled.append((one, outcome))
        return settled

    def go(self, outcome: Outcome = ACCEPTED, *, want: int = 200) -> None:
        """Send to everybody who is due, with the same outcome for each."""
        for number in self.ledger.due(self.mailing):
            self.go_on(self.begin(number), outcome=outcome, want=want)
        self.ledger.finish_if_done(self.mailing)

    def go_on(
        self, lease: Lease, settled: Settled = (), *, outcome: Outcome = ACCEPTED, want: int = 200
    ) -> None:
        """Send to whoever is left in a slice, and give it back."""
        while opened := self.ledger.exchange(lease, settled, want=want).opened:
            settled = self.send(lease, opened, outcome)
        self.ledger.end(lease)

    def leave(self) -> None:
        """End the run."""
        self.ledger.leave(self.owner)


@contextmanager
def sending(ledger: Ledger, mailing: Mailing) -> Iterator[Sender]:
    """Begin a run, and end it."""
    sender = Sender.of(ledger, mailing)
    try:
        yield sender
    finally:
        sender.leave()


def states(ledger: Ledger, mailing: Mailing) -> dict[str, str]:
    """Return the state of each recipient by their address, or their number once they are erased."""
    rows = ledger.connection.execute(
        "SELECT CASE address WHEN '' THEN person ELSE address END, state FROM dispatch WHERE mailing = ?"
        " ORDER BY seq",
        (mailing.id,),
    )
    return {str(name): state for name, state in rows}


def row(ledger: Ledger, mailing: Mailing, seq: int, *columns: str) -> tuple[object, ...]:
    """Return some columns of a recipient."""
    found = ledger.connection.execute(
        f"SELECT {', '.join(columns)} FROM dispatch WHERE mailing = ? AND seq = ?",  # noqa: S608 (columns of ours)
        (mailing.id, seq),
    ).fetchone()
    return tuple(found)


def check_whole(ledger: Ledger, mailing: Mailing) -> None:
    """Make sure that every recipient is accounted for, exactly once."""
    assert list(discrepancies(ledger.connection, mailing.id)) == []
    assert ledger.counts(mailing.id).audience == mailing.audience
