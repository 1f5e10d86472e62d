package attempt_test

import (
	"context"
	"database/sql"
	"errors"
	"path/filepath"
	"strings"
	"testing"

	"github.com/activitylog/activitylog"
	"github.com/activitylog/activitylog/attempt"
	"github.com/activitylog/activitylog/store/sqlite"
	"github.com/stretchr/testify/require"
)

// app is a host with a table beside its log, in one file.
type app struct {
	db  *sql.DB
	log *activitylog.Log
}

func newApp(t *testing.T) app {
	t.Helper()
	path := filepath.Join(t.TempDir(), "app.db")
	store, err := sqlite.Open(t.Context(), path, &sqlite.Options{Migrate: true})
	require.NoError(t, err)
	t.Cleanup(func() { store.Close() })
	db, err := sql.Open("sqlite3", "file:"+path+"?_busy_timeout=5000&_txlock=immediate")
	require.NoError(t, err)
	t.Cleanup(func() { db.Close() })
	_, err = db.ExecContext(t.Context(), "CREATE TABLE projects (id TEXT PRIMARY KEY)")
	require.NoError(t, err)
	return app{db, newLog(t, store)}
}

func (a app) projects(t *testing.T) (n int) {
	t.Helper()
	require.NoError(t, a.db.QueryRow("SELECT count(*) FROM projects").Scan(&n))
	return n
}

func insert(ctx context.Context, tx *sql.Tx) error {
	_, err := tx.ExecContext(ctx, "INSERT INTO projects VALUES ('p1')")
	return err
}

func TestInTx(t *testing.T) {
	t.Parallel()
	full := errors.New("quota is used up")
	tests := []struct {
		name     string
		f        func(ctx context.Context, cancel func(), tx *sql.Tx, e *activitylog.Event) error
		err      error
		projects int
		recorded string // outcome and reason
	}{
		{"success", func(_ context.Context, _ func(), _ *sql.Tx, e *activitylog.Event) error {
			e.Metadata["k"] = "v"
			return nil
		}, nil, 1, "success "},
		{"failure", func(context.Context, func(), *sql.Tx, *activitylog.Event) error { return full }, full, 0, "failure quota is used up"},
		{"not recorded", func(_ context.Context, _ func(), _ *sql.Tx, e *activitylog.Event) error {
			e.Metadata["c"] = make(chan int)
			return nil
		}, attempt.ErrNotRecorded, 0, ""},
		{"ended context", func(_ context.Context, cancel func(), _ *sql.Tx, _ *activitylog.Event) error {
			cancel()
			return nil
		}, attempt.ErrNotRecorded, 0, "failure not recorded in the transaction, which was rolled back"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			a := newApp(t)
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			e := deletion()
			e.Action = "project.create"
			err := attempt.InTx(ctx, a.db, a.log, e, func(ctx context.Context, tx *sql.Tx, e *activitylog.Event) error {
				require.NoError(t, insert(ctx, tx))
				return tt.f(ctx, cancel, tx, e)
			})
			if !errors.Is(err, tt.err) {
				t.Errorf("returned %v, want %v", err, tt.err)
			}
			if n := a.projects(t); n != tt.projects {
				t.Errorf("%d projects, want %d", n, tt.projects)
			}
			got := ""
			for _, e := range events(t, a.log) {
				got += string(e.Outcome) + " " + e.Reason
			}
			if !strings.HasPrefix(got, tt.recorded) || (got == "") != (tt.recorded == "") {
				t.Errorf("recorded %q, want %q", got, tt.recorded)
			}
		})
	}
}

func TestInTxWithAPanic(t *testing.T) {
	t.Parallel()
	a := newApp(t)
	func() {
		defer func() {
			if v := recover(); v != "boom" {
				t.Errorf("went on as %v", v)
			}
		}()
		attempt.InTx(t.Context(), a.db, a.log, deletion(), func(ctx context.Context, tx *sql.Tx, _ *activitylog.Event) error {
			require.NoError(t, insert(ctx, tx))
			panic("boom")
		})
	}()
	list := events(t, a.log)
	if a.projects(t) != 0 || len(list) != 1 || list[0].Reason != "the function panicked with a string" {
		t.Errorf("%d projects, recorded %+v", a.projects(t), list)
	}
}

func TestInTxWithoutATransaction(t *testing.T) {
	t.Parallel()
	a := newApp(t)
	require.NoError(t, a.db.Close())
	err := attempt.InTx(t.Context(), a.db, a.log, deletion(), nil)
	list := events(t, a.log)
	if err == nil || len(list) != 1 || !strings.HasPrefix(list[0].Reason, "begin: ") {
		t.Errorf("returned %v, recorded %+v", err, list)
	}
}

// TestInTxWithALostCommit holds that nobody is told a success or a failure that nobody knows.
func TestInTxWithALostCommit(t *testing.T) {
	t.Parallel()
	a := newApp(t)
	// A constraint that is checked at the commit stands for an answer that is an error.
	for _, q := range []string{"PRAGMA foreign_keys = ON", "CREATE TABLE members (p TEXT REFERENCES projects(id) DEFERRABLE INITIALLY DEFERRED)"} {
		_, err := a.db.ExecContext(t.Context(), q)
		require.NoError(t, err)
	}
	a.db.SetMaxOpenConns(1)
	e := deletion()
	err := attempt.InTx(t.Context(), a.db, a.log, e, func(ctx context.Context, tx *sql.Tx, _ *activitylog.Event) error {
		_, err := tx.ExecContext(ctx, "INSERT INTO members VALUES ('nobody')")
		return err
	})
	list := events(t, a.log)
	if err == nil || len(list) != 1 || list[0].Outcome != activitylog.Unknown || !strings.HasPrefix(list[0].Reason, "commit: ") {
		t.Errorf("returned %v, recorded %+v", err, list)
	}
}
