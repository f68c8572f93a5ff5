"""Write the list to a file: CSV that Excel opens, XLSX, JSON; a row at a time, in flat memory.

Headings are the names of the fields, so that an export is imported again without options and changes
nothing. A file appears whole or not at all, is private (0600), and replaces another only on request.
"""

from __future__ import annotations

import codecs
import csv
import io
import json
import os
import secrets
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, Literal

from newsletter.errors import NewsletterError, UsageError
from newsletter.language import _
from newsletter.settings_model import Settings
from newsletter.subscribers.formulas import FIRSTS, neutralised
from newsletter.subscribers.list import SubscriberList
from newsletter.subscribers.model import TEXTS
from newsletter.validation import did_you_mean

Form = Literal["csv", "xlsx", "json"]
MAX_SHEET_ROWS = 1_048_576
"""Rows of a worksheet, with the headings (ECMA-376, Excel's limits)."""
MAX_SHEET_CELL = 32_767
_BEFORE_OWN = ("address", "form", *TEXTS, "tags")
_AFTER_OWN = ("status", "joined_at")
_SQL = {"tags": "trim(tags, ',')", "expires_at": "ifnull(expires_at, '')"}
"""Columns that are not written as they are kept."""
_ON_DEMAND = ("source", "changed_at", "expires_at", "domain")
"""What an import would not take; written when it is asked for."""


class ExportError(NewsletterError, ValueError):
    """The list cannot be written in this form."""


def columns(settings: Settings) -> tuple[str, ...]:
    """List the columns of an export as it is without options.

    Raises:
        UsageError: a field of newsletter.toml has the name of a column of ours.
    """
    ours = (*_BEFORE_OWN, *_AFTER_OWN, *_ON_DEMAND)
    for name in settings.fields:
        if name in ours:
            message = _("The field “{name}” has the name of a column of the list.").format(name=name)
            raise UsageError(message, cure=_("Rename it in newsletter.toml."))
    return (*_BEFORE_OWN, *settings.fields, *_AFTER_OWN)


def checked(names: Sequence[str], settings: Settings) -> tuple[str, ...]:
    """Return the columns that were asked for, all without any.

    Raises:
        UsageError: one is not known, or is asked for twice.
    """
    usual = columns(settings)
    known = (*usual, *_ON_DEMAND)
    for name in names:
        if name not in known:
            raise UsageError(
                _("There is no column “{name}”.").format(name=name), cure=did_you_mean(name, known)
            )
        if names.count(name) > 1:
            raise UsageError(_("The column “{name}” is asked for twice.").format(name=name))
    return tuple(names) or usual


def write(
    people: SubscriberList,
    target: Path | IO[bytes],
    form: Form,
    *,
    columns: Sequence[str] = (),
    where: tuple[str, Sequence[object]] = ("1", ()),
    delimiter: str = ";",
    overwrite: bool = False,
) -> int:
    """Write people in the order of their addresses; return how many. `where` is a compiled segment.

    Raises:
        UsageError: a column is not known, or the file is there already and is not to be overwritten.
        ExportError: XLSX cannot hold the list.
        OSError: the file cannot be written.
    """
    chosen = checked(columns, people.settings)
    if isinstance(target, Path):
        with fresh_file(target, overwrite=overwrite) as file:
            return _written(people, file, form, chosen, where, delimiter)
    return _written(people, target, form, chosen, where, delimiter)


