"""How the database came to be what it is: each change once, in order, never edited afterwards.

`schema.sql` beside this file is what all of them together make; a test replays them and compares.
"""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from pathlib import Path

from sqlite_utils import Database
from sqlite_utils.migrations import Migrations

SCHEMA = Path(__file__).with_name("schema.sql")
_migrations = Migrations("newsletter")


@dataclass(frozen=True)
class State:
    """How a database stands to the migrations that this version knows."""

    applied: tuple[str, ...]
    pending: tuple[str, ...]
    newer: str | None
    """A migration it has that we don't know."""
    foreign: bool
    """Whether it holds tables, and none of them ours."""


def state(db: Database) -> State:
    """Compare a database with the migrations this version knows."""
    known = [one.name for one in _migrations._migrations]  # noqa: SLF001 (the library has no question for it)
    has_tables = bool(db.table_names())  # asked first: another process may be making all of it just now
    applied = tuple(one.name for one in _migrations.applied(db))
    return State(
        applied=applied,
        pending=tuple(name for name in known if name not in applied),
        newer=next((name for name in applied if name not in known), None),
        foreign=has_tables and not applied,
    )


def apply(db: Database) -> None:
    """Bring a database up to date, inside the caller's transaction: all migrations, or none."""
    _migrations.apply(db)


def _run(db: Database, script: str) -> None:
    """Execute statements one by one: `executescript` would commit the transaction we are in."""
    statement = ""
    for line in script.strip().splitlines(keepends=True):
        statement += line
        if sqlite3.complete_statement(statement):
            db.conn.execute(statement)
            statement = ""


@_migrations()
def m001_subscribers(db: Database) -> None:
    """Subscribers, their event log, suppression, erasure, remembered column mappings.

    The checks are chains of OR, not IN (…): for a list SQLite builds a table anew for every inserted row,
    which doubled the time of an import (measured).
    """
    _run(
        db,
        """
CREATE TABLE subscriber (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  key TEXT NOT NULL UNIQUE,
  address TEXT NOT NULL,
  domain TEXT NOT NULL,
  form TEXT NOT NULL DEFAULT 'none' CHECK (
    form = 'none' OR form = 'frau' OR form = 'herr' OR form = 'neutral'
  ),
  title TEXT NOT NULL DEFAULT '',
  first_name TEXT NOT NULL DEFAULT '',
  last_name TEXT NOT NULL DEFAULT '',
  organisation TEXT NOT NULL DEFAULT '',
  language TEXT NOT NULL DEFAULT '',
  tags TEXT NOT NULL DEFAULT ',',
  fields TEXT NOT NULL DEFAULT '{}' CHECK (fields = '{}' OR json_valid(fields)),
  status TEXT NOT NULL CHECK (
    status = 'active' OR status = 'pending'
    OR status = 'unsubscribed' OR status = 'bounced' OR status = 'complained'
  ),
  source TEXT NOT NULL,
  joined_at TEXT NOT NULL,
  changed_at TEXT NOT NULL,
  expires_at TEXT CHECK (expires_at IS NULL OR status = 'pending')
) STRICT;
CREATE INDEX subscriber_expires ON subscriber (expires_at) WHERE expires_at IS NOT NULL;
CREATE TABLE wording (
  id INTEGER PRIMARY KEY,
  version TEXT NOT NULL UNIQUE,
  text TEXT NOT NULL
) STRICT;
CREATE TRIGGER wording_stays BEFORE DELETE ON wording BEGIN
  SELECT RAISE(ABORT, 'wordings are never deleted');
END;
CREATE TRIGGER wording_is_not_changed BEFORE UPDATE ON wording BEGIN
  SELECT RAISE(ABORT, 'wordings are never changed');
END;
CREATE TABLE event (
  seq INTEGER PRIMARY KEY,
  at TEXT NOT NULL,
  person INTEGER NOT NULL,
  kind TEXT NOT NULL,
  source TEXT NOT NULL,
  wording INTEGER REFERENCES wording (id),
  salt BLOB,
  detail TEXT,
  commitment BLOB NOT NULL,
  hash BLOB NOT NULL
) STRICT;
CREATE INDEX event_person ON event (person);
CREATE TRIGGER event_stays BEFORE DELETE ON event BEGIN
  SELECT RAISE(ABORT, 'events are never deleted');
END;
CREATE TRIGGER event_is_not_changed BEFORE UPDATE ON event
WHEN NEW.seq IS NOT OLD.seq OR NEW.at IS NOT OLD.at OR NEW.person IS NOT OLD.person
  OR NEW.kind IS NOT OLD.kind OR NEW.source IS NOT OLD.source OR NEW.wording IS NOT OLD.wording
  OR NEW.commitment IS NOT OLD.commitment OR NEW.hash IS NOT OLD.hash
  OR NEW.salt IS NOT NULL OR NEW.detail IS NOT NULL BEGIN
  SELECT RAISE(ABORT, 'events are never changed; their personal data can only be erased');
END;
CREATE TABLE log_head (
  id INTEGER PRIMARY KEY CHECK (id = 1),
  seq INTEGER NOT NULL,
  hash BLOB NOT NULL,
  seal BLOB NOT NULL
) STRICT;
CREATE TABLE event_ip (
  seq INTEGER PRIMARY KEY REFERENCES event (seq),
  network TEXT NOT NULL,
  expires_at TEXT NOT NULL
) STRICT;
CREATE TABLE erased (
  digest BLOB PRIMARY KEY,
  at TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE suppression (
  pattern TEXT PRIMARY KEY,
  reason TEXT NOT NULL,
  source TEXT NOT NULL,
  at TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX suppression_star ON suppression (pattern) WHERE instr(pattern, '*');
CREATE TABLE column_mapping (
  headers TEXT PRIMARY KEY,
  mapping TEXT NOT NULL CHECK (json_valid(mapping)),
  at TEXT NOT NULL
) STRICT, WITHOUT ROWID;
""",
    )
