"""What became of each recipient, for people and other programs: rows with Message-IDs, as CSV for Excel."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from newsletter.dispatch.ledger import Ledger
from newsletter.dispatch.model import OPEN, Mailing, State
from newsletter.dispatch.records import Record, records
from newsletter.mail.message_ids import MessageIds
from newsletter.settings_model import Settings
from newsletter.subscribers.exporting import csv_writer, fresh_file
from newsletter.subscribers.formulas import FIRSTS, neutralised

COLUMNS = (
    "mailing", "address", "state", "attempt", "message_id", "code", "enhanced", "reply", "reason", "relay",
    "stage", "at", "next_at", "segments",
)  # fmt: skip


@dataclass(frozen=True)
class Row:
    """A recipient of a mailing."""

    mailing: int
    record: Record
    message_id: str | None
    """Of the mail they got or would have got; None: nothing was begun."""

    @property
    def is_open(self) -> bool:
        """Whether something is still to come or to decide."""
        return self.record.state in OPEN

    def as_dict(self) -> dict[str, Any]:
        """Return it as JSON knows it; keys are stable."""
        record = self.record
        return {
            "mailing": self.mailing,
            "address": record.address,
            "state": str(record.state),
            "attempt": record.attempt,
            "message_id": self.message_id,
            "code": record.code,
            "enhanced": record.enhanced,
            "reply": record.reply,
            "reason": record.reason,
            "relay": record.relay,
            "stage": record.stage,
            "at": record.at,
            "next_at": record.next_at,
            "segments": record.segments,
        }


class Names:
    """Gives the Message-IDs of recipients, whichever edition they got."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._editions: dict[str, MessageIds] = {}

    def __call__(self, record: Record) -> str | None:
        """Return the Message-ID of a recipient's mail; None if none was ever begun."""
        if record.digest is None:
            return None
        edition = self._editions.get(record.digest)
        if edition is None:
            edition = self._editions[record.digest] = MessageIds.of(record.digest, self._settings)
        return edition(record.person)


def rows(ledger: Ledger, mailings: Iterable[Mailing], states: Sequence[State] = ()) -> Iterator[Row]:
    """Give the recipients of mailings, all or those in some states."""
    names = Names(ledger.people.settings)
    for mailing in mailings:
        for record in records(ledger.connection, mailing.id, states):
            yield Row(mailing.id, record, names(record))


def write_csv(found: Iterable[Row], target: Path | IO[bytes], *, overwrite: bool = False) -> int:
    """Write rows as Excel opens them (UTF-8 with its mark, semicolons); return how many.

    Raises:
        UsageError: the file is there already and is not to be overwritten.
        OSError: it cannot be written.
    """
    if isinstance(target, Path):
        with fresh_file(target, overwrite=overwrite) as file:
            return _write(found, file)
    return _write(found, target)


def _write(found: Iterable[Row], file: IO[bytes]) -> int:
    writer, text = csv_writer(file, ";")
    count = 0
    try:
        writer.writerow(COLUMNS)
        for count, row in enumerate(found, 1):  # noqa: B007 (the last one is the count)
            writer.writerow([_cell(value) for value in row.as_dict().values()])
    finally:
        text.detach()
    return count


def _cell(value: object) -> str:
    """Return a cell that no spreadsheet takes for a formula: servers' words come from strangers."""
    cell = "" if value is None else str(value)
    return neutralised(cell) if cell[:1] in FIRSTS else cell
