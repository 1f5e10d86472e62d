CREATE VIRTUAL TABLE activitylog_text USING fts5(
  search_text, content='activitylog_events', content_rowid='key', tokenize='ascii', detail=none, columnsize=0
);
