"""Read a large table in a process of its own, while this one writes: two cores instead of one.

Reading and checking a row takes Python as long as writing it takes SQLite. Batches come through a pipe
that holds a few of them, so memory stays flat; a process whose reader is gone ends by itself.
"""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Generator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from multiprocessing.connection import Connection

from newsletter import language
from newsletter.errors import FaultsFound, NewsletterError
from newsletter.language import _
from newsletter.settings_model import PersonalField
from newsletter.subscribers import tables
from newsletter.subscribers.columns import Mapped
from newsletter.subscribers.rows import Checked, RowReader
from newsletter.subscribers.tables import Table

BATCH = 4_000
LARGE = 20_000
"""Rows from which a second process is worth its start (0.3 s)."""
TOLD = 1_000
"""Rejected rows told one by one; beyond, they are counted."""
Rejects = list[tuple[int, str, str]]


class ReaderLostError(NewsletterError, ChildProcessError):
    """The process that read the file has ended; nothing was imported."""


@dataclass(frozen=True, kw_only=True)
class Task:
    """What is to be read, and how."""

    table: Table
    columns: Mapped
    status: str
    tags: frozenset[str]
    declared: Mapping[str, PersonalField]


@dataclass(frozen=True)
class Batch:
    """Some rows in the order of the file: those that can be taken, and those that cannot, with reasons."""

    rows: list[Checked]
    rejects: Rejects
    more: int
    """Rows that cannot be taken beyond those told."""


def batches(task: Task) -> Generator[Batch]:
    """Read a file in batches, a large one in a process of its own where there is a core for it.

    Raises:
        FaultsFound: on the way, a line cannot be read.
        ReaderLostError: the reading process was ended from outside.
    """
    if task.table.rows < LARGE or (os.cpu_count() or 1) < 2:  # noqa: PLR2004 (one to read, one to write)
        return _read(task)
    return _received(task)


def _read(task: Task) -> Generator[Batch]:
    rejected = _Rejected()
    reader = RowReader(
        task.columns, len(task.table.headers), status=task.status, tags=task.tags, declared=task.declared
    )
    with tables.reading(task.table) as lines:
        rows = reader.read(lines, rejected.add)
        while taken := list(islice(rows, BATCH)):
            yield Batch(taken, *rejected.taken())
    last = Batch([], *rejected.taken())
    if last.rejects or last.more:
        yield last


class _Rejected:
    """The rows that cannot be taken; a file of nothing else must not fill the memory."""

    def __init__(self) -> None:
        self._told: Rejects = []
        self._left = TOLD
        self._more = 0

    def add(self, line: int, value: str, reason: str) -> None:
        """Note a row, or count it when enough are told."""
        if self._left:
            self._left -= 1
            self._told.append((line, value, reason))
        else:
            self._more += 1

    def taken(self) -> tuple[Rejects, int]:
        """Return what came since the last time."""
        told, more = self._told, self._more
        self._told, self._more = [], 0
        return told, more


def _received(task: Task) -> Generator[Batch]:
    """Take batches from a process; `spawn`, as a fork would inherit the open database."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe(duplex=False)
    process = context.Process(target=_send, args=(theirs, task, language.editor()), daemon=True)
    process.start()
    theirs.close()
    try:
        while (message := _next(ours)) is not None:
            if isinstance(message, FaultsFound):
                raise message
            yield message
    finally:
        ours.close()
        process.terminate()
        process.join()
        process.close()


def _next(pipe: Connection) -> Batch | FaultsFound | None:
    try:
        kind, *facts = pipe.recv()
    except (EOFError, OSError) as err:  # ended between two messages, or in the middle of one
        raise ReaderLostError(_("The process that read the file has ended; nothing was imported.")) from err
    if kind == "faults":
        return FaultsFound(facts[0])
    return Batch(*facts) if kind == "batch" else None


def _send(pipe: Connection, task: Task, editor: str) -> None:
    """Read in the other process; plain lists go through the pipe quicker than objects."""
    language.use(editor)
    with suppress(BrokenPipeError):
        try:
            for batch in _read(task):
                pipe.send(("batch", batch.rows, batch.rejects, batch.more))
            pipe.send(("end",))
        except FaultsFound as found:
            pipe.send(("faults", found.faults))
