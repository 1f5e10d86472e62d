package postgres_test

import (
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

var partitioned = &postgres.Options{Migrate: true, Partitioned: true, MaxConns: 8}

// monthStart is the first moment of the month n months from now.
func monthStart(n int) time.Time {
	now := time.Now().UTC()
	return time.Date(now.Year(), now.Month()+time.Month(n), 1, 0, 0, 0, 0, time.UTC)
}

func eventAt(at time.Time) activitylog.Event {
	e := event(at.Format(time.RFC3339Nano))
	e.Time = at
	return e
}

// TestPartitions records events of many months and looks in which partition each lies.
func TestPartitions(t *testing.T) {
	t.Parallel()
	dsn := pgtest.DSN(t)
	store := open(t, dsn, partitioned)
	log, db := logOver(t, store, nil), host(t, dsn)
	old := time.Date(2001, 2, 3, 4, 5, 6, 0, time.UTC)
	var batch []activitylog.Event
	want := map[string]string{} // partition by message
	for _, c := range []struct {
		at        time.Time
		partition string
	}{
		{old, "other"},
		{monthStart(-1).Add(-time.Microsecond), "other"},
		{monthStart(-1), monthStart(-1).Format("2006_01")},
		{monthStart(0).Add(-time.Microsecond), monthStart(-1).Format("2006_01")},
		{monthStart(0), monthStart(0).Format("2006_01")},
		{monthStart(12), monthStart(12).Format("2006_01")},
		{monthStart(13).Add(-time.Microsecond), monthStart(12).Format("2006_01")},
		{monthStart(13), "other"},
		{time.Date(1700, 1, 1, 0, 0, 0, 0, time.UTC), "other"},
	} {
		batch = append(batch, eventAt(c.at))
		want[c.at.Format(time.RFC3339Nano)] = "activitylog_events_" + c.partition
	}
	_, err := log.RecordAll(t.Context(), batch)
	require.NoError(t, err)
	wantPartitions := func() {
		t.Helper()
		found := 0
		for e, err := range log.Org("acme").Events(t.Context(), activitylog.Query{Order: activitylog.Oldest}) {
			require.NoError(t, err)
			found++
			partition := one[string](t, db, "SELECT tableoid::regclass::text FROM activitylog_events WHERE id = $1", e.ID)
			if partition != want[e.Message] {
				t.Errorf("the event of %s lies in %s instead of %s", e.Message, partition, want[e.Message])
			}
		}
		if found != len(want) {
			t.Errorf("found %d of %d events", found, len(want))
		}
	}
	wantPartitions()

	// A month that has events already is refused, and stays as it is; a free one is made, also a second time.
	require.Error(t, store.AddPartitions(t.Context(), old, old))
	later := monthStart(14)
	for range 2 {
		require.NoError(t, store.AddPartitions(t.Context(), later.AddDate(0, 0, 9), later.AddDate(0, 1, 20)))
	}
	for _, at := range []time.Time{later, monthStart(16).Add(-time.Microsecond)} {
		want[at.Format(time.RFC3339Nano)] = "activitylog_events_" + at.Format("2006_01")
		_, err = log.Record(t.Context(), eventAt(at))
		require.NoError(t, err)
	}
	wantPartitions()

	plain := open(t, pgtest.DSN(t), nil)
	require.ErrorIs(t, plain.AddPartitions(t.Context(), old, old), errors.ErrUnsupported)
}

// TestFutureEventAndMigrate has an event in a month that gets a partition later: opening the store must still work.
func TestFutureEventAndMigrate(t *testing.T) {
	t.Parallel()
	dsn := pgtest.DSN(t)
	log, db := logOver(t, open(t, dsn, partitioned), nil), host(t, dsn)
	at := monthStart(12).AddDate(0, 0, 3)
	exec(t, db, "DROP TABLE activitylog_events_"+at.Format("2006_01")) // as a month ago
	exec(t, db, "DROP TABLE activitylog_events_"+monthStart(11).Format("2006_01"))
	_, err := log.Record(t.Context(), eventAt(at))
	require.NoError(t, err)
	log = logOver(t, open(t, dsn, partitioned), nil)
	_, err = log.Record(t.Context(), eventAt(monthStart(11)))
	require.NoError(t, err)
	partitions := func(at time.Time) string {
		return one[string](t, db, "SELECT tableoid::regclass::text FROM activitylog_events WHERE time = $1", at.UnixMicro())
	}
	if got := partitions(at); got != "activitylog_events_other" {
		t.Errorf("the event of the future lies in %s", got)
	}
	if got := partitions(monthStart(11)); got != "activitylog_events_"+monthStart(11).Format("2006_01") {
		t.Errorf("the event of a month that was free lies in %s", got)
	}
}

// TestSameIDInPartitions claims an id again with another time, which the primary key of partitions would let pass.
func TestSameIDInPartitions(t *testing.T) {
	t.Parallel()
	log := logOver(t, open(t, pgtest.DSN(t), partitioned), nil)
	e := eventAt(monthStart(0))
	id, err := log.Record(t.Context(), e)
	require.NoError(t, err)
	e.ID = id
	_, err = log.Record(t.Context(), e)
	require.NoError(t, err)
	for _, at := range []time.Time{monthStart(0).Add(time.Microsecond), monthStart(1), monthStart(50)} {
		moved := e
		moved.Time = at
		_, err = log.Record(t.Context(), moved)
		require.ErrorIs(t, err, activitylog.ErrConflict, at)
		_, err = log.RecordAll(t.Context(), []activitylog.Event{event("x"), moved})
		require.ErrorIs(t, err, activitylog.ErrConflict, at)
	}
	twice := events("acme", "x", 2)
	twice[0].ID, twice[1].ID = uuid.Must(uuid.NewV7()), uuid.Nil
	twice[1].ID = twice[0].ID
	twice[0].Time, twice[1].Time = monthStart(0), monthStart(1)
	_, err = log.RecordAll(t.Context(), twice)
	require.ErrorIs(t, err, activitylog.ErrConflict, "within a batch")
	wantMessages(t, log, e.Message)
}

// TestSameIDInPartitionsAtOnce claims one id from many goroutines with different times: one of them gets it.
func TestSameIDInPartitionsAtOnce(t *testing.T) {
	t.Parallel()
	dsn := pgtest.DSN(t)
	logs := make([]*activitylog.Log, 4)
	for i := range logs {
		logs[i] = logOver(t, open(t, dsn, partitioned), nil)
	}
	for round := range 10 {
		id := uuid.Must(uuid.NewV7())
		errs := make([]error, 16)
		var callers sync.WaitGroup
		for i := range errs {
			callers.Go(func() {
				e := eventAt(monthStart(i % 5))
				e.ID, e.Message = id, fmt.Sprint("caller ", i%5)
				_, errs[i] = logs[i%4].Record(t.Context(), e)
			})
		}
		callers.Wait()
		stored, err := logs[0].Org("acme").Get(t.Context(), id)
		require.NoError(t, err)
		n, err := logs[0].Org("acme").Count(t.Context(), activitylog.IDIs(id), 0)
		require.NoError(t, err)
		if n != 1 {
			t.Errorf("round %d: %d events have one id", round, n)
		}
		for i, err := range errs {
			if mine := stored.Message == fmt.Sprint("caller ", i%5); mine && err != nil || !mine && !errors.Is(err, activitylog.ErrConflict) {
				t.Errorf("round %d: caller %d got %v while %q was stored", round, i, err, stored.Message)
			}
		}
	}
}
