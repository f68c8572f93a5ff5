"""Tidy up after a run that died or stood still for too long: its journal tells what became of whom."""

from __future__ import annotations

import sqlite3

from newsletter.dispatch.counters import Place
from newsletter.dispatch.journal import Key, Reading
from newsletter.dispatch.model import Outcome
from newsletter.dispatch.owner import Run
from newsletter.dispatch.recorder import Recorder
from newsletter.dispatch.recording import Settled

_HELD = "SELECT number FROM slice WHERE mailing = ? AND run = ?"
_DOUBTFUL = "SELECT number FROM slice WHERE mailing = ? AND in_doubt > 0"
_RELEASE = "UPDATE slice SET run = NULL, lease_until = 0 WHERE mailing = ? AND run = ?"


class _Attempt:
    __slots__ = ("attempt", "seq")

    def __init__(self, seq: int, attempt: int) -> None:
        self.seq = seq
        self.attempt = attempt


def recover(connection: sqlite3.Connection, recorder: Recorder, run: Run, reading: Reading) -> None:
    """Settle what a run left under way, and free its slices; inside of the caller's transaction.

    What its journal answers is written down, also where another run had to leave it in doubt before.
    """
    for number in _numbers(connection, _HELD, run.mailing, run.id):
        settle_left(connection, recorder, (run.mailing, number), reading)
    for number in _numbers(connection, _DOUBTFUL, run.mailing):
        found = _under_way(connection, (run.mailing, number), "in_doubt")
        known = [(key, reading.outcomes[key]) for key in found if key in reading.outcomes]
        recorder.settle((run.mailing, number), _settled(known))
    connection.execute(_RELEASE, (run.mailing, run.id))


def settle_left(connection: sqlite3.Connection, recorder: Recorder, place: Place, reading: Reading) -> None:
    """Settle whatever of a slice is claimed, by what the journal of its holder says."""
    found = _under_way(connection, place, "sending")
    recorder.settle(place, _settled([(key, reading.fate(key)) for key in found]))


def _numbers(connection: sqlite3.Connection, sql: str, *values: int) -> list[int]:
    return [row[0] for row in connection.execute(sql, values)]


def _under_way(connection: sqlite3.Connection, place: Place, state: str) -> list[Key]:
    rows = connection.execute(
        "SELECT slice, seq, attempt FROM dispatch WHERE mailing = ? AND slice = ? AND state = ?",
        (*place, state),
    )
    return rows.fetchall()


def _settled(known: list[tuple[Key, Outcome]]) -> list[Settled]:
    return [(_Attempt(seq, attempt), outcome) for (_slice, seq, attempt), outcome in known]
