package storetest_test

import (
	"context"
	"database/sql"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/activitylog/activitylog"
	"github.com/activitylog/activitylog/internal/pgtest"
	"github.com/activitylog/activitylog/store/memory"
	"github.com/activitylog/activitylog/store/postgres"
	"github.com/activitylog/activitylog/store/sqlite"
	"github.com/activitylog/activitylog/store/sqlstore"
	"github.com/activitylog/activitylog/store/storetest"
	"github.com/stretchr/testify/require"
)

func TestMain(m *testing.M) { os.Exit(pgtest.Main(m)) }

var paths sync.Map

func openLite(tb testing.TB) activitylog.Store {
	path := filepath.Join(tb.TempDir(), "a.db")
	return openLiteAt(tb, path)
}
func openLiteAt(tb testing.TB, path string) activitylog.Store {
	s, err := sqlite.Open(context.Background(), path, &sqlite.Options{Migrate: true})
	require.NoError(tb, err)
	tb.Cleanup(func() { s.Close() })
	paths.Store(s, path)
	return s
}

func openPG(tb testing.TB) activitylog.Store { return openPGAt(tb, pgtest.DSN(tb)) }
func openPGAt(tb testing.TB, dsn string) activitylog.Store {
	s, err := postgres.Open(context.Background(), dsn, &postgres.Options{Migrate: true, MaxConns: 8})
	require.NoError(tb, err)
	tb.Cleanup(func() { s.Close() })
	paths.Store(s, dsn)
	return s
}

func begin(driver string) func(tb testing.TB, s activitylog.Store) (activitylog.Tx, func() error, func() error) {
	return func(tb testing.TB, s activitylog.Store) (activitylog.Tx, func() error, func() error) {
		p, _ := paths.Load(s)
		dsn := p.(string)
		if driver == "sqlite3" {
			dsn = sqlite.DSN(dsn)
		}
		db, err := sql.Open(driver, dsn)
		require.NoError(tb, err)
		tb.Cleanup(func() { db.Close() })
		tx, err := db.BeginTx(context.Background(), nil)
		require.NoError(tb, err)
		return tx, tx.Commit, tx.Rollback
	}
}

func reopen(open func(tb testing.TB, path string) activitylog.Store) func(tb testing.TB, s activitylog.Store) activitylog.Store {
	return func(tb testing.TB, s activitylog.Store) activitylog.Store {
		p, _ := paths.Load(s)
		require.NoError(tb, s.(*sqlstore.Store).Close())
		return open(tb, p.(string))
	}
}

func TestTmpLite(t *testing.T) {
	storetest.Run(t, storetest.Harness{Open: openLite, Reopen: reopen(openLiteAt), BeginTx: begin("sqlite3")})
}
func TestTmpPG(t *testing.T) {
	storetest.Run(t, storetest.Harness{Open: openPG, Reopen: reopen(openPGAt), BeginTx: begin("postgres")})
}
func TestTmpDiff(t *testing.T) {
	n := 500
	if os.Getenv("BIG") != "" {
		n = 20000
	}
	for _, w := range []string{"a", "b"} {
		t.Run(w, func(t *testing.T) {
			t.Parallel()
			storetest.Differential(t, map[string]activitylog.Store{"memory": memory.New(), "sqlite": openLite(t), "postgres": openPG(t)}, storetest.DifferentialOptions{Filters: n / 2})
		})
	}
}
