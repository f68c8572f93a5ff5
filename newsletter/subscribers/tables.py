"""Read tables that offices have: CSV of any delimiter and encoding, XLSX; a row at a time, in flat memory.

Before anything is imported the file is looked through once, in blocks: what is wrong with it as a file
(a NUL byte, an endless line, a wrong encoding) is told with its line, and nothing has been written.
"""

from __future__ import annotations

import codecs
import csv
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from newsletter.errors import Fault, FaultsFound, Where
from newsletter.language import _

MAX_LINE = 1_000_000
"""Bytes of a line; a person needs some hundred."""
MAX_UNPACKED = 2_000_000_000
"""Bytes that an XLSX may unpack to; a million subscribers need some 300 million."""
_BLOCK = 1 << 20
_BOMS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
_DELIMITERS = ";,\t|"

Row = tuple[int, list[str]]
"""The line in the file (from 1) and its cells."""


@dataclass(frozen=True)
class Table:
    """A table file: its column headings, and how to read it."""

    path: Path
    headers: tuple[str, ...]
    encoding: str
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
        if zipfile.is_zipfile(path):
            return _survey_xlsx(path)
        return _survey_csv(path)
    except OSError as err:
        raise _refused(path, _("The file cannot be read: {reason}.").format(reason=err.strerror), "") from err


@contextmanager
def reading(table: Table) -> Iterator[Iterator[Row]]:
    """Open a surveyed file and give its rows after the headings."""
    if table.encoding == "xlsx":
        with _xlsx(table.path) as rows:
            yield rows
        return
    with table.path.open(encoding=table.encoding, newline="") as file:
        yield _csv_rows(file, table)


def _refused(path: Path, message: str, cure: str, line: int = 0) -> FaultsFound:
    return FaultsFound([Fault(Where(path, line, 1 if line else 0), message, cure)])


def _survey_csv(path: Path) -> Table:
    with path.open("rb") as file:
        start = file.read(4)
        if not start:
            raise _refused(path, _("The file is empty."), _("Export it again, with its headings."))
        encoding = next((name for bom, name in _BOMS if start.startswith(bom)), "utf-8")
        file.seek(0)
        lines, is_utf8 = _looked_through(path, file, wide=encoding == "utf-16")
    if encoding == "utf-8" and not is_utf8:
        encoding = "cp1252"
    try:
        with path.open(encoding=encoding, newline="") as file:
            line = file.readline(MAX_LINE)
            while line and not line.strip():
                line = file.readline(MAX_LINE)
    except UnicodeError as err:
        raise _refused(path, _("The encoding of the file is damaged: {reason}.").format(reason=err),
                       _("Save it as “CSV UTF-8”."), 1) from err  # fmt: skip
    delimiter = max(_DELIMITERS, key=line.count)
    headers = next(csv.reader([line], delimiter=delimiter), [])
    return Table(path, _checked_headers(path, headers), encoding, delimiter, max(lines - 1, 0))


def _looked_through(path: Path, file: IO[bytes], *, wide: bool) -> tuple[int, bool]:
    """Count lines; refuse NUL bytes and endless lines; say whether it is UTF-8."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    lines, since, is_utf8 = 0, 0, True
    while block := file.read(_BLOCK):
        if not wide and (at := block.find(b"\0")) >= 0:
            line = lines + block.count(b"\n", 0, at) + 1
            raise _refused(path, _("There is a NUL byte in the file."),
                           _("This is no text file, or a damaged one; export it again as CSV."), line)  # fmt: skip
        last = max(block.rfind(b"\n"), block.rfind(b"\r"))
        lines += block.count(b"\n") or block.count(b"\r")
        since = len(block) - last - 1 if last >= 0 else since + len(block)
        if since > MAX_LINE:
            raise _refused(path, _("The line is longer than {count} bytes.").format(count=MAX_LINE),
                           _("This is no table of subscribers; export it again as CSV."), lines + 1)  # fmt: skip
        if is_utf8:
            try:
                decoder.decode(block)
            except UnicodeDecodeError:
                is_utf8 = False
    if is_utf8:
        try:
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            is_utf8 = False
    return lines + (since > 0), is_utf8


def _checked_headers(path: Path, headers: list[str]) -> tuple[str, ...]:
    names = [name.strip() for name in headers]
    while names and not names[-1]:
        names.pop()
    if not names:
        raise _refused(path, _("The first line has no headings."), _("Write the columns' names into it."), 1)
    seen: set[str] = set()
    for name in names:
        if name and name.casefold() in seen:
            message = _("The heading “{name}” stands there twice.").format(name=name)
            raise _refused(path, message, _("Rename or remove one of the two columns."), 1)
        seen.add(name.casefold())
    return tuple(names)


def _csv_rows(file: IO[str], table: Table) -> Iterator[Row]:
    reader = csv.reader(file, delimiter=table.delimiter)
    line = 1
    try:
        for headings in reader:
            if any(cell.strip() for cell in headings):
                break
        line = reader.line_num + 1
        for row in reader:
            if row:
                yield line, row
            line = reader.line_num + 1
    except csv.Error as err:
        cure = _("A quotation mark is not closed, perhaps further up.") if "limit" in str(err) else ""
        raise _refused(
            table.path, _("The line cannot be read: {reason}.").format(reason=err), cure, line
        ) from err
    except UnicodeError as err:
        message = _("The encoding of the file is damaged: {reason}.").format(reason=err)
        raise _refused(table.path, message, _("Save it as “CSV UTF-8”."), line) from err


def _survey_xlsx(path: Path) -> Table:
    try:
        with zipfile.ZipFile(path) as archive:
            unpacked = sum(part.file_size for part in archive.infolist())
        if unpacked > MAX_UNPACKED:
            message = _("The workbook unpacks to {size} bytes.").format(size=unpacked)
            raise _refused(path, message, _("Export it as CSV."))
        with _sheet(path) as sheet:
            count = sheet.max_row or 1
            first = next(sheet.iter_rows(max_row=1, values_only=True), ())
    except FaultsFound:
        raise
    except Exception as err:  # openpyxl raises whatever its parsers do
        raise _refused(path, _("The workbook cannot be read: {reason}.").format(reason=err),
                       _("Open it and save it again as XLSX, or export it as CSV.")) from err  # fmt: skip
    headers = _checked_headers(path, [_cell(value) for value in first])
    return Table(path, headers, "xlsx", "", count - 1)


@contextmanager
def _sheet(path: Path) -> Iterator[object]:
    from openpyxl import load_workbook  # noqa: PLC0415 (only XLSX files pay for it)

    book = load_workbook(path, read_only=True, data_only=True)
    try:
        yield book.worksheets[0]
    finally:
        book.close()


@contextmanager
def _xlsx(path: Path) -> Iterator[Iterator[Row]]:
    with _sheet(path) as sheet:
        rows = sheet.iter_rows(min_row=2, values_only=True)  # type: ignore[attr-defined]  # openpyxl's stubs lack it
        yield ((line, [_cell(value) for value in row]) for line, row in enumerate(rows, 2) if any(row))


def _cell(value: object) -> str:
    """Return a cell as text: whole numbers without `.0`, dates as ISO."""
    if value is None:
        return ""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(getattr(value, "isoformat", lambda: value)())
