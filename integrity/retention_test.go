package integrity_test

import (
	"testing"
	"time"

	"github.com/activitylog/activitylog"
	"github.com/activitylog/activitylog/retention"
	"github.com/stretchr/testify/require"
)

// TestPurgesLeaveProofs purges one category out of the middle, as package retention does.
func TestPurgesLeaveProofs(t *testing.T) {
	t.Parallel()
	everyStore(t, func(t *testing.T, r *rig) {
		for n := range 3 {
			r.record("acme", 100)
			ai := event("acme", n)
			ai.Action = "ai.message.send"
			for range 50 {
				_, err := r.log.Record(r.ctx, ai)
				require.NoError(t, err)
			}
			r.seal()
		}
		keeper, err := retention.New(r.log, r.store, &retention.Options{Now: func() time.Time { return time.Now().Add(48 * time.Hour) }})
		require.NoError(t, err)
		require.NoError(t, keeper.SetRules(r.ctx, "acme", []retention.Rule{{Filter: activitylog.CategoryIs("ai"), Name: "ai", Max: 1}}, "test"))
		report, err := keeper.Purge(r.ctx, "acme", &retention.PurgeOptions{Load: 1})
		require.NoError(t, err)
		require.EqualValues(t, 150, report.Deleted)
		if got := r.clean(); got.Purged != 150 {
			t.Errorf("before the records of the purge are sealed: %+v", got)
		}
		r.seal()
		if got := r.clean(); got.Purged != 150 {
			t.Errorf("after: %+v", got)
		}

	})
}
