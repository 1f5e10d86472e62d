package sqlstore_test

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/activitylog/activitylog"
	"github.com/activitylog/activitylog/internal/pgtest"
	"github.com/activitylog/activitylog/store/memory"
	"github.com/activitylog/activitylog/store/postgres"
	"github.com/activitylog/activitylog/store/sqlite"
	"github.com/activitylog/activitylog/store/storetest"
	"github.com/stretchr/testify/require"
)

func TestMain(m *testing.M) { os.Exit(pgtest.Main(m)) }

// worlds times filters is how many random filters the stores must agree on.
const (
	worlds  = 10
	filters = 2000
)

// TestDifferential holds SQLite and PostgreSQL to Filter.Match and to the memory store, in several worlds of events.
func TestDifferential(t *testing.T) {
	each := filters
	switch {
	case testing.Short():
		each = 100
	case os.Getenv("ACTIVITYLOG_SOAK") != "":
		each = 20 * filters
	case raceEnabled: // ten times slower; make test runs it without the detector as well
		each = filters / 10
	}
	for world := range worlds {
		t.Run(fmt.Sprint("world ", world+1), func(t *testing.T) {
			lite, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "log.db"), &sqlite.Options{Migrate: true})
			require.NoError(t, err)
			t.Cleanup(func() { require.NoError(t, lite.Close()) })
			pg, err := postgres.Open(t.Context(), pgtest.DSN(t), &postgres.Options{Migrate: true})
			require.NoError(t, err)
			t.Cleanup(func() { require.NoError(t, pg.Close()) })
			storetest.Differential(t, map[string]activitylog.Store{"memory": memory.New(), "sqlite": lite, "postgres": pg},
				storetest.DifferentialOptions{Filters: each})
		})
	}
}
