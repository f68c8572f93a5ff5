"""Tables as offices have them are read, and what is no table is told with its line and the cure."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import time
import zipfile
from datetime import date, datetime
from pathlib import Path

import pytest

from newsletter.errors import FaultsFound
from newsletter.subscribers import tables
from newsletter.subscribers.tables import reading, survey
from tests.subscribers.importer import workbook, written

HEAD = "E-Mail;Vorname\r\n"
ROW = "jürgen@example.org;Jürgen\r\n"


def _read(file: Path) -> list[tables.Row]:
    with reading(survey(file)) as rows:
        return list(rows)


def _refused(file: Path) -> tuple[int, str, str]:
    """Return line, message and cure of the one fault that reading a file gives."""
    with pytest.raises(FaultsFound) as caught:
        _read(file)
    [fault] = caught.value.faults
    assert fault.where.path == file
    return fault.where.line, fault.message, fault.cure


@pytest.mark.parametrize(
    "encoding",
    ["utf-8", "utf-8-sig", "cp1252", "utf-16"],
    ids=["UTF-8", "UTF-8 with BOM", "cp1252", "UTF-16"],
)
@pytest.mark.parametrize("delimiter", [";", ",", "\t", "|"], ids=["semicolon", "comma", "tab", "bar"])
def test_encoding_and_delimiter_are_found(tmp_path: Path, encoding: str, delimiter: str) -> None:
    """Every usual encoding and delimiter is found without being told."""
    file = written(tmp_path, (HEAD + ROW).replace(";", delimiter), encoding=encoding)
    table = survey(file)
    assert table.headers == ("E-Mail", "Vorname")
    assert _read(file) == [(2, ["jürgen@example.org", "Jürgen"])]
    assert table.rows == 1


@pytest.mark.parametrize(
    ("text", "rows"),
    [
        ("E-Mail\na@x.org\r\nb@x.org\rc@x.org", [(2, ["a@x.org"]), (3, ["b@x.org"]), (4, ["c@x.org"])]),
        ("\r\n;;\r\nE-Mail;Name\r\n\r\na;b\r\n", [(5, ["a", "b"])]),
        ("sep=;\r\nE-Mail;Name\r\na,a;b\r\n", [(3, ["a,a", "b"])]),
        ('"Name, Vorname";E-Mail\na;b\n', [(2, ["a", "b"])]),
        ('E-Mail;Ort\na;"x\ny"\nb;z\n', [(2, ["a", "x\ny"]), (4, ["b", "z"])]),
        ('E-Mail;"Orts\nname"\na;b\n', [(3, ["a", "b"])]),
        ("E-Mail;Name\n", []),
        ('E-Mail;Name\na;5" tall ""x\n', [(2, ["a", '5" tall ""x'])]),
    ],
    ids=[
        "mixed newlines",
        "empty lines first",
        "Excel's sep=",
        "delimiter in a heading",
        "newline in a cell",
        "newline in a heading",
        "headings only",
        "quotation mark inside",
    ],
)
def test_shapes_of_csv(tmp_path: Path, text: str, rows: list[tables.Row]) -> None:
    """Lines are counted as an editor shows them, and nothing is lost."""
    assert _read(written(tmp_path, text)) == rows


@pytest.mark.parametrize(
    ("data", "line", "told"),
    [
        (b"", 0, "The file is empty."),
        (b" \r\n", 0, "The file is empty."),
        (b";;\n;\n", 1, "There are no headings."),
        (b"E-Mail;Name;e-mail\n", 1, "The heading “e-mail” stands there twice."),
        (b"E-Mail\na@x.org\nb\0@x.org\n", 3, "There is a NUL byte in the file."),
        (b"\xd0\xcf\x11\xe0\0\0" * 99, 1, "There is a NUL byte in the file."),
        (b'E-Mail;Name\na@x.org;"M\xc3\xbcller\nb@x.org;c\n', 2, "The line cannot be read as a row"),
        (b'E-Mail;Name\na;b\na;"b" c\n', 3, "The line cannot be read as a row"),
        ("E-Mail;Name\na;ü\nb;".encode() + b"\xfc\n", 3, "The encoding is damaged here"),
        (b"E-Mail;Name\na;\x81\nb;\xfc\n", 2, "The encoding is damaged here"),
        (b"\xef\xbb\xbfE-Mail\na\nb\xfc\n", 3, "The encoding is damaged here"),
        ("E-Mail\na\nb\n".encode("utf-16") + b"\x00", 4, "The encoding is damaged here"),
        (b"E-Mail\na@x.org\n" + b"x" * 1_000_001, 3, "The line is longer than 1000000 bytes."),
    ],
    ids=[
        "empty",
        "white space",
        "no headings",
        "duplicate headings",
        "NUL",
        "old Excel",
        "unclosed quote",
        "text after quote",
        "UTF-8 with a cp1252 letter",
        "neither",
        "BOM but no UTF-8",
        "half a UTF-16 letter",
        "long line",
    ],
)
def test_what_is_no_table_is_told(tmp_path: Path, data: bytes, line: int, told: str) -> None:
    """One message, with the line where there is one, and a cure."""
    file = tmp_path / "people.csv"
    file.write_bytes(data)
    found, message, cure = _refused(file)
    assert (found, message[: len(told)]) == (line, told)
    assert cure


def test_a_quote_that_swallows_a_large_file_is_told(tmp_path: Path) -> None:
    """The line where the open quotation mark stands is named, not the one where reading gave up."""
    file = written(tmp_path, 'E-Mail;Name\na;b\nc;"d\n' + "e@x.org;f\n" * 50_000)
    line, message, cure = _refused(file)
    assert (line, "field larger than" in message, "quotation mark" in cure) == (3, True, True)


def test_a_broken_letter_beyond_the_first_block_is_found(tmp_path: Path) -> None:
    """The line of a wrong byte is right also where the file is read in blocks that cut letters."""
    text = "E-Mail;Name\n" + "ä@x.org;öäüß\n" * 200_000
    file = tmp_path / "people.csv"
    file.write_bytes(text.encode() + b"x;\xfc\n")
    assert _refused(file)[0] == 200_002


@pytest.mark.parametrize(
    ("kind", "told"),
    [
        ("folder", "This is a folder."),
        ("missing", "The file cannot be read: No such file"),
        ("pipe", "This is no ordinary"),
    ],
)
def test_what_is_no_file_is_told(tmp_path: Path, kind: str, told: str) -> None:
    """A folder, nothing and a pipe are told at once."""
    path = tmp_path / "people.csv"
    if kind == "folder":
        path.mkdir()
    elif kind == "pipe":
        os.mkfifo(path)
    line, message, cure = _refused(path)
    assert (line, message.startswith(told), bool(cure)) == (0, True, True)


def _sparse(file: Path, size: int, begin: bytes) -> Path:
    with file.open("wb") as out:
        out.write(begin)
        out.truncate(size)
    return file


@pytest.mark.parametrize(
    "size", [50_000_000, pytest.param(2_000_000_000, marks=pytest.mark.soak)], ids=["50 MB", "2 GB"]
)
@pytest.mark.parametrize("begin", [b"E-Mail\n", b"\xff\xfeE\0\n\0"], ids=["UTF-8", "UTF-16"])
def test_a_huge_file_without_lines_is_refused_quickly(tmp_path: Path, size: int, begin: bytes) -> None:
    """A sparse file is refused in its second line, within seconds and some megabytes."""
    before, start = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.monotonic()
    line, *_rest = _refused(_sparse(tmp_path / "people.csv", size, begin))
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert (line, time.monotonic() - start < 60, grown < 40_000) == (2, True, True)


def test_a_huge_line_is_refused_in_flat_memory(tmp_path: Path) -> None:
    """50 MB of letters without an end of line are refused after the first few."""
    file = tmp_path / "people.csv"
    with file.open("wb") as out:
        out.write(b"E-Mail\n")
        for _one in range(50):
            out.write(b"x" * 1_000_000)
    script = (
        "import sys, resource, pathlib\nfrom newsletter.errors import FaultsFound\n"
        "from newsletter.subscribers import tables\n"
        "before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
        "try: tables.survey(pathlib.Path(sys.argv[1]))\n"
        "except FaultsFound as err: print(err.faults[0].where.line)\n"
        "assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 10_000\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, str(file)], capture_output=True, text=True, check=True, timeout=30
    )
    assert done.stdout == "2\n"


def test_cells_of_a_workbook_become_text(tmp_path: Path) -> None:
    """Whole numbers lose `.0`, days are ISO, an empty row is left out and its number counted."""
    file = workbook(
        tmp_path,
        [
            ["E-Mail", "Zahl", "Tag", "Zeit", "Ja"],
            ["ä@x.org", 12.0, date(2024, 5, 1), datetime(2024, 5, 1, 8, 30), True],  # noqa: DTZ001 (Excel knows no zones)
            [],
            ["b@x.org", 1.5, None, None, False],
        ],
    )
    assert survey(file).headers == ("E-Mail", "Zahl", "Tag", "Zeit", "Ja")
    assert _read(file) == [
        (2, ["ä@x.org", "12", "2024-05-01", "2024-05-01T08:30:00", "true"]),
        (4, ["b@x.org", "1.5", "", "", "false"]),
    ]


def _changed(file: Path, part: str, old: str, new: str) -> Path:
    """Write a workbook again with one of its parts changed."""
    other = file.with_name("changed.xlsx")
    with zipfile.ZipFile(file) as before, zipfile.ZipFile(other, "w", zipfile.ZIP_DEFLATED) as after:
        for name in before.namelist():
            data = before.read(name)
            after.writestr(name, data.replace(old.encode(), new.encode(), 1) if name == part else data)
    return other


def test_a_wrong_extent_hides_no_rows(tmp_path: Path) -> None:
    """A workbook that says it ends at A1 is read to its real end."""
    file = workbook(tmp_path, [["E-Mail", "Name"], ["a@x.org", "A"]])
    file = _changed(file, "xl/worksheets/sheet1.xml", 'ref="A1:B2"', 'ref="A1"')
    assert _read(file) == [(2, ["a@x.org", "A"])]


ENTITIES = (
    '<!DOCTYPE b [<!ENTITY a "'
    + "x" * 99
    + '">'
    + "".join(f'<!ENTITY {chr(98 + n)} "{f"&{chr(97 + n)};" * 99}">' for n in range(6))
    + "]>"
)


@pytest.mark.parametrize(
    ("part", "old", "new"),
    [
        ("xl/worksheets/sheet1.xml", "<worksheet", f"{ENTITIES}<worksheet"),
        ("xl/worksheets/sheet1.xml", "<t>E-Mail", "<t>&g;"),
        ("xl/worksheets/sheet1.xml", "<row", "<rows"),
        ("xl/workbook.xml", "<sheets>", "<sheet>"),
        ("[Content_Types].xml", "<Types", "<Type"),
    ],
    ids=["bomb in the sheet", "unknown entity", "broken sheet", "broken book", "broken types"],
)
def test_a_malicious_workbook_is_refused(tmp_path: Path, part: str, old: str, new: str) -> None:
    """Entity bombs and broken parts are one message, quickly."""
    file = _changed(workbook(tmp_path, [["E-Mail"], ["a@x.org"]]), part, old, new)
    start = time.monotonic()
    _line, message, cure = _refused(file)
    assert message.startswith("The workbook cannot be read")
    assert cure.startswith("Open it and save it again")
    assert time.monotonic() - start < 60


def test_entities_of_the_book_are_refused(tmp_path: Path) -> None:
    """A bomb in the part that openpyxl reads with lxml goes off as little as the others."""
    file = workbook(tmp_path, [["E-Mail"], ["a@x.org"]])
    file = _changed(file, "xl/workbook.xml", "<definedNames/>", "&g;")
    file = _changed(
        file.rename(tmp_path / "bomb.xlsx"), "xl/workbook.xml", "<workbook", f"{ENTITIES}<workbook"
    )
    start = time.monotonic()
    assert _refused(file)[1].startswith("The workbook cannot be read")
    assert time.monotonic() - start < 60


def test_a_zip_bomb_is_refused_before_it_is_unpacked(tmp_path: Path) -> None:
    """A small file that would unpack to 100 MB is told by its size."""
    file = workbook(tmp_path, [["E-Mail"], ["a@x.org"]])
    with zipfile.ZipFile(file, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/worksheets/sheet2.xml", b" " * 100_000_000)
    assert _refused(file)[1].startswith("The workbook would unpack to 10")


@pytest.mark.parametrize("name", ["not a workbook", "cut short"])
def test_a_broken_archive_is_told(tmp_path: Path, name: str) -> None:
    """A ZIP of something else, and a workbook with a damaged part, are one message."""
    file = workbook(tmp_path, [["E-Mail"], *([f"a{one}@x.org"] for one in range(999))])
    if name == "not a workbook":
        with zipfile.ZipFile(file, "w") as archive:
            archive.writestr("readme.txt", "hello")
    else:
        data = bytearray(file.read_bytes())
        with zipfile.ZipFile(file) as archive:
            at = archive.getinfo("xl/worksheets/sheet1.xml").header_offset
        data[at + 100 : at + 300] = bytes(200)
        file.write_bytes(data)
    assert _refused(file)[1].startswith("The workbook cannot be read")
