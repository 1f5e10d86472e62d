package sqlite_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/activitylog/activitylog"
	"github.com/activitylog/activitylog/internal/killtest"
	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
)

// TestTwoProcesses lets another process and two handles of this one record into one file at once, each with a group
// commit of its own, until the other is killed.
func TestTwoProcesses(t *testing.T) {
	t.Parallel()
	path := newFile(t)
	ctx, stop := context.WithCancel(t.Context())
	var mu sync.Mutex
	var acked []uuid.UUID
	var writers sync.WaitGroup
	for range 2 {
		log := logOver(t, open(t, path), nil)
		for range 16 {
			writers.Go(func() {
				for n := 0; ctx.Err() == nil || n < 20; n++ {
					id, err := log.Record(t.Context(), event("evacuation"))
					if err != nil {
						t.Errorf("record beside other processes: %v", err)
						return
					}
					mu.Lock()
					acked = append(acked, id)
					mu.Unlock()
				}
			})
		}
	}
	left := 1500
	said, err := killtest.Run("record", []string{fileVariable + "=" + path}, killtest.Plan{Now: func(string) bool { left--; return left == 0 }})
	stop()
	writers.Wait()
	require.NoError(t, err)
	theirs := parseIDs(t, said)
	wantStored(t, path, slices.Concat(acked, theirs))
	wantSound(t, path)
	t.Logf("%d events acknowledged here and %d by the other process", len(acked), len(theirs))
}

// TestLockedFile keeps the write lock for longer than anybody waits: an error that does not call the outcome unknown
// means that nothing is stored, then or later.
func TestLockedFile(t *testing.T) {
	t.Parallel()
	path := newFile(t)
	store, other, db := open(t, path), open(t, path), foreign(t, path)
	log := logOver(t, store, nil)
	id, err := log.Record(t.Context(), event("before"))
	require.NoError(t, err)
	first, err := log.Org("acme").Get(t.Context(), id)
	require.NoError(t, err)
	require.NoError(t, other.Append(t.Context(), []activitylog.Event{first})) // it is there, and the connection is ready

	exec(t, db, "BEGIN IMMEDIATE")
	late := event("late")
	late.ID, err = logOver(t, store, &activitylog.Options{Timeout: 100 * time.Millisecond}).Record(t.Context(), late)
	require.ErrorIs(t, err, activitylog.ErrTimeout)
	refused := first
	refused.ID, refused.Message = uuid.Must(uuid.NewV7()), "refused"
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	err = other.Append(ctx, []activitylog.Event{refused})
	require.ErrorIs(t, err, context.DeadlineExceeded)
	if errors.Is(err, activitylog.ErrOutcomeUnknown) {
		t.Errorf("a write that never began has an unknown outcome: %v", err)
	}
	wantMessages(t, log, "before") // readers do not wait
	exec(t, db, "ROLLBACK")

	require.NoError(t, other.Append(t.Context(), []activitylog.Event{first})) // behind whatever was still under way
	for range 3 {
		_, err = log.Record(t.Context(), late)
		require.NoError(t, err)
	}
	wantMessages(t, log, "before", "late")
}

// TestSameIDEverywhere claims one id from many goroutines over three handles.
func TestSameIDEverywhere(t *testing.T) {
	t.Parallel()
	path := newFile(t)
	logs := make([]*activitylog.Log, 3)
	for i := range logs {
		logs[i] = logOver(t, open(t, path), nil)
	}
	e := event("once")
	e.ID = uuid.Must(uuid.NewV7())
	errs := make([]error, 64)
	var callers sync.WaitGroup
	for i := range errs {
		callers.Go(func() { _, errs[i] = logs[i%3].Record(t.Context(), e) })
	}
	callers.Wait()
	for i, err := range errs {
		require.NoError(t, err, "caller %d", i)
	}
	wantMessages(t, logs[0], "once")
}

// TestRecordTxBesideRecord records in transactions of the host on another handle while the log records by itself.
func TestRecordTxBesideRecord(t *testing.T) {
	t.Parallel()
	path := newFile(t)
	log := logOver(t, open(t, path), nil)
	db := host(t, path)
	exec(t, db, "CREATE TABLE invoices (n INTEGER PRIMARY KEY)")
	var writers sync.WaitGroup
	for i := range 8 {
		writers.Go(func() {
			for n := range 25 {
				if i%2 == 0 {
					_, err := log.Record(t.Context(), event("by itself"))
					if err != nil {
						t.Errorf("record: %v", err)
					}
					continue
				}
				if err := invoice(t.Context(), db, log, 100*i+n, n%5 == 4); err != nil {
					t.Errorf("record in a transaction: %v", err)
				}
			}
		})
	}
	writers.Wait()
	if n := one[int](t, db, "SELECT count(*) FROM invoices"); n != 80 {
		t.Errorf("%d of 80 rows", n)
	}
	for filter, want := range map[string]int64{`"by itself"`: 100, "invoiced": 80} {
		f, err := activitylog.ParseFilter(filter)
		require.NoError(t, err)
		if n, err := log.Org("acme").Count(t.Context(), f, 0); err != nil || n != want {
			t.Errorf("%d of %d events {%s}: %v", n, want, filter, err)
		}
	}
}

// invoice writes a row of the host and its event in one transaction, which it may take back.
func invoice(ctx context.Context, db *sql.DB, log *activitylog.Log, n int, undo bool) error {
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback()
	if _, err := tx.ExecContext(ctx, "INSERT INTO invoices VALUES (?)", n); err != nil {
		return err
	}
	if _, err := log.RecordTx(ctx, tx, event(fmt.Sprint("invoiced ", n))); err != nil {
		return err
	}
	if undo {
		return tx.Rollback()
	}
	return tx.Commit()
}
