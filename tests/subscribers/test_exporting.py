"""Exports: what spreadsheets cannot run, what an import takes back unchanged, files that appear whole."""

from __future__ import annotations

import csv
import io
import json
import string
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given
from hypothesis import settings as rules
from hypothesis import strategies as st
from openpyxl import load_workbook

from newsletter.errors import UsageError
from newsletter.subscribers import columns, exporting, importing, segments, tables
from newsletter.subscribers.formulas import neutralised, restored
from newsletter.subscribers.list import SubscriberList
from tests.subscribers import crowd

RISKY = "=+-@\t\r\n\0＝＋－＠"
CELLS = st.text(st.sampled_from([*RISKY, "'", '"', ";", ",", "a", "1", "\n", "ü"]), max_size=8) | st.text(
    max_size=20
)
FORMULAS = [
    "=1+1",
    "+49 211 1",
    "-5",
    "@SUM(A1)",
    "'=1+1",
    "''@x",
    "'n Abend",
    "＝1",
    '"=1"',
    "a;b",
    "=cmd|' /C calc'!A0",
]


@given(cell=CELLS)
@example(cell="'=")
@example(cell="''=")
def test_what_is_neutralised_is_restored(cell: str) -> None:
    """No cell begins as a formula does, and each is given back as it was."""
    written = neutralised(cell)
    assert written[:1] not in set(RISKY) or not written
    assert restored(written) == cell


@given(one=CELLS, other=CELLS)
def test_no_two_cells_become_one(one: str, other: str) -> None:
    """Different cells stay different."""
    assert (neutralised(one) == neutralised(other)) == (one == other)


def _fill(people: SubscriberList) -> None:
    for number, text in enumerate(FORMULAS):
        crowd.join(
            people,
            f"{'+-='[number % 3]}p{number}@example.org",
            first_name=text,
            last_name=f"Name {number}",
            organisation=text.upper(),
            form="frau",
            language="de",
            tags=["kreise", "portal"][: number % 3],
            fields={"region": text, "size": "-2.5", "vip": "true"} if number % 2 else {},
        )


def _imported(people: SubscriberList, path: Path, status: str = "pending") -> dict[str, Any]:
    table = tables.survey(path)
    order = importing.Order(
        table=table,
        columns=columns.mapped(table.headers, people.settings, {}),
        status=status,
        at="2025-01-01T00:00:00+00:00",
        expires_at="2025-01-15T00:00:00+00:00",
    )
    return importing.run(people, order).as_dict()


@pytest.mark.parametrize(("form", "delimiter"), [("csv", ";"), ("csv", ","), ("csv", "\t"), ("xlsx", ";")])
def test_an_export_imports_as_unchanged(tmp_path: Path, form: exporting.Form, delimiter: str) -> None:
    """What was exported is imported without options, and changes nobody."""
    with crowd.opened_list(tmp_path) as people:
        _fill(people)
        before = crowd.rows(people)
        path = tmp_path / f"people.{form}"
        count = exporting.write(people, path, form, delimiter=delimiter)
        done = _imported(people, path)
        assert (count, done["unchanged"], done["rejected"]) == (len(FORMULAS), len(FORMULAS), [])
        assert crowd.rows(people) == before


@pytest.mark.parametrize("form", ["csv", "xlsx"])
def test_an_export_fills_an_empty_list(tmp_path: Path, form: exporting.Form) -> None:
    """Imported elsewhere, every address, name, tag and field is what it was."""
    (tmp_path / "elsewhere").mkdir()
    with crowd.opened_list(tmp_path) as people, crowd.opened_list(tmp_path / "elsewhere") as others:
        _fill(people)
        path = tmp_path / f"people.{form}"
        exporting.write(people, path, form)
        assert _imported(others, path)["added"] == len(FORMULAS)
        kept = ("key", "address", "form", "first_name", "organisation", "tags", "fields", "language")
        alike = [
            sorted((tuple(row[name] for name in kept) for row in crowd.rows(one)), key=str)
            for one in (people, others)
        ]
        assert alike[0] == alike[1]


NAMES = st.text(st.sampled_from([*string.ascii_letters, *"=+-@'\"＝ ;,äß"]), max_size=12).map(str.strip)


