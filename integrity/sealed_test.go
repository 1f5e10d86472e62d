package integrity_test

import (
	"context"
	"errors"
	"sync"
	"testing"

	"github.com/activitylog/activitylog"
	"github.com/activitylog/activitylog/integrity"
	"github.com/stretchr/testify/require"
)

func TestRecordReturnsAfterTheSeal(t *testing.T) {
	t.Parallel()
	everyStore(t, func(t *testing.T, r *rig) {
		r.record("acme", 200)
		var callers sync.WaitGroup
		for i := range 8 {
			callers.Go(func() {
				id, err := r.sealer.Record(r.ctx, event("acme", i))
				if err != nil {
					t.Error(err)
					return
				}
				e, err := r.log.Org("acme").Get(r.ctx, id)
				if err == nil {
					_, err = integrity.Prove(r.ctx, r.store, r.keys.Verifiers, &e)
				}
				if err != nil {
					t.Errorf("after it was recorded and sealed: %v", err)
				}
			})
		}
		callers.Wait()
		r.clean()
	})
}

func TestRecordTellsThatTheSealIsYetToCome(t *testing.T) {
	t.Parallel()
	r := memoryRig(t)
	ctx, cancel := context.WithCancel(r.ctx)
	cancel()
	id, err := r.sealer.Record(ctx, event("acme", 1))
	if !errors.Is(err, integrity.ErrNotSealed) || !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	_, err = r.log.Org("acme").Get(r.ctx, id)
	require.NoError(t, err)
	if _, err := r.sealer.Record(r.ctx, activitylog.Event{}); errors.Is(err, integrity.ErrNotSealed) || err == nil {
		t.Errorf("an event that is refused: %v", err)
	}
}
