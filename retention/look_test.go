package retention_test

import (
	"context"
	"errors"
	"iter"
	"slices"
	"testing"
	"time"

	"github.com/activitylog/activitylog"
	"github.com/activitylog/activitylog/retention"
	"github.com/activitylog/activitylog/store/sqlstore"
	"github.com/stretchr/testify/require"
)

// watched notes where bounded scans go on, and where they gave up since they saw too much that stays.
type watched struct {
	*sqlstore.Store
	look         func() // what happens when the next of them begins
	from, gaveUp []time.Time
}

func (s *watched) Scan(ctx context.Context, q activitylog.StoreQuery) iter.Seq2[activitylog.Event, error] {
	return func(yield func(activitylog.Event, error) bool) {
		if look := s.look; q.Examine > 0 && look != nil {
			s.look = nil
			look()
		}
		if q.Examine > 0 && q.After != nil {
			s.from = append(s.from, q.After.Time)
		}
		for e, err := range s.Store.Scan(ctx, q) {
			var far *activitylog.ExamineLimitError
			if errors.As(err, &far) {
				s.gaveUp = append(s.gaveUp, far.At.Time)
			}
			if !yield(e, err) {
				return
			}
		}
	}
}

// TestPurgeAmongWhatStays has far more events that stay than events that go: before them, between them and behind them.
// A purge begins where something is due, reads one part at a time, and goes no further than what it planned.
func TestPurgeAmongWhatStays(t *testing.T) {
	t.Parallel()
	store := &watched{Store: sqliteRig(t).store.(*sqlstore.Store)}
	r := newRig(t, store)
	const many = 40_000
	kept := func(from time.Time) {
		events := make([]activitylog.Event, many)
		for i := range events {
			events[i] = event("acme", "auth.login", "kept")
			events[i].Time = from.Add(time.Duration(i) * time.Second)
		}
		for part := range slices.Chunk(events, 5000) {
			r.record(part...)
		}
	}
	due := func(at time.Time) {
		e := event("acme", "project.create", "due")
		e.Time = at
		r.record(e)
	}
	first, last := start.Add(-48*time.Hour), start.Add(-24*time.Hour)
	kept(first.Add(-24 * time.Hour))
	due(first)
	kept(first.Add(time.Second))
	due(last.Add(-time.Second))
	due(last)
	kept(last.Add(time.Second))
	r.rules("", retention.Rule{Name: "short", Filter: activitylog.Not(activitylog.ActionIs("auth.login")), Max: 30})
	r.clock.set(start.Add(40 * day))

	store.look = func() { // somebody else purges as well
		f := activitylog.ActionIs("project.create").And(activitylog.Since(last))
		n, err := store.Prune(r.ctx, activitylog.StoreQuery{Org: "acme", Filter: f}, 10)
		require.NoError(t, err)
		require.Equal(t, 1, n)
	}
	report := r.purge("")
	require.Equal(t, []int64{3, 2}, []int64{report.Planned, report.Deleted})
	require.Len(t, r.left(), 3*many)
	require.NotEmpty(t, store.gaveUp)
	require.WithinRange(t, slices.MinFunc(store.gaveUp, time.Time.Compare), first, last, "it began before what was due")
	require.WithinRange(t, slices.MaxFunc(store.from, time.Time.Compare), first, last, "it went on behind what was due")
}