@given(names=st.lists(NAMES, min_size=1, max_size=4))
@rules(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_name_survives(tmp_path_factory: pytest.TempPathFactory, names: list[str]) -> None:
    """Whatever people are called, export and import leave them so."""
    folder = tmp_path_factory.mktemp("names")
    with crowd.opened_list(folder) as people:
        for number, name in enumerate(names):
            crowd.join(
                people, f"p{number}@example.org", last_name=name, fields={"region": name} if name else {}
            )
        for form in ("csv", "xlsx"):
            path = folder / f"people.{form}"
            exporting.write(people, path, form)
            assert _imported(people, path)["unchanged"] == len(names), names


def _cells(data: bytes, delimiter: str = ";") -> list[list[str]]:
    return list(csv.reader(io.StringIO(data.decode("utf-8-sig"), newline=""), delimiter=delimiter))


def test_csv_is_what_german_excel_opens(tmp_path: Path) -> None:
    """UTF-8 with its mark, semicolons, CRLF, quotes as in RFC 4180, no cell that is a formula."""
    with crowd.opened_list(tmp_path) as people:
        _fill(people)
        target = io.BytesIO()
        exporting.write(people, target, "csv")
    data = target.getvalue()
    assert data.startswith(b"\xef\xbb\xbfaddress;form;title;first_name;")
    assert data.count(b"\n") == data.count(b"\r\n") == len(FORMULAS) + 1
    assert b'"""=1"""' in data
    assert not [cell for row in _cells(data) for cell in row if cell[:1] in set(RISKY) and cell]


def test_xlsx_has_texts_only(tmp_path: Path) -> None:
    """No cell of the workbook is a formula or a number; leading zeros stay."""
    with crowd.opened_list(tmp_path) as people:
        crowd.join(people, "a@example.org", last_name="007", first_name="=1+1", organisation="#N/A")
        exporting.write(
            people, tmp_path / "a.xlsx", "xlsx", columns=("last_name", "first_name", "organisation")
        )
    sheet = load_workbook(tmp_path / "a.xlsx").worksheets[0]
    cells = [(cell.value, cell.data_type) for cell in list(sheet.iter_rows())[1]]
    assert cells == [("007", "s"), ("'=1+1", "s"), ("#N/A", "e")]


def test_json_is_as_it_is(tmp_path: Path) -> None:
    """JSON holds each value unaltered; tags are a list; nobody is an empty array."""
    with crowd.opened_list(tmp_path) as people:
        target = io.BytesIO()
        assert exporting.write(people, target, "json") == 0
        assert json.loads(target.getvalue()) == []
        crowd.join(people, "a@example.org", first_name="=1", tags=["b", "a"], fields={"size": "2.5"})
        target = io.BytesIO()
        exporting.write(people, target, "json", columns=("address", "first_name", "tags", "size", "region"))
    want = {"address": "a@example.org", "first_name": "=1", "tags": ["a", "b"], "size": "2.5", "region": ""}
    assert json.loads(target.getvalue()) == [want]


def test_columns_and_segment_are_chosen(tmp_path: Path) -> None:
    """Only the columns that were asked for, in that order, of only those a condition finds."""
    with crowd.opened_list(tmp_path) as people:
        crowd.join(people, "b@example.org", status="bounced")
        crowd.join(people, "a@example.org", tags=["x"])
        target = io.BytesIO()
        condition = segments.where("status = active", people.settings)
        count = exporting.write(people, target, "csv", columns=("tags", "domain", "address"), where=condition)
    assert count == 1
    assert _cells(target.getvalue()) == [["tags", "domain", "address"], ["x", "example.org", "a@example.org"]]


@pytest.mark.parametrize(
    ("names", "says"),
    [(("adress",), "Did you mean “address”"), (("form", "form"), "twice"), (("key",), "no column")],
)
def test_unknown_columns_are_told(names: tuple[str, ...], says: str) -> None:
    """A column that is not there, or is asked for twice, is a wrong usage."""
    with pytest.raises(UsageError, match=says):
        exporting.checked(names, crowd.settings())


def test_a_field_named_like_a_column_is_refused() -> None:
    """Two columns with one heading cannot be told apart, so the field is to be renamed."""
    used = crowd.settings()
    used = used.model_copy(update={"fields": {"status": used.fields["region"]}})
    with pytest.raises(UsageError, match="“status”"):
        exporting.columns(used)


def test_files_are_private_and_stay(tmp_path: Path) -> None:
    """An export is for its owner only; a file that is there is replaced only on request."""
    path = tmp_path / "a.csv"
    with crowd.opened_list(tmp_path) as people:
        exporting.write(people, path, "csv")
        assert path.stat().st_mode & 0o777 == 0o600
        path.write_text("mine", encoding="utf-8")
        with pytest.raises(UsageError, match="is there already"):
            exporting.write(people, path, "csv")
        assert path.read_text(encoding="utf-8") == "mine"
        exporting.write(people, path, "csv", overwrite=True)
    assert path.read_bytes().startswith(b"\xef\xbb\xbfaddress")


def test_who_comes_second_overwrites_nothing(tmp_path: Path) -> None:
    """A file that somebody else made while we were writing is not overwritten."""
    path = tmp_path / "a.csv"

    def write() -> None:
        with exporting.fresh_file(path) as file:
            file.write(b"ours")
            path.write_bytes(b"theirs")

    with pytest.raises(UsageError, match="is there already"):
        write()
    assert path.read_bytes() == b"theirs"
    assert [found.name for found in tmp_path.iterdir()] == ["a.csv"]


def test_a_failure_leaves_nothing(tmp_path: Path) -> None:
    """When writing fails half way there is neither a file nor a rest of one, and the old one stays."""
    path = tmp_path / "a.csv"
    path.write_bytes(b"old")

    def write() -> None:
        with exporting.fresh_file(path, overwrite=True) as file:
            file.write(b"new")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        write()
    assert [(found.name, found.read_bytes()) for found in tmp_path.iterdir()] == [("a.csv", b"old")]


def test_what_xlsx_cannot_hold_is_told(tmp_path: Path) -> None:
    """A control character or an endless cell stops the export, with the row."""
    with crowd.opened_list(tmp_path) as people:
        number = crowd.join(people, "a@example.org", last_name="x\x01")
        with pytest.raises(exporting.ExportError, match="Row 2 has a character"):
            exporting.write(people, tmp_path / "a.xlsx", "xlsx")
        people.db.conn.execute("UPDATE subscriber SET last_name = ? WHERE id = ?", ("x" * 40_000, number))
        with pytest.raises(exporting.ExportError, match="too long"):
            exporting.write(people, tmp_path / "a.xlsx", "xlsx")
    assert not (tmp_path / "a.xlsx").exists()


def test_a_delimiter_is_one_that_imports_know(tmp_path: Path) -> None:
    """Columns are separated by what our own reading recognises."""
    with crowd.opened_list(tmp_path) as people, pytest.raises(UsageError, match="separates no columns"):
        exporting.write(people, io.BytesIO(), "csv", delimiter="x")
