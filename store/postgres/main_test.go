package postgres_test

import (
	"context"
	"database/sql"
	"math/rand/v2"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/activitylog/activitylog"
	"github.com/activitylog/activitylog/internal/killtest"
	"github.com/activitylog/activitylog/internal/pgtest"
	"github.com/activitylog/activitylog/store/postgres"
	"github.com/activitylog/activitylog/store/sqlstore"
	"github.com/stretchr/testify/require"
)

func TestMain(m *testing.M) {
	tests := func() int { return pgtest.Main(m) }
	os.Exit(killtest.Main(tests, map[string]func() error{"transact": transactForever}))
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

// often is n, and ten times n in a soak.
func often(n int) int {
	if os.Getenv("ACTIVITYLOG_SOAK") == "1" {
		return 10 * n
	}
	return n
}

// open opens a store that the test may close itself. nil options: migrate.
func open(t testing.TB, dsn string, opts *postgres.Options) *sqlstore.Store {
	t.Helper()
	if opts == nil {
		opts = &postgres.Options{Migrate: true, MaxConns: 8}
	}
	store, err := postgres.Open(t.Context(), dsn, opts)
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

// host opens a database as the application does that records in its own transactions.
func host(t testing.TB, dsn string) *sql.DB {
	t.Helper()
	db, err := sql.Open("postgres", dsn)
	require.NoError(t, err)
	t.Cleanup(func() { db.Close() })
	return db
}

// with returns a DSN with a further parameter of the connection.
func with(t testing.TB, dsn, name, value string) string {
	t.Helper()
	if !strings.HasPrefix(dsn, "postgres") {
		return dsn + " " + name + "='" + value + "'"
	}
	u, err := url.Parse(dsn)
	require.NoError(t, err)
	q := u.Query()
	q.Set(name, value)
	u.RawQuery = q.Encode()
	return u.String()
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

// events are n events in one organization.
func events(org, message string, n int) []activitylog.Event {
	list := make([]activitylog.Event, n)
	for i := range list {
		list[i] = event(message)
		list[i].Org = org
	}
	return list
}

// wantMessages fails if a log holds other events than those with the messages, oldest first.
func wantMessages(t testing.TB, log *activitylog.Log, want ...string) {
	t.Helper()
	var got []string
	for e, err := range log.AllOrgs().Events(t.Context(), activitylog.Query{Order: activitylog.Oldest}) {
		require.NoError(t, err)
		got = append(got, e.Message)
	}
	if !slices.Equal(got, want) {
		t.Errorf("the log holds %q instead of %q", got, want)
	}
}
