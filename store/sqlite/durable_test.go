package sqlite_test

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"sync"
	"testing"
	"time"

	"github.com/activitylog/activitylog"
	"github.com/activitylog/activitylog/store/sqlite"
	"github.com/activitylog/activitylog/store/sqlstore"
	"github.com/mattn/go-sqlite3"
	"github.com/stretchr/testify/require"
)

// spy notes through which connections of a handle somebody commits.
type spy struct {
	mu         sync.Mutex
	committing map[*sqlite3.SQLiteConn]int
}

// handle opens a file with the defaults of the driver, under a driver name of its own.
func (s *spy) handle(t *testing.T, path string) *sql.DB {
	t.Helper()
	s.committing = map[*sqlite3.SQLiteConn]int{}
	sql.Register("sqlite3 of "+t.Name(), &sqlite3.SQLiteDriver{ConnectHook: func(c *sqlite3.SQLiteConn) error {
		c.RegisterCommitHook(func() int {
			s.mu.Lock()
			defer s.mu.Unlock()
			s.committing[c]++
			return 0
		})
		return nil
	}})
	db, err := sql.Open("sqlite3 of "+t.Name(), "file:"+path+"?_journal_mode=WAL")
	require.NoError(t, err)
	t.Cleanup(func() { db.Close() })
	return db
}

// pragma reads a number from one connection of the driver.
func pragma(t *testing.T, c *sqlite3.SQLiteConn, name string) int64 {
	t.Helper()
	rows, err := c.Query("PRAGMA "+name, nil)
	require.NoError(t, err)
	defer rows.Close()
	values := make([]driver.Value, 1)
	require.NoError(t, rows.Next(values))
	return values[0].(int64)
}

// TestSynchronous looks at the connection that commits events, opened by a host that said nothing about durability.
func TestSynchronous(t *testing.T) {
	t.Parallel()
	var s spy
	db := s.handle(t, newFile(t))
	const normal, full = 1, 2
	if level := one[int](t, db, "PRAGMA synchronous"); level != normal {
		t.Errorf("the driver opens files in WAL mode with synchronous=%d; this test expected %d", level, normal)
	}
	store, err := sqlstore.NewSQLite(db)
	require.NoError(t, err)
	defer store.Close()
	require.NoError(t, store.Migrate(t.Context()))
	log := logOver(t, store, nil)
	clear(s.committing)
	for range 3 {
		_, err := log.Record(t.Context(), event("x"))
		require.NoError(t, err)
	}
	if len(s.committing) != 1 {
		t.Errorf("events were committed through %d connections", len(s.committing))
	}
	for c, commits := range s.committing {
		if level := pragma(t, c, "synchronous"); level < full {
			t.Errorf("%d commits ran with synchronous=%d", commits, level)
		}
		if pragma(t, c, "recursive_triggers") != 1 || pragma(t, c, "trusted_schema") != 0 || pragma(t, c, "checkpoint_fullfsync") != 1 {
			t.Error("the connection that writes lacks a setting")
		}
	}
}

// TestJournalMode looks at a file that Open made and at a handle with its DSN.
func TestJournalMode(t *testing.T) {
	t.Parallel()
	path := newFile(t)
	open(t, path)
	if mode := one[string](t, foreign(t, path), "PRAGMA journal_mode"); mode != "wal" {
		t.Errorf("the file is in journal mode %s", mode)
	}
	db, err := sql.Open("sqlite3", sqlite.DSN(path))
	require.NoError(t, err)
	defer db.Close()
	for name, want := range map[string]int{"synchronous": 2, "busy_timeout": 10_000, "recursive_triggers": 1} {
		if got := one[int](t, db, "PRAGMA "+name); got != want {
			t.Errorf("a handle with DSN has %s=%d instead of %d", name, got, want)
		}
	}
}

// TestCheckpointBeforeFirstRecord keeps the checkpoint of a fresh store from succeeding: nothing is acknowledged, and
// nothing stored, until it does. Otherwise events would follow in a WAL whose beginning may never reach the disk.
func TestCheckpointBeforeFirstRecord(t *testing.T) {
	t.Parallel()
	path := newFile(t)
	open(t, path).Close()
	reader, host := foreign(t, path), foreign(t, path)
	exec(t, reader, "CREATE TABLE host (a)")
	exec(t, reader, "BEGIN")
	one[int](t, reader, "SELECT count(*) FROM host") // from here on it sees an old state
	exec(t, host, "INSERT INTO host VALUES (1)")     // which the checkpoint must therefore leave in the WAL

	store := open(t, path)
	hasty := logOver(t, store, &activitylog.Options{Timeout: 200 * time.Millisecond})
	for range 3 {
		_, err := hasty.Record(t.Context(), event("too early"))
		require.ErrorIs(t, err, activitylog.ErrTimeout)
	}
	exec(t, host, "INSERT INTO host VALUES (2)") // no write lock is held meanwhile
	exec(t, reader, "ROLLBACK")

	patient := logOver(t, store, nil)
	_, err := patient.Record(t.Context(), event("in time"))
	require.NoError(t, err)
	wantMessages(t, patient, "in time")
}

// TestCheckpointAfterTrouble drops the connection after an error of the database, so that the next one begins with a
// checkpoint again, and keeps it after an answer about the events.
func TestCheckpointAfterTrouble(t *testing.T) {
	t.Parallel()
	var s spy
	path := newFile(t)
	db := s.handle(t, path)
	store, err := sqlstore.NewSQLite(db)
	require.NoError(t, err)
	defer store.Close()
	require.NoError(t, store.Migrate(t.Context()))
	log := logOver(t, store, nil)
	record := func(e activitylog.Event) error {
		_, err := log.Record(t.Context(), e)
		return err
	}
	clear(s.committing)
	first := event("first")
	first.ID, err = log.Record(t.Context(), first)
	require.NoError(t, err)
	first.Message = "changed"
	require.ErrorIs(t, record(first), activitylog.ErrConflict)
	require.NoError(t, record(event("after a conflict")))
	require.Len(t, s.committing, 1)

	exec(t, foreign(t, path), `CREATE TRIGGER host BEFORE INSERT ON activitylog_events WHEN NEW.action = 'drill.fail'
		BEGIN SELECT RAISE(ABORT, 'the disk is full'); END`)
	failing := event("refused")
	failing.Action = "drill.fail"
	require.ErrorContains(t, record(failing), "the disk is full")
	require.NoError(t, record(event("after trouble")))
	require.Len(t, s.committing, 2, "connections that committed")
	wantMessages(t, log, "first", "after a conflict", "after trouble")
}

// TestRecordSurvivesItsRequest cancels the request that records.
func TestRecordSurvivesItsRequest(t *testing.T) {
	t.Parallel()
	log := logOver(t, open(t, newFile(t)), nil)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := log.Record(ctx, event("kept"))
	require.NoError(t, err)
	wantMessages(t, log, "kept")
}
