-- The terms of every event, made by the library; rowid is the key of the event. They are not stored besides.
CREATE VIRTUAL TABLE activitylog_text USING fts5(
  terms, content='', tokenize='ascii', detail=none
);
