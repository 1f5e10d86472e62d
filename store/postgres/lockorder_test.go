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
	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
)

// TestChangesOfTheSameRowsWaitInLine changes the same events from both ends at once. The server counts deadlocks, each of
// which costs a second and is tried again.
func TestChangesOfTheSameRowsWaitInLine(t *testing.T) {
	t.Parallel()
	dsn := pgtest.DSN(t)
	store := open(t, dsn, &postgres.Options{Migrate: true})
	log, err := activitylog.New(store, nil)
	require.NoError(t, err)
	events := make([]activitylog.Event, 200)
	for i := range events {
		// The id falls as the time rises.
		events[i] = activitylog.Event{
			ID: uuid.UUID{6: 0x40, 8: 0x80, 15: byte(len(events) - i)}, Org: "acme", Action: "project.update",
			Time: time.Date(2026, 3, 1, 0, 0, i, 0, time.UTC), Actor: activitylog.Actor{ID: "leo"},
		}
	}
	_, err = log.RecordAll(t.Context(), events)
	require.NoError(t, err)
	backwards := slices.Clone(events)
	slices.Reverse(backwards)
	for i := range backwards {
		backwards[i].Opening = []byte{1, 0}
	}
	var all sync.WaitGroup
	for _, list := range [][]activitylog.Event{backwards, events} {
		all.Go(func() {
			if err := store.SetOpenings(t.Context(), list); err != nil {
				t.Error(err)
			}
		})
		all.Go(func() {
			q := activitylog.StoreQuery{Org: "acme", Order: activitylog.Oldest}
			if list[0].Opening != nil {
				q.Order = activitylog.Newest
			}
			if _, err := store.Erase(t.Context(), q, activitylog.TargetPart); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	require.NoError(t, log.Close(t.Context()))
	require.NoError(t, store.Close())

	db, err := sql.Open("postgres", dsn)
	require.NoError(t, err)
	defer db.Close()
	db.SetMaxOpenConns(1)
	others, deadlocks := 1, 0 // a connection reports what it counted when it ends
	for others > 0 {
		err := db.QueryRowContext(t.Context(), `SELECT numbackends - 1, deadlocks FROM pg_stat_database WHERE datname = current_database()`).Scan(&others, &deadlocks)
		require.NoError(t, err)
	}
	require.Zero(t, deadlocks)
}
