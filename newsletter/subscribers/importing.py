"""Take a table into the list: everything or nothing, nobody brought back who has left.

A row becomes: added, changed, unchanged, or rejected with its line and reason. The whole file is one
transaction; a kill in its middle leaves the list as it was. Memory stays flat: rows go through in
batches, and what is known of a batch's addresses is asked in one statement.
"""

from __future__ import annotations

import gc
import json
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from json.encoder import encode_basestring as _quoted
from pathlib import Path
from typing import Any

from newsletter.errors import UsageError
from newsletter.language import _
from newsletter.store.database import writing
from newsletter.subscribers.apart import TOLD, Task, batches
from newsletter.subscribers.columns import Mapped
from newsletter.subscribers.list import SubscriberList
from newsletter.subscribers.log import Chain
from newsletter.subscribers.model import GONE, Status, packed, packed_fields, unpacked
from newsletter.subscribers.rows import Checked
from newsletter.subscribers.tables import Table

"""Rows at a time: 16 MB at most, and no faster with more (measured)."""
EVENT_SOURCE = "import"
"""What events name as their source; the file's name, which may be a person's, is in their erasable detail."""

Known = tuple[Any, ...]
"""Number, status and address of a person, then what a `Checked` row holds from its form on."""


@dataclass(frozen=True)
class Rejected:
    """A row that was not taken, and why."""

    line: int
    value: str
    reason: str


@dataclass
class Outcome:
    """What an import did, or would do."""

    added: int = 0
    changed: int = 0
    unchanged: int = 0
    rejected: int = 0
    rejects: list[Rejected] = field(default_factory=list)
    ignored_columns: tuple[str, ...] = ()
    dry_run: bool = False

    def reject(self, line: int, value: str, reason: str) -> None:
        """Count a rejected row."""
        self.rejected += 1
        if len(self.rejects) < TOLD:
            self.rejects.append(Rejected(line, value[:120], reason))

    def as_dict(self) -> dict[str, Any]:
        """Return everything as JSON knows it; keys are stable."""
        return {
            "added": self.added,
            "changed": self.changed,
            "unchanged": self.unchanged,
            "rejected_count": self.rejected,
            "rejected": [vars(one) for one in self.rejects],
            "ignored_columns": list(self.ignored_columns),
            "dry_run": self.dry_run,
        }


@dataclass(frozen=True, kw_only=True)
class Order:
    """How a file is to be imported."""

    table: Table
    columns: Mapped
    status: str
    """`active` or `pending`, for people who are new."""
    consent: str = ""
    """Source and wording of the consent; needed for `active`."""
    tags: frozenset[str] = frozenset()
    at: str
    """Now, in UTC."""
    expires_at: str | None = None
    dry_run: bool = False


def run(people: SubscriberList, order: Order, progress: Callable[[int], object] = int) -> Outcome:
    """Import a file; `progress` is told how many rows are done.

    Raises:
        UsageError: people are to become active without a consent, or something that nobody begins as.
        FaultsFound: a line of the file cannot be read; nothing was imported.
    """
    if order.status not in {Status.ACTIVE, Status.PENDING}:
        raise UsageError(_("Nobody begins as {status}.").format(status=order.status))
    if order.status == Status.ACTIVE and not order.consent.strip():
        raise UsageError(
            _("Importing people as active needs their consent."),
            cure=_("Say where it was given, and in which words."),
        )
    outcome = Outcome(ignored_columns=order.columns.ignored, dry_run=order.dry_run)
    with _without_collector(), writing(people.db, keep=not order.dry_run):
        _Import(people, order, outcome).run(progress)
    outcome.rejects.sort(key=lambda one: one.line)
    return outcome


