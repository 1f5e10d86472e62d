package sqlstore_test

import (
	"testing"

	"github.com/activitylog/activitylog"
	"github.com/activitylog/activitylog/internal/pgtest"
	"github.com/activitylog/activitylog/store/postgres"
	"github.com/stretchr/testify/require"
)

// TestSearchIsNotPrepared looks at what the server holds prepared for the only connection of a store. After five runs of
// a prepared search PostgreSQL took one plan for all terms: a page of the newest logins of all organizations then read
// every login there ever was, 20 ms in place of 2.5 among 50,000 events.
func TestSearchIsNotPrepared(t *testing.T) {
	t.Parallel()
	store, err := postgres.Open(t.Context(), pgtest.DSN(t), &postgres.Options{Migrate: true, MaxConns: 1})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, store.Close()) })
	log, err := activitylog.New(store, nil)
	require.NoError(t, err)
	_, err = log.Record(t.Context(), activitylog.Event{Org: "acme", Action: "auth.login", Actor: activitylog.Actor{ID: "u1"}})
	require.NoError(t, err)
	prepared := func(like string) (n int) {
		t.Helper()
		err := store.DB().QueryRowContext(t.Context(), "SELECT count(*) FROM pg_prepared_statements WHERE statement LIKE $1", like).Scan(&n)
		require.NoError(t, err)
		return n
	}
	for _, r := range []activitylog.Reader{log.Org("acme"), log.AllOrgs()} {
		for _, f := range []activitylog.Filter{
			{}, activitylog.Text("login"), activitylog.ActionIs("auth.login", "auth.logout"), activitylog.OutcomeIs(activitylog.Denied),
			activitylog.All(activitylog.ActionUnder("auth"), activitylog.MetaIs("k")), // in windows
		} {
			for range 7 {
				_, err := r.Page(t.Context(), activitylog.Query{Filter: f})
				require.NoError(t, err)
			}
			_, err := r.Count(t.Context(), f, 0)
			require.NoError(t, err)
		}
	}
	if n := prepared("SELECT%activitylog_events%@@%"); n > 0 {
		t.Errorf("%d searches are prepared", n)
	}
	if n := prepared("SELECT%activitylog_events%"); n == 0 {
		t.Error("nothing else is prepared either: this test sees nothing")
	}
}
