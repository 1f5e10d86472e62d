package postgres_test

import (
	"fmt"
	"os"
	"sync/atomic"
	"testing"

	"github.com/activitylog/activitylog"
	"github.com/activitylog/activitylog/internal/pgtest"
	"github.com/activitylog/activitylog/store/postgres"
	"github.com/activitylog/activitylog/store/sqlstore"
	"github.com/activitylog/activitylog/store/storetest"
	"github.com/stretchr/testify/require"
)

// newHarness makes each store in a schema of its own within one database: a fifth of the cost of a database.
func newHarness(tb testing.TB, opts postgres.Options) storetest.Harness {
	tb.Helper()
	dsn := pgtest.DSN(tb)
	opts.Migrate, opts.MaxConns = true, 6
	admin := host(tb, dsn)
	var schemas atomic.Int64
	openIn := func(tb testing.TB, dsn string) activitylog.Store { return placed{open(tb, dsn, &opts), dsn} }
	return storetest.Harness{
		Open: func(tb testing.TB) activitylog.Store {
			name := fmt.Sprint("case", schemas.Add(1))
			exec(tb, admin, "CREATE SCHEMA "+name)
			return openIn(tb, with(tb, dsn, "search_path", name))
		},
		Reopen: func(tb testing.TB, s activitylog.Store) activitylog.Store {
			p := s.(placed)
			require.NoError(tb, p.Close())
			return openIn(tb, p.dsn)
		},
		BeginTx: func(tb testing.TB, s activitylog.Store) (activitylog.Tx, func() error, func() error) {
			tx, err := host(tb, s.(placed).dsn).BeginTx(tb.Context(), nil)
			require.NoError(tb, err)
			return tx, tx.Commit, tx.Rollback
		},
	}
}

// placed is a store that knows its place.
type placed struct {
	*sqlstore.Store
	dsn string
}

func TestContract(t *testing.T) { storetest.Run(t, newHarness(t, postgres.Options{})) }

// TestContractPartitioned runs the whole contract in a soak; else random questions stand for it.
func TestContractPartitioned(t *testing.T) {
	h := newHarness(t, postgres.Options{Partitioned: true})
	if os.Getenv("ACTIVITYLOG_SOAK") == "1" {
		storetest.Run(t, h)
	}
	storetest.Differential(t, map[string]activitylog.Store{"partitioned": h.Open(t)}, storetest.DifferentialOptions{})
}

func BenchmarkStore(b *testing.B) { storetest.Benchmark(b, newHarness(b, postgres.Options{})) }
