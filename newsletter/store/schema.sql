-- What all migrations together make; a test replays them and compares.
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
