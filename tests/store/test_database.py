"""The database file: private, migrated with a copy first, refused where we must not write."""

from __future__ import annotations

import re
import sqlite3
import subprocess
import sys
from contextlib import ExitStack, closing
from pathlib import Path

import pytest
from sqlite_utils import Database
from sqlite_utils.migrations import Migrations

from newsletter.store import database, migrations
from newsletter.store.database import DatabaseError, NewerDatabaseError, insert, opened, writing

OPEN = "import sys, pathlib\nfrom newsletter.store.database import opened\n"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Where the database is to lie."""
    return tmp_path / "subscribers.db"


@pytest.fixture
def later(monkeypatch: pytest.MonkeyPatch) -> Migrations:
    """The program of a later day, which has one migration more."""
    newer = Migrations("newsletter")
    newer._migrations.extend(migrations._migrations._migrations)  # noqa: SLF001 (no other way to extend a set)

    @newer()
    def m999_later(db: Database) -> None:
        db.conn.execute("CREATE TABLE later (id INTEGER PRIMARY KEY) STRICT")

    monkeypatch.setattr(migrations, "_migrations", newer)
    return newer


def _schema(connection: sqlite3.Connection) -> dict[str, str]:
    rows = connection.execute(
        "SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL AND name NOT LIKE '%sqlite_%'"
    )
    return {name: re.sub(r"\s+", " ", sql) for name, sql in rows}


def test_all_migrations_make_the_schema(file: Path) -> None:
    """Replayed from zero, the migrations make exactly what schema.sql says."""
    with closing(sqlite3.connect(":memory:")) as wanted, opened(file) as db:
        wanted.executescript(migrations.SCHEMA.read_text(encoding="utf-8"))
        assert _schema(db.conn) == _schema(wanted)


def test_is_private_and_safe(file: Path) -> None:
    """All three files are 0600; WAL, FULL and foreign keys are on."""
    with opened(file) as db:
        with writing(db):
            db.conn.execute("INSERT INTO suppression VALUES ('@x.example', '', '', '')")
        modes = {one.name: one.stat().st_mode & 0o777 for one in file.parent.iterdir()}
        names = ("journal_mode", "synchronous", "foreign_keys", "recursive_triggers")
        settings = [db.conn.execute(f"PRAGMA {name}").fetchone()[0] for name in names]
    assert modes == dict.fromkeys((file.name, f"{file.name}-wal", f"{file.name}-shm"), 0o600)
    assert settings == ["wal", 2, 1, 1]


def test_rights_of_others_are_taken_away(file: Path) -> None:
    """A database, and what a crash left beside it, that others could read is private once it is opened."""
    with opened(file):
        pass
    for name in (file, file.with_name(f"{file.name}-wal")):
        name.touch()
        name.chmod(0o644)
    with opened(file):
        assert {one.stat().st_mode & 0o777 for one in file.parent.iterdir()} == {0o600}


def test_an_older_database_is_copied_first(file: Path, later: Migrations) -> None:
    """Before a migration the database is kept beside it, private, as it was; the migration loses nothing."""
    older = Migrations("newsletter")
    older._migrations.extend(later._migrations[:-1])  # noqa: SLF001 (as above)
    with closing(sqlite3.connect(file, isolation_level=None)) as connection:
        older.apply(Database(connection, execute_plugins=False))
        connection.execute("INSERT INTO suppression VALUES ('@x.example', 'r', 's', 'at')")
    with opened(file) as db:
        assert "later" in db.table_names()
        assert db.conn.execute("SELECT pattern FROM suppression").fetchall() == [("@x.example",)]
    [copy] = file.parent.glob("subscribers.db.before-*")
    assert copy.stat().st_mode & 0o777 == 0o600
    with closing(sqlite3.connect(copy)) as before:
        assert before.execute("SELECT pattern FROM suppression").fetchall() == [("@x.example",)]
        assert "later" not in _schema(before)
    with opened(file):
        assert len(list(file.parent.glob("*.before-*"))) == 1


def test_a_failing_migration_changes_nothing(file: Path, later: Migrations) -> None:
    """When a migration fails, none of those that were to run has."""

    @later()
    def m_fails(db: Database) -> None:
        db.conn.execute("CREATE TABLE later (wrong)")

    with pytest.raises(DatabaseError, match="later already exists"), opened(file):
        pass
    with closing(sqlite3.connect(file)) as connection:
        assert _schema(connection) == {}


def test_a_newer_database_is_refused(file: Path, later: Migrations, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a later version has changed is left alone, with its name told."""
    with opened(file):
        pass
    older = Migrations("newsletter")
    older._migrations.extend(later._migrations[:-1])  # noqa: SLF001 (as above)
    monkeypatch.setattr(migrations, "_migrations", older)
    with (
        pytest.raises(NewerDatabaseError, match=r"newer version of this program \(m999_later\)"),
        opened(file),
    ):
        pass


