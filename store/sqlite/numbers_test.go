package sqlite_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/activitylog/activitylog"
	"github.com/stretchr/testify/require"
)

// TestPositionsAreNotReused prunes everything: SQLite would give the numbers of deleted rows to new ones, and followers
// would never see these.
func TestPositionsAreNotReused(t *testing.T) {
	t.Parallel()
	path := newFile(t)
	store := open(t, path)
	log := logOver(t, store, nil)
	for range 10 {
		_, err := log.Record(t.Context(), event("old"))
		require.NoError(t, err)
	}
	seen, follower, err := log.Tail(t.Context(), "", 100)
	require.NoError(t, err)
	require.Len(t, seen, 10)
	for round := range 3 {
		for left := true; left; {
			n, err := store.Prune(t.Context(), activitylog.StoreQuery{Order: activitylog.Newest}, 4)
			require.NoError(t, err)
			left = n > 0
		}
		require.Empty(t, all(t, log))
		_, end, err := log.Tail(t.Context(), activitylog.End, 1)
		require.NoError(t, err)
		if end != follower {
			t.Errorf("round %d: the end moved from %s to %s by pruning", round, follower, end)
		}
		if round == 1 { // as after a restart
			require.NoError(t, store.Close())
			store = open(t, path)
			log = logOver(t, store, nil)
		}
		for range 2 {
			_, err = log.Record(t.Context(), event("new"))
			require.NoError(t, err)
		}
		var next []activitylog.Tailed
		next, follower, err = log.Tail(t.Context(), follower, 100)
		require.NoError(t, err)
		if len(next) != 2 {
			t.Errorf("round %d: a follower sees %d of 2 events recorded after all were pruned", round, len(next))
		}
	}
}

// TestCrowdedMicrosecond records more events in one microsecond than a key has room for, in turns from two handles of
// which each has an old idea of how full it is.
func TestCrowdedMicrosecond(t *testing.T) {
	t.Parallel()
	noon := time.Date(2026, 3, 4, 12, 0, 0, 0, time.UTC)
	path := newFile(t)
	logs := make([]*activitylog.Log, 2)
	for i := range logs {
		logs[i] = logOver(t, open(t, path), &activitylog.Options{Now: func() time.Time { return noon }})
	}
	record := func(i int, at time.Time, n int) {
		events := make([]activitylog.Event, n)
		for k := range events {
			events[k] = event(fmt.Sprint("crowd ", at.Sub(noon)))
			events[k].Time = at
			if k%7 == 0 {
				events[k].Outcome = activitylog.Failure
			}
		}
		_, err := logs[i].RecordAll(t.Context(), events)
		require.NoError(t, err)
	}
	for batch := range 4 {
		record(batch%2, noon, 700)
		record(1-batch%2, noon.Add(time.Microsecond), 3) // their neighbours, whose keys are taken
		record(batch%2, noon.Add(-time.Microsecond), 2)
		for i, log := range logs {
			n, err := log.AllOrgs().Count(t.Context(), activitylog.Before(noon.Add(time.Microsecond)), 0)
			if want := int64(702 * (batch + 1)); err != nil || n != want {
				t.Errorf("batch %d: handle %d counts %d of %d events: %v", batch, i, n, want, err)
			}
			if n := len(all(t, log)); n != 705*(batch+1) {
				t.Errorf("batch %d: handle %d reads %d of %d events", batch, i, n, 705*(batch+1))
			}
		}
	}
	const total = 4 * (700 + 3 + 2)
	for i, log := range logs {
		order := activitylog.Order(i) // one handle reads forward, the other backward
		var keys []activitylog.Key
		q := activitylog.Query{Order: order, Limit: 900}
		for more := true; more; {
			page, err := log.AllOrgs().Page(t.Context(), q)
			require.NoError(t, err)
			for e := range slices.Values(page.Events) {
				keys = append(keys, activitylog.KeyOf(&e))
			}
			q.Cursor, more = page.Next, !page.Next.IsZero()
		}
		if order == activitylog.Newest {
			slices.Reverse(keys)
		}
		if sorted := slices.IsSortedFunc(keys, activitylog.Key.Compare); len(keys) != total || !sorted {
			t.Errorf("handle %d reads %d of %d events, in order: %t", i, len(keys), total, sorted)
		}
		if distinct := len(slices.Compact(keys)); distinct != total {
			t.Errorf("handle %d reads %d different events of %d", i, distinct, total)
		}
		for _, c := range []struct {
			filter activitylog.Filter
			want   int64
		}{
			{activitylog.Since(noon).And(activitylog.Before(noon.Add(time.Microsecond))), 2800},
			{activitylog.Since(noon.Add(time.Microsecond)), 12},
			{activitylog.Before(noon), 8},
			{activitylog.OutcomeIs(activitylog.Failure).And(activitylog.Since(noon.Add(time.Microsecond))), 4},
			{activitylog.Text("crowd 0s"), 2800},
			{activitylog.Text("crowd").And(activitylog.Before(noon)), 8},
		} {
			if n, err := log.Org("acme").Count(t.Context(), c.filter, 0); err != nil || n != c.want {
				t.Errorf("handle %d counts %d of %d events of filter {%s}: %v", i, n, c.want, c.filter, err)
			}
		}
	}
}
