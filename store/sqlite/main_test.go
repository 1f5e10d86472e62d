package sqlite_test

import (
	"context"
	"database/sql"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/activitylog/activitylog"
	"github.com/activitylog/activitylog/internal/killtest"
	"github.com/activitylog/activitylog/store/sqlite"
	"github.com/activitylog/activitylog/store/sqlstore"
	"github.com/stretchr/testify/require"
)

func TestMain(m *testing.M) {
	os.Exit(killtest.Main(m.Run, map[string]func() error{"record": recordForever, "transact": transactForever}))
}

// fileVariable tells a child which file to use.
const fileVariable = "ACTIVITYLOG_KILLTEST_FILE"

// kills is how often tests kill a child: often enough for each change, n times as often in a soak.
func kills() int {
	if os.Getenv("ACTIVITYLOG_SOAK") == "1" {
		return 3000
	}
	return 300
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

func newFile(t testing.TB) string { return filepath.Join(t.TempDir(), "activity.db") }

// open opens a file that the test may close itself.
func open(t testing.TB, path string) *sqlstore.Store {
	t.Helper()
	store, err := sqlite.Open(t.Context(), path, &sqlite.Options{Migrate: true})
	require.NoError(t, err)
	t.Cleanup(func() { store.Close() })
	return store
}

func logOver(t testing.TB, store activitylog.Store, opts *activitylog.Options) *activitylog.Log {
	t.Helper()
	log, err := activitylog.New(store, opts)
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

// foreign opens a file as any other program would: with the defaults of the driver.
func foreign(t testing.TB, path string) *sql.DB {
	t.Helper()
	db, err := sql.Open("sqlite3", "file:"+path)
	require.NoError(t, err)
	db.SetMaxOpenConns(1) // so that a transaction can be opened and ended by plain statements
	t.Cleanup(func() { db.Close() })
	return db
}

func exec(t testing.TB, db *sql.DB, text string, args ...any) {
	t.Helper()
	_, err := db.ExecContext(t.Context(), text, args...)
	require.NoError(t, err, text)
}

// one returns the only value of a query.
func one[T any](t testing.TB, db *sql.DB, text string, args ...any) T {
	t.Helper()
	var v T
	require.NoError(t, db.QueryRowContext(t.Context(), text, args...).Scan(&v), text)
	return v
}

// event is the least event that a log takes, with a message.
func event(message string) activitylog.Event {
	return activitylog.Event{
		Org: "acme", Action: "drill.run", Message: message,
		Actor: activitylog.Actor{Type: activitylog.User, ID: "u1"},
	}
}

// all returns the messages of a log, oldest first.
func all(t testing.TB, log *activitylog.Log) []string {
	t.Helper()
	var messages []string
	for e, err := range log.AllOrgs().Events(t.Context(), activitylog.Query{Order: activitylog.Oldest}) {
		require.NoError(t, err)
		messages = append(messages, e.Message)
	}
	return messages
}

// wantMessages fails if a log holds other events than those with the messages, oldest first.
func wantMessages(t testing.TB, log *activitylog.Log, want ...string) {
	t.Helper()
	if got := all(t, log); !slices.Equal(got, want) {
		t.Errorf("the log holds %q instead of %q", got, want)
	}
}

// host opens a file as the application does that records in its own transactions.
func host(t testing.TB, path string) *sql.DB {
	t.Helper()
	db, err := sql.Open("sqlite3", sqlite.DSN(path))
	require.NoError(t, err)
	t.Cleanup(func() { db.Close() })
	return db
}