def test_the_database_of_another_program_is_left_alone(file: Path) -> None:
    """A file with tables that are none of ours is refused and stays byte for byte."""
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("CREATE TABLE lists (id)")
    before = file.read_bytes()
    with pytest.raises(DatabaseError, match="another program"), opened(file):
        pass
    assert file.read_bytes() == before


@pytest.mark.parametrize(
    ("content", "told"),
    [(b"no database" * 99, "not a database"), (None, "it is a folder")],
    ids=["text", "folder"],
)
def test_what_is_no_database_is_told(file: Path, content: bytes | None, told: str) -> None:
    """A wrong file is one message with its name and a cure."""
    if content is None:
        file.mkdir()
    else:
        file.write_bytes(content)
    with pytest.raises(DatabaseError, match=told) as caught, opened(file):
        pass
    assert str(file) in caught.value.message
    assert caught.value.cure


def test_a_damaged_database_is_told(file: Path) -> None:
    """A page overwritten with rubbish is found when it is read, and told as damage."""
    with opened(file) as db, writing(db):
        db.conn.executemany(
            "INSERT INTO suppression VALUES (?, '', '', '')", ((f"@x{one}.example",) for one in range(9999))
        )
    data = bytearray(file.read_bytes())
    data[20 * 4096 : 60 * 4096] = b"\xff" * (40 * 4096)
    file.write_bytes(data)
    with pytest.raises(DatabaseError, match="malformed"), opened(file) as db:
        db.conn.execute("SELECT * FROM suppression").fetchall()


def _twice(db: Database, statement: str) -> None:
    for _one in range(2):
        db.conn.execute(statement)


def test_nothing_stays_of_what_failed(file: Path) -> None:
    """An exception inside of `writing` takes everything back, and so does `keep=False`."""
    row = "INSERT INTO suppression VALUES ('@x.example', '', '', '')"
    with opened(file) as db:
        with pytest.raises(sqlite3.IntegrityError), writing(db):
            _twice(db, row)
        with writing(db, keep=False):
            db.conn.execute(row)
        assert not db.conn.in_transaction
        assert db.conn.execute("SELECT count(*) FROM suppression").fetchone() == (0,)


def _break_a_key_at_the_end(db: Database) -> None:
    db.conn.execute("PRAGMA defer_foreign_keys = ON")
    db.conn.execute("INSERT INTO event_ip VALUES (7, 'n', 'at')")


def test_a_commit_that_fails_leaves_no_transaction_open(file: Path) -> None:
    """A foreign key that is found missing at the end takes back the rest, and writing goes on."""
    with opened(file) as db:
        with pytest.raises(sqlite3.IntegrityError), writing(db):
            _break_a_key_at_the_end(db)
        assert not db.conn.in_transaction
        with writing(db):
            db.conn.execute("INSERT INTO suppression VALUES ('@x.example', '', '', '')")


def test_a_mistake_of_ours_is_no_damage_of_the_file(file: Path) -> None:
    """Broken rules and wrong calls come out as they are, not as “cannot be used”."""
    with pytest.raises(sqlite3.ProgrammingError), opened(file) as db:
        db.conn.execute("SELECT ?")
    with pytest.raises(sqlite3.IntegrityError), opened(file) as db:
        db.conn.execute("INSERT INTO subscriber (key) VALUES ('a')")


def test_a_locked_database_is_told(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who has waited long enough for another process is told so."""
    monkeypatch.setattr(database, "BUSY_SECONDS", 0.1)
    with ExitStack() as stack:
        stack.enter_context(writing(stack.enter_context(opened(file))))
        told = stack.enter_context(pytest.raises(DatabaseError, match="locked"))
        stack.enter_context(writing(stack.enter_context(opened(file))))
    assert "Another newsletter command is writing" in told.value.cure


@pytest.mark.parametrize("count", [0, 1, 49, 50, 51, 250], ids=str)
def test_insert_writes_all_rows_in_their_order(file: Path, count: int) -> None:
    """However many rows there are, each is written once, in its place."""
    rows = [(f"@x{one:03}.example", str(one), "", "") for one in range(count)]
    with opened(file) as db:
        with writing(db):
            insert(db.conn, "suppression", rows)
        assert db.conn.execute("SELECT * FROM suppression ORDER BY pattern").fetchall() == rows


def test_many_processes_may_be_first(file: Path) -> None:
    """Six processes that open a database which is not there yet all find it made, once."""
    script = f"{OPEN}with opened(pathlib.Path(sys.argv[1])) as db: print(len(db.table_names()))"
    started = [
        subprocess.Popen([sys.executable, "-c", script, str(file)], stdout=subprocess.PIPE, text=True)
        for _one in range(6)
    ]
    assert {(one.communicate(timeout=60)[0], one.returncode) for one in started} == {("19\n", 0)}
    with opened(file) as db:
        assert len(list(db.conn.execute("SELECT * FROM _sqlite_migrations"))) == 2
