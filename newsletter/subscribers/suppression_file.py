"""Suppression lists as files: CSV with headings, or a pattern a line; in with faults by line, and out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import IO

from newsletter.address import AddressError
from newsletter.clock import stamp
from newsletter.errors import Fault, UsageError, Where
from newsletter.language import _
from newsletter.subscribers import tables
from newsletter.subscribers.exporting import csv_writer, fresh_file
from newsletter.subscribers.formulas import neutralised, restored
from newsletter.subscribers.suppression import Entry, normalised

_HEADINGS = {
    "pattern": ("pattern", "muster", "address", "adresse", "email", "e-mail", "mail", "domain", "recipient"),
    "reason": ("reason", "grund", "begründung", "anlass"),
    "source": ("source", "quelle", "herkunft"),
    "at": ("at", "date", "datum", "seit", "created", "created_at"),
}
_COLUMNS = tuple(_HEADINGS)
MAX_TEXT = 1_000


@dataclass(frozen=True)
class Reading:
    """What a file holds; with faults nothing of it should be taken."""

    entries: tuple[Entry, ...]
    faults: tuple[Fault, ...]


def read(path: Path, *, reason: str, source: str, at: str) -> Reading:
    """Read a file; `reason`, `source` and `at` are for rows that say none.

    Rows are `pattern;reason`, or as the headings say; empty rows and such beginning with `#` are left out.

    Raises:
        FaultsFound: it cannot be read as a table at all.
    """
    table = tables.survey(path)
    places = _places(table.headers)
    given = {"reason": reason, "source": source, "at": at}
    entries: list[Entry] = []
    faults: list[Fault] = []
    for line, row in _rows(table, has_headings=places is not None):
        cells = _cells(row, places or {"pattern": 0, "reason": 1})
        if cells.get("pattern", "").startswith("#") or not any(cells.values()):
            continue
        try:
            entries.append(_entry(cells, given))
        except (AddressError, UsageError) as err:
            faults.append(Fault(Where(path, line, 1), err.message, err.cure))
        except ValueError as err:
            faults.append(Fault(Where(path, line, 1), str(err)))
    return Reading(tuple(entries), tuple(faults))


def write(
    entries: Iterable[Entry], target: Path | IO[bytes], *, delimiter: str = ";", overwrite: bool = False
) -> int:
    """Write entries as CSV; return how many.

    Raises:
        UsageError: the file is there already and is not to be overwritten.
    """
    if isinstance(target, Path):
        with fresh_file(target, overwrite=overwrite) as file:
            return write(entries, file, delimiter=delimiter)
    writer, text = csv_writer(target, delimiter)
    count = 0
    try:
        writer.writerow(_COLUMNS)
        for count, entry in enumerate(entries, 1):  # noqa: B007 (the last one is the count)
            writer.writerow([neutralised(getattr(entry, name)) for name in _COLUMNS])
    finally:
        text.detach()
    return count


def _places(headers: Sequence[str]) -> dict[str, int] | None:
    """Find the columns; None when the first line is no line of headings but an entry."""
    plain = [header.strip(" :*").casefold() for header in headers]
    found = {
        name: next((at for at, header in enumerate(plain) if header in known), -1)
        for name, known in _HEADINGS.items()
    }
    return found if found["pattern"] >= 0 else None


def _rows(table: tables.Table, *, has_headings: bool) -> Iterator[tables.Row]:
    if not has_headings:
        yield 1, list(table.headers)
    with tables.reading(table) as rows:
        yield from rows


def _cells(row: Sequence[str], places: dict[str, int]) -> dict[str, str]:
    return {name: restored(row[at]).strip() for name, at in places.items() if 0 <= at < len(row)}


def _entry(cells: dict[str, str], given: dict[str, str]) -> Entry:
    told = {name: cells.get(name) or usual for name, usual in given.items()}
    for text in told.values():
        if len(text) > MAX_TEXT or not text.isprintable():
            raise ValueError(_("A cell is too long, or holds a control character."))
    if cells.get("at"):
        told["at"] = _moment(cells["at"])
    return Entry(normalised(cells.get("pattern", "")), **told)


def _moment(text: str) -> str:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as err:
        raise ValueError(_("“{text}” is no date such as 2024-05-01.").format(text=text)) from err
    return stamp(moment if moment.tzinfo else moment.replace(tzinfo=UTC))
