"""Write down what became of attempts; only of those that are really under way, each once.

An outcome counts when its attempt is the row's and the row is `sending` or `in_doubt`, whoever holds the
slice by now: a truth that comes late is still the truth.
"""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol

from newsletter.dispatch.model import Blame, Outcome, Stage, State
from newsletter.dispatch.patience import Patience

Changes = Counter[str]
"""By how much each of a slice's counters changes."""
_UNDER_WAY = frozenset({str(State.SENDING), str(State.IN_DOUBT)})
_ROWS = (
    "SELECT seq, attempt, state, address, person, deferrals, first_at FROM dispatch"
    " WHERE mailing = ? AND slice = ? AND seq BETWEEN ? AND ?"
)
_RECORD = (
    "UPDATE dispatch SET state = ?, stage = ?, code = ?, enhanced = ?, reply = ?, relay = ?, reason = ?,"
    " at = ?, deferrals = ?, first_at = ?, next_at = ?"
    " WHERE mailing = ? AND slice = ? AND seq = ? AND attempt = ?"
    " AND (state = 'sending' OR state = 'in_doubt')"
)


class Attempt(Protocol):
    """What names an attempt, such as a `Job`."""

    @property
    def seq(self) -> int:
        """The recipient's number in the mailing."""

    @property
    def attempt(self) -> int:
        """Which attempt it was, from 1."""


Settled = tuple[Attempt, Outcome]


class Hard(NamedTuple):
    """Somebody whose address does not exist, as the server said."""

    person: int
    address: str
    outcome: Outcome


@dataclass
class Recorded:
    """What was written down."""

    changes: Changes
    hard: list[Hard]
    rows: int = 0


class _Row(NamedTuple):
    seq: int
    attempt: int
    state: str
    address: str
    person: int
    deferrals: int
    first_at: int | None


def record(
    connection: sqlite3.Connection,
    place: tuple[int, int],
    settled: Sequence[Settled],
    *,
    patience: Patience,
    now: int,
) -> Recorded:
    """Write down the outcomes of a slice, `place` being (mailing, slice); the caller holds the lock."""
    done = Recorded(Counter(), [])
    if not settled:
        return done
    rows = _rows(connection, place, [one.seq for one, _outcome in settled])
    values = []
    for one, outcome in settled:
        row = rows.get(one.seq)
        if row is None or row[1] != one.attempt or row[2] not in _UNDER_WAY:
            continue
        state, *value = _value(_Row._make(row), outcome, patience, now)
        values.append((state, *value, *place, one.seq, one.attempt))
        del rows[one.seq]  # two outcomes of one attempt: the first one counts
        done.changes[row[2]] -= 1
        done.changes[str(state)] += 1
        if _is_hard(outcome):
            done.hard.append(Hard(row[4], row[3], outcome))
    done.rows = connection.executemany(_RECORD, values).rowcount if values else 0
    if done.rows != len(values):
        raise AssertionError(place)  # nobody else writes while we hold the lock
    return done


def count(connection: sqlite3.Connection, place: tuple[int, int], changes: Changes) -> None:
    """Bring a slice's counters up to date; one statement, as they must add up after each."""
    changed = {name: by for name, by in changes.items() if by}
    if changed:
        sets = ", ".join(f"{name} = {name} + ?" for name in changed)
        connection.execute(
            f"UPDATE slice SET {sets} WHERE mailing = ? AND number = ?",  # noqa: S608 (names of states)
            (*changed.values(), *place),
        )


def _rows(
    connection: sqlite3.Connection, place: tuple[int, int], numbers: Iterable[int]
) -> dict[int, tuple[int, int, str, str, int, int, int | None]]:
    wanted = sorted(numbers)
    return {row[0]: row for row in connection.execute(_ROWS, (*place, wanted[0], wanted[-1]))}


def _value(row: _Row, outcome: Outcome, patience: Patience, now: int) -> tuple[str | int | None, ...]:
    """Return what stands in the row from now on, up to `next_at`."""
    state: str = outcome.state
    reason, deferrals, first_at, next_at = "", row.deferrals, row.first_at, None
    if state == State.DEFERRED:
        deferrals += 1
        first_at = now if first_at is None else first_at
        next_at = patience.next_at(deferrals, first_at, now)
        if next_at is None:
            state, reason = State.REFUSED, "gave_up"
    elif state == State.REFUSED:
        reason = outcome.blame
    elif state == State.IN_DOUBT:
        reason = "no_answer"
    # A row without address is that of an erased person; a server's words would name them again.
    text = outcome.text if row.address else ""
    return (
        str(state), str(outcome.stage), outcome.code, outcome.enhanced, text, outcome.relay, str(reason),
        now, deferrals, first_at, next_at,
    )  # fmt: skip


def _is_hard(outcome: Outcome) -> bool:
    """Whether a server said that the address is no good; what we refused ourselves never left us."""
    return (
        outcome.blame is Blame.RECIPIENT
        and outcome.state is State.REFUSED
        and outcome.stage is not Stage.LOCAL
    )
