-- Newest first, so that a page of newest events reads only the beginning of each list of rows. The terms stay in the
-- events as well: rows leave the index by them, and PRAGMA integrity_check compares the two.
CREATE VIRTUAL TABLE activitylog_text USING fts4(
  content="activitylog_events", search_text, tokenize=simple, matchinfo=fts3, order=desc
);
-- Merges a little with each transaction. Else every 16th merges 16 parts into one, every 256th sixteen of those and so
-- on: in a log of 19 million events that is 4 GB at once, for which all writers wait. FTS5 does so by itself.
INSERT INTO activitylog_text(activitylog_text) VALUES ('automerge=8');
