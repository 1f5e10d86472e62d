package sqlite_test

import (
	"database/sql"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/activitylog/activitylog"
	"github.com/activitylog/activitylog/store/sqlite"
	"github.com/activitylog/activitylog/store/sqlstore"
	"github.com/stretchr/testify/require"
)

func TestOpenFails(t *testing.T) {
	t.Parallel()
	empty := func(t *testing.T, path string) { require.NoError(t, os.WriteFile(path, nil, 0o600)) }
	version := func(n int) func(*testing.T, string) {
		return func(t *testing.T, path string) {
			open(t, path).Close()
			exec(t, foreign(t, path), "UPDATE activitylog_schema SET version = ?", n)
		}
	}
	for _, tt := range []struct {
		name    string
		path    string // empty: a file that make makes
		make    func(t *testing.T, path string)
		migrate bool
		is      error
		says    string
	}{
		{name: "no path", path: "none", is: activitylog.ErrInvalid, says: "store/memory"},
		{name: "in memory", path: ":memory:", migrate: true, is: activitylog.ErrInvalid, says: "store/memory"},
		{name: "missing", is: os.ErrNotExist, says: "no such file"},
		{name: "empty file", make: empty, says: "run Migrate"},
		{name: "another application's", make: func(t *testing.T, path string) {
			exec(t, foreign(t, path), "CREATE TABLE host (a)")
		}, says: "run Migrate"},
		{name: "newer", make: version(99), says: "schema version 99"},
		{name: "newer, to be migrated", make: version(99), migrate: true, says: "schema version 99"},
		{name: "folder", path: "folder", says: "unable to open"},
		{name: "folder, to be migrated", path: "folder", migrate: true, says: "unable to open"},
		{name: "missing folder", path: "missing folder", migrate: true, says: "unable to open"},
		{name: "no database", make: func(t *testing.T, path string) {
			require.NoError(t, os.WriteFile(path, []byte("this is a text and by no means a database, is it?"), 0o600))
		}, migrate: true, says: "not a database"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			path := newFile(t)
			switch tt.path {
			case "none":
				path = ""
			case "folder":
				path = filepath.Dir(path)
			case "missing folder":
				path = filepath.Join(path, "a.db")
			case ":memory:":
				path = tt.path
			}
			if tt.make != nil {
				tt.make(t, path)
			}
			store, err := sqlite.Open(t.Context(), path, &sqlite.Options{Migrate: tt.migrate})
			if store != nil {
				t.Error("got a store beside the error")
				store.Close()
			}
			require.Error(t, err)
			if tt.is != nil {
				require.ErrorIs(t, err, tt.is)
			}
			require.ErrorContains(t, err, tt.says)
			if tt.make == nil && tt.path == "" {
				require.NoFileExists(t, path, "Open made a file that it was not to make")
			}
		})
	}
}

// TestOddPaths opens files whose names mean something in a URL.
func TestOddPaths(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for _, name := range []string{"a b.db", "100%.db", "a?mode=ro.db", "a#b.db", "a&b=c.db", "ä.db", "%41.db", "file:x.db"} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(dir, name)
			log := logOver(t, open(t, path), nil)
			_, err := log.Record(t.Context(), event("x"))
			require.NoError(t, err)
			require.FileExists(t, path)
			if n := one[int](t, host(t, path), "SELECT count(*) FROM activitylog_events"); n != 1 {
				t.Errorf("a handle with DSN sees %d of 1 events", n)
			}
		})
	}
}

// TestReadOnly opens a file that may not be written: it can be read, and recording says why it fails.
func TestReadOnly(t *testing.T) {
	t.Parallel()
	path := newFile(t)
	_, err := logOver(t, open(t, path), nil).Record(t.Context(), event("before"))
	require.NoError(t, err)
	db, err := sql.Open("sqlite3", sqlite.DSN(path)+"&mode=ro")
	require.NoError(t, err)
	defer db.Close()
	store, err := sqlstore.NewSQLite(db)
	require.NoError(t, err)
	defer store.Close()
	require.NoError(t, store.Ready(t.Context()))
	require.NoError(t, store.Migrate(t.Context()), "nothing is to be migrated")
	log := logOver(t, store, nil)
	_, err = log.Record(t.Context(), event("after"))
	require.ErrorContains(t, err, "checkpoint before the first write")
	if errors.Is(err, activitylog.ErrTimeout) {
		t.Errorf("an error that time does not heal was waited for: %v", err)
	}
	wantMessages(t, log, "before")
}

// TestOpenBesideReader opens an up-to-date file while another program reads an old state of it.
func TestOpenBesideReader(t *testing.T) {
	t.Parallel()
	path := newFile(t)
	log := logOver(t, open(t, path), nil)
	_, err := log.Record(t.Context(), event("first"))
	require.NoError(t, err)
	reader := foreign(t, path)
	exec(t, reader, "BEGIN")
	one[int](t, reader, "SELECT count(*) FROM activitylog_events")
	_, err = log.Record(t.Context(), event("second"))
	require.NoError(t, err)
	wantMessages(t, logOver(t, open(t, path), nil), "first", "second")
}
