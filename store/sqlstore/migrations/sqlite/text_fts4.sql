-- Newest first, so that a page of newest events reads only the beginning of each list of rows. The terms stay in the
-- events as well: rows leave the index by them, and PRAGMA integrity_check compares the two.
CREATE VIRTUAL TABLE activitylog_text USING fts4(
  content="activitylog_events", search_text, tokenize=simple, matchinfo=fts3, order=desc
);
