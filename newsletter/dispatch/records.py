"""The record of a mailing: what became of each recipient, read row by row."""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Iterator
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, NamedTuple

from newsletter.clock import stamp
from newsletter.dispatch.model import State

_COLUMNS = (
    "dispatch.seq, dispatch.slice, dispatch.person, dispatch.address, dispatch.segments, dispatch.state,"
    " dispatch.attempt, dispatch.edition, mailing_edition.digest, dispatch.stage, dispatch.code,"
    " dispatch.enhanced, dispatch.reply, dispatch.relay, dispatch.reason, dispatch.at, dispatch.next_at"
)
_FROM = (
    "FROM slice JOIN dispatch ON dispatch.mailing = slice.mailing AND dispatch.slice = slice.number"
    " LEFT JOIN mailing_edition ON mailing_edition.mailing = dispatch.mailing"
    " AND mailing_edition.number = dispatch.edition WHERE slice.mailing = ?"
)


class Record(NamedTuple):
    """What became of a recipient; times are UTC, ISO 8601."""

    seq: int
    slice: int
    person: int
    address: str
    """Where it goes or went; empty once the person is erased."""
    segments: str
    state: State
    attempt: int
    """How often they were claimed; 0: never."""
    edition: int
    """The number of the edition of their last attempt; 0: there was none."""
    digest: str | None
    """The digest of that edition; with the person it gives the Message-ID."""
    stage: str
    code: int
    enhanced: str
    reply: str
    relay: str
    reason: str
    at: str | None
    next_at: str | None
    """When a deferred one is tried again."""


def records(connection: sqlite3.Connection, mailing: int, states: Collection[State] = ()) -> Iterator[Record]:
    """Give the recipients of a mailing in their order, all or those in some states.

    Slices that count nobody in these states are not looked into.
    """
    sql, values = f"SELECT {_COLUMNS} {_FROM}", (mailing,)
    if states:
        counted = " + ".join(f"slice.{state}" for state in sorted(states))
        named = " OR ".join(f"dispatch.state = '{state}'" for state in sorted(states))
        sql += f" AND {counted} > 0 AND ({named})"
    return map(_record, connection.execute(f"{sql} ORDER BY slice.number, dispatch.seq", values))


def _record(row: tuple[Any, ...]) -> Record:
    *facts, at, next_at = row
    facts[_STATE] = State(facts[_STATE])
    return Record._make((*facts, _moment(at), _moment(next_at)))


_STATE = Record._fields.index("state")


@lru_cache(maxsize=1024)
def _moment(seconds: int | None) -> str | None:
    return None if seconds is None else stamp(datetime.fromtimestamp(seconds, UTC))
