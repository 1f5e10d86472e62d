package monitor_test

import (
	"context"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/activitylog/activitylog"
	"github.com/activitylog/activitylog/internal/killtest"
	"github.com/activitylog/activitylog/internal/pgtest"
	"github.com/activitylog/activitylog/store/memory"
	"github.com/activitylog/activitylog/store/postgres"
	"github.com/activitylog/activitylog/store/sqlite"
	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
)

func TestMain(m *testing.M) {
	os.Exit(killtest.Main(func() int { return pgtest.Main(m) }, map[string]func() error{"monitor": monitorForever}))
}

// seeded returns random numbers that ACTIVITYLOG_SEED repeats.
func seeded(t testing.TB) *rand.Rand {
	t.Helper()
	seed := uint64(time.Now().UnixNano())
	if s := os.Getenv("ACTIVITYLOG_SEED"); s != "" {
		var err error
		seed, err = strconv.ParseUint(s, 10, 64)
		require.NoError(t, err)
	}
	t.Logf("ACTIVITYLOG_SEED=%d", seed)
	return rand.New(rand.NewPCG(seed, 0))
}

// prunable is a store that can be purged, which goes past the Log.
type prunable interface {
	activitylog.Store
	activitylog.Pruner
}

// eachStore runs a test on every store.
func eachStore(t *testing.T, test func(t *testing.T, store prunable)) {
	t.Helper()
	t.Run("memory", func(t *testing.T) {
		t.Parallel()
		test(t, memory.New())
	})
	t.Run("sqlite", func(t *testing.T) {
		t.Parallel()
		store, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "activity.db"), &sqlite.Options{Migrate: true})
		require.NoError(t, err)
		t.Cleanup(func() { store.Close() })
		test(t, store)
	})
	t.Run("postgres", func(t *testing.T) {
		t.Parallel()
		store, err := postgres.Open(t.Context(), pgtest.DSN(t), &postgres.Options{Migrate: true})
		require.NoError(t, err)
		t.Cleanup(func() { store.Close() })
		test(t, store)
	})
}

// logOver is a log whose clock the test moves.
func logOver(t testing.TB, store activitylog.Store, now func() time.Time) *activitylog.Log {
	t.Helper()
	log, err := activitylog.New(store, &activitylog.Options{Now: now, Timeout: time.Minute})
	require.NoError(t, err)
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		if err := log.Close(ctx); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	return log
}

func uuidOf(t testing.TB, s string) uuid.UUID {
	t.Helper()
	id, err := uuid.Parse(s)
	require.NoError(t, err)
	return id
}
