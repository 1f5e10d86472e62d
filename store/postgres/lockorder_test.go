package postgres_test

import (
	"database/sql"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/activitylog/activitylog"
	"github.com/activitylog/activitylog/internal/pgtest"
	"github.com/activitylog/activitylog/store/postgres"
	"github.com/activitylog/activitylog/store/sqlstore"
	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
)

// TestChangesOfTheSameRowsWaitInLine makes each kind of change to the same events from both ends at once, beside openings.
// The server counts deadlocks, each of which costs a second and is tried again.
func TestChangesOfTheSameRowsWaitInLine(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(t *testing.T, store *sqlstore.Store, list []activitylog.Event, order activitylog.Order) error{
		"openings": func(t *testing.T, store *sqlstore.Store, list []activitylog.Event, _ activitylog.Order) error {
			return store.SetOpenings(t.Context(), list)
		},
		"erase": func(t *testing.T, store *sqlstore.Store, _ []activitylog.Event, order activitylog.Order) error {
			_, err := store.Erase(t.Context(), activitylog.StoreQuery{Org: "acme", Order: order}, activitylog.TargetPart)
			return err
		},
		"prune": func(t *testing.T, store *sqlstore.Store, list []activitylog.Event, _ activitylog.Order) error {
			var keys []activitylog.Key
			for i := range list {
				keys = append(keys, activitylog.KeyOf(&list[i]))
			}
			_, _, err := store.PruneKeys(t.Context(), keys)
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dsn := pgtest.DSN(t)
			store := open(t, dsn, &postgres.Options{Migrate: true})
			log, err := activitylog.New(store, nil)
			require.NoError(t, err)
			for round := range 2 {
				events := make([]activitylog.Event, 200)
				for i := range events {
					// The id falls as the time rises.
					events[i] = activitylog.Event{
						ID: uuid.UUID{0: byte(round), 6: 0x40, 8: 0x80, 15: byte(len(events) - i)}, Org: "acme", Action: "project.update",
						Time: time.Date(2026, 3, 1+round, 0, 0, i, 0, time.UTC), Actor: activitylog.Actor{ID: "leo"},
					}
				}
				_, err = log.RecordAll(t.Context(), events)
				require.NoError(t, err)
				for i := range events {
					events[i].Opening = []byte{1, 0}
				}
				backwards := slices.Clone(events)
				slices.Reverse(backwards)
				var all sync.WaitGroup
				for order, list := range map[activitylog.Order][]activitylog.Event{activitylog.Oldest: events, activitylog.Newest: backwards} {
					all.Go(func() {
						if err := store.SetOpenings(t.Context(), list); err != nil {
							t.Error(err)
						}
					})
					all.Go(func() {
						if err := change(t, store, list, order); err != nil {
							t.Error(err)
						}
					})
				}
				all.Wait()
				if name == "prune" {
					for e, err := range log.AllOrgs().Events(t.Context(), activitylog.Query{}) {
						require.NoError(t, err)
						t.Errorf("%s was left", e.ID)
					}
				}
			}
			require.NoError(t, log.Close(t.Context()))
			require.NoError(t, store.Close())
			require.Zero(t, deadlocks(t, dsn))
		})
	}
}

// deadlocks is how many the server has found in a database that nobody else uses any more.
func deadlocks(t *testing.T, dsn string) (n int) {
	t.Helper()
	db, err := sql.Open("postgres", dsn)
	require.NoError(t, err)
	defer db.Close()
	db.SetMaxOpenConns(1)
	for others := 1; others > 0; { // a connection reports what it counted when it ends
		err := db.QueryRowContext(t.Context(), `SELECT numbackends - 1, deadlocks FROM pg_stat_database WHERE datname = current_database()`).Scan(&others, &n)
		require.NoError(t, err)
	}
	return n
}
