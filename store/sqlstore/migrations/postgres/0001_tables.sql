CREATE TABLE activitylog_orgs (org text COLLATE "C" PRIMARY KEY);

CREATE TABLE activitylog_spaces (
  space text COLLATE "C" NOT NULL,
  key   bytea NOT NULL,
  value bytea NOT NULL,
  PRIMARY KEY (space, key)
);
-- One row per space; locking it orders the transactions of that space.
CREATE TABLE activitylog_space_locks (space text COLLATE "C" PRIMARY KEY);
