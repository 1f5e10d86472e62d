-- The terms of every event, made by the library; rowid is the key of the event. They are not stored besides.
-- Newest first, so that a page of newest events reads only the beginning of each list of rows.
CREATE VIRTUAL TABLE activitylog_text USING fts4(
  content="activitylog_leaving", terms, tokenize=simple, matchinfo=fts3, order=desc
);
