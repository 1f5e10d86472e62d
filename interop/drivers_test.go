package interop_test

import (
	"database/sql"
	"os"
	"path/filepath"
	"testing"

	"github.com/activitylog/activitylog"
	"github.com/activitylog/activitylog/internal/pgtest"
	"github.com/activitylog/activitylog/store/memory"
	"github.com/activitylog/activitylog/store/sqlstore"
	"github.com/activitylog/activitylog/store/storetest"
	_ "github.com/jackc/pgx/v5/stdlib" // "pgx"
	"github.com/stretchr/testify/require"
	_ "modernc.org/sqlite" // "sqlite"
)

func TestMain(m *testing.M) { os.Exit(pgtest.Main(m)) }

// named is a store that knows its handle, for transactions of the host.
type named struct {
	*sqlstore.Store
	db *sql.DB
}

func begin(tb testing.TB, s activitylog.Store) (activitylog.Tx, func() error, func() error) {
	tx, err := s.(named).db.BeginTx(tb.Context(), nil)
	require.NoError(tb, err)
	return tx, tx.Commit, tx.Rollback
}

// opened migrates a store over a handle of the host.
func opened(tb testing.TB, db *sql.DB, make func(*sql.DB) (*sqlstore.Store, error)) activitylog.Store {
	store, err := make(db)
	require.NoError(tb, err)
	require.NoError(tb, store.Migrate(tb.Context()))
	tb.Cleanup(func() {
		require.NoError(tb, store.Close())
		require.NoError(tb, db.Close())
	})
	return named{store, db}
}

func openPgx(tb testing.TB) activitylog.Store {
	db, err := sql.Open("pgx", pgtest.DSN(tb))
	require.NoError(tb, err)
	db.SetMaxOpenConns(8)
	return opened(tb, db, func(db *sql.DB) (*sqlstore.Store, error) { return sqlstore.NewPostgres(db, nil) })
}

func openModernc(tb testing.TB) activitylog.Store {
	path := filepath.Join(tb.TempDir(), "log.db")
	db, err := sql.Open("sqlite", "file:"+path+"?_pragma=journal_mode(WAL)&_pragma=busy_timeout(10000)")
	require.NoError(tb, err)
	return opened(tb, db, sqlstore.NewSQLite)
}

func TestPgx(t *testing.T) {
	storetest.Run(t, storetest.Harness{Open: openPgx, BeginTx: begin})
}

func TestModernc(t *testing.T) {
	storetest.Run(t, storetest.Harness{Open: openModernc, BeginTx: begin})
}

// TestDifferential holds both to the memory store.
func TestDifferential(t *testing.T) {
	stores := map[string]activitylog.Store{"memory": memory.New(), "pgx": openPgx(t), "modernc": openModernc(t)}
	storetest.Differential(t, stores, storetest.DifferentialOptions{Filters: 1000})
}
