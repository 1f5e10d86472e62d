-- Events. "key" is the time in microseconds shifted left by ten bits plus a number that keeps events of one
-- microsecond apart: walking the table or the text index by key is walking through time.
CREATE TABLE activitylog_events (
  key                INTEGER PRIMARY KEY,
  seq                INTEGER NOT NULL, -- order of commits; never used again, see seq_floor
  org                TEXT    NOT NULL,
  id                 BLOB    NOT NULL,
  time               INTEGER NOT NULL, -- microseconds since 1970, UTC
  recorded           INTEGER NOT NULL,
  project            TEXT    NOT NULL,
  category           TEXT    NOT NULL,
  action             TEXT    NOT NULL,
  outcome            TEXT    NOT NULL,
  severity           TEXT    NOT NULL,
  actor_type         TEXT    NOT NULL,
  actor_id           TEXT    NOT NULL,
  model              TEXT    NOT NULL,
  provider           TEXT    NOT NULL,
  currency           TEXT    NOT NULL,
  cost               INTEGER,          -- millionths of the currency; NULL: unknown
  tokens_in          INTEGER NOT NULL,
  tokens_out         INTEGER NOT NULL,
  tokens_cached      INTEGER NOT NULL,
  tokens_cache_write INTEGER NOT NULL,
  tokens_reasoning   INTEGER NOT NULL,
  ip                 TEXT    NOT NULL,
  data               TEXT    NOT NULL, -- JSON: the fields that have no column
  leaf               BLOB,
  opening            BLOB,
  search_text        TEXT    NOT NULL  -- the terms of the index activitylog_text, made by the library
);
CREATE INDEX activitylog_events_org ON activitylog_events (org);
CREATE UNIQUE INDEX activitylog_events_id ON activitylog_events (id, org);
CREATE UNIQUE INDEX activitylog_events_seq ON activitylog_events (seq);
CREATE INDEX activitylog_events_recorded ON activitylog_events (recorded, org, category, time); -- what is old enough to go
CREATE INDEX activitylog_events_audit ON activitylog_events (action) WHERE category = 'audit'; -- decisions about the log

CREATE TABLE activitylog_orgs (org TEXT PRIMARY KEY) WITHOUT ROWID;

-- Numbers: seq_floor is the highest seq that was ever pruned, spread is by how many microseconds a key may lie behind
-- the time of its event, guard is 1 inside a transaction that may change events.
CREATE TABLE activitylog_numbers (name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;
INSERT INTO activitylog_numbers VALUES ('guard', 0), ('seq_floor', 0), ('spread', 0);

CREATE TABLE activitylog_spaces (
  space TEXT NOT NULL,
  key   BLOB NOT NULL,
  value BLOB NOT NULL,
  PRIMARY KEY (space, key)
) WITHOUT ROWID;

-- Append-only. INSERT OR REPLACE deletes without firing DELETE triggers, so that it needs one of its own.
CREATE TRIGGER activitylog_no_replace BEFORE INSERT ON activitylog_events
WHEN EXISTS (SELECT 1 FROM activitylog_events WHERE id = NEW.id AND org = NEW.org)
  OR EXISTS (SELECT 1 FROM activitylog_events WHERE key = NEW.key)
  OR EXISTS (SELECT 1 FROM activitylog_events WHERE seq = NEW.seq)
BEGIN SELECT RAISE(ABORT, 'activitylog: an event with this id, key or seq exists'); END;

CREATE TRIGGER activitylog_no_update BEFORE UPDATE ON activitylog_events
WHEN (SELECT value FROM activitylog_numbers WHERE name = 'guard') = 0
BEGIN SELECT RAISE(ABORT, 'activitylog: events are append-only'); END;

CREATE TRIGGER activitylog_no_delete BEFORE DELETE ON activitylog_events
WHEN (SELECT value FROM activitylog_numbers WHERE name = 'guard') = 0
BEGIN SELECT RAISE(ABORT, 'activitylog: events are append-only'); END;
