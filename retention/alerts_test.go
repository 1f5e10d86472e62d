package retention_test

import (
	"slices"
	"testing"
	"time"

	"github.com/activitylog/activitylog"
	"github.com/activitylog/activitylog/internal/decision"
	"github.com/activitylog/activitylog/retention"
	"github.com/stretchr/testify/require"
)

// TestOpenAlertsStay purges what is old of several alerts: those that are over go, and of the others nothing of what
// their present state follows from.
func TestOpenAlertsStay(t *testing.T) {
	t.Parallel()
	r := memoryRig(t)
	r.rules("", retention.Rule{Name: "soon", Max: 1})
	for _, x := range []struct{ alert, action, name string }{
		{"open", decision.AlertOpen, "opened"},
		{"open", decision.AlertUpdate, "raised"},
		{"over", decision.AlertOpen, "-"},
		{"again", decision.AlertOpen, "-"},
		{"again", decision.AlertClose, "-"},
		{"open", decision.AlertAck, "acknowledged"},
		{"over", decision.AlertResolve, "-"},
		{"", decision.AlertPlan, "announced"},
		{"again", decision.AlertReopen, "reopened"},
		{"planned", decision.AlertOpen, "-"},
		{"planned", decision.AlertPlan, "planned"},
		{"again", decision.AlertSnooze, "snoozed"},
	} {
		e := event("acme", x.action, x.name)
		if x.alert != "" {
			e.Targets = []activitylog.Target{{Type: "alert", ID: x.alert}}
		}
		r.clock.set(r.clock.Now().Add(time.Minute))
		_, err := r.log.Record(decision.With(r.ctx), e)
		require.NoError(t, err)
	}
	r.clock.set(start.Add(9 * day))
	r.purge("")
	var left []string
	for _, e := range r.audits("acme", decision.AlertOpen, decision.AlertReopen, decision.AlertUpdate, decision.AlertResolve, decision.AlertAck, decision.AlertSnooze, decision.AlertPlan, decision.AlertClose) {
		left = append(left, e.Reason)
	}
	if want := []string{"opened", "raised", "acknowledged", "announced", "reopened", "planned", "snoozed"}; !slices.Equal(left, want) {
		t.Errorf("left %q, want %q", left, want)
	}
}
