"""Import files in tests: written from literals, and imported as the command does it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from openpyxl import Workbook

from newsletter.subscribers import columns, importing, tables
from newsletter.subscribers.importing import Outcome
from newsletter.subscribers.list import SubscriberList

AT = "2024-05-01T08:00:00+00:00"


def imported(
    people: SubscriberList,
    file: Path,
    *choices: str,
    progress: Callable[[int], object] = int,
    **order: Any,
) -> Outcome:
    """Import a file as active people with a consent, unless told otherwise."""
    table = tables.survey(file)
    chosen = columns.remembered(people.db.conn, table.headers) | columns.parse_choice(choices)
    mapped = columns.mapped(table.headers, people.settings, chosen)
    given = {"status": "active", "consent": "Form 2022: yes, please.", "at": AT} | order
    return importing.run(people, importing.Order(table=table, columns=mapped, **given), progress)


def written(folder: Path, text: str, *, encoding: str = "utf-8", name: str = "people.csv") -> Path:
    """Write a file as it stands there; no line end is changed."""
    file = folder / name
    file.write_bytes(text.encode(encoding))
    return file


def workbook(folder: Path, rows: Iterable[Iterable[object]]) -> Path:
    """Write a workbook with one sheet."""
    book = Workbook()
    sheet = book.worksheets[0]
    for row in rows:
        sheet.append(list(row))
    file = folder / "people.xlsx"
    book.save(file)
    book.close()
    return file


def counts(outcome: Outcome) -> tuple[int, int, int, int]:
    """Return added, changed, unchanged, rejected."""
    return outcome.added, outcome.changed, outcome.unchanged, outcome.rejected
