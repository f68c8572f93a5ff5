"""Who sends: a run of one process, its row in the ledger, its journal, and whether it still lives."""

from __future__ import annotations

import os
import socket
import sqlite3
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from newsletter.clock import local
from newsletter.dispatch.journal import Journal, is_held
from newsletter.errors import NewsletterError
from newsletter.language import _

_OPEN_RUNS = (
    "SELECT id, mailing, pid, host, boot, started_at, taken_at,"
    " (SELECT max(lease_until) FROM slice WHERE slice.mailing = run.mailing AND slice.run = run.id)"
    " FROM run WHERE ended_at IS NULL AND mailing = ? ORDER BY id"
)


class AliveError(NewsletterError, RuntimeError):
    """This mailing is being sent by another process."""


@dataclass(frozen=True)
class Owner:
    """A run of this process."""

    run: int
    mailing: int
    journal: Journal

    @classmethod
    def enter(cls, connection: sqlite3.Connection, mailing: int, *, boot: str, at: str) -> Owner:
        """Begin a run, inside of the caller's transaction.

        Raises:
            JournalError: its journal cannot be made.
        """
        [run] = connection.execute(
            "INSERT INTO run (mailing, pid, host, boot, started_at) VALUES (?, ?, ?, ?, ?) RETURNING id",
            (mailing, os.getpid(), socket.gethostname(), boot, at),
        ).fetchone()
        return cls(run, mailing, Journal.create(path_of(connection, run), boot=boot, run=run))


class Run(NamedTuple):
    """A run that has not ended as it should, or not yet."""

    id: int
    mailing: int
    pid: int
    host: str
    boot: str
    started_at: str
    taken_at: str | None
    """When another run took over from it, as it stood still."""
    lease_until: float | None
    """When the last of its leases runs out, on the monotonic clock of its boot; None: it has none."""

    def holds(self, *, boot: str, monotonic: float) -> bool:
        """Whether a lease of it has not run out; another boot's leases have."""
        return self.lease_until is not None and self.boot == boot and monotonic < self.lease_until

    def lives(self, path: Path, *, boot: str, monotonic: float) -> bool:
        """Whether what it holds must not be touched.

        A process that was stopped (SIGSTOP) keeps the lock, but its leases run out. With the lock and no
        lease it waits for deferred mails. With the lock and another boot it is on another machine.
        """
        held = is_held(path)
        if held is None or self.taken_at:
            return self.holds(boot=boot, monotonic=monotonic)
        if held and self.boot == boot and self.lease_until is not None:
            return self.holds(boot=boot, monotonic=monotonic)
        return held

    def alive(self) -> AliveError:
        """Tell who it is."""
        message = _("Mailing {mailing} is being sent by process {pid} on {host} since {since}.")
        return AliveError(
            message.format(mailing=self.mailing, pid=self.pid, host=self.host, since=local(self.started_at)),
            cure=_(
                "Wait until it has ended, or stop it with “newsletter pause”; then give the command again."
            ),
        )


def open_runs(connection: sqlite3.Connection, mailing: int) -> list[Run]:
    """List the runs of a mailing that have not ended."""
    return [Run._make(row) for row in connection.execute(_OPEN_RUNS, (mailing,))]


def path_of(connection: sqlite3.Connection, run: int) -> Path:
    """Return where the journal of a run lies: beside the database."""
    [database] = [row[2] for row in connection.execute("PRAGMA database_list") if row[1] == "main"]
    return Path(f"{database}.sending-{run}")
