package sqlstore

import "database/sql"

// Observe calls f with every query before it runs.
func (s *Store) Observe(f func(text string, args []any)) { s.stmts.observe = f }

// DB is the handle under the store.
func (s *Store) DB() *sql.DB { return s.db }
