-- As 0001_init.sql, in monthly partitions by time. A primary key must hold the time here, so that the library itself
-- looks for an id that came with another time.
CREATE TABLE activitylog_events (
  org                text COLLATE "C" NOT NULL,
  id                 uuid   NOT NULL,
  time               bigint NOT NULL,
  recorded           bigint NOT NULL,
  project            text COLLATE "C" NOT NULL,
  category           text COLLATE "C" NOT NULL,
  action             text COLLATE "C" NOT NULL,
  outcome            text COLLATE "C" NOT NULL,
  severity           text COLLATE "C" NOT NULL,
  actor_type         text COLLATE "C" NOT NULL,
  actor_id           text COLLATE "C" NOT NULL,
  model              text COLLATE "C" NOT NULL,
  provider           text COLLATE "C" NOT NULL,
  currency           text COLLATE "C" NOT NULL,
  cost               bigint,
  tokens_in          bigint NOT NULL,
  tokens_out         bigint NOT NULL,
  tokens_cached      bigint NOT NULL,
  tokens_cache_write bigint NOT NULL,
  tokens_reasoning   bigint NOT NULL,
  ip                 text COLLATE "C" NOT NULL,
  data               text COLLATE "C" NOT NULL,
  leaf               bytea,
  opening            bytea,
  search             tsvector NOT NULL,
  xact               xid8 NOT NULL DEFAULT activitylog_order(pg_current_xact_id()),
  PRIMARY KEY (org, time, id)
) PARTITION BY RANGE (time);
CREATE TABLE activitylog_events_other PARTITION OF activitylog_events DEFAULT;
CREATE INDEX activitylog_events_id       ON activitylog_events (org, id);
CREATE INDEX activitylog_events_time     ON activitylog_events (time, id, org);
CREATE INDEX activitylog_events_category ON activitylog_events (org, category, time, id);
CREATE INDEX activitylog_events_action   ON activitylog_events (org, action, time, id);
CREATE INDEX activitylog_events_actor    ON activitylog_events (org, actor_id, time, id);
CREATE INDEX activitylog_events_project  ON activitylog_events (org, project, time, id) WHERE project <> '';
CREATE INDEX activitylog_events_tail     ON activitylog_events (xact, id, org);
CREATE INDEX activitylog_events_recorded ON activitylog_events (recorded); -- what is old enough to go
CREATE INDEX activitylog_events_audit    ON activitylog_events (action, time, id, org) WHERE category = 'audit';
CREATE INDEX activitylog_events_search   ON activitylog_events USING gin (search);