@contextmanager
def fresh_file(path: Path, *, overwrite: bool = False) -> Iterator[IO[bytes]]:
    """Give a file to write that takes its place, whole, when all went well.

    Raises:
        UsageError: there is a file already.
    """
    if not overwrite and path.exists():
        raise _there_already(path)
    part = path.with_name(f".{path.name[:100]}.{secrets.token_hex(4)}.part")
    handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        with os.fdopen(handle, "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        if overwrite:
            part.replace(path)
        else:
            _linked(part, path)
    finally:
        part.unlink(missing_ok=True)


def csv_writer(file: IO[bytes], delimiter: str) -> tuple[Any, io.TextIOWrapper]:
    """Return a CSV writer (RFC 4180, UTF-8 with the mark by which Excel knows it) and the text it writes on.

    The text is to be detached at the end.
    """
    if len(delimiter) != 1 or delimiter not in ";,\t|":
        message = _("“{delimiter}” separates no columns.").format(delimiter=delimiter)
        raise UsageError(message, cure=_("There are: {names}.").format(names="; , | TAB"))
    file.write(codecs.BOM_UTF8)
    text = io.TextIOWrapper(file, encoding="utf-8", newline="")
    return csv.writer(text, delimiter=delimiter, lineterminator="\r\n"), text


def _linked(part: Path, path: Path) -> None:
    """Give the file its name; unlike `replace`, `link` fails when somebody was quicker."""
    try:
        path.hardlink_to(part)
    except FileExistsError as err:
        raise _there_already(path) from err
    except OSError:  # a file system without hard links (FAT, some network shares)
        if path.exists():
            raise _there_already(path) from None
        part.replace(path)


def _there_already(path: Path) -> UsageError:
    message = _("{path} is there already.").format(path=path)
    return UsageError(message, cure=_("Name another file, or say that it may be overwritten."))


def _written(
    people: SubscriberList,
    file: IO[bytes],
    form: Form,
    names: Sequence[str],
    where: tuple[str, Sequence[object]],
    delimiter: str,
) -> int:
    rows = _rows(people, names, where)
    if form == "csv":
        return _write_csv(file, names, rows, delimiter)
    if form == "json":
        return _write_json(file, names, rows)
    count = people.count(*where)
    if count >= MAX_SHEET_ROWS:
        message = _("XLSX holds {most} people; these are {count}.").format(
            most=MAX_SHEET_ROWS - 1, count=count
        )
        raise ExportError(message, cure=_("Export them as CSV."))
    return _write_xlsx(file, names, rows)


def _rows(
    people: SubscriberList, names: Sequence[str], where: tuple[str, Sequence[object]]
) -> Iterator[tuple[str, ...]]:
    """Give people's cells, tags as `a,b`."""
    own = [name for name in names if name in people.settings.fields]
    ours = [name for name in names if name not in own]
    chosen = ", ".join(("fields", *(_SQL.get(name, name) for name in ours)))
    sql = f"SELECT {chosen} FROM subscriber WHERE {where[0]} ORDER BY key"  # noqa: S608 (names checked, condition compiled)
    order = [(*own, *ours).index(name) for name in names]
    nothing = ("",) * len(own)
    for fields, *cells in people.db.conn.execute(sql, tuple(where[1])):
        given = nothing
        if own and fields != "{}":
            known = json.loads(fields)
            given = tuple([known.get(name, "") for name in own])
        row = (*given, *cells)
        yield tuple([row[at] for at in order])


def _write_csv(file: IO[bytes], names: Sequence[str], rows: Iterable[Sequence[str]], delimiter: str) -> int:
    writer, text = csv_writer(file, delimiter)
    count = 0
    try:
        writer.writerow(names)
        for count, row in enumerate(rows, 1):  # noqa: B007 (the last one is the count)
            writer.writerow([neutralised(cell) if cell[:1] in FIRSTS else cell for cell in row])
    finally:
        text.detach()
    return count


def _write_json(file: IO[bytes], names: Sequence[str], rows: Iterable[Sequence[str]]) -> int:
    """Write an array with a line for each person; tags are a list, everything else is text."""
    count, before = 0, b"[\n"
    for count, row in enumerate(rows, 1):  # noqa: B007 (the last one is the count)
        person: dict[str, Any] = dict(zip(names, row, strict=True))
        if "tags" in person:
            person["tags"] = [tag for tag in person["tags"].split(",") if tag]
        file.write(before + json.dumps(person, ensure_ascii=False).encode())
        before = b",\n"
    file.write(b"\n]\n" if count else b"[]\n")
    return count


def _write_xlsx(file: IO[bytes], names: Sequence[str], rows: Iterable[Sequence[str]]) -> int:
    """Write a worksheet of text cells; no cell can be a formula, as none begins with `=`."""
    from openpyxl import Workbook  # noqa: PLC0415 (only XLSX pays for it)
    from openpyxl.utils.exceptions import IllegalCharacterError  # noqa: PLC0415

    book = Workbook(write_only=True)
    sheet = book.create_sheet("newsletter")
    sheet.freeze_panes = "A2"
    sheet.append(list(names))
    count = 0
    try:
        for count, row in enumerate(rows, 1):
            sheet.append([_sheet_cell(cell, count) for cell in row])
    except (IllegalCharacterError, ValueError) as err:
        # What is half written lies in a temporary file, with people's data: close and delete it.
        sheet.close()
        sheet._writer.cleanup()  # noqa: SLF001 (openpyxl has no other way)
        if isinstance(err, ExportError):
            raise
        message = _("Row {row} has a character that XLSX cannot hold.").format(row=count + 1)
        raise ExportError(message, cure=_("Export them as CSV.")) from err
    book.save(file)
    return count


def _sheet_cell(cell: str, row: int) -> str | None:
    if len(cell) >= MAX_SHEET_CELL:
        raise ExportError(_("Row {row} has a cell that is too long for XLSX.").format(row=row + 1))
    return (neutralised(cell) if cell[:1] in FIRSTS else cell) or None
