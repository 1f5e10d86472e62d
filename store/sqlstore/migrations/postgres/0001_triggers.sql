-- Append-only: a fence against accidents. The purge and erase transactions of the library open it for themselves.
CREATE FUNCTION activitylog_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF coalesce(current_setting('activitylog.guard', true), '') <> 'open' THEN
    RAISE EXCEPTION 'activitylog: events are append-only' USING ERRCODE = 'restrict_violation';
  END IF;
  IF TG_OP = 'DELETE' THEN RETURN OLD; END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER activitylog_append_only BEFORE UPDATE OR DELETE ON activitylog_events
  FOR EACH ROW EXECUTE FUNCTION activitylog_guard();
CREATE TRIGGER activitylog_no_truncate BEFORE TRUNCATE ON activitylog_events
  FOR EACH STATEMENT EXECUTE FUNCTION activitylog_guard();
-- Also under session_replication_role = replica, which skips ordinary triggers.
ALTER TABLE activitylog_events ENABLE ALWAYS TRIGGER activitylog_append_only;
ALTER TABLE activitylog_events ENABLE ALWAYS TRIGGER activitylog_no_truncate;
