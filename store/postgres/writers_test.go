package postgres_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/activitylog/activitylog"
	"github.com/activitylog/activitylog/internal/pgtest"
	"github.com/activitylog/activitylog/store/postgres"
	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
)

// TestColdStatements begins over and over with a handle that has no statement prepared, from many goroutines that wait
// for each other's rows. Giving back a statement that was prepared twice must wait for nobody.
func TestColdStatements(t *testing.T) {
	t.Parallel()
	dsn := pgtest.DSN(t)
	open(t, dsn, nil).Close()
	first := eventAt(time.Date(2026, 3, 4, 12, 0, 0, 0, time.UTC))
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	for round := range 30 {
		store, err := postgres.Open(ctx, dsn, &postgres.Options{MaxConns: 6})
		require.NoError(t, err)
		first.ID = uuid.Must(uuid.NewV7())
		errs := make([]error, 16)
		var callers sync.WaitGroup
		for i := range errs {
			callers.Go(func() {
				log, err := activitylog.New(store, nil)
				if err != nil {
					errs[i] = err
					return
				}
				mine := first
				mine.Message = fmt.Sprint("caller ", i)
				_, errs[i] = log.RecordAll(ctx, append(events("acme", "beside", 80), mine)) // two statements
			})
		}
		callers.Wait()
		won := 0
		for i, err := range errs {
			if err == nil {
				won++
			} else if !errors.Is(err, activitylog.ErrConflict) {
				t.Fatalf("round %d: caller %d: %v", round, i, err)
			}
		}
		if won != 1 {
			t.Errorf("round %d: %d callers hold one id", round, won)
		}
		require.NoError(t, store.Close())
	}
}
