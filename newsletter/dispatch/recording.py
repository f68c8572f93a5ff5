"""Write down what became of attempts; only of those that are really under way, each once.

An outcome counts when its attempt is the row's and the row is `sending` or `in_doubt`, whoever holds the
slice by now: a truth that comes late is still the truth.

Nearly all are acceptances that differ only in the server's words: those go into a temporary table and from
there into their rows with one statement (4 µs each instead of 12, measured in windows of 200).
"""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import NamedTuple, Protocol

from newsletter.dispatch.counters import Changes, Place
from newsletter.dispatch.model import Blame, Outcome, Stage, State
from newsletter.dispatch.patience import Patience

_Kind = tuple[str, int, str, str]
"""Stage, code, enhanced code, relay."""
_Answer = tuple[int, int, str]
"""Seq, attempt, the server's words."""
_TOGETHER = 40
"""Rows in one INSERT."""
_ANSWERS = (
    "CREATE TEMP TABLE IF NOT EXISTS answer"
    " (seq INTEGER, attempt INTEGER, text TEXT, PRIMARY KEY (seq, attempt)) WITHOUT ROWID"
)
_THEIRS = "FROM temp.answer WHERE answer.seq = dispatch.seq AND answer.attempt = dispatch.attempt"
_ACCEPT = (
    "UPDATE dispatch SET state = 'accepted', stage = ?, code = ?, enhanced = ?, relay = ?, at = ?,"  # noqa: S608 (constants)
    f" reason = '', next_at = NULL, reply = CASE address WHEN '' THEN '' ELSE (SELECT text {_THEIRS}) END"
    " WHERE mailing = ? AND slice = ? AND seq BETWEEN ? AND ? AND state = ?"
    f" AND EXISTS (SELECT 1 {_THEIRS})"
)
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

    changes: Changes = field(default_factory=Counter)
    hard: list[Hard] = field(default_factory=list)


class _Row(NamedTuple):
    seq: int
    attempt: int
    state: str
    address: str
    person: int
    deferrals: int
    first_at: int | None


def record(
    connection: sqlite3.Connection, place: Place, settled: Sequence[Settled], *, patience: Patience, now: int
) -> Recorded:
    """Write down the outcomes of a slice; the caller holds the lock."""
    done = Recorded()
    accepted: dict[_Kind, list[_Answer]] = {}
    others: list[Settled] = []
    for one, outcome in settled:
        if outcome.state is State.ACCEPTED:
            kind: _Kind = (str(outcome.stage), outcome.code, outcome.enhanced, outcome.relay)
            accepted.setdefault(kind, []).append((one.seq, one.attempt, outcome.text))
        else:
            others.append((one, outcome))
    for kind, answers in accepted.items():
        _accept(connection, place, answers, (*kind, now), done.changes)
    if others:
        _one_by_one(connection, place, others, (patience, now), done)
    return done


def _accept(
    connection: sqlite3.Connection,
    place: Place,
    answers: list[_Answer],
    values: tuple[object, ...],
    changes: Changes,
) -> None:
    """Write down acceptances that have all but the server's words in common."""
    _put_aside(connection, answers)
    bounds = (*place, min(answers)[0], max(answers)[0])
    missing = len(answers)
    for before in (State.SENDING, State.IN_DOUBT):
        if missing:  # the second time only for what comes late
            found = connection.execute(_ACCEPT, (*values, *bounds, str(before))).rowcount
            changes[before] -= found
            changes[State.ACCEPTED] += found
            missing -= found
    connection.execute("DELETE FROM temp.answer")


def _put_aside(connection: sqlite3.Connection, answers: list[_Answer]) -> None:
    connection.execute(_ANSWERS)
    insert, whole = "INSERT OR IGNORE INTO temp.answer VALUES ", len(answers) - len(answers) % _TOGETHER
    connection.executemany(
        insert + ",".join(["(?,?,?)"] * _TOGETHER),
        [tuple(chain(*answers[start : start + _TOGETHER])) for start in range(0, whole, _TOGETHER)],
    )
    connection.executemany(f"{insert}(?,?,?)", answers[whole:])


def _one_by_one(
    connection: sqlite3.Connection,
    place: Place,
    settled: Sequence[Settled],
    rule: tuple[Patience, int],
    done: Recorded,
) -> None:
    """Write down outcomes that depend on what was before."""
    numbers = [one.seq for one, _outcome in settled]
    rows = {row[0]: row for row in connection.execute(_ROWS, (*place, min(numbers), max(numbers)))}
    for one, outcome in settled:
        if one.seq not in rows:
            continue
        row = _Row._make(rows[one.seq])
        state, *values = _values(row, outcome, *rule)
        changed = connection.execute(_RECORD, (state, *values, *place, one.seq, one.attempt)).rowcount
        if changed:
            del rows[one.seq]  # two outcomes of one attempt: the first one counts
            done.changes[row.state] -= 1
            done.changes[str(state)] += 1
            if _is_hard(outcome):
                done.hard.append(Hard(row.person, row.address, outcome))


def _values(row: _Row, outcome: Outcome, patience: Patience, now: int) -> tuple[str | int | None, ...]:
    """Return what stands in the row from now on, up to `next_at`."""
    state, reason, next_at = outcome.state, _REASONS.get(outcome.state, ""), None
    deferrals, first_at = row.deferrals, row.first_at
    if state is State.DEFERRED:
        deferrals += 1
        first_at = now if first_at is None else first_at
        next_at = patience.next_at(deferrals, first_at, now)
        if next_at is None:
            state, reason = State.REFUSED, "gave_up"
    elif state is State.REFUSED:
        reason = str(outcome.blame)
    # A row without address is that of an erased person; a server's words would name them again.
    text = outcome.text if row.address else ""
    return (
        str(state), str(outcome.stage), outcome.code, outcome.enhanced, text, outcome.relay, reason,
        now, deferrals, first_at, next_at,
    )  # fmt: skip


_REASONS = {State.IN_DOUBT: "no_answer"}


def _is_hard(outcome: Outcome) -> bool:
    """Whether a server said that the address is no good; what we refused ourselves never left us."""
    return (
        outcome.blame is Blame.RECIPIENT
        and outcome.state is State.REFUSED
        and outcome.stage is not Stage.LOCAL
    )
