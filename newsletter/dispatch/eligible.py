"""Who may get a mailing, as SQL: the same rule when it is planned and at the last moment.

The texts hold constants only; they speak of the table `subscriber` by its name.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

from newsletter.settings_model import Settings
from newsletter.subscribers import segments
from newsletter.subscribers.model import Status
from newsletter.subscribers.segments import Condition

ALREADY = "already"
"""Why somebody is left out who is in another mailing of the issue."""
REASONS = (*(str(status) for status in Status if status is not Status.ACTIVE), "suppressed", ALREADY)
"""Why somebody on the list is not planned."""
_SUPPRESSED = (
    "(EXISTS (SELECT 1 FROM suppression WHERE pattern IN (subscriber.key, '@' || subscriber.domain))"
    " OR EXISTS (SELECT 1 FROM suppression WHERE instr(pattern, '*')"
    " AND subscriber.key GLOB replace(replace(pattern, '[', '[[]'), '?', '[?]')))"
)
"""An address, its domain, or a pattern, in which only `*` is special."""
_CASES = (
    "WHEN subscriber.id IS NULL THEN 'erased'"  # noqa: S608 (constants)
    " WHEN subscriber.status <> 'active' THEN subscriber.status"
    f" WHEN EXISTS (SELECT 1 FROM suppression) AND {_SUPPRESSED} THEN 'suppressed'"
)
WHY_NOT = f"CASE {_CASES} ELSE '' END"
"""Why somebody planned gets nothing after all; empty: they do. Without a row (LEFT JOIN) they were erased."""
_EVERYBODY = Condition("1", ())
_NOBODY = Condition("0", ())


def may_get(already: Condition) -> Condition:
    """Return who may be planned: active, not suppressed, not in another mailing of the issue already."""
    sql = f"subscriber.status = 'active' AND NOT {_SUPPRESSED} AND NOT {already.sql}"
    return Condition(sql, already.parameters)


def why_not(already: Condition) -> Condition:
    """Return why somebody cannot be planned; empty: they can."""
    return Condition(f"CASE {_CASES} WHEN {already.sql} THEN '{ALREADY}' ELSE '' END", already.parameters)


def already_in(connection: sqlite3.Connection, issue: str) -> Condition:
    """Return who has a place in a mailing of an issue; who was cancelled or skipped there has none."""
    numbers = [row[0] for row in connection.execute("SELECT id FROM mailing WHERE issue = ?", (issue,))]
    if not numbers:
        return _NOBODY
    sql = (
        "EXISTS (SELECT 1 FROM dispatch WHERE dispatch.person = subscriber.id"  # noqa: S608 (numbers)
        f" AND dispatch.mailing IN ({', '.join(map(str, numbers))})"
        " AND dispatch.state <> 'cancelled' AND dispatch.state <> 'skipped')"
    )
    return Condition(sql, ())


def members(segment: str | None, settings: Settings) -> Condition:
    """Return who is in a segment of newsletter.toml; None: everybody.

    Raises:
        UsageError: there is no such segment.
    """
    return segments.segment(segment, settings) if segment else _EVERYBODY


def memberships(names: Sequence[str], settings: Settings) -> Condition:
    """Return which of some segments a subscriber is in: `cities+districts`, in the order of the names."""
    if not names:
        return Condition("''", ())
    conditions = [(name, segments.segment(name, settings)) for name in sorted(names)]
    pieces = [f"CASE WHEN {one.sql} THEN '+{name}' ELSE '' END" for name, one in conditions]
    values = tuple(value for _name, one in conditions for value in one.parameters)
    return Condition(f"substr({' || '.join(pieces)}, 2)", values)
