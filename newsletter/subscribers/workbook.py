"""Read the first sheet of an XLSX workbook (openpyxl's home, for reading), wary of bombs.

openpyxl reads through defusedxml, which refuses entities; what a small file would unpack to is looked at
before anything of it is unpacked.
"""

from __future__ import annotations

import warnings
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, time
from pathlib import Path
from typing import TYPE_CHECKING

from newsletter.language import _
from newsletter.subscribers.encodings import Unreadable

if TYPE_CHECKING:  # importing openpyxl takes 0.3 s, and most tables are CSV
    from openpyxl.worksheet.worksheet import Worksheet

MAX_UNPACKED = 1_000_000_000
"""Bytes that a workbook may unpack to; a million subscribers need some 300 million."""
MAX_RATIO = 100
"""How many times its size a large workbook may unpack to; real ones reach some 20, bombs 1,000."""
_LARGE = 20_000_000


def checked(path: Path) -> int:
    """Return about how many rows a workbook has.

    Raises:
        Unreadable: it is damaged, unpacks to too much, or is another kind of archive.
    """
    with _told(), zipfile.ZipFile(path) as archive:
        unpacked = sum(part.file_size for part in archive.infolist())
    if unpacked > MAX_UNPACKED or (unpacked > _LARGE and unpacked > MAX_RATIO * path.stat().st_size):
        message = _("The workbook would unpack to {size} MB.").format(size=unpacked // 1_000_000)
        raise Unreadable(message, _("It holds more than a table of people; export it as CSV."))
    with _told(), _sheet(path) as sheet:
        return sheet.max_row or 0


def rows(path: Path) -> Iterator[tuple[int, list[str]]]:
    """Give each row that holds anything, with its number.

    Raises:
        Unreadable: the workbook is damaged.
    """
    with _told(), _sheet(path) as sheet:
        # Some programs write a wrong extent, and all beyond it would be left out.
        sheet.reset_dimensions()  # type: ignore[attr-defined]  # (the stubs know no read_only)
        for line, row in enumerate(sheet.iter_rows(values_only=True), 1):
            cells = [cell(value) for value in row]
            if any(cells):
                yield line, cells


def cell(value: object) -> str:
    """Return a cell as text: whole numbers without `.0`, days as ISO."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, datetime):
        return value.date().isoformat() if value.time() == time() else value.isoformat()
    return str(value)


@contextmanager
def _sheet(path: Path) -> Iterator[Worksheet]:
    from openpyxl import load_workbook  # noqa: PLC0415 (only workbooks pay for it)

    with (
        path.open("rb") as file,
        warnings.catch_warnings(),
    ):  # openpyxl leaves open what it opens and cannot read
        warnings.filterwarnings("ignore", module="openpyxl")  # styles and drop-downs that it leaves out
        book = load_workbook(file, read_only=True, data_only=True)
        try:
            yield book.worksheets[0]
        finally:
            book.close()


@contextmanager
def _told() -> Iterator[None]:
    """Tell as one failure what openpyxl and the parsers below it raise: nearly anything."""
    try:
        yield
    except (Unreadable, GeneratorExit, MemoryError):
        raise
    except Exception as err:
        raise Unreadable(
            _("The workbook cannot be read ({reason}).").format(reason=err),
            _("Open it and save it again as XLSX, or export it as CSV."),
        ) from err
