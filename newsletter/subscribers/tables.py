"""Read tables that offices have: CSV of any delimiter and encoding, XLSX; a row at a time, in flat memory.

Before anything is imported the file is looked through once, in blocks: what is wrong with it as a file
(a NUL byte, an endless line, a wrong encoding) is told with its line, and nothing has been written.
"""

from __future__ import annotations

import csv
import re
import zipfile
from collections.abc import Generator, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from newsletter.errors import Fault, FaultsFound, Where
from newsletter.language import _
from newsletter.subscribers import workbook
from newsletter.subscribers.encodings import MAX_LINE, Unreadable, looked_through

_DELIMITERS = ";,\t|"
_SEPARATOR = re.compile(r"sep=(.)", re.IGNORECASE)
"""The line by which Excel is told the delimiter; it is no heading."""

Row = tuple[int, list[str]]
"""The line in the file (from 1) and its cells."""


@dataclass(frozen=True)
class Table:
    """A table file: its column headings, and how to read it."""

    path: Path
    headers: tuple[str, ...]
    encoding: str
    """Python's name of it; `xlsx` for a workbook."""
    delimiter: str
    rows: int
    """About how many rows there are, for the progress bar."""


def survey(path: Path) -> Table:
    """Look a file through.

    Raises:
        FaultsFound: it cannot be read as a table, with the line and the cure.
    """
    try:
        if path.is_dir():
            raise _refused(path, _("This is a folder."), _("Name the file in it."))
        if path.exists() and not path.is_file():
            raise _refused(path, _("This is no ordinary file."), _("Save what comes from it as a file."))
        return _survey_xlsx(path) if zipfile.is_zipfile(path) else _survey_csv(path)
    except OSError as err:
        message = _("The file cannot be read: {reason}.").format(reason=err.strerror or err)
        raise _refused(path, message, _("Check its name, and that you may read it.")) from err


@contextmanager
def reading(table: Table) -> Iterator[Iterator[Row]]:
    """Open a surveyed file and give its rows after the headings.

    Raises:
        FaultsFound: on the way, a line cannot be read.
    """
    if table.encoding == "xlsx":
        with closing(_xlsx_rows(table.path)) as rows:
            next(rows)  # the headings
            yield rows
        return
    with table.path.open(encoding=table.encoding, newline="") as file:
        lines = _csv_rows(table.path, file, table.delimiter)
        next(lines)
        yield lines


def _refused(path: Path, message: str, cure: str, line: int = 0) -> FaultsFound:
    return FaultsFound([Fault(Where(path, line, 1 if line else 0), message, cure)])


def _survey_csv(path: Path) -> Table:
    with path.open("rb") as file:
        try:
            text = looked_through(file)
        except Unreadable as err:
            raise _refused(path, err.message, err.cure, err.line) from err
    with path.open(encoding=text.encoding, newline="") as file:
        delimiter = _delimiter(file)
        file.seek(0)
        line, headers = next(_csv_rows(path, file, delimiter), (1, []))
    names = _checked_headers(path, headers, line)
    return Table(path, names, text.encoding, delimiter, max(text.lines - line, 0))


def _delimiter(file: IO[str]) -> str:
    """Find what stands between the headings: a sign outside of quotation marks."""
    line = file.readline(MAX_LINE)
    while line and not line.strip():
        line = file.readline(MAX_LINE)
    if told := _SEPARATOR.fullmatch(line.strip("\ufeff\r\n")):
        return told[1]
    return max(_DELIMITERS, key=re.sub('"[^"]*"?', "", line).count)


def _checked_headers(path: Path, headers: list[str], line: int) -> tuple[str, ...]:
    names = [" ".join(name.split()) for name in headers]
    while names and not names[-1]:
        names.pop()
    if not names:
        raise _refused(
            path, _("There are no headings."), _("Write the columns' names into the first line."), line
        )
    seen: set[str] = set()
    for name in names:
        if name and name.casefold() in seen:
            message = _("The heading “{name}” stands there twice.").format(name=name)
            raise _refused(path, message, _("Rename or remove one of the two columns."), line)
        seen.add(name.casefold())
    return tuple(names)


def _csv_rows(path: Path, file: IO[str], delimiter: str) -> Iterator[Row]:
    """Give the rows that hold anything, the headings first; what stands before them is left out.

    Strict: without it a quotation mark that is never closed swallows the rest of the file silently.
    """
    reader = csv.reader(file, delimiter=delimiter, strict=True)
    line = 1
    try:
        for row in reader:
            if any(map(str.strip, row)) and not _SEPARATOR.fullmatch(delimiter.join(row).strip()):
                yield line, row
                break
            line = reader.line_num + 1
        line = reader.line_num + 1
        for row in reader:
            if row:
                yield line, row
            line = reader.line_num + 1
    except csv.Error as err:
        message = _("The line cannot be read as a row of a table ({reason}).").format(reason=err)
        cure = _("Look for a quotation mark that is not closed, or write it twice inside of a cell.")
        raise _refused(path, message, cure, line) from err


def _survey_xlsx(path: Path) -> Table:
    try:
        count = workbook.checked(path)
    except Unreadable as err:
        raise _refused(path, err.message, err.cure) from err
    with closing(_xlsx_rows(path)) as rows:
        line, headers = next(rows, (1, []))
    return Table(path, _checked_headers(path, headers, line), "xlsx", "", max(count - line, 0))


def _xlsx_rows(path: Path) -> Generator[Row, None, None]:
    try:
        yield from workbook.rows(path)
    except Unreadable as err:
        raise _refused(path, err.message, err.cure) from err
