"""Claim the next recipients of a slice, after a last look at each: do they still want it, may they get it?

Looking and claiming happen in the same transaction, which holds the lock: nobody can leave in between.
"""

from __future__ import annotations

import sqlite3
from collections import Counter
from typing import Any

from newsletter.dispatch.counters import Changes, Place
from newsletter.dispatch.eligible import WHY_NOT
from newsletter.dispatch.model import Opened, State
from newsletter.mail.recipient import Recipient

_WAITING = "(state = 'pending' OR state = 'deferred' AND next_at NOT BETWEEN ? AND ?)"
"""Whose turn has come; the bounds are now + 1 and the furthest moment a wait can lead to. What is further
away was written before the clock was set back."""
_LOOK = (
    "SELECT dispatch.seq, dispatch.attempt + 1, subscriber.domain, dispatch.person,"  # noqa: S608 (constants)
    " subscriber.address, subscriber.form, subscriber.title, subscriber.first_name, subscriber.last_name,"
    " subscriber.organisation, subscriber.fields, dispatch.segments, dispatch.state,"
    f" dispatch.address <> subscriber.address, {WHY_NOT}"
    " FROM dispatch LEFT JOIN subscriber ON subscriber.id = dispatch.person"
    " WHERE dispatch.mailing = ? AND dispatch.slice = ? AND dispatch.seq > ?"
    f" AND {_WAITING} ORDER BY dispatch.seq LIMIT ?"
)
_SKIP = (
    "UPDATE dispatch SET state = 'skipped', reason = ?, at = ?, next_at = NULL"
    " WHERE mailing = ? AND slice = ? AND seq = ?"
)
_OPEN = (
    "UPDATE dispatch SET state = 'sending', attempt = attempt + 1, edition = ?, at = ?,"  # noqa: S608 (constants)
    " next_at = NULL"
    f" WHERE mailing = ? AND slice = ? AND seq BETWEEN ? AND ? AND {_WAITING}"
)


_READDRESS = "UPDATE dispatch SET address = ? WHERE mailing = ? AND slice = ? AND seq = ?"


_Look = tuple[Any, ...]
"""seq, attempt, domain, what a `Recipient` has, and these:"""
_ADDRESS, _STATE, _MOVED, _WHY = 4, 12, 13, 14


class Window:
    """The next recipients of a slice, `place` being (mailing, slice); the caller holds the lock."""

    def __init__(
        self,
        connection: sqlite3.Connection,
        place: Place,
        *,
        edition: int,
        now: int,
        furthest: float,
    ) -> None:
        self.opened: list[Opened] = []
        self.changes: Changes = Counter()
        self.skipped = 0
        self._connection = connection
        self._place = place
        self._edition = edition
        self._now = now
        self._bounds = (now + 1, furthest)

    def open(self, want: int) -> None:
        """Claim up to so many; those who get nothing any more are skipped, with the reason in their row."""
        last = -1
        while want > 0:
            looked = self._connection.execute(_LOOK, (*self._place, last, *self._bounds, want)).fetchall()
            if not looked:
                return
            last = looked[-1][0]
            for row in looked:
                if row[_WHY]:
                    self._skip(row)
            want -= self._claim([row for row in looked if not row[_WHY]])

    def _skip(self, row: _Look) -> None:
        self._connection.execute(_SKIP, (row[_WHY], self._now, *self._place, row[0]))
        self.skipped += 1
        self.changes[row[_STATE]] -= 1
        self.changes[State.SKIPPED] += 1

    def _claim(self, rows: list[_Look]) -> int:
        if not rows:
            return 0
        self._readdress([row for row in rows if row[_MOVED]])
        values = (self._edition, self._now, *self._place, rows[0][0], rows[-1][0], *self._bounds)
        if self._connection.execute(_OPEN, values).rowcount != len(rows):
            raise AssertionError(self._place)  # nobody else writes while we hold the lock
        make, edition = Recipient._make, self._edition
        self.opened += [Opened(row[0], row[1], row[2], make(row[3:12]), edition) for row in rows]
        self.changes.subtract([row[_STATE] for row in rows])
        self.changes[State.SENDING] += len(rows)
        return len(rows)

    def _readdress(self, rows: list[_Look]) -> None:
        """Keep where the mail really goes, for those who have another address since the planning."""
        self._connection.executemany(_READDRESS, [(row[_ADDRESS], *self._place, row[0]) for row in rows])
