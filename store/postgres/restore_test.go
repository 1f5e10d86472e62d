package postgres_test

import (
	"slices"
	"testing"

	"github.com/activitylog/activitylog"
	"github.com/activitylog/activitylog/internal/pgtest"
	"github.com/activitylog/activitylog/store/postgres"
	"github.com/activitylog/activitylog/store/sqlstore"
	"github.com/stretchr/testify/require"
)

// tailOf returns the messages behind a position, and the last position.
func tailOf(t testing.TB, store *sqlstore.Store, after activitylog.Position) (messages []string, last activitylog.Position) {
	t.Helper()
	list, last, err := store.Tail(t.Context(), after, 100)
	require.NoError(t, err)
	for _, x := range list {
		messages = append(messages, x.Event.Message)
	}
	return messages, last
}

// record records events with these messages, each in a transaction of its own, and some of a host that records nothing.
func record(t testing.TB, store *sqlstore.Store, dsn string, messages ...string) {
	t.Helper()
	log := logOver(t, store, nil)
	for _, m := range messages {
		exec(t, host(t, dsn), "DO $$ BEGIN FOR i IN 1..300 LOOP PERFORM pg_current_xact_id(); COMMIT; END LOOP; END $$")
		_, err := log.Record(t.Context(), event(m))
		require.NoError(t, err)
	}
}

// TestRestoredToAnotherServer moves a log to a server that has seen fewer transactions, twice. Those who follow it see
// what was restored where it was, and what comes behind it.
func TestRestoredToAnotherServer(t *testing.T) {
	t.Parallel()
	for _, opts := range []postgres.Options{{}, {Partitioned: true}} {
		opts.MaxConns = 4
		plain, migrate := opts, opts
		migrate.Migrate = true

		dsn := pgtest.Dedicated(t).DSN() // nobody else keeps followers waiting on it
		store := open(t, dsn, &migrate)
		record(t, store, dsn, "one", "two", "three")
		want, _ := tailOf(t, store, "")
		require.Equal(t, []string{"one", "two", "three"}, want)
		_, middle, err := store.Tail(t.Context(), "", 1)
		require.NoError(t, err)
		_, last := tailOf(t, store, "")

		for range 2 {
			to := pgtest.Dedicated(t).DSN()
			open(t, to, &migrate).Close()
			require.NoError(t, pgtest.Restore(t.Context(), dsn, to, "activitylog_"))
			_, err := postgres.Open(t.Context(), to, &plain)
			require.ErrorContains(t, err, "the events were restored from another server")

			store = open(t, to, &migrate)
			got, behind := tailOf(t, store, "")
			if !slices.Equal(got, want) || behind != last {
				t.Errorf("%+v: the restored log holds %q up to %s instead of %q up to %s", opts, got, behind, want, last)
			}
			if got, _ := tailOf(t, store, middle); !slices.Equal(got, want[1:]) {
				t.Errorf("%+v: behind the first stand %q", opts, got)
			}
			if got, end := tailOf(t, store, activitylog.End); len(got) > 0 || end <= last {
				t.Errorf("%+v: the end is %s, with %q behind", opts, end, got)
			}
			more := []string{"more", "still more"}
			record(t, store, to, more...)
			got, last = tailOf(t, store, last)
			if !slices.Equal(got, more) {
				t.Errorf("%+v: behind the restored stand %q", opts, got)
			}
			want = append(want, more...)
			wantMessages(t, logOver(t, open(t, to, &plain), nil), want...)
			dsn = to
		}
	}
}
