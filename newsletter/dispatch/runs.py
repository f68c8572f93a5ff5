"""Begin and end runs: one at a time for a mailing, each tidying up after those that died."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

from newsletter.dispatch import recovery
from newsletter.dispatch.counters import Place
from newsletter.dispatch.journal import Key, Reading, is_held
from newsletter.dispatch.owner import Owner, Run, open_runs, path_of
from newsletter.dispatch.recorder import Recorder
from newsletter.store.database import writing
from newsletter.subscribers.list import SubscriberList

_END = (
    "UPDATE run SET ended_at = ?1 WHERE id = ?2 AND ended_at IS NULL"
    " AND NOT EXISTS (SELECT 1 FROM slice WHERE mailing = ?3 AND run = ?2) RETURNING 1"
)


class Runs:
    """The runs of a database, and the journals of those of this process."""

    def __init__(
        self, people: SubscriberList, recorder: Recorder, *, boot: str, monotonic: Callable[[], float]
    ) -> None:
        self._db = people.db
        self._connection = people.db.conn
        self._recorder = recorder
        self._boot = boot
        self._monotonic = monotonic
        self._owners: dict[int, Owner] = {}

    def enter(self, mailing: int, at: str) -> Owner:
        """Begin a run of a mailing, after tidying up what dead ones left.

        Raises:
            AliveError: another process is sending it.
            JournalError: the journal cannot be made.
        """
        dead: list[Path] = []
        with ExitStack() as undo:
            with writing(self._db):
                for run in open_runs(self._connection, mailing):
                    dead += self._tidied(run, at)
                owner = Owner.enter(self._connection, mailing, boot=self._boot, at=at)
                undo.callback(owner.journal.remove)
            undo.pop_all()
        for path in dead:
            path.unlink(missing_ok=True)
        self._owners[owner.run] = owner
        return owner

    def leave(self, owner: Owner, at: str) -> None:
        """End a run; if it could not give back all of its slices, its journal stays for the next one."""
        with writing(self._db):
            ended = self._connection.execute(_END, (at, owner.run, owner.mailing)).fetchone()
        del self._owners[owner.run]
        if ended is None:
            owner.journal.close()
        else:
            owner.journal.remove()

    def living(self, mailing: int) -> Run | None:
        """Return the run that is sending a mailing just now."""
        found = (run for run in open_runs(self._connection, mailing) if self._lives(run))
        return next(found, None)

    def recorded(self, run: int, keys: list[Key]) -> None:
        """Let a journal forget what is committed."""
        self._owners[run].journal.recorded(keys)

    def settle_left(self, place: Place, run: int) -> None:
        """Settle whatever of a slice a run of ours still has claimed; inside of the caller's transaction.

        There is something only if a commit seemed to fail, or the caller has lost count; even then nobody may
        be written to a second time.
        """
        claimed = "SELECT 1 FROM slice WHERE mailing = ? AND number = ? AND sending > 0"
        if self._connection.execute(claimed, place).fetchone() is None:
            return
        reading = Reading.of(path_of(self._connection, run), boot=self._boot, run=run)
        recovery.settle_left(self._connection, self._recorder, place, reading)

    def _lives(self, run: Run) -> bool:
        return run.lives(path_of(self._connection, run.id), boot=self._boot, monotonic=self._monotonic())

    def _tidied(self, run: Run, at: str) -> list[Path]:
        """Settle what another run left; return its journal, if nobody needs it any more."""
        if self._lives(run):
            raise run.alive()
        path = path_of(self._connection, run.id)
        stands_still = bool(is_held(path))  # SIGSTOP; what it notes when it wakes must not get lost
        if not (stands_still and run.taken_at):
            reading = Reading.of(path, boot=self._boot, run=run.id)
            recovery.recover(self._connection, self._recorder, run, reading)
        column = "taken_at" if stands_still else "ended_at"
        self._connection.execute(f"UPDATE run SET {column} = ? WHERE id = ?", (at, run.id))  # noqa: S608 (ours)
        return [] if stands_still else [path]
