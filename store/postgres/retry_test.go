package postgres_test

import (
	"context"
	"database/sql"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/activitylog/activitylog"
	"github.com/activitylog/activitylog/internal/pgtest"
	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
)

// TestSerializable records at once in a database in which every transaction is serializable, where the server refuses
// some of those that touch the same rows and asks to repeat them.
func TestSerializable(t *testing.T) {
	t.Parallel()
	rng, dsn := seeded(t), pgtest.DSN(t)
	db := host(t, dsn)
	exec(t, db, "ALTER DATABASE "+one[string](t, db, "SELECT current_database()")+" SET default_transaction_isolation = 'serializable'")
	open(t, dsn, nil).Close()
	// Everybody records the same events, in another order, in organizations that nobody knows yet.
	all := make([]activitylog.Event, 120)
	for i := range all {
		all[i] = eventAt(time.Date(2026, 3, 4, 12, 0, i, 0, time.UTC))
		all[i].ID, all[i].Org = uuid.Must(uuid.NewV7()), fmt.Sprint("org", i%7)
	}
	var writers sync.WaitGroup
	for range 6 {
		store := open(t, dsn, nil)
		require.Equal(t, "serializable", one[string](t, host(t, dsn), "SHOW transaction_isolation"))
		log := logOver(t, store, nil)
		order := rng.Perm(len(all))
		writers.Go(func() {
			for start := 0; start < len(order); start += 12 {
				var batch []activitylog.Event
				for _, i := range order[start : start+12] {
					batch = append(batch, all[i])
				}
				if _, err := log.RecordAll(t.Context(), batch); err != nil {
					t.Errorf("record: %v", err)
				}
				err := store.Space("counter").Update(t.Context(), func(tx activitylog.SpaceTx) error {
					v, _, err := tx.Get([]byte("n"))
					if err != nil {
						return err
					}
					return tx.Put([]byte("n"), append(v, '+'))
				})
				if err != nil {
					t.Errorf("update a space: %v", err)
				}
			}
		})
	}
	writers.Wait()
	if n := one[int](t, db, "SELECT count(*) FROM activitylog_events"); n != len(all) {
		t.Errorf("%d events instead of %d", n, len(all))
	}
	if n := one[int](t, db, "SELECT length(value) FROM activitylog_spaces WHERE space = 'counter'"); n != 60 {
		t.Errorf("60 updates of a space counted to %d", n)
	}
}

// TestDeadlock makes the library the victim of a deadlock with a transaction of the host: it tries again.
func TestDeadlock(t *testing.T) {
	t.Parallel()
	for _, size := range []int{2, 150} { // a single statement, COPY
		t.Run(fmt.Sprint(size), func(t *testing.T) {
			t.Parallel()
			dsn := pgtest.DSN(t)
			// The server looks for a deadlock once in each wait: in that of the batch, after the other has begun to wait.
			store, db := open(t, with(t, dsn, "deadlock_timeout", "3s"), nil), host(t, with(t, dsn, "deadlock_timeout", "5min"))
			log := logOver(t, store, nil)
			_, err := log.Record(t.Context(), event("before"))
			require.NoError(t, err)
			batch := make([]activitylog.Event, size)
			for i := range batch {
				batch[i] = eventAt(time.Date(2026, 3, 4, 12, 0, i, 0, time.UTC))
				batch[i].ID = uuid.Must(uuid.NewV7())
			}
			first, last := batch[0], batch[size-1]

			tx, err := db.BeginTx(t.Context(), nil)
			require.NoError(t, err)
			defer tx.Rollback()
			_, err = log.RecordTx(t.Context(), tx, last)
			require.NoError(t, err)
			recorded := make(chan error, 1)
			go func() {
				_, err := log.RecordAll(t.Context(), batch) // holds the first event and waits for the last
				recorded <- err
			}()
			waitForLock(t, db)
			_, err = log.RecordTx(t.Context(), tx, first) // waits for the batch, whose patience ends first
			require.NoError(t, err)
			require.NoError(t, tx.Commit())
			require.NoError(t, <-recorded)
			if n := one[int](t, db, "SELECT count(*) FROM activitylog_events"); n != size+1 {
				t.Errorf("%d events instead of %d", n, size+1)
			}
			if n := one[int](t, db, "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()"); n == 0 {
				t.Log("the server counts no deadlock yet; its statistics come late")
			}
		})
	}
}

// waitForLock waits until somebody waits for a lock in the database.
func waitForLock(t *testing.T, db *sql.DB) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	for {
		var n int
		require.NoError(t, db.QueryRowContext(ctx, `SELECT count(*) FROM pg_stat_activity
			WHERE datname = current_database() AND wait_event_type = 'Lock'`).Scan(&n))
		if n > 0 {
			return
		}
	}
}
