"""How a mailing stands: counts, who is sending, what goes wrong and where, what was decided."""

from __future__ import annotations

import json
import sqlite3
import time
import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from newsletter.clock import boot_id, stamp
from newsletter.dispatch.decisions import Decision, decisions
from newsletter.dispatch.mailings import Mailings
from newsletter.dispatch.model import Counts, Mailing, State
from newsletter.dispatch.owner import Run, open_runs, path_of

_LOOKED_AT = 20_000
"""Recipients looked at for what goes wrong: so many take 0.02 s, a million would take one."""
_DOMAINS = 3
_BEGINNING = 65_536
"""Octets in which title and subject of a frozen edition stand, whatever its pictures take."""
_TROUBLED = "deferred + refused + in_doubt"
_SLICES = f"SELECT number, size FROM slice WHERE mailing = ? AND {_TROUBLED} > 0 ORDER BY number"  # noqa: S608 (ours)
_PROBLEMS = (
    "SELECT state, relay, stage, code, enhanced, reason,"
    " lower(substr(address, instr(address, '@') + 1)) AS domain, max(reply) AS reply, count(*) AS count"
    " FROM dispatch WHERE mailing = ? AND slice BETWEEN ? AND ?"
    " AND (state = 'deferred' OR state = 'refused' OR state = 'in_doubt')"
    " GROUP BY state, relay, stage, code, enhanced, reason, domain ORDER BY count(*) DESC, domain"
)
_NEXT = "SELECT min(next_at) FROM slice WHERE mailing = ? AND deferred > 0"


@dataclass(frozen=True, kw_only=True)
class Problem:
    """Recipients to whom the same happened."""

    state: State
    relay: str
    stage: str
    code: int
    enhanced: str
    reason: str
    reply: str
    """What the server said to one of them."""
    count: int
    domains: tuple[tuple[str, int], ...]
    """The domains with most of them."""


@dataclass(frozen=True, kw_only=True)
class Standing:
    """How a mailing stands."""

    mailing: Mailing
    title: str
    subject: str
    counts: Counts
    run: Run | None
    """Who is sending it just now."""
    next_at: str | None
    """When the first deferred one is tried again."""
    problems: tuple[Problem, ...]
    """What goes wrong, the most frequent first."""
    all_looked_at: bool
    """Whether the problems are those of everybody, or only of the first slices that have any."""
    decisions: tuple[Decision, ...]

    @property
    def left_behind(self) -> int:
        """How many a process that is no more has left under way; the next `send` or `resolve` sorts them."""
        return 0 if self.run else self.counts[State.SENDING]


def standing(connection: sqlite3.Connection, mailing: Mailing) -> Standing:
    """Look at a mailing; it takes some milliseconds for a million recipients."""
    title, subject = _heading(connection, mailing.digest)
    problems, complete = _problems(connection, mailing.id)
    return Standing(
        mailing=mailing,
        title=title,
        subject=subject,
        counts=Mailings(connection).counts(mailing.id),
        run=living(connection, mailing.id),
        next_at=_next_at(connection, mailing.id),
        problems=problems,
        all_looked_at=complete,
        decisions=tuple(decisions(connection, mailing.id)),
    )


def living(connection: sqlite3.Connection, mailing: int) -> Run | None:
    """Return the run that is sending a mailing just now."""
    boot, now = boot_id(), time.monotonic()
    for run in open_runs(connection, mailing):
        if run.lives(path_of(connection, run.id), boot=boot, monotonic=now):
            return run
    return None


def _next_at(connection: sqlite3.Connection, mailing: int) -> str | None:
    [seconds] = connection.execute(_NEXT, (mailing,)).fetchone()
    return None if seconds is None else stamp(datetime.fromtimestamp(seconds, UTC))


def _problems(connection: sqlite3.Connection, mailing: int) -> tuple[tuple[Problem, ...], bool]:
    """Gather what goes wrong, in as many slices as can be looked into at once."""
    troubled = connection.execute(_SLICES, (mailing,)).fetchall()
    looked_at, room = [], _LOOKED_AT
    for number, size in troubled:
        if room <= 0:
            break
        looked_at.append(number)
        room -= size
    found: dict[tuple[Any, ...], list[tuple[str, str, int]]] = {}
    for first, last in _spans(looked_at):
        for *kind, domain, reply, count in connection.execute(_PROBLEMS, (mailing, first, last)):
            found.setdefault(tuple(kind), []).append((domain, reply, count))
    problems = sorted((_problem(kind, rows) for kind, rows in found.items()), key=lambda one: -one.count)
    return tuple(problems), len(looked_at) == len(troubled)


def _spans(numbers: Iterable[int]) -> list[tuple[int, int]]:
    """Join numbers that follow each other."""
    spans: list[tuple[int, int]] = []
    for number in numbers:
        if spans and spans[-1][1] == number - 1:
            spans[-1] = (spans[-1][0], number)
        else:
            spans.append((number, number))
    return spans


def _problem(kind: tuple[Any, ...], rows: list[tuple[str, str, int]]) -> Problem:
    state, relay, stage, code, enhanced, reason = kind
    domains: dict[str, int] = {}
    for domain, _reply, count in rows:
        domains[domain] = domains.get(domain, 0) + count
    most = sorted(((name, count) for name, count in domains.items() if name), key=lambda one: -one[1])
    return Problem(
        state=State(state),
        relay=relay,
        stage=stage,
        code=code,
        enhanced=enhanced,
        reason=reason,
        reply=rows[0][1],
        count=sum(domains.values()),
        domains=tuple(most[:_DOMAINS]),
    )


def _heading(connection: sqlite3.Connection, digest: str) -> tuple[str, str]:
    """Return title and subject of a frozen edition, without unfreezing all of it."""
    row = connection.execute(
        "SELECT substr(content, 1, ?) FROM edition WHERE digest = ?", (_BEGINNING, digest)
    ).fetchone()
    try:
        text = zlib.decompressobj().decompress(row[0], 2 * _BEGINNING).decode(errors="replace")
        title, subject, places = (_value(text, name) for name in ("title", "subject", "places"))
        for marker, _name, fallback in places:
            subject = subject.replace(marker, fallback)
    except (TypeError, ValueError, zlib.error):
        return "", ""
    return title, subject


def _value(text: str, name: str) -> Any:
    """Return a value of a JSON object of which there is only the beginning."""
    key = f'"{name}":'
    return json.JSONDecoder().raw_decode(text, text.index(key) + len(key))[0]
