-- Newest first, so that a page of newest events reads only the beginning of each list of rows.
CREATE VIRTUAL TABLE activitylog_text USING fts4(
  content="activitylog_events", search_text, tokenize=simple, matchinfo=fts3, order=desc
);
