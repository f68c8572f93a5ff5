"""Take a table into the list: everything or nothing, nobody brought back who has left.

A row becomes: added, changed, unchanged, or rejected with its line and reason. The whole file is one
transaction; a kill in its middle leaves the list as it was. Memory stays flat: rows go through in
batches, and what is known of a batch's addresses is asked in one statement.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from json.encoder import encode_basestring as _quoted
from typing import Any

from newsletter.address import AddressError, key_of
from newsletter.language import _
from newsletter.store.database import writing
from newsletter.subscribers import tables
from newsletter.subscribers.columns import FORMS, Mapped
from newsletter.subscribers.list import SubscriberList
from newsletter.subscribers.log import Chain
from newsletter.subscribers.model import packed, packed_fields
from newsletter.subscribers.tables import Table

BATCH = 4_000
MAX_CELL = 1_000
SHOWN_REJECTS = 1_000
"""Rejected rows told one by one; beyond, they are counted."""
_TEXTS = ("title", "first_name", "last_name", "organisation", "language")


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
        if len(self.rejects) < SHOWN_REJECTS:
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


class _DryRun(Exception):  # noqa: N818 (ends the transaction; nothing went wrong)
    """Takes back what a dry run wrote."""


def run(people: SubscriberList, order: Order, progress: Callable[[int], object] = int) -> Outcome:
    """Import a file; `progress` is told how many rows are done.

    Raises:
        FaultsFound: a line of the file cannot be read; nothing was imported.
    """
    outcome = Outcome(ignored_columns=order.columns.ignored, dry_run=order.dry_run)
    try:
        with writing(people.db):
            _Import(people, order, outcome).run(progress)
            if order.dry_run:
                raise _DryRun
    except _DryRun:
        pass
    return outcome


class _Import:
    def __init__(self, people: SubscriberList, order: Order, outcome: Outcome) -> None:
        self._people = people
        self._order = order
        self._outcome = outcome
        self._connection = people.db.conn
        self._source = f"import:{order.table.path.name}"
        self._newest = people.newest_id()
        self._wording: int | None = None
        self._tags = lru_cache(maxsize=4096)(self._tagged)
        self._chain = Chain(people.log, order.at)

    def run(self, progress: Callable[[int], object]) -> None:
        log = self._people.log
        if self._order.consent:
            self._wording = log.wording(f"import {self._order.at}", self._order.consent)
        self._next = self._people.next_id()
        done = 0
        with tables.reading(self._order.table) as rows:
            for batch in _batches(self._parsed(rows)):
                self._take(batch)
                done += len(batch)
                progress(done)
        self._chain.seal()

    def _parsed(self, rows: Iterable[tables.Row]) -> Iterator[tuple[Any, ...]]:
        """Turn rows into (line, key, address, form, five texts, tags, fields), rejecting what is wrong."""
        order, reject = self._order, self._outcome.reject
        where = order.columns.positions
        at_address, at_form, at_tags, at_more = (
            where[name] for name in ("address", "form", "tags", "attributes")
        )
        at_texts = [where[name] for name in _TEXTS]
        custom = order.columns.custom
        has_fields = bool(custom) or at_more >= 0
        need = 1 + max(where.values(), default=0, key=int)
        need = max(need, 1 + max(custom.values(), default=0))
        tags, fields = packed(order.tags), "{}"
        for line, row in rows:
            cells = row if len(row) >= need else row + [""] * (need - len(row))
            address = cells[at_address].strip()
            try:
                key = key_of(address)
                form = FORMS[cells[at_form].strip().casefold()] if at_form >= 0 else "none"
                texts = [cells[at].strip() if at >= 0 else "" for at in at_texts]
                if at_tags >= 0:
                    tags = self._tags(cells[at_tags])
                if has_fields:
                    fields = self._fields(cells, custom, at_more)
            except AddressError as err:
                reject(line, address, err.reason)
            except KeyError as err:
                reject(line, address, _("“{value}” is no form of address").format(value=err.args[0]))
            except ValueError as err:
                reject(line, address, str(err))
            else:
                together = "".join(texts)
                if len(together) > MAX_CELL or not together.isprintable():
                    reject(line, address, _("a cell is too long, or holds a control character"))
                else:
                    yield line, key, address, form, *texts, tags, fields

    def _fields(self, cells: Sequence[str], custom: Mapping[str, int], at_more: int) -> str:
        values = {name: cells[at].strip() for name, at in custom.items()}
        if at_more >= 0 and at_more < len(cells) and cells[at_more].strip():
            values |= self._attributes(cells[at_more])
        return packed_fields(
            self._people.checked_fields({name: text for name, text in values.items() if text})
        )

    def _tagged(self, cell: str) -> str:
        """Read a cell of tags; the same few cells come again and again, so each is read once."""
        parts = (part.strip().strip('"') for part in cell.replace(";", ",").split(","))
        return packed(self._order.tags | frozenset(filter(None, parts)))

    def _attributes(self, text: str) -> dict[str, str]:
        """Read listmonk's JSON attributes, as far as the newsletter has fields of these names."""
        try:
            data = json.loads(text)
        except ValueError:
            data = None
        if not isinstance(data, dict):
            raise ValueError(_("the attributes are no JSON"))
        return {name: str(value) for name, value in data.items() if name in self._people.settings.fields}

    def _take(self, batch: list[tuple[Any, ...]]) -> None:
        """Sort a batch into new, changed and unchanged; write the new and the changed."""
        known = self._people.rows_by_key([row[1] for row in batch])
        barred = self._people.barred([row[1] for row in batch])
        new: dict[str, tuple[Any, ...]] = {}
        changed: list[tuple[tuple[Any, ...], tuple[Any, ...]]] = []
        for row in batch:
            key = row[1]
            if key in barred:
                self._outcome.reject(row[0], row[2], barred[key])
            elif key in new:
                self._outcome.reject(row[0], row[2], _("the address stands in the file twice"))
            elif key not in known:
                new[key] = row
            else:
                self._compare(row, known[key], changed)
        self._add(list(new.values()))
        self._change(changed)

    def _compare(self, row: tuple[Any, ...], old: tuple[Any, ...], changed: list[Any]) -> None:
        if old[0] > self._newest:
            self._outcome.reject(row[0], row[2], _("the address stands in the file twice"))
        elif old[1] not in {"active", "pending"}:
            self._outcome.reject(row[0], row[2], _GONE[old[1]]())
        elif merged := self._merged(row, old):
            changed.append((row, merged))
        else:
            self._outcome.unchanged += 1

    def _merged(self, row: tuple[Any, ...], old: tuple[Any, ...]) -> tuple[Any, ...] | None:
        """Return what a known person becomes, None when nothing changes; an empty cell takes nothing away."""
        mine, theirs = row[2:], old[2:]
        if mine == theirs:
            return None
        address, form, *texts, tags, fields = mine
        kept = [new or before for new, before in zip(texts, theirs[2:7], strict=True)]
        if form == "none":
            form = theirs[1]
        if tags != theirs[7]:
            tags = packed(frozenset(filter(None, (tags + theirs[7]).split(","))))
        if fields != theirs[8]:
            fields = packed_fields({**json.loads(theirs[8]), **json.loads(fields)})
        merged = (address, form, *kept, tags, fields)
        return None if merged == theirs else (old[0], *merged)

    def _add(self, rows: list[tuple[Any, ...]]) -> None:
        order, source, status = self._order, self._source, self._order.status
        at, number = order.at, self._next
        drafts, people = [], []
        for line, key, address, *known in rows:
            people.append((number, key, address, key[key.rindex("@") + 1 :], *known, status, source, at, at,
                           order.expires_at))  # fmt: skip
            drafts.append((number, f'{{"address":{_quoted(address)},"status":"{status}","line":{line}}}'))
            number += 1
        self._people.insert(people)
        self._chain.append("imported", source, drafts, self._wording)
        self._next = number
        self._outcome.added += len(rows)

    def _change(self, changed: list[tuple[tuple[Any, ...], tuple[Any, ...]]]) -> None:
        drafts = []
        for row, (number, *values) in changed:
            self._people.overwrite(number, values, self._order.at)
            drafts.append((number, f'{{"address":{_quoted(row[2])},"line":{row[0]}}}'))
        self._chain.append("changed", self._source, drafts)
        self._outcome.changed += len(changed)


_GONE: Mapping[str, Callable[[], str]] = {
    "unsubscribed": lambda: _("has unsubscribed; only their own new request brings them back"),
    "bounced": lambda: _("mail to this address came back"),
    "complained": lambda: _("has reported the newsletter as spam"),
}


def _batches(rows: Iterable[tuple[Any, ...]]) -> Iterator[list[tuple[Any, ...]]]:
    batch: list[tuple[Any, ...]] = []
    for row in rows:
        batch.append(row)
        if len(batch) == BATCH:
            yield batch
            batch = []
    if batch:
        yield batch
