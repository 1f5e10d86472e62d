package monitor_test

import (
	"context"
	"errors"
	"iter"
	"sync/atomic"
	"testing"
	"time"

	"github.com/activitylog/activitylog"
	"github.com/activitylog/activitylog/alerts"
	"github.com/activitylog/activitylog/store/memory"
	"github.com/stretchr/testify/require"
)

// unreadable is a store whose ranges begin to fail.
type unreadable struct {
	*memory.Store
	left   atomic.Int64 // ranges that are still read
	failed atomic.Int64 // ranges that were asked for behind those
}

var errUnreadable = errors.New("the disk is gone")

func (s *unreadable) Space(name string) activitylog.Space {
	return unreadableSpace{s.Store.Space(name), s}
}

type unreadableSpace struct {
	activitylog.Space
	s *unreadable
}

func (x unreadableSpace) View(ctx context.Context, f func(activitylog.SpaceTx) error) error {
	return x.Space.View(ctx, func(tx activitylog.SpaceTx) error { return f(unreadableTx{tx, x.s}) })
}

type unreadableTx struct {
	activitylog.SpaceTx
	s *unreadable
}

func (tx unreadableTx) Range(from, to []byte) iter.Seq2[activitylog.Pair, error] {
	if tx.s.left.Add(-1) >= 0 {
		return tx.SpaceTx.Range(from, to)
	}
	tx.s.failed.Add(1)
	return func(yield func(activitylog.Pair, error) bool) { yield(activitylog.Pair{}, errUnreadable) }
}

// TestFailedReadsEnd fails each read of the roll-ups in turn: it is the last one.
func TestFailedReadsEnd(t *testing.T) {
	t.Parallel()
	store := &unreadable{Store: memory.New()}
	store.left.Store(1000)
	log := logOver(t, store, nil)
	r := newRollups(t, log)
	_, err := log.RecordAll(t.Context(), randomEvents(seeded(t), 200))
	require.NoError(t, err)
	_, err = r.CatchUp(t.Context())
	require.NoError(t, err)
	to := start.Add(240 * time.Hour)
	for name, x := range map[string]struct {
		ranges int64
		do     func() (*alerts.Figures, error)
	}{
		"figures":  {5, func() (*alerts.Figures, error) { return r.Figures(t.Context(), "acme", start, to) }},
		"to judge": {6, func() (*alerts.Figures, error) { return r.ToJudge(t.Context(), "acme", start, to, alerts.Config{}) }},
	} {
		for n := range x.ranges {
			store.left.Store(n)
			store.failed.Store(0)
			f, err := x.do()
			require.ErrorIs(t, err, errUnreadable, "%s, range %d", name, n)
			require.Nil(t, f)
			require.EqualValues(t, 1, store.failed.Load(), "%s, range %d", name, n)
		}
		store.left.Store(x.ranges)
		_, err := x.do()
		require.NoError(t, err, name)
	}
}
