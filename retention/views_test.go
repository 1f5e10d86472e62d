package retention_test

import (
	"testing"

	"github.com/activitylog/activitylog"
	"github.com/activitylog/activitylog/internal/decision"
	"github.com/activitylog/activitylog/retention"
	"github.com/stretchr/testify/require"
)

// TestRemovedViewsGo purges everything: a view that was removed goes with its removal, the removal not before all that it
// ended, and one that was saved again stays.
func TestRemovedViewsGo(t *testing.T) {
	t.Parallel()
	for name, newRig := range stores {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t)
			step := func(action, view string) {
				t.Helper()
				_, err := r.log.Record(decision.With(r.ctx), activitylog.Event{
					Org: "acme", Action: action, Actor: activitylog.Actor{ID: "ana"}, Metadata: map[string]any{"value": map[string]any{}},
					Targets: []activitylog.Target{{Type: "view", ID: view}, {Type: "views", ID: "shelf"}},
				})
				require.NoError(t, err)
				r.clock.set(r.clock.Now().Add(day / 10))
			}
			for _, view := range []string{"removed", "again", "held"} {
				step(decision.SaveView, view)
				step(decision.RemoveView, view)
			}
			step(decision.SaveView, "again")
			r.rules("", retention.Rule{Name: "all", Filter: activitylog.Filter{}, Max: 1})
			held, err := r.keeper.SetHold(r.ctx, retention.Hold{Org: "acme", Filter: activitylog.TargetIs("view", "held").And(activitylog.ActionIs(decision.SaveView))})
			require.NoError(t, err)
			left := func() map[string][]string {
				actions := map[string][]string{}
				for _, e := range r.audits("acme", decision.SaveView, decision.RemoveView) {
					actions[e.Targets[0].ID] = append(actions[e.Targets[0].ID], e.Action)
				}
				return actions
			}
			both := []string{decision.SaveView, decision.RemoveView}
			r.clock.set(r.clock.Now().Add(10 * day))
			r.purge("acme")
			require.Equal(t, map[string][]string{"removed": {decision.RemoveView}, "again": {decision.SaveView}, "held": both}, left())
			r.purge("")
			require.Equal(t, map[string][]string{"again": {decision.SaveView}, "held": both}, left())
			require.NoError(t, r.keeper.LiftHold(r.ctx, "acme", held.ID, "over"))
			r.purge("")
			r.purge("")
			require.Equal(t, map[string][]string{"again": {decision.SaveView}}, left())
		})
	}
}
