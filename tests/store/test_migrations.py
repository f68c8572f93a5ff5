"""From a list without a ledger to one with it: the list stays as it was, and the ledger keeps its rules."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from sqlite_utils import Database
from sqlite_utils.migrations import Migrations

from newsletter.store import migrations
from newsletter.store.database import opened
from tests.dispatch import books
from tests.subscribers import crowd

LIST = ("subscriber", "wording", "event", "log_head", "event_ip", "erased", "suppression", "column_mapping")
LEDGER = (
    "edition",
    "test_send",
    "approval",
    "mailing",
    "mailing_edition",
    "decision",
    "run",
    "slice",
    "dispatch",
)


@pytest.fixture
def older(monkeypatch: pytest.MonkeyPatch) -> Migrations:
    """The program of before, which knew subscribers only."""
    before = Migrations("newsletter")
    before._migrations.extend(migrations._migrations._migrations[:1])  # noqa: SLF001 (no other way to cut a set)
    monkeypatch.setattr(migrations, "_migrations", before)
    return before


def _content(path: Path, tables: tuple[str, ...]) -> dict[str, list[tuple[object, ...]]]:
    with closing(sqlite3.connect(path)) as connection:
        return {table: connection.execute(f"SELECT * FROM {table}").fetchall() for table in tables}  # noqa: S608 (ours)


def test_a_list_gets_its_ledger(tmp_path: Path, older: Migrations, monkeypatch: pytest.MonkeyPatch) -> None:
    """People, events and seal are what they were, a copy is kept, and a mailing can be planned."""
    with crowd.opened_list(tmp_path) as people:
        for number in range(300):
            crowd.join(people, f"p{number}@x.example", fields={"region": "Süd"})
    before = _content(tmp_path / "subscribers.db", LIST)
    monkeypatch.undo()
    assert older._migrations is not migrations._migrations._migrations  # noqa: SLF001 (as above)
    with books.opened_ledger(tmp_path) as ledger:
        assert _content(tmp_path / "subscribers.db", LIST) == before
        assert list(ledger.people.log.damages()) == []
        assert set(LEDGER) <= set(ledger.people.db.table_names())
        assert books.planned(ledger).audience == 300
    [copy] = tmp_path.glob("subscribers.db.before-*")
    assert _content(copy, LIST) == before


def test_counters_always_add_up(tmp_path: Path) -> None:
    """The database itself refuses a slice whose counters are not its size, or are below zero."""
    with books.opened_ledger(tmp_path) as ledger:
        books.planned(ledger, 3)
        for change in ("pending = 2", "pending = 2, accepted = 2", "pending = 4, accepted = -1"):
            with pytest.raises(sqlite3.IntegrityError):
                ledger.connection.execute(f"UPDATE slice SET {change}")  # noqa: S608 (ours)
        ledger.connection.execute("UPDATE slice SET pending = 2, accepted = 1")


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE dispatch SET state = 'sent'",
        "UPDATE mailing SET state = 'done'",
        "UPDATE mailing SET left_out = '{'",
        "UPDATE mailing SET audience = 0",
        "INSERT INTO dispatch (mailing, slice, seq, person, address, segments) VALUES (1, 2, 9, 1, '', '')",
        "INSERT INTO mailing_edition VALUES (1, 2, 'none', '', '', '')",
        "UPDATE slice SET run = 7",
    ],
    ids=["state", "mailing", "json", "nobody", "twice", "edition", "run"],
)
def test_what_cannot_be_is_refused(tmp_path: Path, statement: str) -> None:
    """No unknown state, no mailing of nobody, nobody twice in a mailing, nothing that points nowhere."""
    with books.opened_ledger(tmp_path) as ledger:
        books.planned(ledger, 3)
        with pytest.raises(sqlite3.IntegrityError):
            ledger.connection.execute(statement)


def test_an_empty_file_gets_everything(tmp_path: Path) -> None:
    """All tables of list and ledger are there, and it is opened again as it is."""
    for _time in range(2):
        with opened(tmp_path / "new.db") as db:
            assert isinstance(db, Database)
            assert {*LIST, *LEDGER} <= set(db.table_names())
    assert list(tmp_path.glob("*.before-*")) == []
