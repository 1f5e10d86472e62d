package monitor_test

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/activitylog/activitylog"
	"github.com/activitylog/activitylog/store/memory"
	"github.com/stretchr/testify/require"
)

// weighing is a store that weighs what is written into its spaces.
type weighing struct {
	*memory.Store
	bytes, largest atomic.Int64
}

func (w *weighing) Space(name string) activitylog.Space { return weighed{w.Store.Space(name), w} }

type weighed struct {
	activitylog.Space
	w *weighing
}

func (s weighed) Update(ctx context.Context, f func(activitylog.SpaceTx) error) error {
	return s.Space.Update(ctx, func(tx activitylog.SpaceTx) error { return f(weighedTx{tx, s.w}) })
}

type weighedTx struct {
	activitylog.SpaceTx
	w *weighing
}

func (t weighedTx) Put(key, value []byte) error {
	t.w.bytes.Add(int64(len(value)))
	t.w.largest.Store(max(t.w.largest.Load(), int64(len(value))))
	return t.SpaceTx.Put(key, value)
}

// TestBusyHour folds an hour of fifty thousand events that have nothing in common, a few at a time: what is written
// grows with the events, not with their square.
func TestBusyHour(t *testing.T) {
	t.Parallel()
	store := &weighing{Store: memory.New()}
	log := logOver(t, store, nil)
	r := newRollups(t, log)
	const batches, size = 200, 250
	for batch := range batches {
		events := make([]activitylog.Event, size)
		for i := range events {
			n := batch*size + i
			events[i] = activitylog.Event{
				Org: "acme", Action: fmt.Sprintf("data.action%d", n%500), Time: start.Add(time.Duration(n) * 50 * time.Millisecond),
				Actor: activitylog.Actor{Type: activitylog.User, ID: fmt.Sprintf("user-%d", n/500)},
			}
		}
		_, err := log.RecordAll(t.Context(), events)
		require.NoError(t, err)
		_, err = r.CatchUp(t.Context())
		require.NoError(t, err)
	}
	wantFigures(t, r, "acme", recount(t, log, "acme"))
	kept := int64(len(recount(t, log, "acme").AppendBlock(nil)))
	if written := store.bytes.Load(); written > 14*kept {
		t.Errorf("%d bytes were written to keep %d: each %d times", written, kept, written/kept)
	}
	t.Logf("%d bytes kept, each written %.1f times, largest row %d", kept, float64(store.bytes.Load())/float64(kept), store.largest.Load())
}
