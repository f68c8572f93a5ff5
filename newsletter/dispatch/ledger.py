"""The ledger: which recipient of a mailing is where, in the database, before and after every message.

Whoever sends leases a slice (`begin`), exchanges outcomes for the next recipients (`exchange`), and gives it
back (`end`). All of it goes from one thread; each is one transaction that begins with the lock and is on the
disk when the call returns.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime

from newsletter.clock import boot_id, stamp
from newsletter.dispatch.counters import count
from newsletter.dispatch.mailings import Mailings
from newsletter.dispatch.model import Control, Counts, Exchange, Lease, Mailing, MailingState, control_of
from newsletter.dispatch.opening import Window
from newsletter.dispatch.owner import Owner
from newsletter.dispatch.patience import Patience
from newsletter.dispatch.recorder import Recorder
from newsletter.dispatch.recording import Settled
from newsletter.dispatch.runs import Runs
from newsletter.errors import NewsletterError
from newsletter.store import database
from newsletter.subscribers.list import SubscriberList

_BEGIN = (
    "UPDATE slice SET run = ?1, epoch = epoch + 1, lease_until = ?2"
    " WHERE mailing = ?3 AND number = ?4 AND run IS NULL"
    " AND (SELECT state FROM mailing WHERE id = ?3) IN ('planned', 'running')"
    " AND (SELECT taken_at FROM run WHERE id = ?1) IS NULL RETURNING epoch"
)
_STARTED = (
    "UPDATE mailing SET state = 'running', started_at = ifnull(started_at, ?)"
    " WHERE id = ? AND state = 'planned'"
)
_RENEW = (
    "UPDATE slice SET lease_until = ?1 WHERE mailing = ?2 AND number = ?3 AND run = ?4 AND epoch = ?5"
    " RETURNING (SELECT state FROM mailing WHERE id = ?2)"
)
_STATE = "SELECT state, edition FROM mailing WHERE id = ?"
_END = "UPDATE slice SET run = NULL, lease_until = 0 WHERE mailing = ? AND number = ? AND epoch = ?"
_WAITING = (
    "(pending > 0 OR deferred > 0 AND next_at NOT BETWEEN ?2 AND ?3)"
    " AND (SELECT state FROM mailing WHERE id = ?1) IN ('planned', 'running')"
)
_LEFT = (
    "SELECT pending + CASE WHEN deferred = 0 THEN 0 ELSE (SELECT count(*) FROM dispatch WHERE mailing = ?1"
    " AND slice = ?2 AND state = 'deferred' AND dispatch.next_at NOT BETWEEN ?3 AND ?4) END"
    " FROM slice WHERE mailing = ?1 AND number = ?2"
)
_FINISH = (
    "UPDATE mailing SET state = 'finished', finished_at = ?1 WHERE id = ?2 AND state <> 'cancelled'"
    " AND state <> 'finished' AND NOT EXISTS (SELECT 1 FROM slice WHERE mailing = ?2"
    " AND (pending > 0 OR sending > 0 OR deferred > 0 OR in_doubt > 0))"
)


class LeaseLostError(NewsletterError, RuntimeError):
    """Another process has taken over what this one was sending."""


class Ledger:
    """The ledger of one database; it works on the list's own connection."""

    def __init__(
        self,
        people: SubscriberList,
        *,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        monotonic: Callable[[], float] = time.monotonic,
        boot: str | None = None,
        patience: Patience | None = None,
    ) -> None:
        self.people = people
        self.connection = people.db.conn
        self.mailings = Mailings(self.connection)
        self.now = now
        self.boot = boot_id() if boot is None else boot
        self.patience = patience or Patience.of(people.settings.sending)
        self.recorder = Recorder(people, self.patience, now)
        self.runs = Runs(people, self.recorder, boot=self.boot, monotonic=monotonic)
        self._monotonic = monotonic

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Write in one transaction that begins with the lock."""
        with database.writing(self.people.db):
            yield

    @property
    def at(self) -> str:
        """The present moment, as the database has it."""
        return stamp(self.now())

    # Questions

    def mailing(self, number: int) -> Mailing:
        """Return a mailing.

        Raises:
            NoMailingError: there is none of this number.
        """
        return self.mailings.get(number)

    def counts(self, mailing: int) -> Counts:
        """Count a mailing's recipients by state."""
        return self.mailings.counts(mailing)

    def due(self, mailing: int) -> list[int]:
        """List the slices with somebody whose turn has come; none while it is paused or cancelled."""
        sql = f"SELECT number FROM slice WHERE mailing = ?1 AND run IS NULL AND {_WAITING}"  # noqa: S608 (ours)
        return [row[0] for row in self.connection.execute(sql, (mailing, *self._bounds()))]

    def next_due(self, mailing: int) -> float | None:
        """Return in how many seconds somebody's turn comes; 0: it has, None: nobody waits."""
        earliest = self.connection.execute(
            "SELECT min(CASE WHEN pending > 0 THEN 0 ELSE next_at END) FROM slice"
            " WHERE mailing = ? AND (pending > 0 OR deferred > 0)",
            (mailing,),
        ).fetchone()[0]
        if earliest is None:
            return None
        wait = float(earliest) - self.now().timestamp()
        return max(0.0, wait) if wait <= self.patience.longest else 0.0

    # A run

    def enter(self, mailing: int) -> Owner:
        """Begin a run of a mailing, after tidying up what dead ones left.

        Raises:
            AliveError: another process is sending it.
            NoMailingError: there is no such mailing.
            JournalError: the journal cannot be made.
        """
        return self.runs.enter(self.mailings.get(mailing).id, self.at)

    def leave(self, owner: Owner) -> None:
        """End a run; if it could not give back all of its slices, its journal stays for the next one."""
        self.runs.leave(owner, self.at)

    def begin(self, mailing: int, number: int, owner: Owner, *, lease: float) -> Lease | None:
        """Lease a slice for so many seconds.

        None if somebody else has it, the mailing stands still, or another run has taken over from ours.
        """
        until = self._monotonic() + lease
        with self.writing():
            row = self.connection.execute(_BEGIN, (owner.run, until, mailing, number)).fetchone()
            if row is None:
                return None
            self.connection.execute(_STARTED, (self.at, mailing))
        return Lease(mailing, number, owner.run, row[0], lease)

    def exchange(self, lease: Lease, outcomes: Sequence[Settled], *, want: int) -> Exchange:
        """Write down outcomes, renew the lease, and claim up to `want` recipients; one transaction.

        When this returns, the claims are on the disk; only then may anything of them go out.

        Raises:
            LeaseLostError: the slice is not ours any more; the outcomes are written down all the same.
            sqlite3.OperationalError: nothing was written (a full disk, for example): keep the outcomes, and
                give them again.
        """
        until = self._monotonic() + lease.seconds
        with self.writing():
            renewed = self._renewed(lease, outcomes, until)
            window = self._open(lease, want if renewed else 0)
            left = self.connection.execute(_LEFT, (*lease.place, *self._bounds())).fetchone()[0]
        self._committed(lease, outcomes)
        if renewed is None:
            raise LeaseLostError
        return Exchange(renewed, window.opened, window.skipped, left)

    def end(self, lease: Lease, outcomes: Sequence[Settled] = ()) -> None:
        """Give a slice back; what is still claimed and was never handed over is pending again.

        Raises:
            LeaseLostError: it is not ours any more; the outcomes are written down all the same.
        """
        with self.writing():
            renewed = self._renewed(lease, outcomes, 0)
            if renewed:
                self.runs.settle_left(lease.place, lease.run)
                self.connection.execute(_END, (*lease.place, lease.epoch))
        self._committed(lease, outcomes)
        if renewed is None:
            raise LeaseLostError

    def finish_if_done(self, mailing: int) -> MailingState:
        """Finish a mailing in which nobody is open; return its state."""
        with self.writing():
            self.connection.execute(_FINISH, (self.at, mailing))
        return self.mailings.get(mailing).state

    def _renewed(self, lease: Lease, outcomes: Sequence[Settled], until: float) -> Control | None:
        """Write down outcomes and renew the lease; None: it is not ours any more."""
        self.recorder.settle(lease.place, outcomes)
        values = (until, *lease.place, lease.run, lease.epoch)
        row = self.connection.execute(_RENEW, values).fetchone()
        return control_of(MailingState(row[0])) if row else None

    def _open(self, lease: Lease, want: int) -> Window:
        """Claim the next recipients, unless the mailing stands still."""
        state, edition = self.connection.execute(_STATE, (lease.mailing,)).fetchone()
        now, furthest = self._bounds()
        window = Window(self.connection, lease.place, edition=edition, now=now - 1, furthest=furthest)
        if want > 0 and state in {MailingState.RUNNING, MailingState.PLANNED}:
            window.open(want)
            count(self.connection, lease.place, window.changes)
        return window

    def _committed(self, lease: Lease, outcomes: Sequence[Settled]) -> None:
        self.runs.recorded(lease.run, [(lease.slice, one.seq, one.attempt) for one, _outcome in outcomes])

    def _bounds(self) -> tuple[int, float]:
        """Return between which moments a deferred one still waits."""
        now = int(self.now().timestamp())
        return now + 1, now + self.patience.longest
