package sqlite_test

import (
	"testing"

	"github.com/activitylog/activitylog"
	"github.com/activitylog/activitylog/store/sqlstore"
	"github.com/activitylog/activitylog/store/storetest"
	"github.com/stretchr/testify/require"
)

var harness = storetest.Harness{
	Open: func(tb testing.TB) activitylog.Store {
		path := newFile(tb)
		return filed{open(tb, path), path}
	},
	Reopen: func(tb testing.TB, s activitylog.Store) activitylog.Store {
		f := s.(filed)
		require.NoError(tb, f.Close())
		return filed{open(tb, f.path), f.path}
	},
	BeginTx: func(tb testing.TB, s activitylog.Store) (activitylog.Tx, func() error, func() error) {
		tx, err := host(tb, s.(filed).path).BeginTx(tb.Context(), nil)
		require.NoError(tb, err)
		return tx, tx.Commit, tx.Rollback
	},
}

// filed is a store that knows its file.
type filed struct {
	*sqlstore.Store
	path string
}

func TestContract(t *testing.T) { storetest.Run(t, harness) }

func BenchmarkStore(b *testing.B) { storetest.Benchmark(b, harness) }