@contextmanager
def _without_collector() -> Iterator[None]:
    """Stop looking for cycles: millions of short-lived rows hold none, and looking took 15 % of the time."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


class _Import:
    def __init__(self, people: SubscriberList, order: Order, outcome: Outcome) -> None:
        self._people = people
        self._order = order
        self._outcome = outcome
        self._file = _quoted(_printable(order.table.path))
        self._source = f"import:{_printable(order.table.path)}"
        self._newest = people.newest_id()
        self._next = self._newest + 1
        self._seen = bytearray(self._newest // 8 + 1)
        """A bit for each person who was on the list before: whether this file has named them already."""
        self._chain = Chain(people.log, order.at)
        text = order.consent.strip()
        self._wording = people.log.wording(f"import {order.at}", text) if text else None

    def run(self, progress: Callable[[int], object]) -> None:
        order, done = self._order, 0
        task = Task(
            table=order.table,
            columns=order.columns,
            status=order.status,
            tags=order.tags,
            declared=self._people.settings.fields,
        )
        with closing(batches(task)) as parts:
            for batch in parts:
                for reject in batch.rejects:
                    self._outcome.reject(*reject)
                self._outcome.rejected += batch.more
                if batch.rows:
                    self._take(batch.rows)
                done += len(batch.rows) + len(batch.rejects) + batch.more
                progress(done)
        self._chain.seal()

    def _take(self, batch: list[Checked]) -> None:
        """Sort a batch into new, changed and unchanged; write the new and the changed."""
        keys = [row[1] for row in batch]
        known, barred = self._people.rows_by_key(keys), self._people.barred(keys)
        new: dict[str, Checked] = {}
        changed: list[tuple[Checked, Known]] = []
        for row in batch:
            key = row[1]
            if key in barred:
                self._outcome.reject(row[0], row[2], barred[key])
            elif key in new:
                self._outcome.reject(row[0], row[2], _twice())
            elif key in known:
                self._compare(row, known[key], changed)
            else:
                new[key] = row
        self._add(list(new.values()))
        self._change(changed)

    def _compare(self, row: Checked, old: Known, changed: list[tuple[Checked, Known]]) -> None:
        number, status = old[:2]
        if number > self._newest or self._is_seen(number):
            self._outcome.reject(row[0], row[2], _twice())
        elif status in GONE:
            self._outcome.reject(row[0], row[2], _GONE[status]())
        elif (merged := _merged(row[3:], old[3:])) != old[3:]:
            changed.append((row, (number, old[2], *merged)))
        else:
            self._outcome.unchanged += 1

    def _is_seen(self, number: int) -> bool:
        """Say whether the file has named a person before; from now on it has."""
        place, bit = number >> 3, 1 << (number & 7)
        before = self._seen[place] & bit
        self._seen[place] |= bit
        return bool(before)

    def _add(self, rows: list[Checked]) -> None:
        source, status, at, expires = (
            self._source, self._order.status, self._order.at, self._order.expires_at
        )  # fmt: skip
        people, drafts = [], []
        for number, row in enumerate(rows, self._next):
            line, key, address, *known = row
            domain = key[key.rindex("@") + 1 :]
            people.append((number, key, address, domain, *known, status, source, at, at, expires))
            facts = f'"address":{_quoted(address)},"status":"{status}","file":{self._file},"line":{line}'
            drafts.append((number, f"{{{facts}}}"))
        self._people.insert(people)
        self._chain.append("imported", EVENT_SOURCE, drafts, self._wording)
        self._next += len(rows)
        self._outcome.added += len(rows)

    def _change(self, changed: list[tuple[Checked, Known]]) -> None:
        drafts = []
        for row, (number, *values) in changed:
            self._people.overwrite(number, values, self._order.at)
            facts = f'"address":{_quoted(row[2])},"file":{self._file},"line":{row[0]}'
            drafts.append((number, f"{{{facts}}}"))
        self._chain.append("changed", EVENT_SOURCE, drafts)
        self._outcome.changed += len(changed)


def _merged(new: tuple[Any, ...], old: tuple[Any, ...]) -> tuple[Any, ...]:
    """Return what a known person becomes; an empty cell takes nothing away, tags and fields are added to."""
    if new == old:
        return old
    form, *texts, tags, fields = new
    return (
        old[0] if form == "none" else form,
        *(text or before for text, before in zip(texts, old[1:6], strict=True)),
        packed(unpacked(tags) | unpacked(old[6])),
        old[7] if fields in {"{}", old[7]} else packed_fields(json.loads(old[7]) | json.loads(fields)),
    )


def _printable(path: Path) -> str:
    """Return a file's name as text can hold it: the system may know it by bytes that are none."""
    name = os.fsencode(path.name).decode(errors="replace")
    return "".join(sign if sign.isprintable() else "�" for sign in name)


def _twice() -> str:
    return _("the address stands in the file twice")


_GONE: Mapping[str, Callable[[], str]] = {
    "unsubscribed": lambda: _("has unsubscribed; only their own new request brings them back"),
    "bounced": lambda: _("mail to this address came back"),
    "complained": lambda: _("has reported the newsletter as spam"),
}
