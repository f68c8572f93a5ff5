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


@_migrations()
def m002_ledger(db: Database) -> None:
    """Editions, mailings, and what became of every recipient.

    A slice's counters add up to its size by the table's own check, whatever writes them. Times in `dispatch`
    are seconds since 1970: four bytes in a million rows, not 25. No index on its state, which would have to
    be written twice per message; whoever looks for a state looks only into slices that count some.
    """
    _run(
        db,
        """
CREATE TABLE edition (
  digest TEXT PRIMARY KEY,
  issue TEXT NOT NULL,
  content BLOB NOT NULL,
  at TEXT NOT NULL
) STRICT;
CREATE TABLE test_send (
  id INTEGER PRIMARY KEY,
  digest TEXT NOT NULL,
  at TEXT NOT NULL,
  actor TEXT NOT NULL,
  count INTEGER NOT NULL
) STRICT;
CREATE INDEX test_send_digest ON test_send (digest);
CREATE TABLE approval (
  digest TEXT NOT NULL,
  actor TEXT NOT NULL,
  at TEXT NOT NULL,
  PRIMARY KEY (digest, actor)
) STRICT, WITHOUT ROWID;
CREATE TABLE mailing (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  issue TEXT NOT NULL,
  segment TEXT,
  state TEXT NOT NULL CHECK (
    state = 'planned' OR state = 'running' OR state = 'paused' OR state = 'cancelled' OR state = 'finished'
  ),
  edition INTEGER NOT NULL,
  audience INTEGER NOT NULL CHECK (audience > 0),
  left_out TEXT NOT NULL CHECK (json_valid(left_out)),
  created_at TEXT NOT NULL,
  created_by TEXT NOT NULL,
  not_before TEXT,
  started_at TEXT,
  finished_at TEXT
) STRICT;
CREATE TABLE mailing_edition (
  mailing INTEGER NOT NULL REFERENCES mailing (id),
  number INTEGER NOT NULL,
  digest TEXT NOT NULL REFERENCES edition (digest),
  at TEXT NOT NULL,
  actor TEXT NOT NULL,
  reason TEXT NOT NULL,
  PRIMARY KEY (mailing, number)
) STRICT, WITHOUT ROWID;
CREATE TABLE decision (
  id INTEGER PRIMARY KEY,
  mailing INTEGER NOT NULL REFERENCES mailing (id),
  at TEXT NOT NULL,
  actor TEXT NOT NULL,
  action TEXT NOT NULL,
  reason TEXT NOT NULL,
  count INTEGER NOT NULL
) STRICT;
CREATE TABLE run (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  mailing INTEGER NOT NULL REFERENCES mailing (id),
  pid INTEGER NOT NULL,
  host TEXT NOT NULL,
  boot TEXT NOT NULL,
  started_at TEXT NOT NULL,
  taken_at TEXT,
  ended_at TEXT
) STRICT;
CREATE INDEX run_open ON run (mailing) WHERE ended_at IS NULL;
CREATE TABLE slice (
  mailing INTEGER NOT NULL REFERENCES mailing (id),
  number INTEGER NOT NULL,
  size INTEGER NOT NULL CHECK (
    size = pending + sending + accepted + deferred + refused + skipped + cancelled + in_doubt
  ),
  run INTEGER REFERENCES run (id),
  epoch INTEGER NOT NULL DEFAULT 0,
  lease_until REAL NOT NULL DEFAULT 0,
  next_at INTEGER,
  pending INTEGER NOT NULL CHECK (pending >= 0),
  sending INTEGER NOT NULL DEFAULT 0 CHECK (sending >= 0),
  accepted INTEGER NOT NULL DEFAULT 0 CHECK (accepted >= 0),
  deferred INTEGER NOT NULL DEFAULT 0 CHECK (deferred >= 0),
  refused INTEGER NOT NULL DEFAULT 0 CHECK (refused >= 0),
  skipped INTEGER NOT NULL DEFAULT 0 CHECK (skipped >= 0),
  cancelled INTEGER NOT NULL DEFAULT 0 CHECK (cancelled >= 0),
  in_doubt INTEGER NOT NULL DEFAULT 0 CHECK (in_doubt >= 0),
  PRIMARY KEY (mailing, number)
) STRICT, WITHOUT ROWID;
CREATE TABLE dispatch (
  mailing INTEGER NOT NULL,
  slice INTEGER NOT NULL,
  seq INTEGER NOT NULL,
  person INTEGER NOT NULL,
  address TEXT NOT NULL,
  segments TEXT NOT NULL,
  state TEXT NOT NULL DEFAULT 'pending' CHECK (
    state = 'pending' OR state = 'sending' OR state = 'accepted' OR state = 'deferred'
    OR state = 'refused' OR state = 'skipped' OR state = 'cancelled' OR state = 'in_doubt'
  ),
  edition INTEGER NOT NULL DEFAULT 0,
  attempt INTEGER NOT NULL DEFAULT 0,
  deferrals INTEGER NOT NULL DEFAULT 0,
  stage TEXT NOT NULL DEFAULT '',
  code INTEGER NOT NULL DEFAULT 0,
  enhanced TEXT NOT NULL DEFAULT '',
  reply TEXT NOT NULL DEFAULT '',
  relay TEXT NOT NULL DEFAULT '',
  reason TEXT NOT NULL DEFAULT '',
  at INTEGER,
  first_at INTEGER,
  next_at INTEGER,
  PRIMARY KEY (mailing, slice, seq),
  UNIQUE (person, mailing)
) STRICT, WITHOUT ROWID;
CREATE TRIGGER dispatch_forgets AFTER DELETE ON subscriber BEGIN
  UPDATE dispatch SET address = '', segments = '', reply = '' WHERE person = OLD.id;
END;
""",
    )
