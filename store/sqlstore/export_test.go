package sqlstore

import (
	"database/sql"

	"github.com/activitylog/activitylog"
)

// Observe calls f with every query before it runs.
func (s *Store) Observe(f func(text string, args []any)) { s.stmts.observe = f }

// DB is the handle under the store.
func (s *Store) DB() *sql.DB { return s.db }

// Fresh is how many events behind a position need not be read.
func (s *Store) Fresh(after activitylog.Position, limit int) int {
	_, n := s.fresh.tail(after, limit, func(*activitylog.Event, activitylog.Position) {})
	return n
}
