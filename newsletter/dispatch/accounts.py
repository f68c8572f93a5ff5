"""Audit a mailing: count its rows anew and compare; audience = the sum of all states, always."""

from __future__ import annotations

import sqlite3
from collections import Counter, defaultdict
from collections.abc import Iterator

from newsletter.dispatch import counters
from newsletter.language import _


def discrepancies(connection: sqlite3.Connection, mailing: int) -> Iterator[str]:
    """Say what does not add up; nothing in a ledger that is whole. A million rows take some seconds."""
    found: defaultdict[int, Counter[str]] = defaultdict(Counter)
    for number, state, many in connection.execute(
        "SELECT slice, state, count(*) FROM dispatch WHERE mailing = ? GROUP BY slice, state", (mailing,)
    ):
        found[number][state] = many
    total = 0
    columns = ", ".join(counters.NAMES)
    for number, size, *counted in connection.execute(
        f"SELECT number, size, {columns} FROM slice WHERE mailing = ?",  # noqa: S608 (names of ours)
        (mailing,),
    ):
        rows = found.pop(number, Counter())
        total += rows.total()
        if rows.total() != size:
            text = _("slice {number} has {size} recipients, but {rows} rows")
            yield text.format(number=number, size=size, rows=rows.total())
        for state, many in zip(counters.NAMES, counted, strict=True):
            if rows[state] != many:
                text = _("slice {number} counts {many} {state}, but {rows} rows are")
                yield text.format(number=number, many=many, state=state, rows=rows[state])
    for number in found:
        yield _("slice {number} is missing, but has rows").format(number=number)
    [audience] = connection.execute("SELECT audience FROM mailing WHERE id = ?", (mailing,)).fetchone()
    if total != audience:
        yield _("{audience} recipients were planned, but {rows} are there").format(
            audience=audience, rows=total
        )
