"""A slice's counters: how many of its recipients are in each state, and when the next deferred one is due.

They change in the same transaction as the rows they count, and add up to the slice's size by a check of the
table, so that a mailing of a million is counted in a millisecond.
"""

from __future__ import annotations

import sqlite3
from collections import Counter

from newsletter.dispatch.model import State

Changes = Counter[str]
"""By how much each counter changes."""
Place = tuple[int, int]
"""Mailing and slice."""
NAMES = tuple(str(state) for state in State)
"""A slice's columns that count, in the order of `State`."""
_NEXT = (
    "UPDATE slice SET next_at = (SELECT min(dispatch.next_at) FROM dispatch WHERE dispatch.mailing = ?1"
    " AND dispatch.slice = slice.number AND dispatch.state = 'deferred') WHERE mailing = ?1 AND number = ?2"
)
_CANCEL_ROWS = (
    "UPDATE dispatch SET state = 'cancelled', next_at = NULL WHERE mailing = ? AND slice = ?"
    " AND (state = 'pending' OR state = 'deferred')"
)
_CANCEL_SLICE = (
    "UPDATE slice SET cancelled = cancelled + pending + deferred, pending = 0, deferred = 0, next_at = NULL"
    " WHERE mailing = ? AND number = ?"
)


def count(connection: sqlite3.Connection, place: Place, changes: Changes) -> None:
    """Bring a slice's counters up to date; one statement, as they must add up after each."""
    changed = {name: by for name, by in changes.items() if by}
    if changed:
        sets = ", ".join(f"{name} = {name} + ?" for name in changed)
        connection.execute(
            f"UPDATE slice SET {sets} WHERE mailing = ? AND number = ?",  # noqa: S608 (names of states)
            (*changed.values(), *place),
        )
    if State.DEFERRED in changes:
        connection.execute(_NEXT, place)


def slices(connection: sqlite3.Connection, mailing: int, *states: State) -> list[Place]:
    """List the slices of a mailing that count somebody in one of these states.

    What changes many recipients goes through these: one statement for a million rows takes 100 MB.
    """
    counted = " + ".join(states)
    rows = connection.execute(
        f"SELECT mailing, number FROM slice WHERE mailing = ? AND {counted} > 0",  # noqa: S608 (names of states)
        (mailing,),
    )
    return rows.fetchall()


def cancel(connection: sqlite3.Connection, place: Place) -> int:
    """Cancel whoever waits in a slice; return how many."""
    found = connection.execute(_CANCEL_ROWS, place).rowcount
    connection.execute(_CANCEL_SLICE, place)
    return found
