"""Open the subscriber database (sqlite-utils' home, with the stores that stand on it).

WAL, so that reading never waits for writing; `synchronous=FULL`, so that what was promised is on the disk
when the command returns; a busy timeout, so that two processes wait for each other; files of mode 0600.
"""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from itertools import chain
from pathlib import Path

from sqlite_utils import Database

from newsletter.errors import NewsletterError
from newsletter.language import _
from newsletter.store import migrations

BUSY_SECONDS = 60.0
"""How long a process waits for another one's writing: longer than importing a million rows takes."""
_TOGETHER = 50
"""Rows in one INSERT: 30 % less time than one by one, and no less with more (measured, 17 columns)."""
_PRAGMAS = (
    "synchronous = FULL",
    "foreign_keys = ON",
    "recursive_triggers = ON",  # without it INSERT OR REPLACE passes by the triggers that refuse a DELETE
    "cache_size = -32000",  # KiB
    "journal_size_limit = 67108864",  # what a large import leaves of its -wal file
    "temp_store = MEMORY",  # personal data never go into a file that we don't know
)


class DatabaseError(NewsletterError, OSError):
    """The subscriber database cannot be used."""


class NewerDatabaseError(DatabaseError):
    """The database was written by a newer version of the program."""


@contextmanager
def opened(path: Path) -> Iterator[Database]:
    """Open the database, made or migrated as needed.

    Raises:
        NewerDatabaseError: a newer version of the program has changed it.
        DatabaseError: it is no database of ours, is damaged, or cannot be read or written.
    """
    try:
        db = _connected(path)
    except (sqlite3.Error, OSError) as err:
        raise _told(path, err) from err
    try:
        yield db
    except (sqlite3.IntegrityError, sqlite3.ProgrammingError):
        raise  # a rule of the schema, or a mistake of ours: nothing that is wrong with the file
    except sqlite3.DatabaseError as err:
        raise _told(path, err) from err
    finally:
        db.close()


@contextmanager
def writing(db: Database, *, keep: bool = True) -> Iterator[None]:
    """Write in one transaction that begins with the lock; without `keep` all is taken back at the end.

    A deferred transaction that reads and then writes fails at once when another process wrote in between
    (measured: 852 of 1,200 attempts); one that takes the lock first (BEGIN IMMEDIATE) waits its turn.
    """
    db.conn.execute("BEGIN IMMEDIATE")
    try:
        yield
        db.conn.execute("COMMIT" if keep else "ROLLBACK")
    except BaseException:
        if db.conn.in_transaction:
            db.conn.execute("ROLLBACK")
        raise


def check_writing(connection: sqlite3.Connection) -> None:
    """Make sure that we are inside of `writing`: a change without its event must never be committed.

    Raises:
        RuntimeError: we are not.
    """
    if not connection.in_transaction:
        raise RuntimeError("this writes, so it belongs into `with writing(db):`")


def insert(connection: sqlite3.Connection, table: str, rows: Sequence[tuple[object, ...]]) -> None:
    """Write rows into a table, in the order of its columns."""
    if not rows:
        return
    one = f"({','.join('?' * len(rows[0]))})"
    whole = len(rows) - len(rows) % _TOGETHER
    flat = chain.from_iterable
    connection.executemany(
        f"INSERT INTO {table} VALUES {','.join([one] * _TOGETHER)}",  # noqa: S608 (a name of ours)
        (tuple(flat(rows[start : start + _TOGETHER])) for start in range(0, whole, _TOGETHER)),
    )
    connection.executemany(f"INSERT INTO {table} VALUES {one}", rows[whole:])  # noqa: S608 (as above)


def _connected(path: Path) -> Database:
    path.parent.mkdir(parents=True, exist_ok=True)
    _made_private(path)
    connection = sqlite3.connect(path, timeout=BUSY_SECONDS, isolation_level=None)
    try:
        db = Database(connection, execute_plugins=False)
        _check(migrations.state(db), path)
        _turn_to_wal(connection)
        for pragma in _PRAGMAS:
            connection.execute(f"PRAGMA {pragma}")
        _migrated(db, path)
    except BaseException:
        connection.close()
        raise
    return db


def _turn_to_wal(connection: sqlite3.Connection) -> None:
    """Turn the write-ahead log on; it stays on for good.

    SQLite does not wait here when several processes are the first (seen: 5 of 150), so we do.
    """
    deadline = time.monotonic() + BUSY_SECONDS
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError as err:
            if "locked" not in str(err) or time.monotonic() > deadline:
                raise
            time.sleep(0.02)
        else:
            return


def _made_private(path: Path) -> None:
    """Make the file before SQLite does, so that it is private from its first moment (0600).

    SQLite gives the -wal and -shm files the mode of the database; those that a crash left may be older.
    """
    if path.is_dir():
        raise IsADirectoryError(21, _("it is a folder"), str(path))
    os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
    for name in (path, path.with_name(f"{path.name}-wal"), path.with_name(f"{path.name}-shm")):
        try:
            if name.stat().st_mode & 0o077:
                name.chmod(0o600)
        except FileNotFoundError:
            continue  # no crash, or another process has just tidied up


def _check(state: migrations.State, path: Path) -> None:
    """Refuse what we must not write into, before anything of it is changed."""
    if state.newer:
        message = _("{path} was changed by a newer version of this program ({name}).")
        raise NewerDatabaseError(
            message.format(path=path, name=state.newer),
            cure=_("Update the program; this version must not write into it."),
        )
    if state.foreign:
        raise DatabaseError(
            _("{path} is the database of another program.").format(path=path),
            cure=_("Name another file: “database” in the part [paths] of newsletter.toml."),
        )


def _migrated(db: Database, path: Path) -> None:
    if not migrations.state(db).pending:
        return
    with writing(db):
        state = migrations.state(db)  # another process may have done it while we waited for the lock
        _check(state, path)
        if state.pending and state.applied:
            _backed_up(path)
        migrations.apply(db)


def _backed_up(path: Path) -> None:
    """Keep a copy of the database as it was before it is migrated; the caller holds the lock."""
    stamp = time.strftime("%Y%m%d-%H%M%S", time.gmtime())
    copy = path.with_name(f"{path.name}.before-{stamp}")
    _made_private(copy)
    with closing(sqlite3.connect(path)) as source, closing(sqlite3.connect(copy)) as target:
        source.backup(target)


def _told(path: Path, err: Exception) -> DatabaseError:
    if isinstance(err, DatabaseError):
        return err
    reason = getattr(err, "strerror", None) or str(err)
    if "locked" in reason:
        cure = _("Another newsletter command is writing; try again when it has ended.")
    elif "not a database" in reason or "malformed" in reason:
        cure = _("Put back a copy of the file; this one is damaged or something else.")
    elif "full" in reason:
        cure = _("Make room on the disk; nothing was lost or half written.")
    else:
        cure = _("Check that the file and its folder can be written by you.")
    return DatabaseError(_("{path} cannot be used: {reason}.").format(path=path, reason=reason), cure=cure)
