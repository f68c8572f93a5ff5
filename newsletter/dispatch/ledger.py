"""The ledger: which recipient of a mailing is where, in the database, before and after every message.

Whoever sends leases a slice (`begin`), exchanges outcomes for the next recipients (`exchange`), and gives it
back (`end`). All of it goes from one thread; each is one transaction that begins with the lock and is on the
disk when the call returns.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path

from newsletter.clock import boot_id, stamp
from newsletter.dispatch import owner as owners
from newsletter.dispatch import recovery
from newsletter.dispatch.journal import Journal, Reading, is_held
from newsletter.dispatch.mailings import Mailings
from newsletter.dispatch.model import Counts, Exchange, Lease, Mailing, MailingState, control_of
from newsletter.dispatch.opening import Window
from newsletter.dispatch.owner import Owner, Run
from newsletter.dispatch.patience import Patience
from newsletter.dispatch.recorder import Recorder
from newsletter.dispatch.recording import Settled, count
from newsletter.errors import NewsletterError
from newsletter.store import database
from newsletter.subscribers.list import SubscriberList

_BEGIN = (
    "UPDATE slice SET run = ?1, epoch = epoch + 1, lease_until = ?2"
    " WHERE mailing = ?3 AND number = ?4 AND run IS NULL"
    " AND (SELECT state FROM mailing WHERE id = ?3) IN ('planned', 'running') RETURNING epoch"
)
_STARTED = (
    "UPDATE mailing SET state = 'running', started_at = ifnull(started_at, ?)"
    " WHERE id = ? AND state = 'planned'"
)
_RENEW = (
    "UPDATE slice SET lease_until = ?1 WHERE mailing = ?2 AND number = ?3 AND run = ?4 AND epoch = ?5"
    " RETURNING (SELECT state FROM mailing WHERE id = ?2), (SELECT edition FROM mailing WHERE id = ?2),"
    " sending"
)
_END = (
    "UPDATE slice SET run = NULL, lease_until = 0, next_at = (SELECT min(next_at) FROM dispatch"
    " WHERE dispatch.mailing = ?1 AND dispatch.slice = ?2 AND dispatch.state = 'deferred')"
    " WHERE mailing = ?1 AND number = ?2 AND run = ?3 AND epoch = ?4"
)
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
        self._monotonic = monotonic
        self._journals: dict[int, Journal] = {}

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
        self.mailings.get(mailing)
        dead: list[Path] = []
        with ExitStack() as undo:
            with self.writing():
                for run in owners.open_runs(self.connection, mailing):
                    dead += self._tidied(run)
                owner = Owner.enter(self.connection, mailing, boot=self.boot, at=self.at)
                undo.callback(owner.journal.remove)
            undo.pop_all()
        for path in dead:
            path.unlink(missing_ok=True)
        self._journals[owner.run] = owner.journal
        return owner

    def leave(self, owner: Owner) -> None:
        """End a run; if it could not give back all of its slices, its journal stays for the next one."""
        with self.writing():
            left = self.connection.execute(
                "UPDATE run SET ended_at = ?1 WHERE id = ?2 AND ended_at IS NULL"
                " AND NOT EXISTS (SELECT 1 FROM slice WHERE mailing = ?3 AND run = ?2) RETURNING 1",
                (self.at, owner.run, owner.mailing),
            ).fetchone()
        del self._journals[owner.run]
        if left is None:
            owner.journal.close()
        else:
            owner.journal.remove()

    def begin(self, mailing: int, number: int, owner: Owner, *, lease: float) -> Lease | None:
        """Lease a slice for so many seconds; None if somebody else has it, or the mailing stands still."""
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
        place = (lease.mailing, lease.slice)
        with self.writing():
            self.recorder.settle(place, outcomes)
            row = self.connection.execute(
                _RENEW, (until, lease.mailing, lease.slice, lease.run, lease.epoch)
            ).fetchone()
            window = self._window(place, edition=row[1] if row else 0)
            if row and want > 0 and row[0] in {MailingState.RUNNING, MailingState.PLANNED}:
                window.open(want)
                count(self.connection, place, window.changes)
            left = self.connection.execute(_LEFT, (*place, *self._bounds())).fetchone()[0]
        self._journals[lease.run].recorded((lease.slice, one.seq, one.attempt) for one, _outcome in outcomes)
        if row is None:
            raise LeaseLostError
        return Exchange(control_of(MailingState(row[0])), window.opened, window.skipped, left)

    def end(self, lease: Lease, outcomes: Sequence[Settled] = ()) -> None:
        """Give a slice back; what is still claimed and was never handed over is pending again.

        Raises:
            LeaseLostError: it is not ours any more; the outcomes are written down all the same.
        """
        place = (lease.mailing, lease.slice)
        with self.writing():
            self.recorder.settle(place, outcomes)
            values = (0, lease.mailing, lease.slice, lease.run, lease.epoch)
            row = self.connection.execute(_RENEW, values).fetchone()
            if row and row[2]:  # a claim whose commit seemed to fail, or a caller who lost count
                recovery.settle_left(self.connection, self.recorder, place, self._reading(lease.run))
            if row:
                self.connection.execute(_END, (lease.mailing, lease.slice, lease.run, lease.epoch))
        self._journals[lease.run].recorded((lease.slice, one.seq, one.attempt) for one, _outcome in outcomes)
        if row is None:
            raise LeaseLostError

    def finish_if_done(self, mailing: int) -> MailingState:
        """Finish a mailing in which nobody is open; return its state."""
        with self.writing():
            self.connection.execute(_FINISH, (self.at, mailing))
        return self.mailings.get(mailing).state

    def _window(self, place: tuple[int, int], *, edition: int) -> Window:
        now, furthest = self._bounds()
        return Window(self.connection, place, edition=edition, now=now - 1, furthest=furthest)

    def _bounds(self) -> tuple[int, float]:
        """Return between which moments a deferred one still waits."""
        now = int(self.now().timestamp())
        return now + 1, now + self.patience.longest

    def _tidied(self, run: Run) -> list[Path]:
        """Settle what another run left; return its journal, if nobody needs it any more."""
        path = owners.path_of(self.connection, run.id)
        if run.lives(path, boot=self.boot, monotonic=self._monotonic()):
            raise run.alive()
        stands_still = bool(is_held(path))  # SIGSTOP; what it notes when it wakes must not get lost
        if not (stands_still and run.taken_at):
            reading = Reading.of(path, boot=self.boot, run=run.id)
            recovery.recover(self.connection, self.recorder, run, reading)
        column = "taken_at" if stands_still else "ended_at"
        self.connection.execute(f"UPDATE run SET {column} = ? WHERE id = ?", (self.at, run.id))  # noqa: S608 (ours)
        return [] if stands_still else [path]

    def _reading(self, run: int) -> Reading:
        return Reading.of(owners.path_of(self.connection, run), boot=self.boot, run=run)
